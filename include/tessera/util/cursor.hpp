// SPDX-License-Identifier: MIT
/// @file cursor.hpp
/// Reading bytes front to back: fixed widths and LEB128 (spec: binary/values, Integers).
#pragma once

#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI {

/// Why a read failed.
enum class read_status : u8 { ok, end, too_long, too_large };

/// A range of bytes with a reading position. A failed read leaves the position at the start of the
/// value and says why in `status`.
class cursor {
public:
    cursor() noexcept = default;
    cursor(const u8* begin, const u8* end) noexcept : at_(begin), end_(end) {}

    const u8* at() const noexcept { return at_; }
    const u8* end() const noexcept { return end_; }
    std::size_t left() const noexcept { return std::size_t(end_ - at_); }
    bool done() const noexcept { return at_ == end_; }
    read_status status() const noexcept { return status_; }
    void seek(const u8* to) noexcept { at_ = to; }

    /// Reads one byte; false at the end.
    [[nodiscard]] TESSERA_INLINE bool byte(u8& out) noexcept {
        if (at_ == end_) return fail(read_status::end);
        out = *at_++;
        return true;
    }
    /// The next byte without passing it; -1 at the end.
    int peek() const noexcept { return at_ == end_ ? -1 : int(*at_); }
    /// Reads `sizeof(T)` bytes in little-endian order.
    template <class T>
    [[nodiscard]] bool fixed(T& out) noexcept {
        if (left() < sizeof(T)) return fail(read_status::end);
        out = load_le<T>(at_);
        at_ += sizeof(T);
        return true;
    }
    /// Passes `n` bytes.
    [[nodiscard]] bool skip(u64 n) noexcept {
        if (left() < n) return fail(read_status::end);
        at_ += n;
        return true;
    }
    /// uN: at most ceil(N/7) bytes, unused bits zero.
    [[nodiscard]] TESSERA_INLINE bool leb_u32(u32& out) noexcept {
        if (at_ != end_ && *at_ < 0x80) {
            out = *at_++;
            return true;
        }
        u64 wide = 0;
        if (!leb_slow<32, false>(wide)) return false;
        out = u32(wide);
        return true;
    }
    [[nodiscard]] bool leb_u64(u64& out) noexcept { return leb_slow<64, false>(out); }
    /// sN: at most ceil(N/7) bytes, unused bits equal to the sign.
    [[nodiscard]] bool leb_i32(i32& out) noexcept {
        u64 wide = 0;
        if (!leb_slow<32, true>(wide)) return false;
        out = i32(u32(wide));
        return true;
    }
    /// s33, the form of block types and heap types.
    [[nodiscard]] bool leb_i33(i64& out) noexcept {
        u64 wide = 0;
        if (!leb_slow<33, true>(wide)) return false;
        out = i64(wide);
        return true;
    }
    [[nodiscard]] bool leb_i64(i64& out) noexcept {
        u64 wide = 0;
        if (!leb_slow<64, true>(wide)) return false;
        out = i64(wide);
        return true;
    }

private:
    bool fail(read_status why) noexcept {
        status_ = why;
        return false;
    }
    template <unsigned Bits, bool Signed>
    TESSERA_NOINLINE bool leb_slow(u64& out) noexcept {
        constexpr unsigned most = (Bits + 6) / 7;
        u64 value = 0;
        const u8* p = at_;
        for (unsigned i = 0; i < most; ++i) {
            if (p == end_) return fail(read_status::end);
            const u8 b = *p++;
            value |= u64(b & 0x7f) << (7 * i);
            if (b & 0x80) continue;
            if (i + 1 == most) {
                constexpr unsigned used = Bits - 7 * (most - 1); // bits of the last byte that count
                if constexpr (Signed) {
                    const u8 rest = u8((b & 0x7f) >> (used - 1));
                    if (rest != 0 && rest != (0x7f >> (used - 1))) return fail(read_status::too_large);
                } else if constexpr (used < 7) {
                    if ((b & 0x7f) >> used) return fail(read_status::too_large);
                }
            }
            if constexpr (Signed) {
                const unsigned width = 7 * (i + 1);
                if (width < 64 && (b & 0x40)) value |= ~u64{0} << width;
            }
            at_ = p;
            out = value;
            return true;
        }
        return fail(read_status::too_long);
    }
    const u8* at_ = nullptr;
    const u8* end_ = nullptr;
    read_status status_ = read_status::ok;
};

} // namespace tessera
