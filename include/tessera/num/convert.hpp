// SPDX-License-Identifier: MIT
/// @file convert.hpp
/// Conversions between number types (spec: exec/numerics, Conversions), named `<To, From>` as the
/// instructions name them.
#pragma once

#include <tessera/num/floating.hpp>

namespace tessera::inline TESSERA_ABI::num {

// ---- values and 64-bit slots -----------------------------------------------------------------------

/// The value of type `T` (u32, u64, f32, f64) that a slot holds in its low bits.
template <class T>
TESSERA_INLINE constexpr T from_slot(u64 slot) noexcept {
    if constexpr (std::is_floating_point_v<T>) return bits_as<T>(bits_of_size<sizeof(T)>(slot));
    else return T(slot);
}
/// `a` as a slot: the bits, zero-extended.
template <class T>
TESSERA_INLINE constexpr u64 to_slot(T a) noexcept {
    return bits_as<bits_of_size<sizeof(T)>>(a);
}

// ---- between integers ------------------------------------------------------------------------------

/// wrap
template <class To, class From>
struct wrap {
    static TESSERA_INLINE constexpr To eval(From a) noexcept { return To(a); }
};
/// extend_u
template <class To, class From>
struct extend_u {
    static TESSERA_INLINE constexpr To eval(From a) noexcept { return To(a); }
};
/// extend_s
template <class To, class From>
struct extend_s {
    static TESSERA_INLINE constexpr To eval(From a) noexcept { return To(signed_of<To>(signed_of<From>(a))); }
};

// ---- from floats to integers -----------------------------------------------------------------------

/// What truncation to `Int` accepts: `low < a && a < high`, or `low <= a` where the float has no
/// value between `low - 1` and `low`. Both bounds are exact.
template <class Int, class From>
struct truncation_range {
    static constexpr bool is_signed = std::is_signed_v<Int>;
    static constexpr int bits = std::numeric_limits<Int>::digits; // without the sign
    static constexpr From high = From(u64(1) << (bits - 1)) * 2;
    static constexpr bool closed = is_signed && bits >= std::numeric_limits<From>::digits;
    static constexpr From low = !is_signed ? From(-1) : closed ? -high : -high - 1;
    static TESSERA_INLINE constexpr bool above(From a) noexcept { return closed ? a >= low : a > low; }
    static TESSERA_INLINE constexpr bool contains(From a) noexcept { return above(a) && a < high; }
};
/// The trapping truncation to the signed or unsigned `Int`.
template <class Int, class From>
TESSERA_INLINE constexpr checked<std::make_unsigned_t<Int>> truncate(From a) noexcept {
    using To = std::make_unsigned_t<Int>;
    if (TESSERA_UNLIKELY(!(truncation_range<Int, From>::contains(a))))
        return {To{}, is_nan(a) ? trap::invalid_conversion : trap::integer_overflow};
    return {To(Int(a))};
}
/// The saturating truncation to the signed or unsigned `Int`: 0 for a NaN.
template <class Int, class From>
TESSERA_INLINE constexpr std::make_unsigned_t<Int> truncate_sat(From a) noexcept {
    using To = std::make_unsigned_t<Int>;
    using range = truncation_range<Int, From>;
    if (TESSERA_UNLIKELY(!range::contains(a))) {
        if (is_nan(a)) return 0;
        return To(range::above(a) ? (std::numeric_limits<Int>::max)() : (std::numeric_limits<Int>::min)());
    }
    return To(Int(a));
}
/// trunc_s
template <class To, class From>
struct trunc_s {
    static TESSERA_INLINE constexpr checked<To> eval(From a) noexcept { return truncate<signed_of<To>>(a); }
};
/// trunc_u
template <class To, class From>
struct trunc_u {
    static TESSERA_INLINE constexpr checked<To> eval(From a) noexcept { return truncate<To>(a); }
};
/// trunc_sat_s
template <class To, class From>
struct trunc_sat_s {
    static TESSERA_INLINE constexpr To eval(From a) noexcept { return truncate_sat<signed_of<To>>(a); }
};
/// trunc_sat_u
template <class To, class From>
struct trunc_sat_u {
    static TESSERA_INLINE constexpr To eval(From a) noexcept { return truncate_sat<To>(a); }
};

// ---- from integers to floats, rounded once ---------------------------------------------------------

/// convert_s
template <class To, class From>
struct convert_s {
    static TESSERA_INLINE constexpr To eval(From a) noexcept { return To(signed_of<From>(a)); }
};
/// convert_u
template <class To, class From>
struct convert_u {
    static TESSERA_INLINE constexpr To eval(From a) noexcept { return To(a); }
};

// ---- between floats --------------------------------------------------------------------------------

/// promote: exact; the processor's conversion sets the quiet bit of a NaN and keeps its payload.
struct promote {
    static TESSERA_INLINE constexpr f64 eval(f32 a) noexcept { return f64(a); }
};
/// demote: rounded; for NaNs as promote.
struct demote {
    static TESSERA_INLINE constexpr f32 eval(f64 a) noexcept { return f32(a); }
};
/// reinterpret: the same bits.
template <class To, class From>
struct reinterpret {
    static TESSERA_INLINE constexpr To eval(From a) noexcept { return bits_as<To>(a); }
};

} // namespace tessera::num
