// SPDX-License-Identifier: MIT
/// @file native/vector_stubs.hpp
/// Stubs of operations on vectors, with the instructions up to SSE4.1, and the same with AVX. An operation has its
/// operands in the registers `a` and `b`, which are xmm0 and xmm1 if they were fetched, and its result goes to `d`;
/// xmm0 is free once `a` was read for the last time, and xmm1 once `b` was. A few have their operands in xmm0 and
/// xmm1, a third one or a constant in xmm2, leave their result in xmm0 and need xmm3, too.
#pragma once

#include <tessera/native/stubs.hpp>
#include <tessera/num/sem.hpp>
#include <tessera/syntax/opcode.hpp>

namespace tessera::inline TESSERA_ABI::native {

namespace stubs {

/// Between `d` and a slot.
inline constexpr stub vector_load_slot = assembler().rs({0, 0x0f10}, D, A).made;
inline constexpr stub vector_store_slot = assembler().rs({0, 0x0f11}, A, D).made;
/// Between `d` and what is at `b` behind the pointer in `a`.
inline constexpr stub field_load_vector = assembler().rx({0, 0x0f10}, D, A, gp::rsp, 0, B).made;
inline constexpr stub field_store_vector = assembler().rx({0, 0x0f11}, D, A, gp::rsp, 0, B).made;
/// Between `d` and the context, at `b`.
inline constexpr stub vector_load_field = assembler().rm({0, 0x0f10}, D, context_register, B).made;
inline constexpr stub vector_store_field = assembler().rm({0, 0x0f11}, D, context_register, B).made;
/// `d` = a constant that stands behind the code, at the place of `x`; and the constant.
inline constexpr stub vector_load_constant = assembler().rip({0, 0x0f10}, D).made;
inline constexpr stub vector_bits = assembler().imm64(A).imm64(B).made;
inline constexpr stub vector_ones = assembler().rr({0x66, 0x0f76}, D, D).made;
/// The vector register `d` = 64 bits of rax, twice; or rax and rcx.
inline constexpr stub vector_of_rax = assembler().rr({0x66, 0x0f6e, true}, D, gp::rax).rr({0x66, 0x0f6c}, D, D).made;
inline constexpr stub vector_of_halves =
    assembler().rr({0x66, 0x0f6e, true}, D, gp::rax).rr({0x66, 0x0f3a22, true}, D, gp::rcx).imm8(1).made;
/// d = lanes of 32 bits of `a` that the immediate `x` names.
inline constexpr stub vector_order = assembler().rr({0x66, 0x0f70}, D, A).imm8(X).made;
/// The lower half of `d` = that of `b`.
inline constexpr stub vector_low = assembler().rr({0xf2, 0x0f10}, D, B).made;

/// Shuffles of two registers, first with SSE, then with AVX: lanes of 1 to 8 bytes of the lower halves, taken by turns,
/// then of the upper ones; two lanes of 32 bits each that `x` names; 16 bytes from byte `x` of b on, then a; bytes of
/// a that b names.
inline constexpr auto vector_pairs = [] {
    constexpr u8 by_turns[] = {0x60, 0x61, 0x62, 0x6c, 0x68, 0x69, 0x6a, 0x6d};
    std::array<std::array<stub, 11>, 2> all{};
    for (unsigned avx = 0; avx < 2; ++avx) {
        for (unsigned n = 0; n < 8; ++n) all[avx][n] = assembler(avx).v3({0x66, 0x0f00u | by_turns[n]}, D, A, B).made;
        all[avx][8] = assembler(avx).v3({0, 0x0fc6}, D, A, B).imm8(X).made;
        all[avx][9] = assembler(avx).v3({0x66, 0x0f3a0f}, D, A, B).imm8(X).made;
        all[avx][10] = assembler(avx).v3({0x66, 0x0f3800}, D, A, B).made;
    }
    return all;
}();

/// Where a shift of 16 bits or more by an immediate is in the next table; 0xff if `o` is none.
constexpr u8 shift_place(op o) noexcept {
    constexpr op firsts[] = {op::i16x8_shl, op::i32x4_shl, op::i64x2_shl}; // then shr_s, shr_u
    for (u8 n = 0; n < 3; ++n)
        if (o >= firsts[n] && u16(o) < u16(firsts[n]) + 3 && o != op::i64x2_shr_s)
            return u8(3 * n + (u16(o) - u16(firsts[n])));
    return 0xff;
}
/// d = d shifted by `x`
inline constexpr auto vector_shifts_imm = [] {
    constexpr u8 ways[] = {6, 4, 2};
    std::array<stub, 9> all{};
    for (u8 n = 0; n < 9; ++n)
        if (n != 7) all[n] = assembler().r({0x66, 0x0f71u + n / 3}, ways[n % 3], D).imm8(X).made;
    return all;
}();

namespace detail {
/// An operation with the instructions for it.
struct vector_code {
    op what = op::nop;
    bool swapped = false;          ///< its operands come the other way round
    bool in_place = false;         ///< the first has to be in `d`
    bool apart = false;            ///< `d` has to be another register than the second's
    bool fixed = false;            ///< it has operands and result where it wants them, and needs xmm2 and xmm3
    std::array<u64, 2> constant{}; ///< what is in xmm2, unless it is 0
    stub code;
};
inline constexpr reg x0 = reg::xmm(0), x1 = reg::xmm(1), x2 = reg::xmm(2), x3 = reg::xmm(3);

struct vector_list {
    bool avx = false;
    std::array<vector_code, 250> all{};
    unsigned size = 0;

