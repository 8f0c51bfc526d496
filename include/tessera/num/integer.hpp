// SPDX-License-Identifier: MIT
/// @file integer.hpp
/// Integer operations (spec: exec/numerics, Integer Operations): values in, value or trap out.
/// `T` is unsigned everywhere; `_s` reads the same bits as two's complement. What is the same for
/// integers and floats (add, sub, mul, eq, ne) stands here once.
///
/// Every function is one machine operation on its arguments: a compiler has nothing to contract
/// inside one. Whoever inlines two of them into one body (a multiplication and an addition of
/// floats) must forbid contraction there.
#pragma once

#include <tessera/syntax/trap.hpp>

namespace tessera::inline TESSERA_ABI::num {

/// The types that go with an operand type `T`, which is a number, or several in a vector of the compiler
/// (lane.hpp): many meanings are one expression that holds for both.
template <class T>
struct kin {
    using lane = T;
    using signed_ = std::make_signed_t<std::conditional_t<std::is_integral_v<T>, T, bits_of_size<sizeof(T)>>>;
    using truth = u32; ///< what a comparison gives: 1 or 0; in lanes all bits or none
};
/// The signed integer with the bits of `T`.
template <class T>
using signed_of = typename kin<T>::signed_;
template <class T>
using truth_of = typename kin<T>::truth;

/// What a shift or rotation by `n` shifts: n modulo the width.
template <class T>
TESSERA_INLINE constexpr int shift_count(T n) noexcept {
    return int(n & T(sizeof(T) * 8 - 1));
}

// ---- both integers and floats --------------------------------------------------------------------

/// iadd, fadd
template <class T>
struct add {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T(a + b); }
};
/// isub, fsub
template <class T>
struct sub {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T(a - b); }
};
/// What an atomic exchange stores.
template <class T>
struct exchange {
    static TESSERA_INLINE constexpr T eval(T, T b) noexcept { return b; }
};
/// imul, fmul
template <class T>
struct mul {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept {
        // else promoted to int, which can overflow
        if constexpr (sizeof(T) < sizeof(int)) return T(unsigned(a) * unsigned(b));
        else return T(a * b);
    }
};
/// ieq, feq
template <class T>
struct eq {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a == b); }
};
/// ine, fne
template <class T>
struct ne {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a != b); }
};

// ---- arithmetic ----------------------------------------------------------------------------------

/// idiv_u
template <class T>
struct div_u {
    static TESSERA_INLINE constexpr checked<T> eval(T a, T b) noexcept {
        if (TESSERA_UNLIKELY(b == 0)) return {T{}, trap::integer_divide_by_zero};
        return {T(a / b)};
    }
};
/// idiv_s: the one quotient that does not fit, the least integer by -1, is an overflow.
template <class T>
struct div_s {
    static TESSERA_INLINE constexpr checked<T> eval(T a, T b) noexcept {
        if (TESSERA_UNLIKELY(b == 0)) return {T{}, trap::integer_divide_by_zero};
        if (TESSERA_UNLIKELY(b == T(-1))) {
            if (a == T(T(1) << (sizeof(T) * 8 - 1))) return {T{}, trap::integer_overflow};
            return {T(T(0) - a)};
        }
        return {T(signed_of<T>(a) / signed_of<T>(b))};
    }
};
/// irem_u
template <class T>
struct rem_u {
    static TESSERA_INLINE constexpr checked<T> eval(T a, T b) noexcept {
        if (TESSERA_UNLIKELY(b == 0)) return {T{}, trap::integer_divide_by_zero};
        return {T(a % b)};
    }
};
/// irem_s: the remainder by -1 is 0 for every dividend, where the processor's division overflows.
template <class T>
struct rem_s {
    static TESSERA_INLINE constexpr checked<T> eval(T a, T b) noexcept {
        if (TESSERA_UNLIKELY(b == 0)) return {T{}, trap::integer_divide_by_zero};
        if (TESSERA_UNLIKELY(b == T(-1))) return {T{}};
        return {T(signed_of<T>(a) % signed_of<T>(b))};
    }
};

// ---- bits ----------------------------------------------------------------------------------------

