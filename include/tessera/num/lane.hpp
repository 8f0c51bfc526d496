// SPDX-License-Identifier: MIT
/// @file lane.hpp
/// Operations on one lane that only vectors have (spec: exec/numerics), written as those of integer.hpp
/// and floating.hpp: `T` is the lane's type. Most are one expression that holds for all lanes of a
/// vector of the compiler as well; what such an expression may not have is a conversion between widths.
#pragma once

#include <tessera/num/convert.hpp>

// Vectors of the compiler are used where its operators are those of one machine instruction. Their lanes
// are in the order of memory, which is that of a v128 on little-endian machines only.
#if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define TESSERA_VECTORS 1
#else
#define TESSERA_VECTORS 0
#endif

namespace tessera::inline TESSERA_ABI::num {

#if TESSERA_VECTORS
namespace detail {
template <class T>
struct vector_of {
    typedef T type __attribute__((vector_size(16))); // g++ ignores the attribute of an alias declaration here
};
} // namespace detail
/// 16 bytes of lanes of type `T` with the operators of `T`.
template <class T>
using vector = typename detail::vector_of<T>::type;

namespace detail {
template <class T>
struct vector_kin {
    using lane = T;
    using signed_ = vector<signed_of<T>>;
    using truth = signed_;
};
} // namespace detail
template <>
struct kin<vector<u8>> : detail::vector_kin<u8> {};
template <>
struct kin<vector<u16>> : detail::vector_kin<u16> {};
template <>
struct kin<vector<u32>> : detail::vector_kin<u32> {};
template <>
struct kin<vector<u64>> : detail::vector_kin<u64> {};
template <>
struct kin<vector<f32>> : detail::vector_kin<f32> {};
template <>
struct kin<vector<f64>> : detail::vector_kin<f64> {};
#endif

template <class T>
using lane_of = typename kin<T>::lane;
/// The width of a lane in bits.
template <class T>
inline constexpr unsigned lane_bits = sizeof(lane_of<T>) * 8;
/// The largest lane read as signed.
template <class T>
inline constexpr lane_of<T> most_signed = lane_of<T>(lane_of<T>(-1) / 2);

// ---- bits ----------------------------------------------------------------------------------------

/// inot
template <class T>
struct not_ {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return T(~a); }
};
/// iandnot
template <class T>
struct andnot {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T(a & ~b); }
};
/// ibitselect
template <class T>
struct bitselect {
    static TESSERA_INLINE constexpr T eval(T a, T b, T c) noexcept { return T((a & c) | (b & ~c)); }
};

// ---- integers ------------------------------------------------------------------------------------

/// ineg
template <class T>
struct ineg {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return T(T{} - a); }
};
/// iabs: the least integer stays what it is.
template <class T>
struct iabs {
    static TESSERA_INLINE constexpr T eval(T a) noexcept {
        T sign = signed_of<T>(a) < signed_of<T>{} ? T(~T{}) : T{};
        if constexpr (lane_bits<T> == 64) sign = T(T{} - (a >> lane_of<T>(63))); // SSE2 does not compare these
        return T((a ^ sign) - sign);
    }
};
/// imin_s
template <class T>
struct min_s {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return signed_of<T>(a) < signed_of<T>(b) ? a : b; }
};
/// imin_u
template <class T>
struct min_u {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return a < b ? a : b; }
};
/// imax_s
template <class T>
struct max_s {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return signed_of<T>(a) > signed_of<T>(b) ? a : b; }
};
/// imax_u
template <class T>
struct max_u {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return a > b ? a : b; }
};
namespace detail {
/// Where bit `n - 1` of `overflow` is set the limit on the side of `a`, else `value`.
template <class T>
TESSERA_INLINE constexpr T saturated(T overflow, T a, T value) noexcept {
    const signed_of<T> zero{};
    const T limit = signed_of<T>(a) < zero ? T(T{} + lane_of<T>(most_signed<T> + 1)) : T(T{} + most_signed<T>);
    return signed_of<T>(overflow) < zero ? limit : value;
}
} // namespace detail
/// iadd_sat_s
template <class T>
struct add_sat_s {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept {
        const T sum = T(a + b);
        return detail::saturated<T>(T(~(a ^ b) & (a ^ sum)), a, sum);
    }
};
/// iadd_sat_u
template <class T>
struct add_sat_u {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept {
        const T sum = T(a + b);
        return sum < a ? T(~T{}) : sum;
    }
};
/// isub_sat_s
template <class T>
struct sub_sat_s {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept {
        const T difference = T(a - b);
        return detail::saturated<T>(T((a ^ b) & (a ^ difference)), a, difference);
    }
};
/// isub_sat_u
template <class T>
struct sub_sat_u {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return a > b ? T(a - b) : T{}; }
};
/// iavgr_u: the mean, halves rounded up.
template <class T>
struct avgr_u {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T((a | b) - (T(a ^ b) >> lane_of<T>(1))); }
};
/// iq15mulr_sat_s
struct q15mulr_sat_s {
    static TESSERA_INLINE constexpr u16 eval(u16 a, u16 b) noexcept {
        const i32 product = (i32(i16(a)) * i32(i16(b)) + 0x4000) >> 15;
        return u16(product > 0x7fff ? 0x7fff : product);
    }
};
/// narrow_s: the nearest value that a signed `To` has.
template <class To, class From>
struct narrow_s {
    static TESSERA_INLINE constexpr To eval(From a) noexcept {
        const auto value = signed_of<From>(a), most = signed_of<From>(most_signed<To>);
        return To(value > most ? most : value < -most - 1 ? -most - 1 : value);
    }
};
/// narrow_u: the nearest value to the signed `a` that an unsigned `To` has.
template <class To, class From>
struct narrow_u {
    static TESSERA_INLINE constexpr To eval(From a) noexcept {
        const auto value = signed_of<From>(a), most = signed_of<From>(To(-1));
        return To(value > most ? most : value < 0 ? 0 : value);
    }
};

// ---- floats --------------------------------------------------------------------------------------

/// fpmin: b if it is less, else a, whatever they are.
template <class T>
struct pmin {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return b < a ? b : a; }
};
/// fpmax
template <class T>
struct pmax {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return a < b ? b : a; }
};
/// frelaxed_madd, rounded twice as the deterministic profile wants it.
template <class T>
struct madd {
    static TESSERA_INLINE constexpr T eval(T a, T b, T c) noexcept { return add<T>::eval(mul<T>::eval(a, b), c); }
};
/// frelaxed_nmadd
template <class T>
struct nmadd {
    static TESSERA_INLINE constexpr T eval(T a, T b, T c) noexcept { return madd<T>::eval(T(-a), b, c); }
};

} // namespace tessera::num
