// SPDX-License-Identifier: MIT
/// @file stubs.hpp
/// The stubs: a named one for each step of an operation and each shape of its operands. Most work in place,
/// `d = d op b`, as the instructions of the processor do; emit.hpp puts them together.
///
/// A table's first index, if it has two widths, is 0 for 32 bits and 1 for 64.
#pragma once

#include <tessera/native/x64.hpp>
#include <tessera/runtime/dirty_pages.hpp>

namespace tessera::inline TESSERA_ABI::native::stubs {

inline constexpr from A = from::a, B = from::b, C = from::c, D = from::d, X = from::x;

/// One operation on a register, by where its other operand is.
struct shapes {
    stub r; ///< a register
    stub m; ///< a slot
    stub i; ///< an immediate of 32 bits, which is extended with its sign
};
/// The same stub for both widths.
template <class Make>
constexpr auto both(Make make) {
    return std::array{make(false), make(true)};
}

// ---- moves of integers
// -----------------------------------------------------------------------------------------------

inline constexpr auto move = both([](bool w) {
    return shapes{assembler().rr({0, 0x8b, w}, D, A).made, assembler().rs({0, 0x8b, w}, D, A).made,
                  assembler().r({0, 0xc7, w}, 0, D).imm32(A).made};
});
inline constexpr stub move_imm64 = assembler().mov64(D, A).made;
inline constexpr stub zero = assembler().rr({0, 0x31}, D, D).made;
/// Slots are written whole.
inline constexpr stub store_slot = assembler().rs({0, 0x89, true}, A, D).made;
inline constexpr stub store_slot_imm = assembler().s({0, 0xc7, true}, 0, D).imm32(A).made;

// ---- arithmetic of integers
// ------------------------------------------------------------------------------------------

enum class alu : u8 { add, or_, and_ = 4, sub, xor_, cmp };
inline constexpr auto alus = both([](bool w) {
    std::array<shapes, 8> all{};
    for (const u8 n : {u8(0), u8(1), u8(4), u8(5), u8(6), u8(7)})
        all[n] = {assembler().rr({0, u32(8 * n + 3), w}, D, B).made, assembler().rs({0, u32(8 * n + 3), w}, D, B).made,
                  assembler().r({0, 0x81, w}, n, D).imm32(B).made};
    return all;
});
/// The short form, for an immediate of 8 bits.
inline constexpr auto alus_imm8 = both([](bool w) {
    std::array<stub, 8> all{};
    for (const u8 n : {u8(0), u8(1), u8(4), u8(5), u8(6), u8(7)})
        all[n] = assembler().r({0, 0x83, w}, n, D).imm8(B).made;
    return all;
});
/// cmp [slot], immediate
inline constexpr auto compare_slot_imm = both([](bool w) { return assembler().s({0, 0x81, w}, 7, D).imm32(B).made; });
inline constexpr auto test = both([](bool w) { return assembler().rr({0, 0x85, w}, A, A).made; });
/// The product of the register and the immediate goes to `d`, whatever was there.
inline constexpr auto multiply = both([](bool w) {
    return shapes{assembler().rr({0, 0x0faf, w}, D, B).made, assembler().rs({0, 0x0faf, w}, D, B).made,
                  assembler().rr({0, 0x69, w}, D, A).imm32(B).made};
});
/// d = a + b, d = a + immediate, d = a + (b << scale) + immediate
inline constexpr auto add_to = both([](bool w) { return assembler().rx({0, 0x8d, w}, D, A, B, 0).made; });
inline constexpr auto add_imm_to = both([](bool w) { return assembler().ri({0, 0x8d, w}, D, A, 0, B).made; });

enum class shift : u8 { rotl, rotr, shl = 4, shr, sar = 7 };
inline constexpr auto shifts_imm = both([](bool w) {
    std::array<stub, 8> all{};
    for (const u8 n : {u8(0), u8(1), u8(4), u8(5), u8(7)}) all[n] = assembler().r({0, 0xc1, w}, n, D).imm8(B).made;
    return all;
});
/// By cl.
inline constexpr auto shifts_cl = both([](bool w) {
    std::array<stub, 8> all{};
    for (const u8 n : {u8(0), u8(1), u8(4), u8(5), u8(7)}) all[n] = assembler().r({0, 0xd3, w}, n, D).made;
    return all;
});

/// To `x` if the divisor, in ecx, is 0.
inline constexpr auto check_divisor = both([](bool w) {
    return assembler().rr({0, 0x85, w}, gp::rcx, gp::rcx).jcc(cond::e).made;
});
namespace detail {
constexpr assembler& extend_dividend(assembler& s, bool w) { return w ? s.raw(0x48, 0x99) : s.raw(0x99); }
} // namespace detail
/// eax = eax / ecx; to `x` if the quotient does not fit.
inline constexpr auto divide_signed = both([](bool w) {
    assembler s;
    s.r({0, 0x83, w}, 7, gp::rcx).imm8(0xff);
    const u8 other = s.skip(cond::ne);
    s.r({0, 0xf7, w}, 3, gp::rax).jcc(cond::o);
    const u8 done = s.skip();
    s.land(other);
    detail::extend_dividend(s, w).r({0, 0xf7, w}, 7, gp::rcx);
    s.land(done);
    return s.made;
});
/// edx = eax % ecx
inline constexpr auto remainder_signed = both([](bool w) {
    assembler s;
    s.rr({0, 0x31}, gp::rdx, gp::rdx).r({0, 0x83, w}, 7, gp::rcx).imm8(0xff);
    const u8 done = s.skip(cond::e);
    detail::extend_dividend(s, w).r({0, 0xf7, w}, 7, gp::rcx);
    s.land(done);
    return s.made;
});
/// eax = eax / ecx, edx = eax % ecx
inline constexpr auto divide_unsigned = both([](bool w) {
    return assembler().rr({0, 0x31}, gp::rdx, gp::rdx).r({0, 0xf7, w}, 6, gp::rcx).made;
});

/// eax = leading zeros of `a`
inline constexpr auto leading_zeros = both([](bool w) {
    const u32 bits = w ? 64 : 32;
    return assembler()
        .r({0, 0xc7}, 0, gp::rcx)
        .imm32(2 * bits - 1)
        .rr({0, 0x0fbd, w}, gp::rax, A)
        .rr({0, 0x0f44}, gp::rax, gp::rcx)
        .r({0, 0x83}, 6, gp::rax)
        .imm8(u8(bits - 1))
        .made;
});
/// eax = trailing zeros of `a`
inline constexpr auto trailing_zeros = both([](bool w) {
    return assembler()
        .r({0, 0xc7}, 0, gp::rcx)
        .imm32(w ? 64u : 32u)
        .rr({0, 0x0fbc, w}, gp::rax, A)
        .rr({0, 0x0f44}, gp::rax, gp::rcx)
        .made;
});
inline constexpr auto population = both([](bool w) { return assembler().rr({0xf3, 0x0fb8, w}, D, A).made; });

inline constexpr auto extend8 = both([](bool w) { return assembler().rr({0, 0x0fbe, w}, D, A).made; });
inline constexpr auto extend16 = both([](bool w) { return assembler().rr({0, 0x0fbf, w}, D, A).made; });
inline constexpr stub extend32 = assembler().rr({0, 0x63, true}, D, A).made;

// ---- comparisons and branches
// ----------------------------------------------------------------------------------------

namespace detail {
template <class Make>
constexpr auto by_condition(Make make) {
    std::array<stub, 16> all{};
    for (u8 c = 0; c < 16; ++c) all[c] = make(cond(c));
    return all;
}
} // namespace detail
/// d = whether the condition holds
inline constexpr auto set = detail::by_condition([](cond c) {
    return assembler().r({0, 0x0f90u | u8(c)}, 0, gp::rax).rr({0, 0x0fb6}, D, gp::rax).made;
});
inline constexpr auto jump_if = detail::by_condition([](cond c) { return assembler().jcc(c).made; });
inline constexpr stub jump = assembler().jmp().made;
/// d = a if the condition holds
inline constexpr auto move_if = detail::by_condition([](cond c) {
    return assembler().rr({0, 0x0f40u | u8(c), true}, D, A).made;
});
/// d = equal and ordered, d = unequal or unordered; behind a comparison of floats
inline constexpr stub set_equal = assembler()
                                      .r({0, 0x0f9b}, 0, gp::rcx)
                                      .r({0, 0x0f94}, 0, gp::rax)
                                      .rr({0, 0x20}, gp::rcx, gp::rax)
                                      .rr({0, 0x0fb6}, D, gp::rax)
                                      .made;
inline constexpr stub set_unequal = assembler()
                                        .r({0, 0x0f9a}, 0, gp::rcx)
                                        .r({0, 0x0f95}, 0, gp::rax)
                                        .rr({0, 0x08}, gp::rcx, gp::rax)
                                        .rr({0, 0x0fb6}, D, gp::rax)
                                        .made;
/// To `x` if equal and ordered.
inline constexpr stub jump_equal = [] {
    assembler s;
    const u8 no = s.skip(cond::p);
    s.jcc(cond::e);
    s.land(no);
    return s.made;
}();
/// rax = place in a table of `b` + 1 distances that stands behind the stub; the index is in eax. Goes there.
inline constexpr stub jump_table = assembler()
                                       .r({0, 0xc7}, 0, gp::rcx)
                                       .imm32(B)
                                       .rr({0, 0x3b}, gp::rax, gp::rcx)
                                       .rr({0, 0x0f47}, gp::rax, gp::rcx)
                                       .raw(0x48, 0x8d, 0x0d, 9, 0, 0, 0) // lea rcx, [rip + 9]
                                       .raw(0x48, 0x63, 0x04, 0x81)       // movsxd rax, [rcx + 4 * rax]
                                       .raw(0x48, 0x01, 0xc8)             // add rax, rcx
                                       .raw(0xff, 0xe0)
                                       .made; // jmp rax

// ---- floats: index 0 for f32, 1 for f64
// ------------------------------------------------------------------------------

namespace detail {
constexpr u8 scalar(bool w) { return w ? 0xf2 : 0xf3; }
constexpr u8 packed(bool w) { return w ? 0x66 : 0; }
} // namespace detail
inline constexpr stub float_move = assembler().rr({0, 0x0f28}, D, A).made;
inline constexpr stub float_zero = assembler().rr({0, 0x0f57}, D, D).made;
inline constexpr auto float_load_slot = both([](bool w) {
    return assembler().rs({detail::scalar(w), 0x0f10}, D, A).made;
});
inline constexpr auto float_store_slot = both([](bool w) {
    return assembler().rs({detail::scalar(w), 0x0f11}, A, D).made;
});

enum class arithmetic : u8 { sqrt = 1, add = 8, mul = 9, sub = 12, min = 13, div = 14, max = 15 };
inline constexpr auto floats = both([](bool w) {
    std::array<shapes, 16> all{};
    for (const u8 n : {u8(1), u8(8), u8(9), u8(12), u8(14)})
        all[n] = {assembler().rr({detail::scalar(w), 0x0f50u | n}, D, B).made,
                  assembler().rs({detail::scalar(w), 0x0f50u | n}, D, B).made,
                  {}};
    return all;
});
/// The smaller (`max`: larger) of `d` and `b`, which is another register: a NaN if one is, and -0 below 0.
constexpr stub float_extreme(bool w, bool max) {
    assembler s;
    s.rr({detail::packed(w), 0x0f2e}, D, B);
    const u8 nan = s.skip(cond::p), unequal = s.skip(cond::ne);
    s.rr({0, max ? 0x0f54u : 0x0f56u}, D, B);
    const u8 done = s.skip();
    s.land(nan);
    s.rr({detail::scalar(w), 0x0f58}, D, B);
    const u8 too = s.skip();
    s.land(unequal);
    s.rr({detail::scalar(w), max ? 0x0f5fu : 0x0f5du}, D, B);
    s.land(done);
    s.land(too);
    return s.made;
}
inline constexpr auto float_min = both([](bool w) { return float_extreme(w, false); });
inline constexpr auto float_max = both([](bool w) { return float_extreme(w, true); });
/// Sets the flags as for unsigned integers, all of them if one is a NaN.
inline constexpr auto float_compare = both([](bool w) {
    return shapes{assembler().rr({detail::packed(w), 0x0f2e}, A, B).made,
                  assembler().rs({detail::packed(w), 0x0f2e}, A, B).made,
                  {}};
});
/// `x`: 8 and the direction
inline constexpr auto float_round = both([](bool w) {
    return assembler().rr({0x66, w ? 0x0f3a0bu : 0x0f3a0au}, D, A).imm8(X).made;
});

/// Between a vector register and an integer one.
inline constexpr auto float_of_bits = both([](bool w) { return assembler().rr({0x66, 0x0f6e, w}, D, A).made; });
inline constexpr auto bits_of_float = both([](bool w) { return assembler().rr({0x66, 0x0f7e, w}, A, D).made; });
/// The sign bit of eax: cleared, turned, or taken from ecx.
inline constexpr auto clear_sign = both([](bool w) {
    return assembler().r({0, 0x0fba, w}, 6, gp::rax).imm8(w ? 63 : 31).made;
});
inline constexpr auto turn_sign = both([](bool w) {
    return assembler().r({0, 0x0fba, w}, 7, gp::rax).imm8(w ? 63 : 31).made;
});
inline constexpr auto take_sign = both([](bool w) {
    const u8 bit = w ? 63 : 31;
    return assembler()
        .r({0, 0x0fba, w}, 6, gp::rax)
        .imm8(bit)
        .r({0, 0xc1, w}, 5, gp::rcx)
        .imm8(bit)
        .r({0, 0xc1, w}, 4, gp::rcx)
        .imm8(bit)
        .rr({0, 0x0b, w}, gp::rax, gp::rcx)
        .made;
});

inline constexpr stub demote = assembler().rr({0xf2, 0x0f5a}, D, A).made;
inline constexpr stub promote = assembler().rr({0xf3, 0x0f5a}, D, A).made;
/// From a signed integer of 32 or 64 bits; the register is cleared first, since it would be waited for.
inline constexpr auto convert32 = both([](bool w) {
    return assembler().rr({0, 0x0f57}, D, D).rr({detail::scalar(w), 0x0f2a}, D, A).made;
});
inline constexpr auto convert64 = both([](bool w) {
    return assembler().rr({0, 0x0f57}, D, D).rr({detail::scalar(w), 0x0f2a, true}, D, A).made;
});
/// eax = the float `a` as an integer; to `x` for what is not simple, which may fit all the same.
inline constexpr auto truncate_i32 = both([](bool w) {
    return assembler()
        .rr({detail::scalar(w), 0x0f2c, true}, gp::rax, A)
        .rr({0, 0x63, true}, gp::rcx, gp::rax)
        .rr({0, 0x3b, true}, gp::rcx, gp::rax)
        .jcc(cond::ne)
        .made;
});
inline constexpr auto truncate_u32 = both([](bool w) {
    return assembler()
        .rr({detail::scalar(w), 0x0f2c, true}, gp::rax, A)
        .rr({0, 0x8b}, gp::rcx, gp::rax)
        .rr({0, 0x3b, true}, gp::rcx, gp::rax)
        .jcc(cond::ne)
        .made;
});
inline constexpr auto truncate_i64 = both([](bool w) {
    return assembler()
        .rr({detail::scalar(w), 0x0f2c, true}, gp::rax, A)
        .r({0, 0x83, true}, 7, gp::rax)
        .imm8(1)
        .jcc(cond::o)
        .made;
});
inline constexpr auto truncate_u64 = both([](bool w) {
    return assembler()
        .rr({detail::scalar(w), 0x0f2c, true}, gp::rax, A)
        .rr({0, 0x85, true}, gp::rax, gp::rax)
        .jcc(cond::s)
        .made;
});

// ---- memories and the context
// ----------------------------------------------------------------------------------------

/// rax = address `a` + immediate: the end of an access.
inline constexpr stub access_end = assembler().ri({0, 0x8d, true}, gp::rax, A, 0, B).made;
/// To `x` if rax is more than what is at `c` in the context.
inline constexpr stub check_bounds = assembler().rm({0, 0x3b, true}, gp::rax, context_register, C).jcc(cond::a).made;

/// An access by the address in a register (`r`) or at an immediate (`i`), both plus `b`; `o`: to another memory, whose
/// base is in rcx, by the address in rax.
struct access {
    stub r, i, o;
};
inline constexpr code load_codes[] = {
    {0, 0x8b},   {0, 0x8b, true},   {0xf3, 0x0f10}, {0xf2, 0x0f10},    {0, 0x0fbe}, {0, 0x0fb6},     {0, 0x0fbf},
    {0, 0x0fb7}, {0, 0x0fbe, true}, {0, 0x0fb6},    {0, 0x0fbf, true}, {0, 0x0fb7}, {0, 0x63, true}, {0, 0x8b}};
inline constexpr code store_codes[] = {{0, 0x89},    {0, 0x89, true}, {0xf3, 0x0f11}, {0xf2, 0x0f11}, {0, 0x88},
                                       {0x66, 0x89}, {0, 0x88},       {0x66, 0x89},   {0, 0x89}};
/// In the order of the table of instructions, from i32.load and i32.store on.
inline constexpr auto loads = [] {
    std::array<access, 14> all{};
    for (unsigned n = 0; n < all.size(); ++n)
        all[n] = {assembler().rx(load_codes[n], D, memory_register, A, 0, B).made,
                  assembler().rm(load_codes[n], D, memory_register, B).made,
                  assembler().rx(load_codes[n], D, gp::rcx, gp::rax, 0, B).made};
    return all;
}();
/// Of the register `d`.
inline constexpr auto stores = [] {
    std::array<access, 9> all{};
    for (unsigned n = 0; n < all.size(); ++n)
        all[n] = {assembler().rx(store_codes[n], D, memory_register, A, 0, B).made,
                  assembler().rm(store_codes[n], D, memory_register, B).made,
                  assembler().rx(store_codes[n], D, gp::rcx, gp::rax, 0, B).made};
    return all;
}();
/// rax = the place of such an access.
inline constexpr access access_place = {assembler().rx({0, 0x8d, true}, gp::rax, memory_register, A, 0, B).made,
                                        assembler().rm({0, 0x8d, true}, gp::rax, memory_register, B).made,
                                        assembler().rx({0, 0x8d, true}, gp::rax, gp::rcx, gp::rax, 0, B).made};
/// Marks the page that rax points into, by the marks whose pointer is at `b` in the context, and which begin `c` bytes
/// behind what it points at.
inline constexpr stub mark_page = assembler()
                                      .r({0, 0xc1, true}, 5, gp::rax)
                                      .imm8(u8(runtime::dirty_pages::page_log2))
                                      .r({0, 0x81}, 4, gp::rax)
                                      .imm32(u32(runtime::dirty_pages::marks - 1))
                                      .rm({0, 0x8b, true}, gp::rcx, context_register, B)
                                      .rx({0, 0xc6}, gp::rax, gp::rcx, gp::rax, 0, C)
                                      .imm8(1)
                                      .made;
/// ecx = the low 32 bits of a + (b << scale) + x; and without a.
inline constexpr auto index_address = [] {
    std::array<stub, 4> all{};
    for (u8 n = 0; n < 4; ++n) all[n] = assembler().rx({0, 0x8d}, gp::rcx, A, B, n, X).made;
    return all;
}();
inline constexpr auto index_constant = [] {
    std::array<stub, 4> all{};
    for (u8 n = 0; n < 4; ++n) all[n] = assembler().ri({0, 0x8d}, gp::rcx, B, n, X).made;
    return all;
}();

/// `d` = 64 bits at `b` behind the pointer in `a`; and back; and a float of either width.
inline constexpr stub field_load = assembler().rx({0, 0x8b, true}, D, A, gp::rsp, 0, B).made;
inline constexpr stub field_store = assembler().rx({0, 0x89, true}, D, A, gp::rsp, 0, B).made;
inline constexpr auto field_load_float = both([](bool w) {
    return assembler().rx({detail::scalar(w), 0x0f10}, D, A, gp::rsp, 0, B).made;
});
inline constexpr auto field_store_float = both([](bool w) {
    return assembler().rx({detail::scalar(w), 0x0f11}, D, A, gp::rsp, 0, B).made;
});

// ---- calls
// -----------------------------------------------------------------------------------------------------------

/// Of the code whose address is in rax, or is number rax of those that r10 points at.
/// To `x`.
inline constexpr stub call = assembler().raw(0xe8).place().made;
inline constexpr stub call_rax = assembler().raw(0xff, 0xd0).made;
inline constexpr stub jump_entry = assembler().rx({0, 0xff}, gp::rsp, gp::r10, gp::rax, 3).made;
inline constexpr stub call_entry = assembler().rx({0, 0xff}, gp::rdx, gp::r10, gp::rax, 3).made;
/// The register `d` with what is at `b` behind the pointer in `a`.
inline constexpr auto compare_field = both([](bool w) {
    return assembler().rx({0, 0x3b, w}, D, A, gp::rsp, 0, B).made;
});
/// r10 = the address of the place of `x`
inline constexpr stub address = assembler().raw(0x4c, 0x8d, 0x15).place().made;
/// 64 bits at `b` in the context, less the immediate `c`; to `x` if that is below 0.
inline constexpr stub charge = assembler().m({0, 0x81, true}, 5, context_register, B).imm32(C).jcc(cond::s).made;
/// To `x` unless the byte at rax is 0.
inline constexpr stub check_flag = assembler().raw(0x80, 0x38, 0).jcc(cond::ne).made;
/// rbx = rsp, which is then aligned for a call.
inline constexpr stub align_stack = assembler()
                                        .rr({0, 0x8b, true}, gp::rbx, gp::rsp)
                                        .r({0, 0x83, true}, 4, gp::rsp) // and rsp, -16
                                        .imm8(u8(0xf0))
                                        .made;
inline constexpr stub restore_stack = assembler().rr({0, 0x8b, true}, gp::rsp, gp::rbx).made;
inline constexpr stub ret = assembler().raw(0xc3).made;

} // namespace tessera::native::stubs
