// SPDX-License-Identifier: MIT
/// @file vector.hpp
/// Vector operations (spec: exec/numerics, Vector Operations): how the meanings of numbers become those
/// of v128. Each stands here once, for any type of lane, and says what one lane of the result is.
/// vector_forms.hpp computes the same for all lanes at once where the compiler has vectors.
#pragma once

#include <tessera/num/lane.hpp>
#include <tessera/syntax/value.hpp>

#include <utility>

namespace tessera::inline TESSERA_ABI::num {

// ---- lanes ---------------------------------------------------------------------------------------

/// The lanes of a v128, lane 0 first.
template <class T>
struct lane_array {
    static constexpr unsigned count = 16 / sizeof(T);
    T at[count];
};
template <class T>
TESSERA_INLINE constexpr lane_array<T> lanes_of(v128 v) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        return bits_as<lane_array<T>>(v);
    } else {
        lane_array<T> lanes{};
        for (unsigned i = 0; i < lanes.count; ++i) {
            bits_of_size<sizeof(T)> raw = 0;
            for (unsigned k = sizeof(T); k--;)
                raw = bits_of_size<sizeof(T)>(u64(raw) << 8 | v.bytes[i * sizeof(T) + k]);
            lanes.at[i] = bits_as<T>(raw);
        }
        return lanes;
    }
}
template <class T>
TESSERA_INLINE constexpr v128 from_lanes(lane_array<T> lanes) noexcept {
    if constexpr (std::endian::native == std::endian::little) {
        return bits_as<v128>(lanes);
    } else {
        v128 v;
        for (unsigned i = 0; i < lanes.count; ++i)
            for (unsigned k = 0; k < sizeof(T); ++k)
                v.bytes[i * sizeof(T) + k] = u8(bits_as<bits_of_size<sizeof(T)>>(lanes.at[i]) >> 8 * k & 0xff);
        return v;
    }
}
#if TESSERA_VECTORS
template <class T>
TESSERA_INLINE vector<T> as_vector(v128 v) noexcept {
    return bits_as<vector<T>>(v);
}
#endif
/// Lane `i` of `v`.
template <class T>
TESSERA_INLINE constexpr T lane(v128 v, unsigned i) noexcept {
#if TESSERA_VECTORS
    if (!std::is_constant_evaluated()) return as_vector<T>(v)[i];
#endif
    return lanes_of<T>(v).at[i];
}
/// The two halves of a v128 as numbers, the lower one first.
TESSERA_INLINE constexpr v128 of_halves(u64 low, u64 high) noexcept {
#if TESSERA_VECTORS
    if (!std::is_constant_evaluated()) return bits_as<v128>(vector<u64>{low, high});
#endif
    return from_lanes(lane_array<u64>{{low, high}});
}

namespace detail {
template <class X, class... V, std::size_t... I>
TESSERA_INLINE constexpr v128 each_lane(std::index_sequence<I...>, V... v) noexcept {
    using T = typename X::lane_type;
#if TESSERA_VECTORS
    if (!std::is_constant_evaluated()) return bits_as<v128>(vector<T>{X::at(I, v...)...});
#endif
    return from_lanes(lane_array<T>{{X::at(I, v...)...}});
}
} // namespace detail
/// `X` lane by lane, from the rule alone.
template <class X, class... V>
TESSERA_BY_LANE constexpr v128 by_rule(V... v) noexcept {
    return detail::each_lane<X>(std::make_index_sequence<16 / sizeof(typename X::lane_type)>(), v...);
}
/// `vector_form<X>::eval` is `X` for all lanes at once, where there is one.
template <class X>
struct vector_form;
template <class X>
inline constexpr bool has_vector_form = requires {
    sizeof(vector_form<X>);
};
/// `X` in the best way there is.
template <class X, class... V>
TESSERA_INLINE constexpr v128 evaluate(V... v) noexcept {
    if constexpr (has_vector_form<X>)
        if (!std::is_constant_evaluated()) return vector_form<X>::eval(v...);
    return by_rule<X>(v...);
}

/// The types of a meaning of numbers, which are the same for all operands.
template <class Eval>
struct lane_types;
template <class R, class A, class... B>
struct lane_types<R (*)(A, B...) noexcept> {
    using result = R;
    using argument = A;
};
template <class F>
using result_of = typename lane_types<decltype(&F::eval)>::result;
template <class F>
using argument_of = typename lane_types<decltype(&F::eval)>::argument;

// ---- the same for all lanes ----------------------------------------------------------------------

