// SPDX-License-Identifier: MIT
/// @file wasi/fd_functions.hpp
/// The functions of open descriptors that move no content: fd_close, fd_fdstat_get, fd_seek, fd_readdir, ...
#pragma once

#include <tessera/wasi/call.hpp>

namespace tessera::inline TESSERA_ABI::wasi::body {

/// Finds the descriptor with these rights and does `f(node&)`, which returns an errno.
template <class F>
error_number with_node(call& c, u32 number, rights needed, F f) noexcept {
    const auto d = c.self.descriptors.find(number, needed);
    return d ? f(*d->what) : d.error();
}

inline error_number put_filestat(const call& c, u32 to, const outcome<filestat>& s) noexcept {
    if (!s) return s.error();
    if (!c.memory.holds(to, filestat_bytes)) return error_number::fault;
    const u64 at = to;
    c.memory.put<u64>(at, s->dev);
    c.memory.put<u64>(at + 8, s->ino);
    c.memory.put<u64>(at + 16, u64(s->type)); // one byte and padding
    c.memory.put<u64>(at + 24, s->nlink);
    c.memory.put<u64>(at + 32, s->size);
    c.memory.put<u64>(at + 40, s->atim);
    c.memory.put<u64>(at + 48, s->mtim);
    c.memory.put<u64>(at + 56, s->ctim);
    return error_number::success;
}

inline error_number fd_close(call& c, u32 number) noexcept { return c.self.descriptors.close(number); }
inline error_number fd_renumber(call& c, u32 from, u32 to) noexcept { return c.self.descriptors.renumber(from, to); }

inline error_number fd_fdstat_get(call& c, u32 number, u32 to) noexcept {
    const auto d = c.self.descriptors.find(number);
    if (!d) return d.error();
    if (!c.memory.holds(to, fdstat_bytes)) return error_number::fault;
    const u64 at = to;
    c.memory.put<u16>(at, u16(d->what->type()));
    c.memory.put<u16>(at + 2, u16(d->what->flags()));
    c.memory.put<u32>(at + 4, 0);
    c.memory.put<u64>(at + 8, u64(d->base));
    c.memory.put<u64>(at + 16, u64(d->inheriting));
    return error_number::success;
}
inline error_number fd_fdstat_set_flags(call& c, u32 number, u32 flags) noexcept {
    if (flags > u32(fdflags::all)) return error_number::inval;
    return with_node(c, number, rights::fd_fdstat_set_flags,
                     [&](node& n) noexcept { return n.set_flags(fdflags(flags)); });
}
inline error_number fd_fdstat_set_rights(call& c, u32 number, u64 base, u64 inheriting) noexcept {
    return c.self.descriptors.set_rights(number, rights(base), rights(inheriting));
}

inline error_number fd_filestat_get(call& c, u32 number, u32 to) noexcept {
    return with_node(c, number, rights::fd_filestat_get,
                     [&](node& n) noexcept { return put_filestat(c, to, n.stat()); });
}
inline error_number fd_filestat_set_size(call& c, u32 number, u64 size) noexcept {
    return with_node(c, number, rights::fd_filestat_set_size, [&](node& n) noexcept { return n.set_size(size); });
}
inline error_number fd_filestat_set_times(call& c, u32 number, u64 atim, u64 mtim, u32 which) noexcept {
    if (which > u32(fstflags::all)) return error_number::inval;
    return with_node(c, number, rights::fd_filestat_set_times,
                     [&](node& n) noexcept { return n.set_times(atim, mtim, fstflags(which)); });
}
inline error_number fd_sync(call& c, u32 number) noexcept {
    return with_node(c, number, rights::fd_sync, [](node& n) noexcept { return n.sync(); });
}
inline error_number fd_datasync(call& c, u32 number) noexcept {
    return with_node(c, number, rights::fd_datasync, [](node& n) noexcept { return n.datasync(); });
}
inline error_number fd_advise(call& c, u32 number, u64 offset, u64 length, u32 how) noexcept {
    if (how > u32(advice::noreuse)) return error_number::inval;
    return with_node(c, number, rights::fd_advise,
                     [&](node& n) noexcept { return n.advise(offset, length, advice(how)); });
}
inline error_number fd_allocate(call& c, u32 number, u64 offset, u64 length) noexcept {
    return with_node(c, number, rights::fd_allocate, [&](node& n) noexcept { return n.allocate(offset, length); });
}

inline error_number seek(call& c, u32 number, i64 by, whence from, u32 to) noexcept {
    if (!c.memory.holds(to, 8)) return error_number::fault;
    const auto d = c.self.descriptors.find(number);
    if (!d) return d.error();
    // That it has no positions is said before that a right is missing: programs ask in this way.
    const filetype t = d->what->type();
    if (t == filetype::unknown || t == filetype::character_device || t == filetype::socket_stream)
        return error_number::spipe;
    // Telling is a right of its own.
    const bool tells = by == 0 && from == whence::cur;
    if (!has(d->base, tells ? rights::fd_tell : rights::fd_seek)) return error_number::notcapable;
    const auto at = d->what->seek(by, from);
    if (!at) return at.error();
    c.memory.put<u64>(to, *at);
    return error_number::success;
}
inline error_number fd_seek(call& c, u32 number, u64 by, u32 from, u32 to) noexcept {
    if (from > u32(whence::end)) return error_number::inval;
    return seek(c, number, i64(by), whence(from), to);
}
inline error_number fd_tell(call& c, u32 number, u32 to) noexcept { return seek(c, number, 0, whence::cur, to); }

inline error_number fd_prestat_get(call& c, u32 number, u32 to) noexcept {
    const auto d = c.self.descriptors.find(number);
    if (!d) return d.error();
    if (!d->preopened) return error_number::badf;
    if (!c.memory.holds(to, prestat_bytes)) return error_number::fault;
    c.memory.put<u32>(to, u32(preopentype::dir)); // one byte and padding
    c.memory.put<u32>(u64{to} + 4, u32(d->name.size()));
    return error_number::success;
}
inline error_number fd_prestat_dir_name(call& c, u32 number, u32 to, u32 size) noexcept {
    const auto d = c.self.descriptors.find(number);
    if (!d) return d.error();
    if (!d->preopened) return error_number::badf;
    if (size < d->name.size()) return error_number::nametoolong;
    if (!c.memory.holds(to, size)) return error_number::fault;
    c.memory.write(to, d->name.data(), d->name.size());
    return error_number::success;
}

/// Writes entries to a guest until there is no room; the last one is cut. What is above the directory is nobody's
/// business here, but 0 as its number has a libc ask for its status, which no guest gets: so ".." has the number of the
/// directory itself, as if it were the top.
// NOLINTNEXTLINE(cppcoreguidelines-virtual-class-destructor): final, and its base's destructor is protected
class entry_writer final : public entry_taker {
public:
    entry_writer(const guest_memory& m, u64 at, u64 room, inode own) noexcept
        : memory_(m), at_(at), room_(room), own_(own) {}

