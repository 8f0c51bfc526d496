// SPDX-License-Identifier: MIT
/// @file floating.hpp
/// Floating-point operations (spec: exec/numerics, Floating-Point Operations). A NaN result is always
/// an arithmetic NaN (quiet bit set); it is canonical where the operands' NaNs are. neg, abs and
/// copysign work on bits and leave NaN payloads as they are. Rounding is to nearest, ties to even:
/// the host's mode is checked where wasm is entered, not here.
#pragma once

#include <tessera/num/integer.hpp>

#include <cfloat>
#if !defined(__GNUC__) && !defined(__clang__)
#include <cmath> // costs more to compile than all of num/
#endif

namespace tessera::inline TESSERA_ABI::num {

static_assert(FLT_EVAL_METHOD == 0 || FLT_EVAL_METHOD == 16,
              "tessera: floats are evaluated in a wider type here and rounded twice; on i386 use -msse2 -mfpmath=sse");

/// The bits of a float type.
template <class T>
struct float_layout {
    using bits = bits_of_size<sizeof(T)>;
    static constexpr int fraction = std::numeric_limits<T>::digits - 1; ///< how many fraction bits
    static constexpr bits sign = bits(bits(1) << (sizeof(T) * 8 - 1));
    static constexpr bits quiet = bits(bits(1) << (fraction - 1)); ///< set in every arithmetic NaN
    static constexpr bits infinity = bits(bits(-1) << fraction & bits(~sign));
    static constexpr bits canonical_nan = bits(infinity | quiet);
    /// The least float whose successors have no fraction: adding and subtracting it rounds.
    static constexpr T integral = T(u64(1) << fraction);
};
template <class T>
TESSERA_INLINE constexpr typename float_layout<T>::bits bits_of(T a) noexcept {
    return bits_as<typename float_layout<T>::bits>(a);
}
template <class T>
TESSERA_INLINE constexpr bool is_nan(T a) noexcept {
    return bits_of(a) << 1 > float_layout<T>::infinity << 1;
}
/// `a`, as an arithmetic NaN if it is a NaN. In bits: an addition of 0 can be optimised away.
template <class T>
TESSERA_INLINE constexpr T quieted(T a) noexcept {
    return is_nan(a) ? bits_as<T>(typename float_layout<T>::bits(bits_of(a) | float_layout<T>::quiet)) : a;
}
/// `a`, or the positive canonical NaN if it is a NaN: what the deterministic profile wants of a result.
template <class T>
TESSERA_INLINE constexpr T canonicalized(T a) noexcept {
    return is_nan(a) ? bits_as<T>(float_layout<T>::canonical_nan) : a;
}

// ---- bits ----------------------------------------------------------------------------------------

/// fabs
template <class T>
struct abs {
    static TESSERA_INLINE constexpr T eval(T a) noexcept {
        return bits_as<T>(typename float_layout<T>::bits(bits_of(a) & ~float_layout<T>::sign));
    }
};
/// fneg
template <class T>
struct neg {
    static TESSERA_INLINE constexpr T eval(T a) noexcept {
        return bits_as<T>(typename float_layout<T>::bits(bits_of(a) ^ float_layout<T>::sign));
    }
};
/// fcopysign
template <class T>
struct copysign {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept {
        using l = float_layout<T>;
        return bits_as<T>(typename l::bits((bits_of(a) & ~l::sign) | (bits_of(b) & l::sign)));
    }
};

// ---- arithmetic; add, sub and mul are in integer.hpp -----------------------------------------------

/// fdiv
template <class T>
struct div {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return a / b; }
};
/// fmin: a NaN if there is one; -0 is less than +0.
template <class T>
struct min {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept {
        if (a < b) return a;
        if (b < a) return b;
        // only zeros differ
        if (a == b) return bits_as<T>(typename float_layout<T>::bits(bits_of(a) | bits_of(b)));
        return quieted(is_nan(a) ? a : b);
    }
};
/// fmax: a NaN if there is one; +0 is greater than -0.
template <class T>
struct max {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept {
        if (a > b) return a;
        if (b > a) return b;
        if (a == b) return bits_as<T>(typename float_layout<T>::bits(bits_of(a) & bits_of(b)));
        return quieted(is_nan(a) ? a : b);
    }
};
/// fsqrt. The instruction where there is one: the library function also sets errno, for which compilers
/// keep a call beside the instruction, and the builtin of the instruction clears what else is in the
/// register.
template <class T>
struct sqrt {
    static TESSERA_INLINE constexpr T eval(T a) noexcept {
#if defined(__SSE2__) && defined(__GNUC__)
        if (!std::is_constant_evaluated()) {
            if constexpr (sizeof(T) == 4) __asm__("sqrtss %0, %0" : "+x"(a));
            else __asm__("sqrtsd %0, %0" : "+x"(a));
            return a;
        }
#endif
#if defined(__GNUC__) || defined(__clang__)
        if constexpr (sizeof(T) == 4) return __builtin_sqrtf(a);
        else return __builtin_sqrt(a);
#else
        return std::sqrt(a);
#endif
    }
};

