// SPDX-License-Identifier: MIT
/// @file wasi/windows_directory.hpp
/// A directory of Windows, and everything beneath it.
#pragma once

#if defined(_WIN32)

#include <tessera/wasi/windows_file.hpp>
#include <tessera/wasi/windows_walk.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// An open directory. Symbolic links are seen, renamed and removed, but neither made, read nor followed.
class windows_directory final : public node {
public:
    explicit windows_directory(windows::owned&& h) noexcept : handle_(std::move(h)) {}

    filetype type() const noexcept override { return filetype::directory; }
    outcome<filestat> stat() noexcept override { return windows::stat_of(handle_.get()); }
    error_number set_times(timestamp atim, timestamp mtim, fstflags which) noexcept override {
        return set_times_at(".", lookupflags::none, atim, mtim, which);
    }
    error_number readdir(dircookie from, entry_taker& to) noexcept override {
        const locked hold(lock_);
        if (const auto wrong = go_to(from); wrong != error_number::success) return wrong;
        for (;; ++at_) {
            directory_entry e;
            char text[3 * max_name];
            e.next = at_ + 1;
            if (at_ < 2) {
                const auto s = windows::stat_of(handle_.get());
                e.name = at_ == 0 ? "." : "..";
                e.ino = at_ == 0 && s ? s->ino : 0;
                e.type = filetype::directory;
                if (!to.take(e)) return error_number::success;
                continue;
            }
            if (!waiting_) {
                if (const auto wrong = fetch(); wrong != error_number::success || !waiting_) return wrong;
            }
            const u8* const it = listed_;
            const u32 attributes = at<u32>(it, 56), size = at<u32>(it, 60) / 2;
            e.ino = at<u64>(it, 96);
            e.type = attributes & windows::is_link        ? filetype::symbolic_link
                     : attributes & windows::is_directory ? filetype::directory
                                                          : filetype::regular_file;
            e.name = {text, utf8_of(it + 104, size, text)};
            if (!to.take(e)) return error_number::success;
            waiting_ = false;
        }
    }
    outcome<node_owner> open_at(std::string_view path, const open_options& how) noexcept override {
        if (const auto wrong = check_options(how); wrong != error_number::success) return wrong;
        windows_walk walk(handle_.get());
        if (const auto wrong = walk.go(path); wrong != error_number::success) return wrong;
        const bool creat = has(how.oflags, oflags::creat), excl = creat && has(how.oflags, oflags::excl);
        const bool trunc = has(how.oflags, oflags::trunc);
        if (creat && (walk.slash() || walk.dot()))
            return excl && walk.dot() ? error_number::exist : error_number::isdir;
        const bool directory = has(how.oflags, oflags::directory) || walk.slash();
        const bool write = !directory && (how.write || trunc);
        windows::dword access = windows::read_attributes | (write ? windows::generic_write : 0);
        if (how.read || !write) access |= windows::generic_read;
        windows::dword options = directory ? windows::directory_only : 0;
        if ((how.fdflags & (fdflags::dsync | fdflags::sync)) != fdflags::none) options |= windows::write_through;
        const auto disposition = excl ? windows::must_be_new : creat ? windows::open_or_make : windows::must_exist;
        windows::owned h;
        // Setting times needs a right that one may lack where everything else is allowed.
        auto s =
            windows::open(walk.directory(), walk.name(), access | windows::write_attributes, disposition, options, h);
        if (windows::error_of(s) == error_number::acces)
            s = windows::open(walk.directory(), walk.name(), access, disposition, options, h);
        if (s < 0) return windows::error_of(s);
        windows::tag tag{};
        if (const auto wrong = windows::query(h.get(), windows::tag_information, tag); wrong < 0)
            return windows::error_of(wrong);
        if (tag.attributes & windows::is_link)
            return has(how.lookup, lookupflags::symlink_follow) || walk.slash() ? error_number::perm
                                                                                : error_number::loop;
        node_owner made;
        if (tag.attributes & windows::is_directory) {
            if (creat || trunc || (how.write && !directory)) return error_number::isdir;
            made = make_node<windows_directory>(std::move(h));
        } else {
            if (trunc) {
                const auto wrong = windows::set(h.get(), windows::end_information, i64(0));
                if (wrong < 0) return windows::error_of(wrong);
            }
            made = make_node<windows_file>(std::move(h), how);
        }
        if (!made) return error_number::nomem;
        return made;
    }
    outcome<filestat> stat_at(std::string_view path, lookupflags lookup) noexcept override {
        windows_walk walk(handle_.get());
        windows::owned h;
        if (const auto wrong = find(walk, path, lookup, windows::read_attributes, h); wrong != error_number::success)
            return wrong;
        return windows::stat_of(h.get());
    }
    error_number set_times_at(std::string_view path, lookupflags lookup, timestamp atim, timestamp mtim,
                              fstflags which) noexcept override {
        if (const auto wrong = check_times(which); wrong != error_number::success) return wrong;
        windows_walk walk(handle_.get());
        windows::owned h;
        const auto wrong = find(walk, path, lookup, windows::read_attributes | windows::write_attributes, h);
        return wrong != error_number::success ? wrong : windows::set_times(h.get(), atim, mtim, which);
    }
    error_number create_directory_at(std::string_view path) noexcept override {
        windows_walk walk(handle_.get());
        if (const auto wrong = walk.go(path); wrong != error_number::success) return wrong;
        if (walk.dot()) return error_number::exist;
        windows::owned h;
        return windows::error_of(windows::open(walk.directory(), walk.name(), windows::read_attributes,
                                               windows::must_be_new, windows::directory_only, h));
    }
    error_number remove_directory_at(std::string_view path) noexcept override {
        windows_walk walk(handle_.get());
        if (const auto wrong = walk.go(path); wrong != error_number::success) return wrong;
        return walk.dot() ? error_number::inval : remove(walk.directory(), walk.name(), true);
    }
    error_number unlink_file_at(std::string_view path) noexcept override {
        windows_walk walk(handle_.get());
        if (const auto wrong = walk.go(path); wrong != error_number::success) return wrong;
        if (walk.dot()) return error_number::isdir;
        if (walk.slash()) {
            const auto k = kind(walk);
            if (!k) return k.error();
            return *k == filetype::directory ? error_number::isdir : error_number::notdir;
        }
        return remove(walk.directory(), walk.name(), false);
    }
    error_number rename_at(std::string_view old_path, node& to, std::string_view new_path) noexcept override {
        windows_walk from(handle_.get()), into(nullptr);
        if (const auto wrong = go_both(old_path, to, new_path, from, into); wrong != error_number::success)
            return wrong;
        if (from.dot() || into.dot()) return error_number::busy;
        const auto old = kind(from), there = kind(into);
        if (!old) return old.error();
        const bool directory = *old == filetype::directory;
        if ((from.slash() || into.slash()) && !directory) return error_number::notdir;
        if (there && directory && *there != filetype::directory) return error_number::notdir;
        if (there && !directory && *there == filetype::directory) return error_number::isdir;
        windows::owned h;
        const auto s = windows::open(from.directory(), from.name(), windows::may_delete | windows::read_attributes,
                                     windows::must_exist, 0, h);
        if (s < 0) return windows::error_of(s);
        auto renamed = name_again(h.get(), windows::rename_information, into, !directory);
        if (renamed == error_number::exist && directory && there) {
            // The system replaces no directories. Not at once, then, but with the same outcome.
            const auto other = windows::stat_of(h.get());
            const auto same = stat_in(into);
            if (other && same && other->ino == same->ino && other->ino) return error_number::success;
            const auto removed = remove(into.directory(), into.name(), true);
            if (removed != error_number::success) return removed;
            renamed = name_again(h.get(), windows::rename_information, into, false);
        }
        return renamed;
    }
    error_number link_at(lookupflags lookup, std::string_view old_path, node& to,
                         std::string_view new_path) noexcept override {
        if (lookup != lookupflags::none) return error_number::inval;
        windows_walk from(handle_.get()), into(nullptr);
        if (const auto wrong = go_both(old_path, to, new_path, from, into); wrong != error_number::success)
            return wrong;
        const auto old = kind(from);
        if (!old) return old.error();
        if (*old == filetype::directory) return error_number::perm;
        if (from.slash()) return error_number::notdir;
        const auto there = kind(into);
        if (there) return error_number::exist;
        if (into.slash()) return error_number::noent;
        windows::owned h;
        const auto s = windows::open(from.directory(), from.name(),
                                     windows::read_attributes | windows::write_attributes, windows::must_exist, 0, h);
        return s < 0 ? windows::error_of(s) : name_again(h.get(), windows::link_information, into, false);
    }
    error_number symlink_at(std::string_view target, std::string_view path) noexcept override {
        if (const auto wrong = check_path(target); wrong != error_number::success) return wrong;
        windows_walk walk(handle_.get());
        if (const auto wrong = walk.go(path); wrong != error_number::success) return wrong;
        const auto there = kind(walk);
        if (there) return error_number::exist;
        return walk.slash() ? error_number::noent : error_number::notsup;
    }
    outcome<std::size_t> readlink_at(std::string_view path, buffer) noexcept override {
        windows_walk walk(handle_.get());
        if (const auto wrong = walk.go(path); wrong != error_number::success) return wrong;
        const auto there = kind(walk);
        if (!there) return there.error();
        return *there == filetype::symbolic_link ? error_number::notsup : error_number::inval;
    }
    const void* filesystem() const noexcept override { return &mark; }

private:
    static constexpr char mark = 0; // one for all: the system knows where it cannot rename

