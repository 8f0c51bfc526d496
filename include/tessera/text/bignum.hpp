// SPDX-License-Identifier: MIT
/// @file text/bignum.hpp
/// Exact rounding of decimal and hexadecimal numbers to f32 and f64: a number is written as the
/// quotient of two large integers, and as many bits of the quotient are computed as rounding needs.
#pragma once

#include <tessera/util/integers.hpp>

#include <string_view>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text::detail {

/// A natural number of at most 5120 bits; that is enough for every quotient `decimal_float` makes.
class bignum {
public:
    bool is_zero() const noexcept { return size_ == 0; }
    /// this = this * by + add
    void multiply_add(u32 by, u32 add) noexcept {
        u64 carry = add;
        for (u32 i = 0; i < size_; ++i) {
            carry += u64(limbs_[i]) * by;
            limbs_[i] = u32(carry);
            carry >>= 32;
        }
        if (carry) limbs_[size_++] = u32(carry);
    }
    /// this = this * 10^n
    void multiply_power_of_ten(u32 n) noexcept {
        for (; n >= 9; n -= 9) multiply_add(1'000'000'000, 0);
        for (; n > 0; --n) multiply_add(10, 0);
    }
    i32 bit_length() const noexcept { return size_ == 0 ? 0 : i32(size_ * 32) - std::countl_zero(limbs_[size_ - 1]); }
    void shift_left(u32 n) noexcept {
        if (size_ == 0 || n == 0) return;
        const u32 whole = n / 32, part = n % 32;
        limbs_[size_] = 0;
        for (u32 i = size_ + 1; i-- > 0;) {
            const u64 both = u64(limbs_[i]) << 32 | (i > 0 ? limbs_[i - 1] : 0);
            limbs_[i + whole] = u32(both << part >> 32);
        }
        for (u32 i = 0; i < whole; ++i) limbs_[i] = 0;
        size_ += whole + 1;
        trim();
    }
    void shift_right_one() noexcept {
        for (u32 i = 0; i < size_; ++i) limbs_[i] = limbs_[i] >> 1 | (i + 1 < size_ ? limbs_[i + 1] << 31 : 0);
        trim();
    }
    bool less_than(const bignum& other) const noexcept {
        if (size_ != other.size_) return size_ < other.size_;
        for (u32 i = size_; i-- > 0;)
            if (limbs_[i] != other.limbs_[i]) return limbs_[i] < other.limbs_[i];
        return false;
    }
    /// this = this - other, which must not be larger.
    void subtract(const bignum& other) noexcept {
        u64 borrow = 0;
        for (u32 i = 0; i < size_; ++i) {
            const u64 take = (i < other.size_ ? other.limbs_[i] : 0) + borrow;
            borrow = limbs_[i] < take;
            limbs_[i] = u32(limbs_[i] - take);
        }
        trim();
    }

private:
    void trim() noexcept {
        while (size_ && limbs_[size_ - 1] == 0) --size_;
    }
    u32 limbs_[161] = {}; ///< lowest first; one more than are used, for shift_left
    u32 size_ = 0;
};

/// The bits of (mantissa + e) * 2^exponent rounded to the nearest F, ties to even, where e is a bit
/// more than 0 and less than 1 if `sticky`, else 0. The mantissa has its top bit set. False: infinity.
template <class F>
bool round_float(u64 mantissa, i64 exponent, bool sticky, bits_of_size<sizeof(F)>& out) noexcept {
    constexpr int digits = std::numeric_limits<F>::digits;
    constexpr i64 lowest = std::numeric_limits<F>::min_exponent - digits; // exponent of a subnormal's lowest bit
    i64 drop = 64 - digits;
    if (exponent + drop < lowest) drop = lowest - exponent;
    if (drop > 64) return out = 0, true; // less than half of the smallest number
    const u64 kept = drop == 64 ? 0 : mantissa >> drop;
    const u64 half = u64{1} << (drop - 1);
    const u64 rest = drop == 64 ? mantissa : mantissa & (half * 2 - 1);
    const bool up = rest > half || (rest == half && (sticky || (kept & 1)));
    const u64 rounded = kept + up; // may carry into a further bit: the addition below gives that its meaning
    const i64 biased = exponent + drop - lowest; // 0 for subnormal numbers and those of the lowest exponent
    if (biased >= std::numeric_limits<F>::max_exponent * 2) return false;
    const u64 bits = (u64(biased) << (digits - 1)) + rounded;
    if (bits >= u64(std::numeric_limits<F>::max_exponent * 2 - 1) << (digits - 1)) return false;
    out = bits_of_size<sizeof(F)>(bits);
    return true;
}

/// The exponent after `e` or `p`; large ones are cut where they decide nothing any more.
inline i64 read_exponent(std::string_view s) noexcept {
    i64 value = 0;
    const bool negative = !s.empty() && s[0] == '-';
    for (char c : s)
        if (c >= '0' && c <= '9' && value < i64{1} << 50) value = value * 10 + (c - '0');
    return negative ? -value : value;
}

/// `s`: digits, a point, digits, an exponent, without 0x; known to be well formed.
template <class F>
bool hex_float(std::string_view s, bits_of_size<sizeof(F)>& out) noexcept {
    const std::size_t p = s.find_first_of("pP");
    i64 exponent = p == s.npos ? 0 : read_exponent(s.substr(p + 1));
    u64 mantissa = 0;
    bool sticky = false, fraction = false;
    for (char c : s.substr(0, p)) {
        if (c == '_') continue;
        if (c == '.') {
            fraction = true;
            continue;
        }
        const u64 digit = u64(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        if (mantissa >> 60) {
            sticky |= digit != 0;
            if (!fraction) exponent += 4;
        } else {
            mantissa = mantissa << 4 | digit;
            if (fraction) exponent -= 4;
        }
    }
    if (mantissa == 0) return out = 0, true;
    const int shift = std::countl_zero(mantissa);
    return round_float<F>(mantissa << shift, exponent - shift, sticky, out);
}

/// `s`: digits, a point, digits, an exponent; known to be well formed.
template <class F>
bool decimal_float(std::string_view s, bits_of_size<sizeof(F)>& out) noexcept {
    // No number half-way between two f64 has more than 767 digits: of further ones it counts only
    // whether they are all zero.
    constexpr u32 most_digits = 800;
    const std::size_t e = s.find_first_of("eE");
    i64 exponent = e == s.npos ? 0 : read_exponent(s.substr(e + 1));
    bignum over, under;
    u32 digits = 0;
    bool sticky = false, fraction = false;
    u32 chunk = 0, chunk_scale = 1;
    for (char c : s.substr(0, e)) {
        if (c == '_') continue;
        if (c == '.') {
            fraction = true;
            continue;
        }
        if (digits >= most_digits) {
            sticky |= c != '0';
            if (!fraction) ++exponent;
            continue;
        }
        if (fraction) --exponent;
        if (digits == 0 && c == '0') continue;
        ++digits;
        chunk = chunk * 10 + u32(c - '0');
        chunk_scale *= 10;
        if (chunk_scale == 1'000'000'000) {
            over.multiply_add(chunk_scale, chunk);
            chunk = 0;
            chunk_scale = 1;
        }
    }
    if (chunk_scale != 1) over.multiply_add(chunk_scale, chunk);
    if (over.is_zero()) return out = 0, true;
    // The number is at least 10^(digits + exponent - 1) and less than ten times that.
    if (i64(digits) + exponent > 400) return false;
    if (i64(digits) + exponent < -400) return out = 0, true;
    under.multiply_add(1, 1);
    if (exponent >= 0) over.multiply_power_of_ten(u32(exponent));
    else under.multiply_power_of_ten(u32(-exponent));
    // Scale so that the quotient has 64 bits, the highest of them set, then divide bit by bit.
    const i32 scale = 64 - (over.bit_length() - under.bit_length());
    if (scale >= 0) over.shift_left(u32(scale));
    else under.shift_left(u32(-scale));
    under.shift_left(64);
    const bool wide = !over.less_than(under); // 65 bits: one bit of scale too many
    if (!wide) under.shift_right_one();
    u64 quotient = 0;
    for (int bit = 63; bit >= 0; --bit) {
        quotient <<= 1;
        if (!over.less_than(under)) {
            over.subtract(under);
            quotient |= 1;
        }
        if (bit > 0) under.shift_right_one();
    }
    const i64 power = i64(wide) - scale;
    return round_float<F>(quotient, power, sticky || !over.is_zero(), out);
}

} // namespace tessera::text::detail
TESSERA_SMALL_END
