// SPDX-License-Identifier: MIT
/// @file native/object_stubs.hpp
/// Stubs for structures, arrays and casts. An object is the base of the heap, in rcx, and a reference.
#pragma once

#include <tessera/native/stubs.hpp>

namespace tessera::inline TESSERA_ABI::native::stubs {

/// The register `d` = a value, or the other way round, by the instructions of `loads` and `stores`: at `b` behind
/// rcx and `a`; or behind rcx and `a` times the size of such values.
inline constexpr auto field_loads = [] {
    std::array<stub, 14> all{};
    for (unsigned n = 0; n < all.size(); ++n) all[n] = assembler().rx(load_codes[n], D, gp::rcx, A, 0, B).made;
    return all;
}();
inline constexpr auto field_stores = [] {
    std::array<stub, 9> all{};
    for (unsigned n = 0; n < all.size(); ++n) all[n] = assembler().rx(store_codes[n], D, gp::rcx, A, 0, B).made;
    return all;
}();
namespace detail {
inline constexpr u8 load_scales[] = {2, 3, 2, 3, 0, 0, 1, 1, 0, 0, 1, 1, 2, 2},
                    store_scales[] = {2, 3, 2, 3, 0, 1, 0, 1, 2};
} // namespace detail
inline constexpr auto element_loads = [] {
    std::array<stub, 14> all{};
    for (unsigned n = 0; n < all.size(); ++n)
        all[n] = assembler().rx(load_codes[n], D, gp::rcx, A, detail::load_scales[n], B).made;
    return all;
}();
inline constexpr auto element_stores = [] {
    std::array<stub, 9> all{};
    for (unsigned n = 0; n < all.size(); ++n)
        all[n] = assembler().rx(store_codes[n], D, gp::rcx, A, detail::store_scales[n], B).made;
    return all;
}();
/// rcx += `a`
inline constexpr stub object_address = assembler().rx({0, 0x8d, true}, gp::rcx, gp::rcx, A, 0).made;
/// `d` = 32 bits at `b` behind the pointer in `a`; and 32 bits there are more by the immediate `c`.
inline constexpr stub field_load32 = assembler().rx({0, 0x8b}, D, A, gp::rsp, 0, B).made;
inline constexpr stub field_add32 = assembler().rx({0, 0x81}, gp::rax, A, gp::rsp, 0, B).imm32(C).made;
/// 64 bits at `b` behind rcx + rax = the immediate `x`
inline constexpr stub set_words = assembler().rx({0, 0xc7, true}, gp::rax, gp::rcx, gp::rax, 0, B).imm32(X).made;
/// To `x` unless the byte at `b` behind the pointer in `a` is 0.
inline constexpr stub check_field = assembler().rx({0, 0x80}, gp(7), A, gp::rsp, 0, B).imm8(0).jcc(cond::ne).made;
inline constexpr stub call_register = assembler().r({0, 0xff}, 2, D).made;
/// The flags of al and the immediate `b`.
inline constexpr stub test_low = assembler().raw(0xa8).imm8(B).made;

// Types. rax: a reference, the header of what is there in the heap at rdx, the bytes of all descriptions of types
// before its own; then the address of that.
inline constexpr stub header_of_object = assembler().rx({0, 0x8b}, gp::rax, gp::rdx, gp::rax, 0).made;
inline constexpr stub type_of_header =
    assembler().r({0, 0xc1}, 5, gp::rax).imm8(1).rr({0, 0x69, true}, gp::rax, gp::rax).imm32(B).made;
/// rax += what is at `b` behind rcx
inline constexpr stub add_pointer = assembler().rm({0, 0x03, true}, gp::rax, gp::rcx, B).made;
/// The flags of 32 bits, or of a byte, at `b` behind rax and the immediate `c`.
inline constexpr stub compare_type = assembler().m({0, 0x81}, 7, gp::rax, B).imm32(C).made;
inline constexpr stub compare_form = assembler().m({0, 0x80}, 7, gp::rax, B).imm8(C).made;
/// The flags of 32 bits at `b` behind word rax of those at rcx and the immediate `c`.
inline constexpr stub compare_super = assembler().rx({0, 0x81}, gp(7), gp::rcx, gp::rax, 2, B).imm32(C).made;

} // namespace tessera::native::stubs