    template <class T>
    static T at(const u8* from, std::size_t offset) noexcept {
        T value;
        std::memcpy(&value, from + offset, sizeof value);
        return value;
    }
    static std::size_t utf8_of(const u8* from, u32 units, char (&to)[3 * max_name]) noexcept {
        std::size_t n = 0;
        for (u32 i = 0; i < units && i < max_name; ++i) {
            u32 scalar = at<u16>(from, i * 2);
            const u32 low = i + 1 < units ? at<u16>(from, i * 2 + 2) : 0;
            if (scalar >= 0xd800 && scalar < 0xdc00 && low >= 0xdc00 && low < 0xe000) {
                scalar = 0x10000 + ((scalar - 0xd800) << 10) + (low - 0xdc00);
                ++i;
            } else if (scalar >= 0xd800 && scalar < 0xe000) {
                scalar = 0xfffd; // no text: there is no way to open it, either
            }
            char bytes[4];
            const std::size_t k = put_utf8(scalar, bytes);
            std::memcpy(to + n, bytes, k);
            n += k;
        }
        return n;
    }
    /// Opens what `path` names to look at it.
    static error_number find(windows_walk& walk, std::string_view path, lookupflags lookup, windows::dword access,
                             windows::owned& h) noexcept {
        if (const auto wrong = walk.go(path); wrong != error_number::success) return wrong;
        const auto s = windows::open(walk.directory(), walk.name(), access, windows::must_exist, 0, h);
        if (s < 0) return windows::error_of(s);
        const auto k = windows::stat_of(h.get());
        if (!k) return k.error();
        if (k->type == filetype::symbolic_link && (has(lookup, lookupflags::symlink_follow) || walk.slash()))
            return error_number::perm;
        return walk.slash() && k->type != filetype::directory ? error_number::notdir : error_number::success;
    }
    static outcome<filestat> stat_in(const windows_walk& walk) noexcept {
        windows::owned h;
        const auto s =
            windows::open(walk.directory(), walk.name(), windows::read_attributes, windows::must_exist, 0, h);
        if (s < 0) return windows::error_of(s);
        return windows::stat_of(h.get());
    }
    static outcome<filetype> kind(const windows_walk& walk) noexcept {
        const auto s = stat_in(walk);
        if (!s) return s.error();
        return s->type;
    }
    static error_number remove(windows::handle directory, const windows::name& which, bool is_directory) noexcept {
        windows::owned h;
        const auto s =
            windows::open(directory, which, windows::may_delete | windows::read_attributes, windows::must_exist,
                          is_directory ? windows::directory_only : windows::no_directory, h);
        if (s < 0) return windows::error_of(s);
        if (is_directory) {
            windows::tag tag{};
            if (windows::query(h.get(), windows::tag_information, tag) >= 0 && (tag.attributes & windows::is_link))
                return error_number::notdir;
        }
        // First as POSIX means it: the name is gone at once, and read-only files go, too.
        constexpr windows::dword as_posix = 0x01 | 0x02 | 0x10;
        const auto gone = windows::error_of(windows::set(h.get(), windows::disposition_information_ex, as_posix));
        if (gone != error_number::notsup && gone != error_number::inval) return gone;
        return windows::error_of(windows::set(h.get(), windows::disposition_information, u8(1)));
    }
    error_number go_both(std::string_view old_path, node& to, std::string_view new_path, windows_walk& from,
                         windows_walk& into) const noexcept {
        if (to.type() != filetype::directory) return error_number::notdir;
        if (to.filesystem() != &mark) return error_number::xdev;
        if (const auto wrong = from.go(old_path); wrong != error_number::success) return wrong;
        into = windows_walk(static_cast<windows_directory&>(to).handle_.get());
        return into.go(new_path);
    }
    /// Gives what `h` is another name, or one more.
    static error_number name_again(windows::handle h, int what, const windows_walk& to, bool replace) noexcept {
        struct {
            u8 replace;
            windows::handle root;
            windows::dword bytes;
            windows::unit text[windows::name::room];
        } request{};
        request.replace = replace;
        request.root = to.directory();
        request.bytes = windows::dword(to.name().size * 2);
        std::memcpy(request.text, to.name().text, request.bytes);
        return windows::error_of(windows::set(h, what, request));
    }