    constexpr assembler s() const { return assembler(avx); }
    constexpr void add(op o, const stub& code, bool swapped = false) {
        all[size++] = {o, swapped, false, false, false, {}, code};
    }
    /// What begins with a v3 of `d`, `a` and maybe `b`, and is done with `b` then.
    constexpr void add_in_place(op o, const stub& code, bool swapped = false) {
        all[size++] = {o, swapped, !avx, !avx, false, {}, code};
    }
    /// The same, and reads `b` once more.
    constexpr void add_apart(op o, const stub& code, bool swapped = false) {
        all[size++] = {o, swapped, !avx, true, false, {}, code};
    }
    constexpr void add_fixed(std::initializer_list<op> ops, const stub& code, bool swapped = false,
                             std::array<u64, 2> constant = {}) {
        for (const op o : ops) all[size++] = {o, swapped, false, false, true, constant, code};
    }
    constexpr void direct(op o, u32 opcode, u8 prefix = 0x66, bool swapped = false) {
        add_in_place(o, s().v3({prefix, opcode}, D, A, B).made, swapped);
    }
    constexpr void unary(op o, u32 opcode, u8 prefix = 0x66) { add(o, s().v({prefix, opcode}, D, A).made); }
    static constexpr assembler& ones(assembler& s, reg r = x1) { return s.v3({0x66, 0x0f76}, r, r, r); }
    static constexpr assembler& zeros(assembler& s, reg r = x1) { return s.v3({0, 0x0f57}, r, r, r); }
    static constexpr assembler& invert(assembler& s, reg d) { return ones(s).v3({0x66, 0x0fef}, d, d, x1); }
    /// eq, ne, lt_s, lt_u, gt_s, gt_u, le_s, le_u, ge_s, ge_u in this order from `first` on.
    constexpr void compare(op first, u32 equal, u32 greater, u32 min_u, u32 max_u) {
        const auto at = [&](unsigned n) { return op(u16(first) + n); };
        // Unsigned: a <= b where the smaller of them is a.
        const auto extreme = [&](unsigned n, u32 opcode, bool not_) {
            assembler t = s();
            t.v3({0x66, opcode}, D, A, B).v3({0x66, equal}, D, D, B);
            if (not_) invert(t, D);
            add_apart(at(n), t.made, true);
        };
        direct(at(0), equal);
        inverted(at(1), equal, false);
        direct(at(2), greater, 0x66, true);
        direct(at(4), greater);
        inverted(at(6), greater, false);
        inverted(at(8), greater, true);
        extreme(3, max_u, true);
        extreme(5, min_u, true);
        extreme(7, min_u, false);
        extreme(9, max_u, false);
    }
    constexpr void inverted(op o, u32 opcode, bool swapped) {
        assembler t = s();
        t.v3({0x66, opcode}, D, A, B);
        add_in_place(o, invert(t, D).made, swapped);
    }
    /// eq, ne, lt, gt, le, ge
    constexpr void compare_floats(op first, u8 prefix) {
        constexpr u8 how[] = {0, 4, 1, 1, 2, 2};
        for (unsigned n = 0; n < 6; ++n)
            add_in_place(op(u16(first) + n), s().v3({prefix, 0x0fc2}, D, A, B).imm8(how[n]).made, n == 3 || n == 5);
    }
    constexpr void negate(op o, u32 subtract) {
        assembler t = s();
        add(o, zeros(t).v3({0x66, subtract}, D, x1, A).made);
    }
    /// low_s, high_s, low_u, high_u of the extensions, and of the products of what they give.
    constexpr void extend(op first, op product, u32 with_sign, u32 multiply_s, u32 multiply_u) {
        for (unsigned n = 0; n < 4; ++n) {
            const code c{0x66, with_sign + (n < 2 ? 0u : 0x10u)};
            assembler one = s(), two = s();
            const auto half = [&](assembler& t, reg d, reg a) {
                if (n % 2) t.v({0x66, 0x0f70}, d.open ? x1 : d, a).imm8(0xee).v(c, d, d.open ? x1 : d);
                else t.v(c, d, a);
            };
            half(one, D, A), half(two, x0, A), half(two, x1, B);
            add(op(u16(first) + n), one.made);
            add(op(u16(product) + n), two.v3({0x66, n < 2 ? multiply_s : multiply_u}, D, x0, x1).made);
        }
    }
    static constexpr assembler& count(assembler& s, u8 mask) {
        return s.r({0, 0x83}, 4, gp::rcx).imm8(mask).v({0x66, 0x0f6e}, x1, gp::rcx);
    }
    /// By the count in ecx.
    constexpr void shift(op o, u8 mask, u32 opcode) {
        assembler t = s();
        add_in_place(o, count(t, mask).v3({0x66, opcode}, D, A, x1).made);
    }
    static constexpr assembler& truth(assembler& s, cond c) {
        return s.r({0, 0x0f90u | u8(c)}, 0, gp::rax).rr({0, 0x0fb6}, D, gp::rax);
    }
    constexpr void all_true(op o, u32 equal) {
        assembler t = s();
        zeros(t).v3({0x66, equal}, x1, x1, A).v({0x66, 0x0f3817}, x1, x1);
        add(o, truth(t, cond::e).made);
    }
    constexpr void round(op o, u32 opcode, u8 how) { add(o, s().v({0x66, opcode}, D, A).imm8(how).made); }
    /// The smaller (`join`: or) or larger (and) by an instruction that gives its second operand where one is a NaN or
    /// both are zeros: what both orders give, joined, and a NaN of nothing but its quiet bit.
    constexpr void extreme(std::initializer_list<op> ops, u8 prefix, u32 opcode, u32 join, u32 group, u8 payload) {
        assembler t = s();
        t.v3({prefix, opcode}, x2, x1, x0).v3({prefix, 0x0fc2}, x3, x0, x1).imm8(3).v3({prefix, opcode}, x0, x0, x1);
        t.v3({0, join}, x0, x0, x2).v3({0, 0x0f56}, x0, x0, x3);
        t.shift(group, 2, x3, x3).imm8(payload).v3({0, 0x0f55}, x3, x3, x0).v({0, 0x0f28}, x0, x3);
        add_fixed(ops, t.made);
    }
    /// a > b of 64 bits: the upper halves decide, and where they are equal what b - a borrows. What came with AVX
    /// compares.
    constexpr void greater64(op o, bool swapped, bool not_) {
        if (avx) return not_ ? inverted(o, 0x0f3837, swapped) : direct(o, 0x0f3837, 0x66, swapped);
        assembler t = s();
        t.v3({0x66, 0x0f76}, x2, x0, x1).v3({0x66, 0x0ffb}, x3, x1, x0);
        t.v3({0x66, 0x0fdb}, x2, x2, x3).v3({0x66, 0x0f66}, x0, x0, x1).v3({0x66, 0x0feb}, x0, x0, x2);
        t.v({0x66, 0x0f70}, x0, x0).imm8(0xf5);
        if (not_) invert(t, x0);
        add_fixed({o}, t.made, swapped);
    }
    /// A shift of bytes by the count in ecx, as one of words and a mask that is shifted as well.
    constexpr void shift_bytes(op o, u32 opcode) {
        assembler t = s();
        count(t, 7).v3({0x66, opcode}, x0, x0, x1);
        ones(t, x2).shift(0x0f71, 2, x2, x2).imm8(8).v3({0x66, opcode}, x2, x2, x1);
        zeros(t, x3).v3({0x66, 0x0f3800}, x2, x2, x3).v3({0x66, 0x0fdb}, x0, x0, x2);
        add_fixed({o}, t.made);
    }
    /// A mask of all bits but the sign, or of the sign.
    constexpr void signs(op abs, op neg, u32 group, u8 bit) {
        assembler a = s(), n = s();
        add(abs, ones(a).shift(group, 2, x1, x1).imm8(1).v3({0, 0x0f54}, D, x1, A).made);
        add(neg, ones(n).shift(group, 6, x1, x1).imm8(bit).v3({0, 0x0f57}, D, x1, A).made);
    }
};

constexpr vector_list make_vector_list(bool avx) {
    vector_list v;
    v.avx = avx;
    const auto s = [&] { return v.s(); };
    v.compare(op::i8x16_eq, 0x0f74, 0x0f64, 0x0fda, 0x0fde);
    v.compare(op::i16x8_eq, 0x0f75, 0x0f65, 0x0f383a, 0x0f383e);
    v.compare(op::i32x4_eq, 0x0f76, 0x0f66, 0x0f383b, 0x0f383f);
    v.direct(op::i64x2_eq, 0x0f3829);
    v.inverted(op::i64x2_ne, 0x0f3829, false);
    {
        assembler t = s();
        v.add(op::v128_not, vector_list::ones(t).v3({0x66, 0x0fef}, D, x1, A).made);
        assembler any = s();
        v.add(op::v128_any_true, vector_list::truth(any.v({0x66, 0x0f3817}, A, A), cond::ne).made);
    }
    v.compare_floats(op::f32x4_eq, 0);
    v.compare_floats(op::f64x2_eq, 0x66);
    v.direct(op::v128_and, 0x0fdb), v.direct(op::v128_or, 0x0feb), v.direct(op::v128_xor, 0x0fef);
    v.direct(op::v128_andnot, 0x0fdf, 0x66, true);
    v.unary(op::i8x16_abs, 0x0f381c), v.unary(op::i16x8_abs, 0x0f381d), v.unary(op::i32x4_abs, 0x0f381e);
    v.add(op::i64x2_abs, s().shift(0x0f72, 4, x1, A)
                             .imm8(31)
                             .v({0x66, 0x0f70}, x1, x1)
                             .imm8(0xf5)
                             .v3({0x66, 0x0fef}, x0, A, x1)
                             .v3({0x66, 0x0ffb}, D, x0, x1)
                             .made);
    v.negate(op::i8x16_neg, 0x0ff8), v.negate(op::i16x8_neg, 0x0ff9);
    v.negate(op::i32x4_neg, 0x0ffa), v.negate(op::i64x2_neg, 0x0ffb);
    v.all_true(op::i8x16_all_true, 0x0f74), v.all_true(op::i16x8_all_true, 0x0f75);
    v.all_true(op::i32x4_all_true, 0x0f76), v.all_true(op::i64x2_all_true, 0x0f3829);
    v.add(op::i8x16_bitmask, s().v({0x66, 0x0fd7}, D, A).made);
    v.add(op::i16x8_bitmask, s().v3({0x66, 0x0f63}, x1, A, A).v({0x66, 0x0fd7}, D, x1).rr({0, 0x0fb6}, D, D).made);
    v.add(op::i32x4_bitmask, s().v({0, 0x0f50}, D, A).made);
    v.add(op::i64x2_bitmask, s().v({0x66, 0x0f50}, D, A).made);

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
    for (const op o : {op::i16x8_q15mulr_sat_s, op::i16x8_relaxed_q15mulr_s}) {
        assembler t = s();
        t.v3({0x66, 0x0f380b}, D, A, B);
        vector_list::ones(t).shift(0x0f71, 6, x1, x1).imm8(15).v3({0x66, 0x0f75}, x1, x1, D);
        v.add_in_place(o, t.v3({0x66, 0x0fef}, D, D, x1).made);
    }
    const auto with_ones = [&] {
        assembler t = s();
        return vector_list::ones(t);
    };
    v.add(op::i16x8_extadd_pairwise_i8x16_s,
          with_ones().v({0x66, 0x0f381c}, x1, x1).v3({0x66, 0x0f3804}, D, x1, A).made);
    v.add(op::i16x8_extadd_pairwise_i8x16_u,
          with_ones().v({0x66, 0x0f381c}, x1, x1).v3_apart({0x66, 0x0f3804}, D, A, x1).made);
    v.add(op::i32x4_extadd_pairwise_i16x8_s,
          with_ones().shift(0x0f71, 2, x1, x1).imm8(15).v3({0x66, 0x0ff5}, D, x1, A).made);
    v.add(op::i32x4_extadd_pairwise_i16x8_u, s().shift(0x0f72, 2, x1, A)
                                                 .imm8(16)
                                                 .shift(0x0f72, 6, x0, A)
                                                 .imm8(16)
                                                 .shift(0x0f72, 2, x0, x0)
                                                 .imm8(16)
                                                 .v3({0x66, 0x0ffe}, D, x0, x1)
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
    v.greater64(op::i64x2_gt_s, false, false), v.greater64(op::i64x2_lt_s, true, false);
    v.greater64(op::i64x2_le_s, false, true), v.greater64(op::i64x2_ge_s, true, true);
    // The products of the halves that reach the lower 64 bits.
    v.add_fixed({op::i64x2_mul}, s().shift(0x0f73, 2, x2, x0)
                                     .imm8(32)
                                     .v3({0x66, 0x0ff4}, x2, x2, x1)
                                     .shift(0x0f73, 2, x3, x1)
                                     .imm8(32)
                                     .v3({0x66, 0x0ff4}, x3, x3, x0)
                                     .v3({0x66, 0x0fd4}, x2, x2, x3)
                                     .shift(0x0f73, 6, x2, x2)
                                     .imm8(32)
                                     .v3({0x66, 0x0ff4}, x0, x0, x1)
                                     .v3({0x66, 0x0fd4}, x0, x0, x2)
                                     .made);
    v.shift_bytes(op::i8x16_shl, 0x0ff1), v.shift_bytes(op::i8x16_shr_u, 0x0fd1);
    v.add_fixed({op::i8x16_shr_s}, s().r({0, 0x83}, 4, gp::rcx)
                                       .imm8(7)
                                       .r({0, 0x83}, 0, gp::rcx)
                                       .imm8(8)
                                       .v({0x66, 0x0f6e}, x1, gp::rcx)
                                       .v3({0x66, 0x0f68}, x2, x0, x0)
                                       .v3({0x66, 0x0fe1}, x2, x2, x1)
                                       .v3({0x66, 0x0f60}, x0, x0, x0)
                                       .v3({0x66, 0x0fe1}, x0, x0, x1)
                                       .v3({0x66, 0x0f63}, x0, x0, x2)
                                       .made);
    // The sign, shifted as if it were none, is turned and taken away.
    v.add_fixed({op::i64x2_shr_s}, s().r({0, 0x83}, 4, gp::rcx)
                                       .imm8(63)
                                       .v({0x66, 0x0f6e}, x1, gp::rcx)
                                       .v3({0x66, 0x0f76}, x2, x2, x2)
                                       .shift(0x0f73, 6, x2, x2)
                                       .imm8(63)
                                       .v3({0x66, 0x0fd3}, x2, x2, x1)
                                       .v3({0x66, 0x0fd3}, x0, x0, x1)
                                       .v3({0x66, 0x0fef}, x0, x0, x2)
                                       .v3({0x66, 0x0ffb}, x0, x0, x2)
                                       .made);
    // How many bits each number of four has.
    v.add_fixed({op::i8x16_popcnt},
                s().v3({0x66, 0x0f76}, x3, x3, x3)
                    .shift(0x0f71, 2, x3, x3)
                    .imm8(12)
                    .v3({0x66, 0x0f67}, x3, x3, x3)
                    .v3({0, 0x0f54}, x1, x0, x3)
                    .shift(0x0f71, 2, x0, x0)
                    .imm8(4)
                    .v3({0, 0x0f54}, x0, x0, x3)
                    .v3({0x66, 0x0f3800}, x3, x2, x1)
                    .v3({0x66, 0x0f3800}, x2, x2, x0)
                    .v3({0x66, 0x0ffc}, x0, x2, x3)
                    .made,
                false, {0x0302'0201'0201'0100, 0x0403'0302'0302'0201});
    // Upper and lower 16 bits, which are exact, so that one addition rounds.
    v.add_fixed({op::f32x4_convert_i32x4_u},
                s().v3({0x66, 0x0f76}, x1, x1, x1)
                    .shift(0x0f72, 2, x1, x1)
                    .imm8(16)
                    .shift(0x0f72, 2, x3, x0)
                    .imm8(16)
                    .v3({0, 0x0f54}, x0, x0, x1)
                    .v({0, 0x0f5b}, x0, x0)
                    .v({0, 0x0f5b}, x3, x3)
                    .v3({0, 0x0f59}, x3, x3, x2)
                    .v3({0, 0x0f58}, x0, x0, x3)
                    .made,
                false, {0x4780'0000'4780'0000, 0x4780'0000'4780'0000});
    // As the fraction of 2^52 + a.
    v.add_fixed({op::f64x2_convert_low_i32x4_u},
                s().v({0x66, 0x0f3835}, x0, x0).v3({0, 0x0f56}, x0, x0, x2).v3({0x66, 0x0f5c}, x0, x0, x2).made, false,
                {0x4330'0000'0000'0000, 0x4330'0000'0000'0000});
    // A NaN is made 0; 2^31, which is what comes of anything too large, is turned if the operand was not negative.
    v.add_fixed({op::i32x4_trunc_sat_f32x4_s, op::i32x4_relaxed_trunc_f32x4_s}, s().v3({0, 0x0fc2}, x1, x0, x0)
                                                                                    .imm8(0)
                                                                                    .v3({0, 0x0f54}, x0, x0, x1)
                                                                                    .v3({0, 0x0f57}, x1, x1, x0)
                                                                                    .v({0xf3, 0x0f5b}, x0, x0)
                                                                                    .v3({0x66, 0x0fdb}, x1, x1, x0)
                                                                                    .shift(0x0f72, 4, x1, x1)
                                                                                    .imm8(31)
                                                                                    .v3({0x66, 0x0fef}, x0, x0, x1)
                                                                                    .made);
    // What is 2^31 or more, in x2, is added in two parts.
    v.add_fixed({op::i32x4_trunc_sat_f32x4_u, op::i32x4_relaxed_trunc_f32x4_u},
                s().v3({0, 0x0f57}, x1, x1, x1)
                    .v3({0, 0x0f5f}, x0, x0, x1)
                    .v3({0, 0x0f5c}, x3, x0, x2)
                    .v({0xf3, 0x0f5b}, x0, x0)
                    .v3({0, 0x0fc2}, x2, x2, x3)
                    .imm8(2)
                    .v({0xf3, 0x0f5b}, x3, x3)
                    .v3({0x66, 0x0fef}, x3, x3, x2)
                    .v3({0x66, 0x0f383d}, x3, x3, x1)
                    .v3({0x66, 0x0ffe}, x0, x0, x3)
                    .made,
                false, {0x4f00'0000'4f00'0000, 0x4f00'0000'4f00'0000});
    // At most 2^31 - 1.
    v.add_fixed({op::i32x4_trunc_sat_f64x2_s_zero, op::i32x4_relaxed_trunc_f64x2_s_zero},
                s().v3({0x66, 0x0fc2}, x1, x0, x0)
                    .imm8(0)
                    .v3({0, 0x0f54}, x1, x1, x2)
                    .v3({0x66, 0x0f5d}, x0, x0, x1)
                    .v({0x66, 0x0fe6}, x0, x0)
                    .made,
                false, {0x41df'ffff'ffc0'0000, 0x41df'ffff'ffc0'0000});
    // At least 0, at most 2^32 - 1; then as the fraction of 2^52 + a.
    v.add_fixed({op::i32x4_trunc_sat_f64x2_u_zero, op::i32x4_relaxed_trunc_f64x2_u_zero},
                s().v3({0, 0x0f57}, x1, x1, x1)
                    .v3({0x66, 0x0f5f}, x0, x0, x1)
                    .v3({0x66, 0x0f6d}, x3, x2, x2)
                    .v3({0x66, 0x0f6c}, x2, x2, x2)
                    .v3({0x66, 0x0f5d}, x0, x0, x2)
                    .v({0x66, 0x0f3a09}, x0, x0)
                    .imm8(11)
                    .v3({0x66, 0x0f58}, x0, x0, x3)
                    .v3({0, 0x0fc6}, x0, x0, x1)
                    .imm8(0x88)
                    .made,
                false, {0x41ef'ffff'ffe0'0000, 0x4330'0000'0000'0000});
    // Sums of two products each, made of 32 bits and brought back to 16.
    v.add_fixed({op::i16x8_relaxed_dot_i8x16_i7x16_s}, s().shift(0x0f73, 3, x2, x0)
                                                           .imm8(8)
                                                           .shift(0x0f73, 3, x3, x1)
                                                           .imm8(8)
                                                           .v({0x66, 0x0f3820}, x0, x0)
                                                           .v({0x66, 0x0f3820}, x1, x1)
                                                           .v({0x66, 0x0f3820}, x2, x2)
                                                           .v({0x66, 0x0f3820}, x3, x3)
                                                           .v3({0x66, 0x0ff5}, x0, x0, x1)
                                                           .v3({0x66, 0x0ff5}, x2, x2, x3)
                                                           .v3({0x66, 0x0f6b}, x0, x0, x2)
                                                           .made);

    // A number in a register, in each lane.
    {
        assembler bytes = s();
        bytes.v({0x66, 0x0f6e}, D, A);
        v.add(op::i8x16_splat, vector_list::zeros(bytes).v3({0x66, 0x0f3800}, D, D, x1).made);
    }
    v.add(op::i16x8_splat,
          s().v({0x66, 0x0f6e}, D, A).v({0xf2, 0x0f70}, D, D).imm8(0).v({0x66, 0x0f70}, D, D).imm8(0).made);
    v.add(op::i32x4_splat, s().v({0x66, 0x0f6e}, D, A).v({0x66, 0x0f70}, D, D).imm8(0).made);
    v.add(op::i64x2_splat, s().v({0x66, 0x0f6e, true}, D, A).v({0x66, 0x0f70}, D, D).imm8(0x44).made);
    v.add(op::f32x4_splat, s().v({0x66, 0x0f70}, D, A).imm8(0).made);
    v.add(op::f64x2_splat, s().v({0x66, 0x0f70}, D, A).imm8(0x44).made);
    // Lane `x` is `b`; of f32x4, `x` is 16 times its number, and of f64x2 it is the upper one.
    v.add_in_place(op::i8x16_replace_lane, s().v3({0x66, 0x0f3a20}, D, A, B).imm8(X).made);
    v.add_in_place(op::i16x8_replace_lane, s().v3({0x66, 0x0fc4}, D, A, B).imm8(X).made);
    v.add_in_place(op::i32x4_replace_lane, s().v3({0x66, 0x0f3a22}, D, A, B).imm8(X).made);
    v.add_in_place(op::i64x2_replace_lane, s().v3({0x66, 0x0f3a22, true}, D, A, B).imm8(X).made);
    v.add_in_place(op::f32x4_replace_lane, s().v3({0x66, 0x0f3a21}, D, A, B).imm8(X).made);
    v.add_in_place(op::f64x2_replace_lane, s().v3({0x66, 0x0f14}, D, A, B).made);
    // Lane `x` of `a`; of f64x2 it is the upper one.
    const code byte{0x66, 0x0f3a14};
    v.add(op::i8x16_extract_lane_s, s().v(byte, A, D).imm8(X).rr({0, 0x0fbe}, D, D).made);
    v.add(op::i8x16_extract_lane_u, s().v(byte, A, D).imm8(X).made);
    v.add(op::i16x8_extract_lane_s, s().v({0x66, 0x0fc5}, D, A).imm8(X).rr({0, 0x0fbf}, D, D).made);
    v.add(op::i16x8_extract_lane_u, s().v({0x66, 0x0fc5}, D, A).imm8(X).made);
    v.add(op::i32x4_extract_lane, s().v({0x66, 0x0f3a16}, A, D).imm8(X).made);
    v.add(op::i64x2_extract_lane, s().v({0x66, 0x0f3a16, true}, A, D).imm8(X).made);
    v.add(op::f32x4_extract_lane, s().v({0x66, 0x0f70}, D, A).imm8(X).made);
    v.add(op::f64x2_extract_lane, s().v({0x66, 0x0f70}, D, A).imm8(0xee).made);
    return v;
}
} // namespace detail

/// First with SSE, then with AVX.
inline constexpr auto vectors = [] {
    constexpr detail::vector_list lists[] = {detail::make_vector_list(false), detail::make_vector_list(true)};
    std::array<std::array<detail::vector_code, lists[0].size>, 2> all{};
    for (unsigned which = 0; which < 2; ++which)
        for (unsigned i = 0; i < lists[0].size; ++i) all[which][i] = lists[which].all[i];
    return all;
}();

/// Loads to `d` and stores from it, in the order of the table of instructions from v128.load on: splat loads of 8 and
/// 16 bits load a number to an integer register, that of 32 bits loads one lane.
inline constexpr auto vector_accesses = [] {
    constexpr code codes[] = {{0, 0x0f10},      {0x66, 0x0f3820}, {0x66, 0x0f3830}, {0x66, 0x0f3823}, {0x66, 0x0f3833},
                              {0x66, 0x0f3825}, {0x66, 0x0f3835}, {0, 0x0fb6},      {0, 0x0fb7},      {0xf3, 0x0f10},
                              {0xf2, 0x0f12},   {0, 0x0f11},      {0xf3, 0x0f10},   {0xf2, 0x0f10}};
    std::array<access, 14> all{};
    for (unsigned n = 0; n < all.size(); ++n)
        all[n] = {assembler().rx(codes[n], D, memory_register, A, 0, B).made,
                  assembler().rm(codes[n], D, memory_register, B).made,
                  assembler().rx(codes[n], D, gp::rcx, gp::rax, 0, B).made};
    return all;
}();

/// The register `d` = a lane that lies `b` bytes behind the frame, in the order of the table of instructions from
/// i8x16.extract_lane_s on.
inline constexpr auto vector_lanes = [] {
    constexpr struct {
        u8 place;
        code load;
    } codes[] = {{0, {0, 0x0fbe}}, {1, {0, 0x0fb6}},     {3, {0, 0x0fbf}},     {4, {0, 0x0fb7}},
                 {6, {0, 0x8b}},   {8, {0, 0x8b, true}}, {10, {0xf3, 0x0f10}}, {12, {0xf2, 0x0f10}}};
    std::array<stub, 14> all{};
    for (const auto& one : codes) all[one.place] = assembler().rm(one.load, D, frame_register, B).made;
    return all;
}();

} // namespace stubs

/// By instruction: where it is in both of stubs::vectors; 0xff if it is not.
inline constexpr std::array<u8, op_count> vector_stub_of = [] {
    std::array<u8, op_count> at{};
    for (u8& n : at) n = 0xff;
    for (unsigned i = 0; i < stubs::vectors[0].size(); ++i) at[u16(stubs::vectors[0][i].what)] = u8(i);
    return at;
}();
/// By instruction: where it is in stubs::vector_accesses; 0xff if it is not.
constexpr u8 vector_access_of(op o) noexcept {
    if (o == op::v128_load32_zero) return 12;
    if (o == op::v128_load64_zero) return 13;
    return o >= op::v128_load && o <= op::v128_store ? u8(u16(o) - u16(op::v128_load)) : u8(0xff);
}
/// By lane instruction, from i8x16.extract_lane_s on: how many bytes a lane that it takes has.
inline constexpr std::array<u8, 14> vector_lane_bytes = []<std::size_t... I>(std::index_sequence<I...>) {
    constexpr auto bytes = []<class Meaning>(Meaning) {
        if constexpr (requires { typename Meaning::from; }) return u8(sizeof(typename Meaning::from));
        else return u8(0);
    };
    return std::array<u8, sizeof...(I)>{bytes(num::sem<op(u16(op::i8x16_extract_lane_s) + I)>{})...};
}
(std::make_index_sequence<14>());

} // namespace tessera::native