/// F on each lane.
template <class F, class Eval = decltype(&F::eval)>
struct lanes;
template <class F, class R, class... A>
struct lanes<F, R (*)(A...) noexcept> {
    using lane_type = R;
    template <class>
    using operand = v128;
    static TESSERA_INLINE constexpr R at(unsigned i, operand<A>... v) noexcept { return F::eval(lane<A>(v, i)...); }
    static TESSERA_INLINE constexpr v128 eval(operand<A>... v) noexcept { return evaluate<lanes>(v...); }
};
/// The comparison F on each lane: all bits, or none.
template <class F>
struct mask {
    using T = argument_of<F>;
    using lane_type = bits_of_size<sizeof(T)>;
    static TESSERA_INLINE constexpr lane_type at(unsigned i, v128 a, v128 b) noexcept {
        return lane_type(F::eval(lane<T>(a, i), lane<T>(b, i)) ? -1 : 0);
    }
    static TESSERA_INLINE constexpr v128 eval(v128 a, v128 b) noexcept { return evaluate<mask>(a, b); }
};
/// F on each lane and one number: shifts.
template <class F>
struct lanes_by {
    using lane_type = result_of<F>;
    static TESSERA_INLINE constexpr lane_type at(unsigned i, v128 a, u32 n) noexcept {
        return F::eval(lane<lane_type>(a, i), lane_type(n));
    }
    static TESSERA_INLINE constexpr v128 eval(v128 a, u32 n) noexcept { return evaluate<lanes_by>(a, n); }
};
/// Every lane a copy of the number `a`, or of its low bits.
template <class T, class From>
struct splat {
    using lane_type = T;
    static TESSERA_INLINE constexpr T at(unsigned, From a) noexcept { return T(a); }
    static TESSERA_INLINE constexpr v128 eval(From a) noexcept { return evaluate<splat>(a); }
};

// ---- some lanes, or lanes of another width ---------------------------------------------------------

namespace detail {
/// F on the lanes from number `First` on; where F gives wider lanes only so many as there is room for,
/// where it gives narrower ones the rest of the result is 0.
template <class F, bool High>
struct part {
    using lane_type = result_of<F>;
    using from = argument_of<F>;
    static constexpr unsigned first = High ? 16 / sizeof(lane_type) : 0;
    static TESSERA_INLINE constexpr lane_type at(unsigned i, v128 a) noexcept {
        return i < lane_array<from>::count ? F::eval(lane<from>(a, (i + first) % lane_array<from>::count))
                                           : lane_type{};
    }
    static TESSERA_INLINE constexpr v128 eval(v128 a) noexcept { return evaluate<part>(a); }
};
} // namespace detail
/// F, which widens, on the lower half of the lanes.
template <class F>
using low = detail::part<F, false>;
/// F, which widens, on the upper half.
template <class F>
using high = detail::part<F, true>;
/// F, which narrows, on all lanes; the upper half of the result is 0.
template <class F>
using padded = detail::part<F, false>;

/// F, which narrows, on the lanes of `a`, then those of `b`.
template <class F>
struct narrow {
    using lane_type = result_of<F>;
    using from = argument_of<F>;
    static constexpr unsigned half = lane_array<from>::count;
    static TESSERA_INLINE constexpr lane_type at(unsigned i, v128 a, v128 b) noexcept {
        return F::eval(lane<from>(i < half ? a : b, i % half));
    }
    static TESSERA_INLINE constexpr v128 eval(v128 a, v128 b) noexcept { return evaluate<narrow>(a, b); }
};
/// Products of lanes that `Half`, low or high of something, has widened.
template <class Half>
struct extmul {
    using T = typename Half::lane_type;
    static TESSERA_INLINE constexpr v128 eval(v128 a, v128 b) noexcept {
        return lanes<mul<T>>::eval(Half::eval(a), Half::eval(b));
    }
};
/// The sum of each two lanes, which F has widened.
template <class F>
struct extadd_pairwise {
    using lane_type = result_of<F>;
    using from = argument_of<F>;
    static TESSERA_INLINE constexpr lane_type at(unsigned i, v128 a) noexcept {
        return lane_type(F::eval(lane<from>(a, 2 * i)) + F::eval(lane<from>(a, 2 * i + 1)));
    }
    static TESSERA_INLINE constexpr v128 eval(v128 a) noexcept { return evaluate<extadd_pairwise>(a); }
};
/// The sum, as Add adds, of the products of each two lanes, which F has widened.
template <class F, class Add>
struct dot {
    using lane_type = result_of<F>;
    using from = argument_of<F>;
    static TESSERA_INLINE constexpr lane_type product(v128 a, v128 b, unsigned i) noexcept {
        return mul<lane_type>::eval(F::eval(lane<from>(a, i)), F::eval(lane<from>(b, i)));
    }
    static TESSERA_INLINE constexpr lane_type at(unsigned i, v128 a, v128 b) noexcept {
        return Add::eval(product(a, b, 2 * i), product(a, b, 2 * i + 1));
    }
    static TESSERA_INLINE constexpr v128 eval(v128 a, v128 b) noexcept { return evaluate<dot>(a, b); }
};
/// The dot product Dot, its lanes added in pairs by Pairwise and to `c`.
template <class Dot, class Pairwise>
struct dot_add {
    static TESSERA_INLINE constexpr v128 eval(v128 a, v128 b, v128 c) noexcept {
        return lanes<add<typename Pairwise::lane_type>>::eval(Pairwise::eval(Dot::eval(a, b)), c);
    }
};

