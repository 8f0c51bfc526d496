// SPDX-License-Identifier: MIT
/// @file native/vector_stubs.hpp
/// Stubs of operations on vectors, with the instructions up to SSE4.1. Vectors lie in the frame: an operation has its
/// first operand in xmm0, the second in xmm1, a number in eax, and leaves its result in xmm0 or eax. A few need xmm2
/// and xmm3, too, which are put aside for them; a third operand, or a constant, is in xmm2.
#pragma once

#include <tessera/native/stubs.hpp>
#include <tessera/syntax/opcode.hpp>

namespace tessera::inline TESSERA_ABI::native {

namespace stubs {

/// Between xmm0 or xmm1 (`d`) and a slot.
inline constexpr stub vector_load_slot = assembler().rs({0, 0x0f10}, D, A).made;
inline constexpr stub vector_store_slot = assembler().rs({0, 0x0f11}, A, D).made;
/// Between xmm0 and what is at `b` behind the pointer in `a`.
inline constexpr stub field_load_vector = assembler().rx({0, 0x0f10}, gp::rax, A, gp::rsp, 0, B).made;
inline constexpr stub field_store_vector = assembler().rx({0, 0x0f11}, gp::rax, A, gp::rsp, 0, B).made;
/// Between `d` and the context, at `b`.
inline constexpr stub vector_load_field = assembler().rm({0, 0x0f10}, D, context_register, B).made;
inline constexpr stub vector_store_field = assembler().rm({0, 0x0f11}, D, context_register, B).made;
/// The vector register `d` = 64 bits of rax, twice; or rax and rcx.
inline constexpr stub vector_of_rax = assembler().rr({0x66, 0x0f6e, true}, D, gp::rax).rr({0x66, 0x0f6c}, D, D).made;
inline constexpr stub vector_of_halves =
    assembler().rr({0x66, 0x0f6e, true}, D, gp::rax).rr({0x66, 0x0f3a22, true}, D, gp::rcx).imm8(1).made;
inline constexpr stub vector_and = assembler().rr({0, 0x0f54}, D, A).made;
inline constexpr stub vector_or = assembler().rr({0, 0x0f56}, D, A).made;
inline constexpr stub vector_xor = assembler().rr({0, 0x0f57}, D, A).made;
inline constexpr stub vector_shuffle = assembler().rr({0x66, 0x0f3800}, D, A).made;
inline constexpr stub vector_add_saturated = assembler().rr({0x66, 0x0fdc}, D, A).made;

namespace detail {
/// An operation with the instructions for it.
struct vector_code {
    op what = op::nop;
    bool swapped = false;          ///< its operands come the other way round
    bool more = false;             ///< it needs xmm2 and xmm3
    std::array<u64, 2> constant{}; ///< what is in xmm2, unless it is 0
    stub code;
};
inline constexpr reg x0 = reg::xmm(0), x1 = reg::xmm(1), x2 = reg::xmm(2), x3 = reg::xmm(3);

struct vector_list {
    std::array<vector_code, 250> all{};
    unsigned size = 0;

