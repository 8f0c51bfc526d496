// SPDX-License-Identifier: MIT
/// @file save/source.hpp
/// Reading saved bytes, of which nothing is believed.
#pragma once

#include <tessera/syntax/error.hpp>
#include <tessera/util/cursor.hpp>

#include <span>

namespace tessera::inline TESSERA_ABI::saving {

/// Bytes front to back. The first failure is kept, with its position; what is read after it is 0.
class source {
public:
    explicit source(std::span<const u8> bytes) noexcept : begin_(bytes.data()), in_(begin_, begin_ + bytes.size()) {}

    bool failed() const noexcept { return failed_; }
    const error& why() const noexcept { return why_; }
    std::size_t left() const noexcept { return in_.left(); }
    u64 position() const noexcept { return u64(in_.at() - begin_); }

    /// Notes why reading cannot go on; false.
    bool fail(const message& what, std::string_view detail = {}) noexcept {
        if (!failed_) why_ = error(what, detail, position());
        failed_ = true;
        in_.seek(in_.end());
        return false;
    }
    bool fail(error e) noexcept {
        if (!failed_) why_ = e.offset() == error::no_offset ? e.set_offset(position()) : e;
        failed_ = true;
        in_.seek(in_.end());
        return false;
    }
    u8 byte() noexcept {
        u8 b = 0;
        if (!in_.byte(b)) static_cast<void>(fail(msg::unexpected_end));
        return b;
    }
    u64 number() noexcept {
        u64 n = 0;
        const u8* const at = in_.at();
        if (!in_.leb_u64(n)) {
            static_cast<void>(fail(in_.status() == read_status::end ? msg::unexpected_end : msg::integer_too_long));
            return 0;
        }
        if (in_.at() - at > 1 && in_.at()[-1] == 0) static_cast<void>(fail(msg::integer_too_long)); // one form only
        return failed_ ? 0 : n;
    }
    /// A number below `end`; `what` is the detail of the error that another one is.
    u32 below(u64 end, std::string_view what) noexcept {
        const u64 n = number();
        if (failed_) return 0;
        if (n >= end || n > 0xffff'fffe) return static_cast<void>(fail(msg::out_of_range, what)), 0;
        return u32(n);
    }
    /// How many of something follow, each of which takes `least` bytes or more.
    u32 count(std::size_t least, std::string_view what) noexcept {
        const u64 n = number();
        if (n > left() / (least ? least : 1) || n > 0xffff'fffe)
            return static_cast<void>(fail(msg::out_of_range, what)), 0;
        return u32(n);
    }
    template <class T>
    T fixed() noexcept {
        T v{};
        if (!in_.fixed(v)) static_cast<void>(fail(msg::unexpected_end));
        return failed_ ? T{} : v;
    }
    /// `n` bytes, or null.
    const u8* raw(u64 n) noexcept {
        const u8* const at = in_.at();
        if (!in_.skip(n)) return static_cast<void>(fail(msg::unexpected_end)), nullptr;
        return at;
    }
    /// What sink::sparse wrote, of whose `n` bytes the number is read already; `to` holds zeros.
    bool sparse(u8* to, u64 n) noexcept {
        constexpr u64 part = 4096;
        for (u64 at = 0; at < n && !failed_;) {
            const u64 parts = (n - at + part - 1) / part, zeros = number();
            if (zeros > parts) return fail(msg::out_of_range, "zeros");
            at += zeros * part;
            const u64 written = number();
            if (written > parts - zeros || (written == 0 && zeros != parts)) return fail(msg::out_of_range, "bytes");
            if (written == 0) break;
            const u64 bytes = written * part < n - at ? written * part : n - at;
            const u8* const from = raw(bytes);
            if (!from) return false;
            std::memcpy(to + at, from, std::size_t(bytes));
            at += bytes;
        }
        return !failed_;
    }

private:
    const u8* begin_;
    cursor in_;
    bool failed_ = false;
    error why_{error::unlikely()};
};

} // namespace tessera::saving