/// iand
template <class T>
struct and_ {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T(a & b); }
};
/// ior
template <class T>
struct or_ {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T(a | b); }
};
/// ixor
template <class T>
struct xor_ {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T(a ^ b); }
};
/// ishl
template <class T>
struct shl {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T(a << shift_count(b)); }
};
/// ishr_s
template <class T>
struct shr_s {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T(signed_of<T>(a) >> shift_count(b)); }
};
/// ishr_u
template <class T>
struct shr_u {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return T(a >> shift_count(b)); }
};
/// irotl
template <class T>
struct rotl {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return std::rotl(a, shift_count(b)); }
};
/// irotr
template <class T>
struct rotr {
    static TESSERA_INLINE constexpr T eval(T a, T b) noexcept { return std::rotr(a, shift_count(b)); }
};
/// iclz: the width for 0.
template <class T>
struct clz {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return T(std::countl_zero(a)); }
};
/// ictz: the width for 0.
template <class T>
struct ctz {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return T(std::countr_zero(a)); }
};
/// ipopcnt. Written out where the processor may lack the instruction: std::popcount is a library call
/// there.
template <class T>
struct popcnt {
    static TESSERA_INLINE constexpr T eval(T a) noexcept {
#if defined(__POPCNT__) || defined(__aarch64__)
        if (!std::is_constant_evaluated()) return T(std::popcount(a));
#endif
        constexpr T ones = T(-1);
        a = T(a - (a >> 1 & ones / 3));
        a = T((a & ones / 15 * 3) + (a >> 2 & ones / 15 * 3));
        a = T((a + (a >> 4)) & ones / 255 * 15);
        return T(T(a * (ones / 255)) >> (sizeof(T) - 1) * 8);
    }
};
/// iextend8_s
template <class T>
struct extend8_s {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return T(signed_of<T>(i8(u8(a)))); }
};
/// iextend16_s
template <class T>
struct extend16_s {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return T(signed_of<T>(i16(u16(a)))); }
};
/// iextend32_s
template <class T>
struct extend32_s {
    static TESSERA_INLINE constexpr T eval(T a) noexcept { return T(signed_of<T>(i32(u32(a)))); }
};

// ---- comparisons: 1 or 0, an i32 -----------------------------------------------------------------

/// ieqz
template <class T>
struct eqz {
    static TESSERA_INLINE constexpr u32 eval(T a) noexcept { return u32(a == 0); }
};
/// ilt_s
template <class T>
struct lt_s {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept {
        return truth_of<T>(signed_of<T>(a) < signed_of<T>(b));
    }
};
/// ilt_u
template <class T>
struct lt_u {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a < b); }
};
/// igt_s
template <class T>
struct gt_s {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept {
        return truth_of<T>(signed_of<T>(a) > signed_of<T>(b));
    }
};
/// igt_u
template <class T>
struct gt_u {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a > b); }
};
/// ile_s
template <class T>
struct le_s {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept {
        return truth_of<T>(signed_of<T>(a) <= signed_of<T>(b));
    }
};
/// ile_u
template <class T>
struct le_u {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a <= b); }
};
/// ige_s
template <class T>
struct ge_s {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept {
        return truth_of<T>(signed_of<T>(a) >= signed_of<T>(b));
    }
};
/// ige_u
template <class T>
struct ge_u {
    static TESSERA_INLINE constexpr truth_of<T> eval(T a, T b) noexcept { return truth_of<T>(a >= b); }
};

// ---- wide arithmetic: 128 bits in two halves, the low one first -----------------------------------

/// A 128-bit result as the two i64 results it becomes, in this order.
struct pair128 {
    u64 low = 0;
    u64 high = 0;
    friend constexpr bool operator==(const pair128&, const pair128&) noexcept = default;
};
/// i64.add128
struct add128 {
    static TESSERA_INLINE constexpr pair128 eval(u64 a_low, u64 a_high, u64 b_low, u64 b_high) noexcept {
        const u64 low = a_low + b_low;
        return {low, a_high + b_high + u64(low < a_low)};
    }
};
/// i64.sub128
struct sub128 {
    static TESSERA_INLINE constexpr pair128 eval(u64 a_low, u64 a_high, u64 b_low, u64 b_high) noexcept {
        return {a_low - b_low, a_high - b_high - u64(a_low < b_low)};
    }
};
/// i64.mul_wide_u
struct mul_wide_u {
    static TESSERA_INLINE constexpr pair128 eval(u64 a, u64 b) noexcept {
#ifdef __SIZEOF_INT128__
        __extension__ using u128 = unsigned __int128;
        const u128 product = u128(a) * b;
        return {u64(product), u64(product >> 64)};
#else
        const u64 a0 = u32(a), a1 = a >> 32, b0 = u32(b), b1 = b >> 32;
        const u64 low = a0 * b0, middle = a1 * b0 + (low >> 32), other = a0 * b1 + u32(middle); // none can carry
        return {other << 32 | u32(low), a1 * b1 + (middle >> 32) + (other >> 32)};
#endif
    }
};
/// i64.mul_wide_s: a negative factor counts 2^64 too much as an unsigned one.
struct mul_wide_s {
    static TESSERA_INLINE constexpr pair128 eval(u64 a, u64 b) noexcept {
        pair128 product = mul_wide_u::eval(a, b);
        product.high -= (i64(a) < 0 ? b : 0) + (i64(b) < 0 ? a : 0);
        return product;
    }
};

} // namespace tessera::num
