// SPDX-License-Identifier: MIT
/// @file wasi/windows_file.hpp
/// An open file of Windows.
#pragma once

#if defined(_WIN32)

#include <tessera/util/mutex.hpp>
#include <tessera/wasi/extent.hpp>
#include <tessera/wasi/windows_system.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

class windows_file final : public node {
public:
    windows_file(windows::owned&& h, const open_options& how) noexcept
        : handle_(std::move(h)), flags_(how.fdflags), read_(how.read), write_(how.write) {}

    filetype type() const noexcept override { return filetype::regular_file; }
    outcome<filestat> stat() noexcept override { return windows::stat_of(handle_.get()); }
    fdflags flags() noexcept override { return flags_.load(std::memory_order_relaxed); }
    error_number set_flags(fdflags flags) noexcept override {
        constexpr fdflags fixed = fdflags::dsync | fdflags::rsync | fdflags::sync;
        if ((flags & fixed) != (this->flags() & fixed) || (flags - fdflags::all) != fdflags::none)
            return error_number::notsup;
        flags_.store(flags, std::memory_order_relaxed);
        return error_number::success;
    }
    error_number set_times(timestamp atim, timestamp mtim, fstflags which) noexcept override {
        return windows::set_times(handle_.get(), atim, mtim, which);
    }
    error_number sync() noexcept override {
        if (!write_) return error_number::success; // the system asks for the right to write
        windows::io_status io{};
        return windows::error_of(windows::calls::of_system().flush(handle_.get(), &io));
    }
    outcome<readiness> poll(eventtype what) noexcept override {
        const auto s = stat();
        const locked hold(lock_);
        return readiness{true, false, what == eventtype::fd_read && s && s->size > at_ ? s->size - at_ : 0};
    }
    outcome<std::size_t> read(view<buffer> to) noexcept override {
        const locked hold(lock_);
        auto n = pread(to, at_);
        if (n) at_ += *n;
        return n;
    }
    outcome<std::size_t> write(view<const_buffer> from) noexcept override {
        const locked hold(lock_);
        if (!has(flags(), fdflags::append)) {
            auto n = pwrite(from, at_);
            if (n) at_ += *n;
            return n;
        }
        auto n = move<const_buffer>(from, to_end, write_, windows::calls::of_system().write);
        const auto s = stat();
        if (n && s) at_ = s->size;
        return n;
    }
    outcome<std::size_t> pread(view<buffer> to, filesize offset) noexcept override {
        return move<buffer>(to, offset, read_, windows::calls::of_system().read);
    }
    outcome<std::size_t> pwrite(view<const_buffer> from, filesize offset) noexcept override {
        if (offset > last_position) return error_number::inval;
        return move<const_buffer>(from, offset, write_, windows::calls::of_system().write);
    }
    outcome<filesize> seek(filedelta by, whence from) noexcept override {
        const auto s = stat();
        if (!s) return s.error();
        const locked hold(lock_);
        const auto to = moved(at_, s->size, by, from);
        if (to) at_ = *to;
        return to;
    }
    error_number set_size(filesize size) noexcept override {
        if (!write_) return error_number::badf;
        if (size > last_position) return error_number::inval;
        return windows::error_of(windows::set(handle_.get(), windows::end_information, i64(size)));
    }
    error_number allocate(filesize offset, filesize length) noexcept override {
        if (!write_) return error_number::badf;
        if (const auto wrong = check_allocate(offset, length); wrong != error_number::success) return wrong;
        const auto s = stat();
        if (!s) return s.error();
        return offset + length <= s->size ? error_number::success : set_size(offset + length);
    }
    error_number advise(filesize offset, filesize length, advice how) noexcept override {
        return check_advise(offset, length, how);
    }

private:
    static constexpr u64 to_end = u64(-1); // for the system, an offset that means: at the end

    template <class B, class F>
    outcome<std::size_t> move(view<B> buffers, u64 offset, bool allowed, F call) const noexcept {
        if (!allowed) return error_number::badf;
        if (offset > last_position && offset != to_end) return error_number::inval;
        std::size_t done = 0;
        for (const B& b : buffers) {
            for (std::size_t within = 0; within < b.size;) {
                const std::size_t n = b.size - within < largest ? b.size - within : largest;
                const i64 at = i64(offset == to_end ? to_end : offset + done);
                windows::io_status io{};
                const auto s = call(handle_.get(), nullptr, nullptr, nullptr, &io, const_cast<u8*>(b.data + within),
                                    windows::dword(n), &at, nullptr);
                constexpr u32 end_of_file = 0xc000'0011;
                if (u32(s) == end_of_file) return done;
                if (s < 0) {
                    if (done) return done;
                    return windows::error_of(s);
                }
                done += io.information;
                within += io.information;
                if (io.information < n) return done;
            }
        }
        return done;
    }
    static constexpr std::size_t largest = 1u << 30;

    windows::owned handle_;
    std::atomic<fdflags> flags_;
    const bool read_;
    const bool write_;
    mutex lock_; // of the position
    u64 at_ = 0;
};

} // namespace tessera
#endif