// ---- rounding to integral values -------------------------------------------------------------------
// Without the library: a call in a handler costs more than these few operations, and some libraries
// let signalling NaNs through. Beyond `integral` every float is a whole number.

namespace detail {
enum class direction : u8 { nearest, zero, down, up };

#if defined(__SSE4_1__) || defined(__aarch64__)
/// One instruction, which these builtins are on these processors.
template <direction D, class T>
TESSERA_INLINE T round_by_instruction(T a) noexcept {
    if constexpr (sizeof(T) == 4)
        return D == direction::nearest ? __builtin_nearbyintf(a)
               : D == direction::zero  ? __builtin_truncf(a)
               : D == direction::down  ? __builtin_floorf(a)
                                       : __builtin_ceilf(a);
    else
        return D == direction::nearest ? __builtin_nearbyint(a)
               : D == direction::zero  ? __builtin_trunc(a)
               : D == direction::down  ? __builtin_floor(a)
                                       : __builtin_ceil(a);
}
#endif

template <direction D, class T>
TESSERA_INLINE constexpr T round(T a) noexcept {
#if defined(__SSE4_1__) || defined(__aarch64__)
    if (!std::is_constant_evaluated()) return round_by_instruction<D>(a);
#endif
    const T magnitude = abs<T>::eval(a);
    if (!(magnitude < float_layout<T>::integral)) return quieted(a);
    T whole = (magnitude + float_layout<T>::integral) - float_layout<T>::integral; // the nearest, ties to even
    if constexpr (D == direction::zero) {
        if (whole > magnitude) whole -= 1;
    } else if constexpr (D != direction::nearest) {
        whole = copysign<T>::eval(whole, a);
        if constexpr (D == direction::down) whole -= whole > a ? T(1) : T(0);
        else whole += whole < a ? T(1) : T(0);
    }
    return copysign<T>::eval(whole, a);
}
} // namespace detail

/// fnearest: ties to even.
template <class T>
struct nearest {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return detail::round<detail::direction::nearest>(a); }
};
/// ftrunc: toward zero.
template <class T>
struct trunc {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return detail::round<detail::direction::zero>(a); }
};
/// ffloor: toward negative infinity.
template <class T>
struct floor {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return detail::round<detail::direction::down>(a); }
};
/// fceil: toward positive infinity.
template <class T>
struct ceil {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return detail::round<detail::direction::up>(a); }
};

// ---- comparisons: 1 or 0, an i32; all but ne are 0 with a NaN ---------------------------------------

/// flt
template <class T>
struct lt {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a < b); }
};
/// fgt
template <class T>
struct gt {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a > b); }
};
/// fle
template <class T>
struct le {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a <= b); }
};
/// fge
template <class T>
struct ge {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a >= b); }
};

} // namespace tessera::num
