// SPDX-License-Identifier: MIT
/// @file vector_forms.hpp
/// The operations of vector.hpp on all lanes at once, by the operators that compilers have for vectors; a
/// test compares each with its rule. Instructions of a processor are named only where no operator leads
/// to them.
#pragma once

#include <tessera/num/vector.hpp>

namespace tessera::inline TESSERA_ABI::num {

#if TESSERA_VECTORS

namespace detail {
/// True if F of a vector is F of its lanes: one expression of operators.
template <class F>
inline constexpr bool is_expression = false;
template <class F, template <class> class... Of>
inline constexpr bool is_one_of = false;
template <template <class> class F, class T, template <class> class... Of>
inline constexpr bool is_one_of<F<T>, Of...> = (std::is_same_v<F<T>, Of<T>> || ...);
template <template <class> class F, class T>
inline constexpr bool is_expression<F<T>> =
    is_one_of<F<T>, add, sub, mul, div, and_, or_, xor_, not_, andnot, bitselect, ineg, iabs, min_s, min_u, max_s,
              max_u, add_sat_s, add_sat_u, sub_sat_s, sub_sat_u, avgr_u, pmin, pmax, madd, nmadd, eq, ne, lt_s, lt_u,
              gt_s, gt_u, le_s, le_u, ge_s, ge_u, lt, gt, le, ge>;

template <class V>
TESSERA_INLINE v128 as_v128(V v) noexcept {
    return bits_as<v128>(v);
}
/// The bits of floats as integers.
template <class T>
using bit_vector = vector<bits_of_size<sizeof(T)>>;
template <class T>
TESSERA_INLINE vector<T> of_bits(bit_vector<T> v) noexcept {
    return bits_as<vector<T>>(v);
}
/// All lanes `a`.
template <class T>
TESSERA_INLINE vector<T> filled(T a) noexcept {
    if constexpr (std::is_floating_point_v<T>) return of_bits<T>(filled(bits_of(a))); // 0 + -0 is +0
    else return vector<T>{} + a;
}
} // namespace detail

template <template <class> class F, class T>
requires(detail::is_expression<F<T>>) struct vector_form<lanes<F<T>>> {
    template <class... V>
    static TESSERA_INLINE v128 eval(V... v) noexcept {
        return detail::as_v128(F<vector<T>>::eval(as_vector<T>(v)...));
    }
};
template <template <class> class F, class T>
requires(detail::is_expression<F<T>>) struct vector_form<mask<F<T>>> {
    static TESSERA_INLINE v128 eval(v128 a, v128 b) noexcept {
        return detail::as_v128(F<vector<T>>::eval(as_vector<T>(a), as_vector<T>(b)));
    }
};
template <class T, class From>
struct vector_form<splat<T, From>> {
    static TESSERA_INLINE v128 eval(From a) noexcept { return detail::as_v128(detail::filled(T(a))); }
};
template <class T, class From>
struct vector_form<replace_lane<T, From>> {
    // Lanes of 64 bits are told apart as pairs of 32: SSE2 does not compare wider ones.
    using Number = bits_of_size<(sizeof(T) < 4 ? sizeof(T) : 4)>;
    template <std::size_t... I>
    static TESSERA_INLINE v128 where(std::index_sequence<I...>, v128 v, T a, u32 i) noexcept {
        const auto is_it = vector<Number>{Number(I * sizeof(Number) / sizeof(T))...} == detail::filled(Number(i));
        return lanes<bitselect<u64>>::eval(splat<T, T>::eval(a), v, detail::as_v128(is_it));
    }
    static TESSERA_INLINE v128 eval(v128 v, From a, u32 i) noexcept {
        return where(std::make_index_sequence<16 / sizeof(Number)>(), v, T(a), i);
    }
};

// ---- shifts: lanes of 8 bits by way of 16, signed ones of 64 by way of unsigned ones -----------------

namespace detail {
template <class T>
TESSERA_INLINE vector<T> shifted_left(vector<T> a, unsigned n) noexcept {
    if constexpr (sizeof(T) > 1) return a << T(n);
    else return bits_as<vector<T>>(bits_as<vector<u16>>(a) << u16(n)) & filled(T(0xffu << n));
}
template <class T>
TESSERA_INLINE vector<T> shifted_right(vector<T> a, unsigned n) noexcept {
    if constexpr (sizeof(T) > 1) return a >> T(n);
    else return bits_as<vector<T>>(bits_as<vector<u16>>(a) >> u16(n)) & filled(T(0xffu >> n));
}
} // namespace detail
template <class T>
struct vector_form<lanes_by<shl<T>>> {
    static TESSERA_INLINE v128 eval(v128 a, u32 n) noexcept {
        return detail::as_v128(detail::shifted_left<T>(as_vector<T>(a), n % lane_bits<T>));
    }
};
template <class T>
struct vector_form<lanes_by<shr_u<T>>> {
    static TESSERA_INLINE v128 eval(v128 a, u32 n) noexcept {
        return detail::as_v128(detail::shifted_right<T>(as_vector<T>(a), n % lane_bits<T>));
    }
};
template <class T>
struct vector_form<lanes_by<shr_s<T>>> {
    static TESSERA_INLINE v128 eval(v128 a, u32 n) noexcept {
        n %= lane_bits<T>;
        if constexpr (sizeof(T) == 2 || sizeof(T) == 4) {
            return detail::as_v128(as_vector<signed_of<T>>(a) >> signed_of<T>(n));
        } else {
            const vector<T> sign = detail::filled(T(T(most_signed<T> + 1) >> n));
            return detail::as_v128((detail::shifted_right<T>(as_vector<T>(a), n) ^ sign) - sign);
        }
    }
};

// ---- other widths --------------------------------------------------------------------------------

namespace detail {
// The lanes of even and of odd number, as lanes of twice the width.
template <class To, bool Signed>
TESSERA_INLINE vector<To> odd_lanes(v128 v) noexcept {
    using Lane = std::conditional_t<Signed, signed_of<To>, To>;
    return (vector<To>)(as_vector<Lane>(v) >> Lane(lane_bits<To> / 2));
}
template <class To, bool Signed>
TESSERA_INLINE vector<To> even_lanes(v128 v) noexcept {
    return odd_lanes<To, Signed>(as_v128(as_vector<To>(v) << To(lane_bits<To> / 2)));
}
template <class F>
inline constexpr bool is_extend_s = false;
template <class To, class From>
inline constexpr bool is_extend_s<extend_s<To, From>> = true;
template <class F>
inline constexpr bool is_extend_u = false;
template <class To, class From>
inline constexpr bool is_extend_u<extend_u<To, From>> = true;
template <class F>
concept extension = is_extend_s<F> || is_extend_u<F>;
} // namespace detail

template <detail::extension F>
struct vector_form<extadd_pairwise<F>> {
    using To = result_of<F>;
    static constexpr bool is_signed = detail::is_extend_s<F>;
    static TESSERA_INLINE v128 eval(v128 a) noexcept {
        return detail::as_v128(detail::even_lanes<To, is_signed>(a) + detail::odd_lanes<To, is_signed>(a));
    }
};
template <detail::extension F, template <class> class Add, class To>
struct vector_form<dot<F, Add<To>>> {
    static constexpr bool is_signed = detail::is_extend_s<F>;
    static TESSERA_INLINE v128 eval(v128 a, v128 b) noexcept {
#ifdef __SSE2__
        if constexpr (std::is_same_v<dot<F, Add<To>>, dot<extend_s<u32, u16>, add<u32>>>)
            return detail::as_v128(__builtin_ia32_pmaddwd128(as_vector<short>(a), as_vector<short>(b)));
#endif
        using V = vector<To>;
        return detail::as_v128(
            Add<V>::eval(mul<V>::eval(detail::even_lanes<To, is_signed>(a), detail::even_lanes<To, is_signed>(b)),
                         mul<V>::eval(detail::odd_lanes<To, is_signed>(a), detail::odd_lanes<To, is_signed>(b))));
    }
};
template <>
struct vector_form<lanes<q15mulr_sat_s>> {
    static TESSERA_INLINE vector<u32> rounded(vector<u32> a, vector<u32> b) noexcept {
        const vector<i32> product = (vector<i32>)(a * b + 0x4000u) >> 15;
        return (vector<u32>)(product > 0x7fff ? detail::filled(i32(0x7fff)) : product);
    }
    static TESSERA_INLINE v128 eval(v128 a, v128 b) noexcept {
        const vector<u32> even = rounded(detail::even_lanes<u32, true>(a), detail::even_lanes<u32, true>(b)),
                          odd = rounded(detail::odd_lanes<u32, true>(a), detail::odd_lanes<u32, true>(b));
        return detail::as_v128((even & 0xffffu) | odd << 16u);
    }
};

#if defined(__has_builtin)
#if __has_builtin(__builtin_shufflevector)
template <detail::extension F, bool High>
struct vector_form<detail::part<F, High>> {
    using From = argument_of<F>;
    using To = result_of<F>;
    static constexpr std::size_t first = High ? 8 / sizeof(From) : 0;
    template <std::size_t... I>
    static TESSERA_INLINE vector<From> doubled(std::index_sequence<I...>, vector<From> a) noexcept {
        return __builtin_shufflevector(a, a, (first + I / 2)...);
    }
    static TESSERA_INLINE v128 eval(v128 a) noexcept {
        return detail::as_v128(detail::odd_lanes<To, detail::is_extend_s<F>>(
            detail::as_v128(doubled(std::make_index_sequence<16 / sizeof(From)>(), as_vector<From>(a)))));
    }
};
namespace detail {
/// Signed lanes cut to what is between `least` and `most`, then their lower halves: those of `a`, those of `b`.
template <class To, class S, std::size_t... I>
TESSERA_BY_LANE v128 clamped(std::index_sequence<I...>, v128 a, v128 b, S least, S most) noexcept {
    const auto clamp = [=](vector<S> v) {
        v = v > most ? filled(most) : v;
        return v < least ? filled(least) : v;
    };
    return as_v128(
        __builtin_shufflevector((vector<To>)clamp(as_vector<S>(a)), (vector<To>)clamp(as_vector<S>(b)), (2 * I)...));
}
} // namespace detail
template <class To, class From>
struct vector_form<narrow<narrow_s<To, From>>> {
    using S = signed_of<From>;
    static TESSERA_INLINE v128 eval(v128 a, v128 b) noexcept {
#ifdef __SSE2__
        if constexpr (sizeof(To) == 1)
            return detail::as_v128(__builtin_ia32_packsswb128(as_vector<short>(a), as_vector<short>(b)));
        else if constexpr (sizeof(To) == 2)
            return detail::as_v128(__builtin_ia32_packssdw128(as_vector<int>(a), as_vector<int>(b)));
#endif
        constexpr S most = S(most_signed<To>);
        return detail::clamped<To, S>(std::make_index_sequence<16 / sizeof(To)>(), a, b, S(-most - 1), most);
    }
};
template <class To, class From>
struct vector_form<narrow<narrow_u<To, From>>> {
    using S = signed_of<From>;
    static TESSERA_INLINE v128 eval(v128 a, v128 b) noexcept {
#ifdef __SSE2__
        if constexpr (sizeof(To) == 1)
            return detail::as_v128(__builtin_ia32_packuswb128(as_vector<short>(a), as_vector<short>(b)));
#endif
        return detail::clamped<To, S>(std::make_index_sequence<16 / sizeof(To)>(), a, b, S(0), S(To(-1)));
    }
};
#endif
#endif

// ---- bits and numbers ----------------------------------------------------------------------------

template <>
struct vector_form<lanes<popcnt<u8>>> {
    static TESSERA_INLINE v128 eval(v128 a) noexcept {
        vector<u8> v = as_vector<u8>(a);
        v -= detail::shifted_right<u8>(v, 1) & u8(0x55);
        v = (v & u8(0x33)) + (detail::shifted_right<u8>(v, 2) & u8(0x33));
        return detail::as_v128((v + detail::shifted_right<u8>(v, 4)) & u8(0x0f));
    }
};
template <class T>
struct vector_form<lanes<abs<T>>> {
    using l = float_layout<T>;
    static TESSERA_INLINE v128 eval(v128 a) noexcept {
        return detail::as_v128(as_vector<typename l::bits>(a) & typename l::bits(~l::sign));
    }
};
template <class T>
struct vector_form<lanes<neg<T>>> {
    using l = float_layout<T>;
    static TESSERA_INLINE v128 eval(v128 a) noexcept {
        return detail::as_v128(as_vector<typename l::bits>(a) ^ l::sign);
    }
};
namespace detail {
/// All bits in the lanes of `a` that are NaNs.
template <class V>
TESSERA_INLINE auto nans(V a) noexcept {
    return a != a; // NOLINT(misc-redundant-expression)
}
} // namespace detail
template <class T>
struct vector_form<lanes<canonical<T>>> {
    static TESSERA_INLINE v128 eval(v128 v) noexcept {
        const vector<T> a = as_vector<T>(v);
        return detail::as_v128(detail::nans(a) ? detail::filled(float_layout<T>::canonical_nan)
                                               : as_vector<typename float_layout<T>::bits>(v));
    }
};
namespace detail {
/// What min and max make of the bits that both orders of their operands give: those, or a canonical NaN where
/// one of `a` and `b` is a NaN.
template <class T>
TESSERA_INLINE v128 with_nans(bit_vector<T> both, vector<T> a, vector<T> b) noexcept {
    const bit_vector<T> nan = (bit_vector<T>)(nans(a) | nans(b));
    using bits = bits_of_size<sizeof(T)>;
    return as_v128((both | nan) & ~(nan >> bits(lane_bits<T> - float_layout<T>::fraction + 1)));
}
} // namespace detail
template <class T>
struct vector_form<lanes<min<T>>> {
    static TESSERA_INLINE v128 eval(v128 v, v128 w) noexcept {
        using bits = detail::bit_vector<T>;
        const vector<T> a = as_vector<T>(v), b = as_vector<T>(w), one = a < b ? a : b, other = b < a ? b : a;
        return detail::with_nans<T>((bits)one | (bits)other, a, b); // of two zeros the sign is that of either
    }
};
template <class T>
struct vector_form<lanes<max<T>>> {
    static TESSERA_INLINE v128 eval(v128 v, v128 w) noexcept {
        using bits = detail::bit_vector<T>;
        const vector<T> a = as_vector<T>(v), b = as_vector<T>(w), one = a > b ? a : b, other = b > a ? b : a;
        return detail::with_nans<T>((bits)one & (bits)other, a, b);
    }
};
#ifdef __SSE2__
template <class T>
struct vector_form<lanes<sqrt<T>>> {
    static TESSERA_INLINE v128 eval(v128 v) noexcept {
        vector<T> a = as_vector<T>(v);
        if constexpr (sizeof(T) == 4) __asm__("sqrtps %0, %0" : "+x"(a));
        else __asm__("sqrtpd %0, %0" : "+x"(a));
        return detail::as_v128(a);
    }
};
#endif
namespace detail {
/// As detail::round of floating.hpp does it.
template <direction D, class T>
TESSERA_INLINE v128 round_lanes(v128 v) noexcept {
    using l = float_layout<T>;
    using B = vector<typename l::bits>;
    const vector<T> a = as_vector<T>(v),
                    magnitude = of_bits<T>(as_vector<typename l::bits>(v) & typename l::bits(~l::sign)),
                    one = filled(T(1)), zero{};
    const B sign = as_vector<typename l::bits>(v) & l::sign;
    vector<T> whole = (magnitude + l::integral) - l::integral;
    if constexpr (D == direction::zero) {
        whole -= whole > magnitude ? one : zero;
    } else if constexpr (D != direction::nearest) {
        whole = of_bits<T>((B)whole | sign);
        if constexpr (D == direction::down) whole -= whole > a ? one : zero;
        else whole += whole < a ? one : zero;
    }
    const B quieted = (B)(nans(a) ? of_bits<T>((B)a | l::quiet) : a);
    return as_v128(magnitude < l::integral ? ((B)whole & typename l::bits(~l::sign)) | sign : quieted);
}
} // namespace detail
template <class T>
struct vector_form<lanes<nearest<T>>> {
    static TESSERA_INLINE v128 eval(v128 a) noexcept { return detail::round_lanes<detail::direction::nearest, T>(a); }
};
template <class T>
struct vector_form<lanes<trunc<T>>> {
    static TESSERA_INLINE v128 eval(v128 a) noexcept { return detail::round_lanes<detail::direction::zero, T>(a); }
};
template <class T>
struct vector_form<lanes<floor<T>>> {
    static TESSERA_INLINE v128 eval(v128 a) noexcept { return detail::round_lanes<detail::direction::down, T>(a); }
};
template <class T>
struct vector_form<lanes<ceil<T>>> {
    static TESSERA_INLINE v128 eval(v128 a) noexcept { return detail::round_lanes<detail::direction::up, T>(a); }
};
template <>
struct vector_form<lanes<convert_s<f32, u32>>> {
    static TESSERA_INLINE v128 eval(v128 a) noexcept {
        return detail::as_v128(__builtin_convertvector(as_vector<i32>(a), vector<f32>));
    }
};
template <>
struct vector_form<lanes<convert_u<f32, u32>>> {
    static TESSERA_INLINE v128 eval(v128 a) noexcept {
        return detail::as_v128(__builtin_convertvector(as_vector<u32>(a), vector<f32>));
    }
};
// Only what is in range is converted, and what is not becomes 0 first, as a NaN is to be.
template <>
struct vector_form<lanes<trunc_sat_s<u32, f32>>> {
    static TESSERA_INLINE v128 eval(v128 v) noexcept {
        const vector<f32> a = as_vector<f32>(v), limit = detail::filled(0x1p31f), zero{};
        const vector<f32> inside = a < limit ? (a >= -limit ? a : zero) : zero;
        vector<i32> whole = __builtin_convertvector(inside, vector<i32>);
        whole = a >= limit ? detail::filled(std::numeric_limits<i32>::max()) : whole;
        return detail::as_v128(a < -limit ? detail::filled(std::numeric_limits<i32>::min()) : whole);
    }
};
template <>
struct vector_form<lanes<trunc_sat_u<u32, f32>>> {
    static TESSERA_INLINE v128 eval(v128 v) noexcept {
        const vector<f32> a = as_vector<f32>(v), half = detail::filled(0x1p31f), zero{};
        const vector<f32> rest = a >= half ? a - half : a, inside = rest > zero ? (rest < half ? rest : zero) : zero;
        vector<i32> whole = __builtin_convertvector(inside, vector<i32>);
        whole ^= (a >= half) & std::numeric_limits<i32>::min();
        return detail::as_v128(a >= half + half ? detail::filled(i32(-1)) : whole);
    }
};
#endif // TESSERA_VECTORS

// ---- tests ---------------------------------------------------------------------------------------

TESSERA_INLINE constexpr u32 any_true::eval(v128 v) noexcept {
#if TESSERA_VECTORS && defined(__SSE2__)
    if (!std::is_constant_evaluated())
        return u32(__builtin_ia32_pmovmskb128((vector<char>)(as_vector<char>(v) == vector<char>{})) != 0xffff);
#endif
    return rule(v);
}
template <class T>
TESSERA_INLINE constexpr u32 bitmask<T>::eval(v128 v) noexcept {
#if TESSERA_VECTORS && defined(__SSE2__)
    if (!std::is_constant_evaluated()) {
        if constexpr (sizeof(T) == 1) return u32(__builtin_ia32_pmovmskb128(as_vector<char>(v)));
        else if constexpr (sizeof(T) == 2)
            return u32(__builtin_ia32_pmovmskb128(__builtin_ia32_packsswb128(as_vector<short>(v), vector<short>{})));
        else if constexpr (sizeof(T) == 4) return u32(__builtin_ia32_movmskps(as_vector<f32>(v)));
        else return u32(__builtin_ia32_movmskpd(as_vector<f64>(v)));
    }
#endif
    return rule(v);
}

} // namespace tessera::num