    bool take(const directory_entry& e) noexcept override {
        u8 head[dirent_bytes] = {};
        store_le<u64>(head, e.next);
        store_le<u64>(head + 8, e.name == ".." ? own_ : e.ino);
        store_le<u32>(head + 16, u32(e.name.size()));
        head[20] = u8(e.type);
        return put(head, sizeof head) && put(e.name.data(), e.name.size());
    }
    u64 room() const noexcept { return room_; }

private:
    bool put(const void* from, std::size_t n) noexcept {
        const std::size_t fits = n < room_ ? n : std::size_t(room_);
        memory_.write(at_, from, fits);
        at_ += fits;
        room_ -= fits;
        return fits == n;
    }

    guest_memory memory_;
    u64 at_;
    u64 room_;
    inode own_;
};
inline error_number fd_readdir(call& c, u32 number, u32 to, u32 size, u64 cookie, u32 used) noexcept {
    if (!c.memory.holds(to, size) || !c.memory.holds(used, 4)) return error_number::fault;
    return with_node(c, number, rights::fd_readdir, [&](node& n) noexcept {
        const auto own = n.stat();
        entry_writer taker(c.memory, to, size, own ? own->ino : 0);
        const error_number e = n.readdir(cookie, taker);
        if (e == error_number::success) c.memory.put<u32>(used, u32(size - taker.room()));
        return e;
    });
}

} // namespace tessera
