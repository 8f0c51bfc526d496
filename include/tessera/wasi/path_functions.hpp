// SPDX-License-Identifier: MIT
/// @file wasi/path_functions.hpp
/// path_open and the other functions of names in directories.
#pragma once

#include <tessera/wasi/fd_functions.hpp>

namespace tessera::inline TESSERA_ABI::wasi::body {

/// Finds the directory with these rights, copies the path, and does `f(node&, path)`, which returns an errno.
template <class F>
error_number with_path(call& c, u32 number, rights needed, u32 at, u32 size, F f) noexcept {
    guest_path path;
    const auto d = c.self.descriptors.find(number, needed);
    if (!d) return d.error();
    error_number why = error_number::success;
    if (!c.path(at, size, path, why)) return why;
    return f(*d->what, std::string_view(path));
}

inline error_number path_create_directory(call& c, u32 number, u32 at, u32 size) noexcept {
    return with_path(c, number, rights::path_create_directory, at, size,
                     [](node& n, std::string_view path) noexcept { return n.create_directory_at(path); });
}
inline error_number path_remove_directory(call& c, u32 number, u32 at, u32 size) noexcept {
    return with_path(c, number, rights::path_remove_directory, at, size,
                     [](node& n, std::string_view path) noexcept { return n.remove_directory_at(path); });
}
inline error_number path_unlink_file(call& c, u32 number, u32 at, u32 size) noexcept {
    return with_path(c, number, rights::path_unlink_file, at, size,
                     [](node& n, std::string_view path) noexcept { return n.unlink_file_at(path); });
}
inline error_number path_filestat_get(call& c, u32 number, u32 lookup, u32 at, u32 size, u32 to) noexcept {
    if (lookup > u32(lookupflags::all)) return error_number::inval;
    return with_path(c, number, rights::path_filestat_get, at, size, [&](node& n, std::string_view path) noexcept {
        return put_filestat(c, to, n.stat_at(path, lookupflags(lookup)));
    });
}
inline error_number path_filestat_set_times(call& c, u32 number, u32 lookup, u32 at, u32 size, u64 atim, u64 mtim,
                                            u32 which) noexcept {
    if (lookup > u32(lookupflags::all) || which > u32(fstflags::all)) return error_number::inval;
    return with_path(c, number, rights::path_filestat_set_times, at, size,
                     [&](node& n, std::string_view path) noexcept {
                         return n.set_times_at(path, lookupflags(lookup), atim, mtim, fstflags(which));
                     });
}
inline error_number path_readlink(call& c, u32 number, u32 at, u32 size, u32 to, u32 room, u32 used) noexcept {
    if (!c.memory.holds(to, room) || !c.memory.holds(used, 4)) return error_number::fault;
    return with_path(c, number, rights::path_readlink, at, size, [&](node& n, std::string_view path) noexcept {
        u8 text[guest_path::most + 1];
        const auto got = n.readlink_at(path, {text, room < sizeof text ? room : sizeof text});
        if (!got) return got.error();
        c.memory.write(to, text, *got);
        c.memory.put<u32>(used, u32(*got));
        return error_number::success;
    });
}
inline error_number path_symlink(call& c, u32 target_at, u32 target_size, u32 number, u32 at, u32 size) noexcept {
    guest_path target;
    error_number why = error_number::success;
    if (!c.path(target_at, target_size, target, why)) return why;
    return with_path(c, number, rights::path_symlink, at, size,
                     [&](node& n, std::string_view path) noexcept { return n.symlink_at(target, path); });
}

/// What path_rename and path_link have in common: two directories of one file system.
template <class F>
error_number with_two_paths(call& c, u32 from, rights from_needs, u32 at, u32 size, u32 to, rights to_needs, u32 to_at,
                            u32 to_size, F f) noexcept {
    const auto other = c.self.descriptors.find(to, to_needs);
    if (!other) return other.error();
    guest_path target;
    error_number why = error_number::success;
    if (!c.path(to_at, to_size, target, why)) return why;
    return with_path(c, from, from_needs, at, size, [&](node& n, std::string_view path) noexcept {
        if (!n.filesystem() || !other->what->filesystem()) return error_number::notdir;
        if (n.filesystem() != other->what->filesystem()) return error_number::xdev;
        return f(n, path, *other->what, std::string_view(target));
    });
}
inline error_number path_rename(call& c, u32 from, u32 at, u32 size, u32 to, u32 to_at, u32 to_size) noexcept {
    return with_two_paths(c, from, rights::path_rename_source, at, size, to, rights::path_rename_target, to_at, to_size,
                          [](node& a, std::string_view path, node& b, std::string_view target) noexcept {
                              return a.rename_at(path, b, target);
                          });
}
inline error_number path_link(call& c, u32 from, u32 lookup, u32 at, u32 size, u32 to, u32 to_at,
                              u32 to_size) noexcept {
    if (lookup > u32(lookupflags::all)) return error_number::inval;
    return with_two_paths(c, from, rights::path_link_source, at, size, to, rights::path_link_target, to_at, to_size,
                          [&](node& a, std::string_view path, node& b, std::string_view target) noexcept {
                              return a.link_at(lookupflags(lookup), path, b, target);
                          });
}

/// What of `wanted` means something for a node of this type: the text lets path_open leave out the rest.
constexpr rights applicable(rights wanted, filetype type) noexcept {
    constexpr rights of_files = rights::fd_read | rights::fd_write | rights::fd_seek | rights::fd_tell |
                                rights::fd_allocate | rights::fd_filestat_set_size;
    constexpr rights of_directories = rights::path_create_directory | rights::path_create_file |
                                      rights::path_link_source | rights::path_link_target | rights::path_open |
                                      rights::fd_readdir | rights::path_readlink | rights::path_rename_source |
                                      rights::path_rename_target | rights::path_filestat_get |
                                      rights::path_filestat_set_size | rights::path_filestat_set_times |
                                      rights::path_symlink | rights::path_remove_directory | rights::path_unlink_file;
    constexpr rights of_sockets = rights::sock_shutdown | rights::sock_accept;
    return wanted - of_sockets - (type == filetype::directory ? of_files : of_directories);
}

/// Opens a file or directory. What it may be used for is what was asked for, which the directory must be able to hand
/// on. With fd_read, fd_write and its like the file is opened for that.
inline error_number path_open(call& c, u32 number, u32 lookup, u32 at, u32 size, u32 oflag, u64 base, u64 inheriting,
                              u32 fdflag, u32 out) noexcept {
    if (lookup > u32(lookupflags::all) || oflag > u32(oflags::all) || fdflag > u32(fdflags::all))
        return error_number::inval;
    if (!c.memory.holds(out, 4)) return error_number::fault;
    rights needed = rights::path_open;
    if (has(oflags(oflag), oflags::creat)) needed = needed | rights::path_create_file;
    if (has(oflags(oflag), oflags::trunc)) needed = needed | rights::path_filestat_set_size;
    const rights wanted = rights(base) & rights::all, handed_on = rights(inheriting) & rights::all;
    guest_path path;
    const auto d = c.self.descriptors.find(number, needed);
    if (!d) return d.error();
    if (!has(d->inheriting, wanted | handed_on)) return error_number::notcapable;
    error_number why = error_number::success;
    if (!c.path(at, size, path, why)) return why;
    constexpr rights writing = rights::fd_write | rights::fd_allocate | rights::fd_filestat_set_size;
    open_options how;
    how.lookup = lookupflags(lookup);
    how.oflags = oflags(oflag);
    how.fdflags = fdflags(fdflag);
    how.read = has(wanted, rights::fd_read);
    how.write = (wanted & writing) != rights::none && !has(how.oflags, oflags::directory);
    auto opened = d->what->open_at(path, how);
    if (!opened) return opened.error();
    const filetype type = (*opened)->type();
    if (type == filetype::directory && has(wanted, rights::fd_write)) return error_number::isdir;
    const auto made = c.self.descriptors.add({std::move(*opened), applicable(wanted, type), handed_on, {}, false},
                                             c.self.limits.descriptors);
    if (!made) return made.error();
    c.memory.put<u32>(out, *made);
    return error_number::success;
}

} // namespace tessera
