// SPDX-License-Identifier: MIT
/// @file num/instruction_set.hpp
/// What some processors of an architecture have an instruction for and others do not: rounding and the
/// population count of x86-64. The meanings of floating.hpp and integer.hpp work everywhere; these here
/// compute the same where `processor_has` says so. Nothing of it where the compiler may assume the
/// instructions anyway, or cannot be told to use one by its name.
#pragma once

#include <tessera/num/sem.hpp>

namespace tessera::inline TESSERA_ABI::num {

#if defined(__x86_64__) && defined(__GNUC__) && !(defined(__SSE4_1__) && defined(__POPCNT__))

/// True if `by_instruction<o>` exists.
constexpr bool has_instruction(op o) noexcept {
    switch (o) {
    case op::f32_ceil:
    case op::f32_floor:
    case op::f32_trunc:
    case op::f32_nearest:
    case op::f64_ceil:
    case op::f64_floor:
    case op::f64_trunc:
    case op::f64_nearest:
    case op::i32_popcnt:
    case op::i64_popcnt:
    case op::f32x4_ceil:
    case op::f32x4_floor:
    case op::f32x4_trunc:
    case op::f32x4_nearest:
    case op::f64x2_ceil:
    case op::f64x2_floor:
    case op::f64x2_trunc:
    case op::f64x2_nearest:
    case op::i8x16_shuffle:
    case op::i8x16_swizzle:
    case op::i8x16_relaxed_swizzle:
    case op::i32x4_mul: return true;
    default: return false;
    }
}
/// True if the processor has the instructions of all `by_instruction`.
inline bool processor_has_instructions() noexcept {
    return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("popcnt");
}

/// The meaning of `O` as one instruction.
template <op O>
struct by_instruction {
    static TESSERA_INLINE f32 eval(f32 a) noexcept {
        __asm__("roundss %1, %0, %0" : "+x"(a) : "i"(rounding));
        return a;
    }
    static TESSERA_INLINE f64 eval(f64 a) noexcept {
        __asm__("roundsd %1, %0, %0" : "+x"(a) : "i"(rounding));
        return a;
    }
    static TESSERA_INLINE u32 eval(u32 a) noexcept {
        __asm__("popcnt %0, %0" : "+r"(a) : : "cc");
        return a;
    }
    static TESSERA_INLINE u64 eval(u64 a) noexcept {
        __asm__("popcnt %0, %0" : "+r"(a) : : "cc");
        return a;
    }
    static TESSERA_INLINE v128 eval(v128 v) noexcept {
        vector<f32> a = as_vector<f32>(v);
        if constexpr (row(O).text[1] == '3') __asm__("roundps %1, %0, %0" : "+x"(a) : "i"(rounding));
        else __asm__("roundpd %1, %0, %0" : "+x"(a) : "i"(rounding));
        return bits_as<v128>(a);
    }
    static TESSERA_INLINE v128 eval(v128 v, v128 w) noexcept {
        vector<u8> a = as_vector<u8>(v), b = as_vector<u8>(w);
        if constexpr (O == op::i32x4_mul) {
            __asm__("pmulld %1, %0" : "+x"(a) : "x"(b));
            return bits_as<v128>(a);
        } else {
            return bits_as<v128>(detail::picked(a, b));
        }
    }
    static TESSERA_INLINE v128 eval(v128 a, v128 b, v128 which) noexcept { return detail::picked(a, b, which); }

private:
    template <class... Of>
    static constexpr bool is(Of... of) noexcept {
        return ((O == of) || ...);
    }
    /// Bits 0 and 1: to nearest, down, up, toward zero; bit 3: whether it is exact does not matter.
    static constexpr int rounding = 8 | (is(op::f32_floor, op::f64_floor, op::f32x4_floor, op::f64x2_floor)   ? 1
                                         : is(op::f32_ceil, op::f64_ceil, op::f32x4_ceil, op::f64x2_ceil)     ? 2
                                         : is(op::f32_trunc, op::f64_trunc, op::f32x4_trunc, op::f64x2_trunc) ? 3
                                                                                                              : 0);
};

#else

constexpr bool has_instruction(op) noexcept { return false; }
inline bool processor_has_instructions() noexcept { return false; }
template <op O>
using by_instruction = sem<O>;

#endif

} // namespace tessera::num