// ---- lanes by number -----------------------------------------------------------------------------

/// i8x16.swizzle: the lanes of `a` that `b` names, 0 where there is none.
struct swizzle {
    using lane_type = u8;
    static TESSERA_INLINE constexpr u8 at(unsigned i, v128 a, v128 b) noexcept {
        return b.bytes[i] < 16 ? a.bytes[b.bytes[i]] : u8(0);
    }
    static TESSERA_INLINE constexpr v128 eval(v128 a, v128 b) noexcept { return evaluate<swizzle>(a, b); }
};
/// i8x16.shuffle: the lanes that the immediate names, of `a` below 16 and else of `b`.
struct shuffle {
    using lane_type = u8;
    static TESSERA_INLINE constexpr u8 at(unsigned i, v128 a, v128 b, v128 which) noexcept {
        return (which.bytes[i] < 16 ? a : b).bytes[which.bytes[i] % 16];
    }
    static TESSERA_INLINE constexpr v128 eval(v128 a, v128 b, v128 which) noexcept {
        return evaluate<shuffle>(a, b, which);
    }
};
/// extract_lane: a signed `From` is sign-extended.
template <class To, class From>
struct extract_lane {
    using from = From;
    static TESSERA_INLINE constexpr To of(From a) noexcept {
        if constexpr (std::is_signed_v<From> && std::is_integral_v<From>) return To(i64(a));
        else return To(a);
    }
    static TESSERA_INLINE constexpr To eval(v128 v, u32 i) noexcept { return of(lanes_of<From>(v).at[i]); }
};
/// replace_lane
template <class T, class From>
struct replace_lane {
    using lane_type = T;
    static TESSERA_INLINE constexpr T at(unsigned k, v128 v, From a, u32 i) noexcept {
        return k == i ? T(a) : lane<T>(v, k);
    }
    static TESSERA_INLINE constexpr v128 eval(v128 v, From a, u32 i) noexcept {
        return evaluate<replace_lane>(v, a, i);
    }
};

// ---- tests ---------------------------------------------------------------------------------------

/// any_true
struct any_true {
    static constexpr u32 rule(v128 v) noexcept { return u32((lane<u64>(v, 0) | lane<u64>(v, 1)) != 0); }
    static TESSERA_INLINE constexpr u32 eval(v128 v) noexcept;
};
/// all_true: no lane is 0.
template <class T>
struct all_true {
    static TESSERA_INLINE constexpr u32 eval(v128 v) noexcept {
        return any_true::eval(mask<eq<T>>::eval(v, v128{})) ^ 1;
    }
};
/// bitmask: the sign bits of the lanes.
template <class T>
struct bitmask {
    static constexpr u32 rule(v128 v) noexcept {
        const lane_array<T> all = lanes_of<T>(v);
        u32 bits = 0;
        for (unsigned i = 0; i < all.count; ++i) bits |= u32(all.at[i] >> (lane_bits<T> - 1)) << i;
        return bits;
    }
    static TESSERA_INLINE constexpr u32 eval(v128 v) noexcept;
};

// ---- slots ---------------------------------------------------------------------------------------

/// How many 64-bit slots a `T` takes.
template <class T>
inline constexpr unsigned slots_of = std::is_same_v<T, v128> ? 2 : 1;
template <class T>
TESSERA_INLINE constexpr T from_slots(const u64* slots) noexcept {
    if constexpr (std::is_same_v<T, v128>) return of_halves(slots[0], slots[1]);
    else return from_slot<T>(slots[0]);
}
template <class T>
TESSERA_INLINE constexpr void to_slots(u64* slots, T a) noexcept {
    if constexpr (std::is_same_v<T, v128>) slots[0] = lane<u64>(a, 0), slots[1] = lane<u64>(a, 1);
    else slots[0] = to_slot(a);
}

// ---- not a number --------------------------------------------------------------------------------

/// `a`, or the canonical NaN: what the deterministic profile makes of a lane.
template <class T>
struct canonical {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return canonicalized(a); }
};

} // namespace tessera::num
