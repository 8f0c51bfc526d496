// SPDX-License-Identifier: MIT
/// @file wasi/memory_file.hpp
/// An open file of a file system in memory.
#pragma once

#include <tessera/wasi/extent.hpp>
#include <tessera/wasi/memory_tree.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

class memory_file final : public node {
public:
    memory_file(const memory_tree_owner& tree, memory_inode* it, const open_options& how) noexcept
        : hold_(tree, it), flags_(how.fdflags), read_(how.read), write_(how.write) {}

    filetype type() const noexcept override { return filetype::regular_file; }
    outcome<filestat> stat() noexcept override {
        const locked l(hold_.tree().lock());
        return hold_.stat();
    }
    fdflags flags() noexcept override {
        const locked l(hold_.tree().lock());
        return flags_;
    }
    error_number set_flags(fdflags flags) noexcept override {
        if ((flags - fdflags::all) != fdflags::none) return error_number::notsup;
        const locked l(hold_.tree().lock());
        flags_ = flags;
        return error_number::success;
    }
    error_number set_times(timestamp atim, timestamp mtim, fstflags which) noexcept override {
        const locked l(hold_.tree().lock());
        return set_memory_times(hold_.tree(), hold_.it(), atim, mtim, which);
    }
    outcome<readiness> poll(eventtype what) noexcept override {
        const locked l(hold_.tree().lock());
        const u64 size = hold_.it().content.size();
        return readiness{true, false, what == eventtype::fd_read && size > at_ ? size - at_ : 0};
    }

    outcome<std::size_t> read(view<buffer> to) noexcept override {
        const locked l(hold_.tree().lock());
        auto n = read_from(at_, to);
        if (n) at_ += *n;
        return n;
    }
    outcome<std::size_t> write(view<const_buffer> from) noexcept override {
        const locked l(hold_.tree().lock());
        const u64 at = has(flags_, fdflags::append) ? hold_.it().content.size() : at_;
        auto n = write_to(at, from);
        if (n) at_ = at + *n;
        return n;
    }
    outcome<std::size_t> pread(view<buffer> to, filesize offset) noexcept override {
        if (offset > last_position) return error_number::inval;
        const locked l(hold_.tree().lock());
        return read_from(offset, to);
    }
    outcome<std::size_t> pwrite(view<const_buffer> from, filesize offset) noexcept override {
        if (offset > last_position) return error_number::inval;
        const locked l(hold_.tree().lock());
        return write_to(offset, from);
    }
    outcome<filesize> seek(filedelta by, whence from) noexcept override {
        const locked l(hold_.tree().lock());
        auto to = moved(at_, hold_.it().content.size(), by, from);
        if (to) at_ = *to;
        return to;
    }
    error_number set_size(filesize size) noexcept override {
        if (!write_) return error_number::badf;
        if (size > last_position) return error_number::inval;
        const locked l(hold_.tree().lock());
        return hold_.tree().resize(&hold_.it(), size);
    }
    error_number allocate(filesize offset, filesize length) noexcept override {
        if (!write_) return error_number::badf;
        if (const auto wrong = check_allocate(offset, length); wrong != error_number::success) return wrong;
        const locked l(hold_.tree().lock());
        if (offset + length <= hold_.it().content.size()) return error_number::success;
        return hold_.tree().resize(&hold_.it(), offset + length);
    }
    error_number advise(filesize offset, filesize length, advice how) noexcept override {
        return check_advise(offset, length, how);
    }

private:
    outcome<std::size_t> read_from(u64 at, view<buffer> to) noexcept {
        if (!read_) return error_number::badf;
        memory_inode& it = hold_.it();
        std::size_t done = 0;
        for (const buffer& b : to) {
            const u64 left = it.content.size() > at + done ? it.content.size() - (at + done) : 0;
            const std::size_t n = left < b.size ? std::size_t(left) : b.size;
            if (n == 0 && b.size) break;
            if (n) std::memcpy(b.data, it.content.data() + at + done, n);
            done += n;
        }
        if (done) it.atim = hold_.tree().now();
        return done;
    }
    outcome<std::size_t> write_to(u64 at, view<const_buffer> from) noexcept {
        if (!write_) return error_number::badf;
        memory_inode& it = hold_.it();
        u64 wanted = 0;
        for (const const_buffer& b : from) wanted += b.size;
        if (wanted == 0) return std::size_t(0);
        if (at > last_position || wanted > last_position - at) return error_number::fbig;
        if (at + wanted > it.content.size())
            if (const auto wrong = hold_.tree().reserve(&it, at + wanted); wrong != error_number::success) return wrong;
        std::size_t done = 0;
        for (const const_buffer& b : from) {
            if (b.size == 0) continue;
            const std::size_t start = std::size_t(at) + done;
            if (start > it.content.size()) static_cast<void>(it.content.resize(start)); // there is room
            const std::size_t behind = it.content.size() - start, within = behind < b.size ? behind : b.size;
            if (within) std::memcpy(it.content.data() + start, b.data, within);
            static_cast<void>(it.content.append(b.data + within, b.size - within));
            done += b.size;
        }
        it.mtim = it.ctim = hold_.tree().now();
        return done;
    }

    memory_hold hold_;
    fdflags flags_;
    u64 at_ = 0;
    const bool read_;
    const bool write_;
};

} // namespace tessera