    /// Makes `at_` the number of the entry that comes next.
    error_number go_to(dircookie from) noexcept {
        if (from != at_ || from == 0) {
            if (from < at_ || from < 2) {
                at_ = from < 2 ? from : 2;
                waiting_ = false;
                // A handle of its own each time: some versions of the system remember what was there.
                listing_ = {};
            }
            if (from >= 2 && at_ < 2) at_ = 2;
            for (; at_ < from; ++at_) {
                if (!waiting_) {
                    if (const auto wrong = fetch(); wrong != error_number::success || !waiting_) return wrong;
                }
                waiting_ = false;
            }
        }
        return error_number::success;
    }
    /// Reads one entry that is neither "." nor ".."; nothing is waiting afterwards where there are no more.
    error_number fetch() noexcept {
        if (!listing_.get()) {
            const auto s = windows::open(handle_.get(), {}, windows::read_data, windows::must_exist,
                                         windows::directory_only, listing_);
            if (s < 0) return windows::error_of(s);
        }
        for (;;) {
            windows::io_status io{};
            const auto s =
                windows::calls::of_system().list(listing_.get(), nullptr, nullptr, nullptr, &io, listed_,
                                                 sizeof listed_, windows::listing_information, 1, nullptr, 0);
            constexpr u32 no_more = 0x8000'0006, no_such = 0xc000'000f;
            if (u32(s) == no_more || u32(s) == no_such) return error_number::success;
            if (s < 0) return windows::error_of(s);
            const u32 size = at<u32>(listed_, 60);
            const bool dot = size == 2 && at<u16>(listed_, 104) == '.';
            const bool dots = size == 4 && at<u16>(listed_, 104) == '.' && at<u16>(listed_, 106) == '.';
            waiting_ = !dot && !dots;
            if (waiting_) return error_number::success;
        }
    }

    windows::owned handle_;
    mutex lock_; // of what follows
    dircookie at_ = 0;
    windows::owned listing_;
    bool waiting_ = false; // read, and not taken
    alignas(8) u8 listed_[104 + 2 * (max_name + 1)];
};

} // namespace tessera
#endif