    constexpr void add(op o, const stub& s, bool swapped = false) { all[size++] = {o, swapped, false, {}, s}; }
    constexpr void add_more(std::initializer_list<op> ops, const stub& s, bool swapped = false,
                            std::array<u64, 2> constant = {}) {
        for (const op o : ops) all[size++] = {o, swapped, true, constant, s};
    }
    /// x0 = x0 op x1
    constexpr void direct(op o, u32 opcode, u8 prefix = 0x66, bool swapped = false) {
        add(o, assembler().rr({prefix, opcode}, x0, x1).made, swapped);
    }
    constexpr void unary(op o, u32 opcode, u8 prefix = 0x66) { add(o, assembler().rr({prefix, opcode}, x0, x0).made); }
    static constexpr assembler& ones(assembler& s) { return s.rr({0x66, 0x0f76}, x1, x1); }
    static constexpr assembler& invert(assembler& s) { return ones(s).rr({0x66, 0x0fef}, x0, x1); }
    /// eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u in this order from `first` on.
    constexpr void compare(op first, u32 equal, u32 greater, u32 min_u, u32 max_u) {
        const auto at = [&](unsigned n) { return op(u16(first) + n); };
        const auto inverted = [&](unsigned n, u32 opcode, bool swapped) {
            assembler s;
            s.rr({0x66, opcode}, x0, x1);
            add(at(n), invert(s).made, swapped);
        };
        // Unsigned: a <= b where the smaller of them is a.
        const auto extreme = [&](unsigned n, u32 opcode, bool not_) {
            assembler s;
            s.rr({0x66, opcode}, x0, x1).rr({0x66, equal}, x0, x1);
            if (not_) invert(s);
            add(at(n), s.made, true);
        };
        direct(at(0), equal);
        inverted(1, equal, false);
        direct(at(2), greater, 0x66, true);
        direct(at(4), greater);
        inverted(6, greater, false);
        inverted(8, greater, true);
        extreme(3, max_u, true);
        extreme(5, min_u, true);
        extreme(7, min_u, false);
        extreme(9, max_u, false);
    }
    /// eq, ne, lt, gt, le, ge
    constexpr void compare_floats(op first, u8 prefix) {
        constexpr u8 how[] = {0, 4, 1, 1, 2, 2};
        for (unsigned n = 0; n < 6; ++n)
            add(op(u16(first) + n), assembler().rr({prefix, 0x0fc2}, x0, x1).imm8(how[n]).made, n == 3 || n == 5);
    }
    constexpr void negate(op o, u32 subtract) {
        add(o, assembler().rr({0, 0x0f57}, x1, x1).rr({0x66, subtract}, x1, x0).rr({0, 0x0f28}, x0, x1).made);
    }
    /// low_s, high_s, low_u, high_u of the extensions, and of the products of what they give.
    constexpr void extend(op first, op product, u32 with_sign, u32 multiply_s, u32 multiply_u) {
        for (unsigned n = 0; n < 4; ++n) {
            const code c{0x66, with_sign + (n < 2 ? 0u : 0x10u)};
            assembler one, two;
            if (n % 2) one.r({0x66, 0x0f73}, 3, x0).imm8(8), two.r({0x66, 0x0f73}, 3, x0).imm8(8);
            if (n % 2) two.r({0x66, 0x0f73}, 3, x1).imm8(8);
            add(op(u16(first) + n), one.rr(c, x0, x0).made);
            two.rr(c, x0, x0).rr(c, x1, x1).rr({0x66, n < 2 ? multiply_s : multiply_u}, x0, x1);
            add(op(u16(product) + n), two.made);
        }
    }
    /// By the count in ecx.
    constexpr void shift(op o, u8 mask, u32 opcode) {
        add(o, assembler()
                   .r({0, 0x83}, 4, gp::rcx)
                   .imm8(mask)
                   .rr({0x66, 0x0f6e}, x1, gp::rcx)
                   .rr({0x66, opcode}, x0, x1)
                   .made);
    }
    constexpr void all_true(op o, u32 equal) {
        add(o, assembler()
                   .rr({0, 0x0f57}, x1, x1)
                   .rr({0x66, equal}, x1, x0)
                   .rr({0x66, 0x0f3817}, x1, x1)
                   .r({0, 0x0f94}, 0, gp::rax)
                   .rr({0, 0x0fb6}, gp::rax, gp::rax)
                   .made);
    }
    constexpr void round(op o, u32 opcode, u8 how) { add(o, assembler().rr({0x66, opcode}, x0, x0).imm8(how).made); }
    /// The smaller (`join`: or) or larger (and) by an instruction that gives its second operand where one is a NaN or
    /// both are zeros: what both orders give, joined, and a NaN of nothing but its quiet bit.
    constexpr void extreme(std::initializer_list<op> ops, u8 prefix, u32 opcode, u32 join, u32 group, u8 payload) {
        assembler s;
        s.rr({0, 0x0f28}, x2, x1).rr({0, 0x0f28}, x3, x0).rr({prefix, opcode}, x2, x0).rr({prefix, opcode}, x0, x1);
        s.rr({0, join}, x0, x2).rr({prefix, 0x0fc2}, x3, x1).imm8(3).rr({0, 0x0f56}, x0, x3);
        s.r({0x66, group}, 2, x3).imm8(payload).rr({0, 0x0f55}, x3, x0).rr({0, 0x0f28}, x0, x3);
        add_more(ops, s.made);
    }
    /// a * b + c, or -a * b + c, rounded twice.
    constexpr void multiply_add(op o, op negated, u8 prefix, u32 group, u8 bit) {
        add_more({o}, assembler().rr({prefix, 0x0f59}, x0, x1).rr({prefix, 0x0f58}, x0, x2).made);
        add_more({negated}, assembler()
                                .rr({0x66, 0x0f76}, x3, x3)
                                .r({0x66, group}, 6, x3)
                                .imm8(bit)
                                .rr({0, 0x0f57}, x0, x3)
                                .rr({prefix, 0x0f59}, x0, x1)
                                .rr({prefix, 0x0f58}, x0, x2)
                                .made);
    }
    /// a > b of 64 bits: the upper halves decide, and where they are equal what b - a borrows.
    constexpr void greater64(op o, bool swapped, bool not_) {
        assembler s;
        s.rr({0, 0x0f28}, x2, x0).rr({0, 0x0f28}, x3, x1).rr({0x66, 0x0f76}, x2, x1).rr({0x66, 0x0ffb}, x3, x0);
        s.rr({0x66, 0x0fdb}, x2, x3).rr({0x66, 0x0f66}, x0, x1).rr({0x66, 0x0feb}, x0, x2);
        s.rr({0x66, 0x0f70}, x0, x0).imm8(0xf5);
        if (not_) invert(s);
        add_more({o}, s.made, swapped);
    }
    /// A shift of bytes by the count in ecx, as one of words and a mask that is shifted as well.
    constexpr void shift_bytes(op o, u32 opcode) {
        add_more({o}, assembler()
                          .r({0, 0x83}, 4, gp::rcx)
                          .imm8(7)
                          .rr({0x66, 0x0f6e}, x1, gp::rcx)
                          .rr({0x66, opcode}, x0, x1)
                          .rr({0x66, 0x0f76}, x2, x2)
                          .r({0x66, 0x0f71}, 2, x2)
                          .imm8(8)
                          .rr({0x66, opcode}, x2, x1)
                          .rr({0, 0x0f57}, x3, x3)
                          .rr({0x66, 0x0f3800}, x2, x3)
                          .rr({0x66, 0x0fdb}, x0, x2)
                          .made);
    }
    /// A mask of all bits but the sign, or of the sign.
    constexpr void signs(op abs, op neg, u32 group, u8 bit) {
        assembler a, n;
        add(abs, ones(a).r({0x66, group}, 2, x1).imm8(1).rr({0, 0x0f54}, x0, x1).made);
        add(neg, ones(n).r({0x66, group}, 6, x1).imm8(bit).rr({0, 0x0f57}, x0, x1).made);
    }
};

constexpr vector_list make_vector_list() {
    vector_list v;
    v.compare(op::i8x16_eq, 0x0f74, 0x0f64, 0x0fda, 0x0fde);
    v.compare(op::i16x8_eq, 0x0f75, 0x0f65, 0x0f383a, 0x0f383e);
    v.compare(op::i32x4_eq, 0x0f76, 0x0f66, 0x0f383b, 0x0f383f);
    v.direct(op::i64x2_eq, 0x0f3829);
    {
        assembler s;
        s.rr({0x66, 0x0f3829}, x0, x1);
        v.add(op::i64x2_ne, vector_list::invert(s).made);
        assembler n;
        v.add(op::v128_not, vector_list::invert(n).made);
    }
    v.compare_floats(op::f32x4_eq, 0);
    v.compare_floats(op::f64x2_eq, 0x66);
    v.direct(op::v128_and, 0x0fdb), v.direct(op::v128_or, 0x0feb), v.direct(op::v128_xor, 0x0fef);
    v.direct(op::v128_andnot, 0x0fdf, 0x66, true);
    v.add(op::v128_any_true,
          assembler().rr({0x66, 0x0f3817}, x0, x0).r({0, 0x0f95}, 0, gp::rax).rr({0, 0x0fb6}, gp::rax, gp::rax).made);

    v.unary(op::i8x16_abs, 0x0f381c), v.unary(op::i16x8_abs, 0x0f381d), v.unary(op::i32x4_abs, 0x0f381e);
    v.add(op::i64x2_abs, assembler()
                             .rr({0, 0x0f28}, x1, x0)
                             .r({0x66, 0x0f72}, 4, x1)
                             .imm8(31)
                             .rr({0x66, 0x0f70}, x1, x1)
                             .imm8(0xf5)
                             .rr({0x66, 0x0fef}, x0, x1)
                             .rr({0x66, 0x0ffb}, x0, x1)
                             .made);
    v.negate(op::i8x16_neg, 0x0ff8), v.negate(op::i16x8_neg, 0x0ff9);
    v.negate(op::i32x4_neg, 0x0ffa), v.negate(op::i64x2_neg, 0x0ffb);
    v.all_true(op::i8x16_all_true, 0x0f74), v.all_true(op::i16x8_all_true, 0x0f75);
    v.all_true(op::i32x4_all_true, 0x0f76), v.all_true(op::i64x2_all_true, 0x0f3829);
    v.add(op::i8x16_bitmask, assembler().rr({0x66, 0x0fd7}, gp::rax, x0).made);
    v.add(
        op::i16x8_bitmask,
        assembler().rr({0x66, 0x0f63}, x0, x0).rr({0x66, 0x0fd7}, gp::rax, x0).rr({0, 0x0fb6}, gp::rax, gp::rax).made);
    v.add(op::i32x4_bitmask, assembler().rr({0, 0x0f50}, gp::rax, x0).made);
    v.add(op::i64x2_bitmask, assembler().rr({0x66, 0x0f50}, gp::rax, x0).made);

    v.direct(op::i8x16_narrow_i16x8_s, 0x0f63), v.direct(op::i8x16_narrow_i16x8_u, 0x0f67);
    v.direct(op::i16x8_narrow_i32x4_s, 0x0f6b), v.direct(op::i16x8_narrow_i32x4_u, 0x0f382b);
    v.direct(op::i8x16_add, 0x0ffc), v.direct(op::i8x16_add_sat_s, 0x0fec), v.direct(op::i8x16_add_sat_u, 0x0fdc);
    v.direct(op::i8x16_sub, 0x0ff8), v.direct(op::i8x16_sub_sat_s, 0x0fe8), v.direct(op::i8x16_sub_sat_u, 0x0fd8);
    v.direct(op::i8x16_min_s, 0x0f3838), v.direct(op::i8x16_min_u, 0x0fda), v.direct(op::i8x16_max_s, 0x0f383c);
    v.direct(op::i8x16_max_u, 0x0fde), v.direct(op::i8x16_avgr_u, 0x0fe0);
    v.direct(op::i16x8_add, 0x0ffd), v.direct(op::i16x8_add_sat_s, 0x0fed), v.direct(op::i16x8_add_sat_u, 0x0fdd);
    v.direct(op::i16x8_sub, 0x0ff9), v.direct(op::i16x8_sub_sat_s, 0x0fe9), v.direct(op::i16x8_sub_sat_u, 0x0fd9);
    v.direct(op::i16x8_mul, 0x0fd5), v.direct(op::i16x8_min_s, 0x0fea), v.direct(op::i16x8_min_u, 0x0f383a);
    v.direct(op::i16x8_max_s, 0x0fee), v.direct(op::i16x8_max_u, 0x0f383e), v.direct(op::i16x8_avgr_u, 0x0fe3);
    v.direct(op::i32x4_add, 0x0ffe), v.direct(op::i32x4_sub, 0x0ffa), v.direct(op::i32x4_mul, 0x0f3840);
    v.direct(op::i32x4_min_s, 0x0f3839), v.direct(op::i32x4_min_u, 0x0f383b), v.direct(op::i32x4_max_s, 0x0f383d);
    v.direct(op::i32x4_max_u, 0x0f383f), v.direct(op::i32x4_dot_i16x8_s, 0x0ff5);
    v.direct(op::i64x2_add, 0x0fd4), v.direct(op::i64x2_sub, 0x0ffb);
    // Rounded products: only -1 times -1 does not fit, and gives the sign bit alone, which is turned.
    for (const op o : {op::i16x8_q15mulr_sat_s, op::i16x8_relaxed_q15mulr_s})
        v.add(o, assembler()
                     .rr({0x66, 0x0f380b}, x0, x1)
                     .rr({0x66, 0x0f76}, x1, x1)
                     .r({0x66, 0x0f71}, 6, x1)
                     .imm8(15)
                     .rr({0x66, 0x0f75}, x1, x0)
                     .rr({0x66, 0x0fef}, x0, x1)
                     .made);
    v.add(op::i16x8_extadd_pairwise_i8x16_s, assembler()
                                                 .rr({0x66, 0x0f76}, x1, x1)
                                                 .rr({0x66, 0x0f381c}, x1, x1)
                                                 .rr({0x66, 0x0f3804}, x1, x0)
                                                 .rr({0, 0x0f28}, x0, x1)
                                                 .made);
    v.add(op::i16x8_extadd_pairwise_i8x16_u,
          assembler().rr({0x66, 0x0f76}, x1, x1).rr({0x66, 0x0f381c}, x1, x1).rr({0x66, 0x0f3804}, x0, x1).made);
    v.add(op::i32x4_extadd_pairwise_i16x8_s,
          assembler().rr({0x66, 0x0f76}, x1, x1).r({0x66, 0x0f71}, 2, x1).imm8(15).rr({0x66, 0x0ff5}, x0, x1).made);
    v.add(op::i32x4_extadd_pairwise_i16x8_u, assembler()
                                                 .rr({0, 0x0f28}, x1, x0)
                                                 .r({0x66, 0x0f72}, 2, x1)
                                                 .imm8(16)
                                                 .r({0x66, 0x0f72}, 6, x0)
                                                 .imm8(16)
                                                 .r({0x66, 0x0f72}, 2, x0)
                                                 .imm8(16)
                                                 .rr({0x66, 0x0ffe}, x0, x1)
                                                 .made);
    v.extend(op::i16x8_extend_low_i8x16_s, op::i16x8_extmul_low_i8x16_s, 0x0f3820, 0x0fd5, 0x0fd5);
    v.extend(op::i32x4_extend_low_i16x8_s, op::i32x4_extmul_low_i16x8_s, 0x0f3823, 0x0f3840, 0x0f3840);
    v.extend(op::i64x2_extend_low_i32x4_s, op::i64x2_extmul_low_i32x4_s, 0x0f3825, 0x0f3828, 0x0ff4);
    v.shift(op::i16x8_shl, 15, 0x0ff1), v.shift(op::i16x8_shr_s, 15, 0x0fe1), v.shift(op::i16x8_shr_u, 15, 0x0fd1);
    v.shift(op::i32x4_shl, 31, 0x0ff2), v.shift(op::i32x4_shr_s, 31, 0x0fe2), v.shift(op::i32x4_shr_u, 31, 0x0fd2);
    v.shift(op::i64x2_shl, 63, 0x0ff3), v.shift(op::i64x2_shr_u, 63, 0x0fd3);

    v.round(op::f32x4_nearest, 0x0f3a08, 8), v.round(op::f32x4_floor, 0x0f3a08, 9);
    v.round(op::f32x4_ceil, 0x0f3a08, 10), v.round(op::f32x4_trunc, 0x0f3a08, 11);
    v.round(op::f64x2_nearest, 0x0f3a09, 8), v.round(op::f64x2_floor, 0x0f3a09, 9);
    v.round(op::f64x2_ceil, 0x0f3a09, 10), v.round(op::f64x2_trunc, 0x0f3a09, 11);
    v.signs(op::f32x4_abs, op::f32x4_neg, 0x0f72, 31), v.signs(op::f64x2_abs, op::f64x2_neg, 0x0f73, 63);
    v.unary(op::f32x4_sqrt, 0x0f51, 0), v.unary(op::f64x2_sqrt, 0x0f51);
    v.direct(op::f32x4_add, 0x0f58, 0), v.direct(op::f32x4_sub, 0x0f5c, 0), v.direct(op::f32x4_mul, 0x0f59, 0);
    v.direct(op::f32x4_div, 0x0f5e, 0), v.direct(op::f64x2_add, 0x0f58), v.direct(op::f64x2_sub, 0x0f5c);
    v.direct(op::f64x2_mul, 0x0f59), v.direct(op::f64x2_div, 0x0f5e);
    // Where one is a NaN or both are zeros these instructions give the second operand.
    v.direct(op::f32x4_pmin, 0x0f5d, 0, true), v.direct(op::f32x4_pmax, 0x0f5f, 0, true);
    v.direct(op::f64x2_pmin, 0x0f5d, 0x66, true), v.direct(op::f64x2_pmax, 0x0f5f, 0x66, true);
    v.unary(op::f32x4_convert_i32x4_s, 0x0f5b, 0), v.unary(op::f64x2_convert_low_i32x4_s, 0x0fe6, 0xf3);
    v.unary(op::f64x2_promote_low_f32x4, 0x0f5a, 0), v.unary(op::f32x4_demote_f64x2_zero, 0x0f5a);

    // With more registers.
    v.extreme({op::f32x4_min, op::f32x4_relaxed_min}, 0, 0x0f5d, 0x0f56, 0x0f72, 10);
    v.extreme({op::f32x4_max, op::f32x4_relaxed_max}, 0, 0x0f5f, 0x0f54, 0x0f72, 10);
    v.extreme({op::f64x2_min, op::f64x2_relaxed_min}, 0x66, 0x0f5d, 0x0f56, 0x0f73, 13);
    v.extreme({op::f64x2_max, op::f64x2_relaxed_max}, 0x66, 0x0f5f, 0x0f54, 0x0f73, 13);
    v.multiply_add(op::f32x4_relaxed_madd, op::f32x4_relaxed_nmadd, 0, 0x0f72, 31);
    v.multiply_add(op::f64x2_relaxed_madd, op::f64x2_relaxed_nmadd, 0x66, 0x0f73, 63);
    v.greater64(op::i64x2_gt_s, false, false), v.greater64(op::i64x2_lt_s, true, false);
    v.greater64(op::i64x2_le_s, false, true), v.greater64(op::i64x2_ge_s, true, true);
    // The products of the halves that reach the lower 64 bits.
    v.add_more({op::i64x2_mul}, assembler()
                                    .rr({0, 0x0f28}, x2, x0)
                                    .r({0x66, 0x0f73}, 2, x2)
                                    .imm8(32)
                                    .rr({0x66, 0x0ff4}, x2, x1)
                                    .rr({0, 0x0f28}, x3, x1)
                                    .r({0x66, 0x0f73}, 2, x3)
                                    .imm8(32)
                                    .rr({0x66, 0x0ff4}, x3, x0)
                                    .rr({0x66, 0x0fd4}, x2, x3)
                                    .r({0x66, 0x0f73}, 6, x2)
                                    .imm8(32)
                                    .rr({0x66, 0x0ff4}, x0, x1)
                                    .rr({0x66, 0x0fd4}, x0, x2)
                                    .made);
    v.shift_bytes(op::i8x16_shl, 0x0ff1), v.shift_bytes(op::i8x16_shr_u, 0x0fd1);
    v.add_more({op::i8x16_shr_s}, assembler()
                                      .r({0, 0x83}, 4, gp::rcx)
                                      .imm8(7)
                                      .r({0, 0x83}, 0, gp::rcx)
                                      .imm8(8)
                                      .rr({0x66, 0x0f6e}, x1, gp::rcx)
                                      .rr({0, 0x0f28}, x2, x0)
                                      .rr({0x66, 0x0f68}, x2, x2)
                                      .rr({0x66, 0x0fe1}, x2, x1)
                                      .rr({0x66, 0x0f60}, x0, x0)
                                      .rr({0x66, 0x0fe1}, x0, x1)
                                      .rr({0x66, 0x0f63}, x0, x2)
                                      .made);
    // The sign, shifted as if it were none, is turned and taken away.
    v.add_more({op::i64x2_shr_s}, assembler()
                                      .r({0, 0x83}, 4, gp::rcx)
                                      .imm8(63)
                                      .rr({0x66, 0x0f6e}, x1, gp::rcx)
                                      .rr({0x66, 0x0f76}, x2, x2)
                                      .r({0x66, 0x0f73}, 6, x2)
                                      .imm8(63)
                                      .rr({0x66, 0x0fd3}, x2, x1)
                                      .rr({0x66, 0x0fd3}, x0, x1)
                                      .rr({0x66, 0x0fef}, x0, x2)
                                      .rr({0x66, 0x0ffb}, x0, x2)
                                      .made);
    // How many bits each number of four has.
    v.add_more({op::i8x16_popcnt},
               assembler()
                   .rr({0x66, 0x0f76}, x3, x3)
                   .r({0x66, 0x0f71}, 2, x3)
                   .imm8(12)
                   .rr({0x66, 0x0f67}, x3, x3)
                   .rr({0, 0x0f28}, x1, x0)
                   .rr({0, 0x0f54}, x1, x3)
                   .r({0x66, 0x0f71}, 2, x0)
                   .imm8(4)
                   .rr({0, 0x0f54}, x0, x3)
                   .rr({0, 0x0f28}, x3, x2)
                   .rr({0x66, 0x0f3800}, x3, x1)
                   .rr({0x66, 0x0f3800}, x2, x0)
                   .rr({0x66, 0x0ffc}, x2, x3)
                   .rr({0, 0x0f28}, x0, x2)
                   .made,
               false, {0x0302'0201'0201'0100, 0x0403'0302'0302'0201});
    // Upper and lower 16 bits, which are exact, so that one addition rounds.
    v.add_more({op::f32x4_convert_i32x4_u},
               assembler()
                   .rr({0x66, 0x0f76}, x1, x1)
                   .r({0x66, 0x0f72}, 2, x1)
                   .imm8(16)
                   .rr({0, 0x0f28}, x3, x0)
                   .r({0x66, 0x0f72}, 2, x3)
                   .imm8(16)
                   .rr({0, 0x0f54}, x0, x1)
                   .rr({0, 0x0f5b}, x0, x0)
                   .rr({0, 0x0f5b}, x3, x3)
                   .rr({0, 0x0f59}, x3, x2)
                   .rr({0, 0x0f58}, x0, x3)
                   .made,
               false, {0x4780'0000'4780'0000, 0x4780'0000'4780'0000});
    // As the fraction of 2^52 + a.
    v.add_more({op::f64x2_convert_low_i32x4_u},
               assembler().rr({0x66, 0x0f3835}, x0, x0).rr({0, 0x0f56}, x0, x2).rr({0x66, 0x0f5c}, x0, x2).made, false,
               {0x4330'0000'0000'0000, 0x4330'0000'0000'0000});
    // A NaN is made 0; 2^31, which is what comes of anything too large, is turned if the operand was not negative.
    v.add_more({op::i32x4_trunc_sat_f32x4_s, op::i32x4_relaxed_trunc_f32x4_s}, assembler()
                                                                                   .rr({0, 0x0f28}, x1, x0)
                                                                                   .rr({0, 0x0fc2}, x1, x1)
                                                                                   .imm8(0)
                                                                                   .rr({0, 0x0f54}, x0, x1)
                                                                                   .rr({0, 0x0f57}, x1, x0)
                                                                                   .rr({0xf3, 0x0f5b}, x0, x0)
                                                                                   .rr({0x66, 0x0fdb}, x1, x0)
                                                                                   .r({0x66, 0x0f72}, 4, x1)
                                                                                   .imm8(31)
                                                                                   .rr({0x66, 0x0fef}, x0, x1)
                                                                                   .made);
    // What is 2^31 or more, in x2, is added in two parts.
    v.add_more({op::i32x4_trunc_sat_f32x4_u, op::i32x4_relaxed_trunc_f32x4_u},
               assembler()
                   .rr({0, 0x0f57}, x1, x1)
                   .rr({0, 0x0f5f}, x0, x1)
                   .rr({0, 0x0f28}, x3, x0)
                   .rr({0xf3, 0x0f5b}, x0, x0)
                   .rr({0, 0x0f5c}, x3, x2)
                   .rr({0, 0x0fc2}, x2, x3)
                   .imm8(2)
                   .rr({0xf3, 0x0f5b}, x3, x3)
                   .rr({0x66, 0x0fef}, x3, x2)
                   .rr({0x66, 0x0f383d}, x3, x1)
                   .rr({0x66, 0x0ffe}, x0, x3)
                   .made,
               false, {0x4f00'0000'4f00'0000, 0x4f00'0000'4f00'0000});
    // At most 2^31 - 1.
    v.add_more({op::i32x4_trunc_sat_f64x2_s_zero, op::i32x4_relaxed_trunc_f64x2_s_zero},
               assembler()
                   .rr({0, 0x0f28}, x1, x0)
                   .rr({0x66, 0x0fc2}, x1, x1)
                   .imm8(0)
                   .rr({0, 0x0f54}, x1, x2)
                   .rr({0x66, 0x0f5d}, x0, x1)
                   .rr({0x66, 0x0fe6}, x0, x0)
                   .made,
               false, {0x41df'ffff'ffc0'0000, 0x41df'ffff'ffc0'0000});
    // At least 0, at most 2^32 - 1; then as the fraction of 2^52 + a.
    v.add_more({op::i32x4_trunc_sat_f64x2_u_zero, op::i32x4_relaxed_trunc_f64x2_u_zero},
               assembler()
                   .rr({0, 0x0f57}, x1, x1)
                   .rr({0x66, 0x0f5f}, x0, x1)
                   .rr({0, 0x0f28}, x3, x2)
                   .rr({0x66, 0x0f6c}, x2, x2)
                   .rr({0x66, 0x0f6d}, x3, x3)
                   .rr({0x66, 0x0f5d}, x0, x2)
                   .rr({0x66, 0x0f3a09}, x0, x0)
                   .imm8(11)
                   .rr({0x66, 0x0f58}, x0, x3)
                   .rr({0, 0x0fc6}, x0, x1)
                   .imm8(0x88)
                   .made,
               false, {0x41ef'ffff'ffe0'0000, 0x4330'0000'0000'0000});
    // Sums of two products each, made of 32 bits and brought back to 16.
    v.add_more({op::i16x8_relaxed_dot_i8x16_i7x16_s}, assembler()
                                                          .rr({0, 0x0f28}, x2, x0)
                                                          .rr({0, 0x0f28}, x3, x1)
                                                          .r({0x66, 0x0f73}, 3, x2)
                                                          .imm8(8)
                                                          .r({0x66, 0x0f73}, 3, x3)
                                                          .imm8(8)
                                                          .rr({0x66, 0x0f3820}, x0, x0)
                                                          .rr({0x66, 0x0f3820}, x1, x1)
                                                          .rr({0x66, 0x0f3820}, x2, x2)
                                                          .rr({0x66, 0x0f3820}, x3, x3)
                                                          .rr({0x66, 0x0ff5}, x0, x1)
                                                          .rr({0x66, 0x0ff5}, x2, x3)
                                                          .rr({0x66, 0x0f6b}, x0, x2)
                                                          .made);

    // From eax.
    v.add(op::i8x16_splat,
          assembler().rr({0x66, 0x0f6e}, x0, gp::rax).rr({0, 0x0f57}, x1, x1).rr({0x66, 0x0f3800}, x0, x1).made);
    v.add(op::i16x8_splat, assembler()
                               .rr({0x66, 0x0f6e}, x0, gp::rax)
                               .rr({0xf2, 0x0f70}, x0, x0)
                               .imm8(0)
                               .rr({0x66, 0x0f70}, x0, x0)
                               .imm8(0)
                               .made);
    for (const op o : {op::i32x4_splat, op::f32x4_splat})
        v.add(o, assembler().rr({0x66, 0x0f6e}, x0, gp::rax).rr({0x66, 0x0f70}, x0, x0).imm8(0).made);
    for (const op o : {op::i64x2_splat, op::f64x2_splat})
        v.add(o, assembler().rr({0x66, 0x0f6e, true}, x0, gp::rax).rr({0x66, 0x0f6c}, x0, x0).made);
    // A lane, `x`, of a vector in xmm0, from eax.
    v.add(op::i8x16_replace_lane, assembler().rr({0x66, 0x0f3a20}, x0, gp::rax).imm8(X).made);
    v.add(op::i16x8_replace_lane, assembler().rr({0x66, 0x0fc4}, x0, gp::rax).imm8(X).made);
    for (const op o : {op::i32x4_replace_lane, op::f32x4_replace_lane})
        v.add(o, assembler().rr({0x66, 0x0f3a22}, x0, gp::rax).imm8(X).made);
    for (const op o : {op::i64x2_replace_lane, op::f64x2_replace_lane})
        v.add(o, assembler().rr({0x66, 0x0f3a22, true}, x0, gp::rax).imm8(X).made);
    // The register `d` = a lane that lies `b` bytes behind the frame.
    const auto lane = [&](op o, code c) { v.add(o, assembler().rm(c, D, frame_register, B).made); };
    lane(op::i8x16_extract_lane_s, {0, 0x0fbe}), lane(op::i8x16_extract_lane_u, {0, 0x0fb6});
    lane(op::i16x8_extract_lane_s, {0, 0x0fbf}), lane(op::i16x8_extract_lane_u, {0, 0x0fb7});
    lane(op::i32x4_extract_lane, {0, 0x8b}), lane(op::i64x2_extract_lane, {0, 0x8b, true});
    lane(op::f32x4_extract_lane, {0xf3, 0x0f10}), lane(op::f64x2_extract_lane, {0xf2, 0x0f10});
    return v;
}
} // namespace detail

inline constexpr auto vectors = [] {
    constexpr detail::vector_list list = detail::make_vector_list();
    std::array<detail::vector_code, list.size> all{};
    for (unsigned i = 0; i < list.size; ++i) all[i] = list.all[i];
    return all;
}();

/// Loads to and stores from xmm0, in the order of the table of instructions from v128.load on: those of a splat load
/// its number to eax.
inline constexpr code vector_load_codes[] = {{0, 0x0f10},      {0x66, 0x0f3820}, {0x66, 0x0f3830}, {0x66, 0x0f3823},
                                             {0x66, 0x0f3833}, {0x66, 0x0f3825}, {0x66, 0x0f3835}, {0, 0x0fb6},
                                             {0, 0x0fb7},      {0, 0x8b},        {0, 0x8b, true},  {0, 0x0f11},
                                             {0xf3, 0x0f10},   {0xf2, 0x0f10}};
inline constexpr auto vector_accesses = [] {
    std::array<access, 14> all{};
    for (unsigned n = 0; n < all.size(); ++n) {
        const code c = vector_load_codes[n];
        all[n] = {assembler().rx(c, gp::rax, memory_register, A, 0, B).made,
                  assembler().rm(c, gp::rax, memory_register, B).made,
                  assembler().rx(c, gp::rax, gp::rcx, gp::rax, 0, B).made};
    }
    return all;
}();

} // namespace stubs

/// By instruction: where it is in stubs::vectors; 0xff if it is not.
inline constexpr std::array<u8, op_count> vector_stub_of = [] {
    std::array<u8, op_count> at{};
    for (u8& n : at) n = 0xff;
    for (unsigned i = 0; i < stubs::vectors.size(); ++i) at[u16(stubs::vectors[i].what)] = u8(i);
    return at;
}();
/// By instruction: where it is in stubs::vector_accesses; 0xff if it is not.
constexpr u8 vector_access_of(op o) noexcept {
    if (o == op::v128_load32_zero) return 12;
    if (o == op::v128_load64_zero) return 13;
    return o >= op::v128_load && o <= op::v128_store ? u8(u16(o) - u16(op::v128_load)) : u8(0xff);
}
/// The splat that a load is followed by; nop: none.
constexpr op splat_after(op load) noexcept {
    switch (load) {
    case op::v128_load8_splat: return op::i8x16_splat;
    case op::v128_load16_splat: return op::i16x8_splat;
    case op::v128_load32_splat: return op::i32x4_splat;
    case op::v128_load64_splat: return op::i64x2_splat;
    default: return op::nop;
    }
}

} // namespace tessera::native
