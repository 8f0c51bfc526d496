// SPDX-License-Identifier: MIT
/// @file native/atomic_stubs.hpp
/// Stubs of atomic accesses, by the pointer in rcx. A table's index is log2 of the bytes that are accessed.
///
/// On x86-64 aligned loads and instructions with a lock are sequentially consistent; xchg with memory has one always.
#pragma once

#include <tessera/native/stubs.hpp>

namespace tessera::inline TESSERA_ABI::native::stubs {

namespace detail {
/// `opcode` for 1 byte, the next one for more.
template <class Make>
constexpr auto by_width(Make make) {
    std::array<stub, 4> all{};
    for (u8 n = 0; n < 4; ++n)
        all[n] = make([n](u32 opcode) { return code{u8(n == 1 ? 0x66 : 0), opcode + (n != 0), n == 3}; });
    return all;
}
constexpr assembler locked() {
    assembler s;
    s.raw(0xf0);
    return s;
}
} // namespace detail

/// `d` = what is there.
inline constexpr auto atomic_loads = [] {
    constexpr code how[] = {{0, 0x0fb6}, {0, 0x0fb7}, {0, 0x8b}, {0, 0x8b, true}};
    std::array<stub, 4> all{};
    for (u8 n = 0; n < 4; ++n) all[n] = assembler().rm(how[n], D, gp::rcx, X).made;
    return all;
}();
/// What is there and edx change places.
inline constexpr auto atomic_exchange =
    detail::by_width([](auto of) { return assembler().rm(of(0x86), gp::rdx, gp::rcx, X).made; });
/// What is there becomes the sum; edx is what was there.
inline constexpr auto atomic_add =
    detail::by_width([](auto of) { return detail::locked().rm(of(0x0fc0), gp::rdx, gp::rcx, X).made; });
/// If eax is there, edx comes there, and the flag for equality is set; else eax is what is there.
inline constexpr auto atomic_replace =
    detail::by_width([](auto of) { return detail::locked().rm(of(0x0fb0), gp::rdx, gp::rcx, X).made; });
/// `d` = the lowest byte of `a`, or the lowest two.
inline constexpr auto zero_extend =
    std::array{assembler().rr({0, 0x0fb6}, D, A).made, assembler().rr({0, 0x0fb7}, D, A).made};
inline constexpr auto negate = both([](bool w) { return assembler().r({0, 0xf7, w}, 3, D).made; });
/// To `x` if rax, the end of an access, shows that it is not aligned; the bits that must be 0 are in `b`.
inline constexpr stub check_alignment = assembler().raw(0xa8).imm8(B).jcc(cond::ne).made;
/// rcx = rax + `b` + the base of memory 0; of the memory whose base is in rcx.
inline constexpr stub atomic_place = assembler().rx({0, 0x8d, true}, gp::rcx, memory_register, gp::rax, 0, B).made;
inline constexpr stub atomic_place_of_other = assembler().rx({0, 0x8d, true}, gp::rcx, gp::rcx, gp::rax, 0, B).made;
/// edx and, or, xor what is at `b` in the context.
inline constexpr auto alus_field = both([](bool w) {
    std::array<stub, 8> all{};
    for (const u8 n : {u8(1), u8(4), u8(6)})
        all[n] = assembler().rm({0, u32(8 * n + 3), w}, gp::rdx, context_register, B).made;
    return all;
});
inline constexpr stub fence = assembler().raw(0x0f, 0xae, 0xf0).made;

} // namespace tessera::native::stubs
