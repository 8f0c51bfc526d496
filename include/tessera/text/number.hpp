// SPDX-License-Identifier: MIT
/// @file text/number.hpp
/// Numbers in the text format: what they look like, and their values, exactly (spec: text/values).
/// No locale, no floating-point arithmetic of the host, so its rounding mode does not matter.
#pragma once

#include <tessera/text/bignum.hpp>

#include <string_view>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

namespace detail {

inline constexpr int digit_value(char c) noexcept {
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : 99;
}
/// Passes digits with single underscores between them, from `i` on; returns `i` itself if there are none.
inline constexpr std::size_t pass_digits(std::string_view s, std::size_t i, int base) noexcept {
    while (i < s.size() && digit_value(s[i]) < base) {
        ++i;
        if (i + 1 < s.size() && s[i] == '_' && digit_value(s[i + 1]) < base) ++i;
    }
    return i;
}
inline constexpr std::size_t pass_sign(std::string_view s) noexcept {
    return !s.empty() && (s[0] == '+' || s[0] == '-') ? 1 : 0;
}
inline constexpr bool is_hex(std::string_view s) noexcept { return s.size() > 2 && s[0] == '0' && s[1] == 'x'; }

} // namespace detail

/// True for an integer without a sign, decimal or hexadecimal.
inline constexpr bool is_nat(std::string_view s) noexcept {
    const bool hex = detail::is_hex(s);
    const std::size_t from = hex ? 2 : 0;
    const std::size_t to = detail::pass_digits(s, from, hex ? 16 : 10);
    return to > from && to == s.size();
}

/// True for what may follow f32.const: a number with a fraction or an exponent or without, inf, nan, nan:0x…
inline constexpr bool is_float(std::string_view s) noexcept {
    s.remove_prefix(detail::pass_sign(s));
    if (s == "inf" || s == "nan") return true;
    if (s.substr(0, 6) == "nan:0x") return is_nat(s.substr(4));
    const bool hex = detail::is_hex(s);
    const int base = hex ? 16 : 10;
    const std::size_t from = hex ? 2 : 0;
    std::size_t i = detail::pass_digits(s, from, base);
    if (i == from) return false;
    if (i < s.size() && s[i] == '.') i = detail::pass_digits(s, i + 1, base);
    if (i < s.size() && (hex ? s[i] == 'p' || s[i] == 'P' : s[i] == 'e' || s[i] == 'E')) {
        const std::size_t exponent = i + 1 + detail::pass_sign(s.substr(i + 1));
        i = detail::pass_digits(s, exponent, 10);
        if (i == exponent) return false;
    }
    return i == s.size();
}

/// The value of an integer without sign. False: it is none, or 2^64 or more.
inline constexpr bool parse_nat(std::string_view s, u64& out) noexcept {
    if (!is_nat(s)) return false;
    const bool hex = detail::is_hex(s);
    const u64 base = hex ? 16 : 10;
    u64 value = 0;
    for (char c : s.substr(hex ? 2 : 0)) {
        if (c == '_') continue;
        const u64 digit = u64(detail::digit_value(c));
        if (value > (~u64{0} - digit) / base) return false;
        value = value * base + digit;
    }
    out = value;
    return true;
}

/// The value of an integer of `bits` bits, with or without sign, as its two's complement: from
/// -2^(bits-1) to 2^bits - 1. False: it is none, or not in that range.
inline constexpr bool parse_int(std::string_view s, unsigned bits, u64& out) noexcept {
    const bool negative = !s.empty() && s[0] == '-';
    u64 value = 0;
    if (!parse_nat(s.substr(detail::pass_sign(s)), value)) return false;
    const u64 mask = bits == 64 ? ~u64{0} : (u64{1} << bits) - 1;
    if (negative ? value > u64{1} << (bits - 1) : value > mask) return false;
    out = (negative ? ~value + 1 : value) & mask;
    return true;
}

/// The bits of the F nearest to a number, ties to even. False: it is none, its magnitude rounds to
/// infinity, or the payload of a NaN is zero or too large.
template <class F>
bool parse_float(std::string_view s, bits_of_size<sizeof(F)>& out) noexcept {
    using bits = bits_of_size<sizeof(F)>;
    constexpr int fraction = std::numeric_limits<F>::digits - 1;
    constexpr bits infinity = bits((bits(1) << (8 * sizeof(F) - 1)) - (bits(1) << fraction));
    const bits sign = !s.empty() && s[0] == '-' ? bits(bits(1) << (8 * sizeof(F) - 1)) : bits(0);
    if (!is_float(s)) return false;
    s.remove_prefix(detail::pass_sign(s));
    if (s == "inf") return out = sign | infinity, true;
    if (s == "nan") return out = sign | infinity | bits(bits(1) << (fraction - 1)), true;
    if (s.substr(0, 4) == "nan:") {
        u64 payload = 0;
        if (!parse_nat(s.substr(4), payload) || payload == 0 || payload >> fraction) return false;
        return out = sign | infinity | bits(payload), true;
    }
    bits magnitude = 0;
    if (!(detail::is_hex(s) ? detail::hex_float<F>(s.substr(2), magnitude) : detail::decimal_float<F>(s, magnitude)))
        return false;
    out = sign | magnitude;
    return true;
}

} // namespace tessera::text
TESSERA_SMALL_END
