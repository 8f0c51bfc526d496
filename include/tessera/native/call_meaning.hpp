// SPDX-License-Identifier: MIT
/// @file call_meaning.hpp
/// From machine code to the meaning of an instruction that has no stub, and back.
#pragma once

#include <tessera/native/emit.hpp>
#include <tessera/num/apply.hpp>

/// The convention of functions that machine code calls.
#if defined(_WIN32)
#define TESSERA_CALLED __attribute__((sysv_abi))
#else
#define TESSERA_CALLED
#endif

namespace tessera::inline TESSERA_ABI::native {

/// Evaluates instruction `number` on `slots`, which take the result; returns the trap.
inline TESSERA_CALLED u32 apply_meaning(u32 number, u64* slots) noexcept {
    return u32(num::apply<num::of_numbers>(op(u16(number)), slots, slots));
}

namespace stubs {
/// Saves all that the callee may change and code relies on, and aligns the stack. `b`: the scratch slots.
inline constexpr gp saved_registers[] = {frame_register, memory_register, gp::r8, gp::r9, gp::r10, gp::r11};
inline constexpr stub save_integers = assembler()
                                          .raw(0x57, 0x56)                                     // push rdi, rsi
                                          .raw(0x41, 0x50, 0x41, 0x51, 0x41, 0x52, 0x41, 0x53) // push r8 … r11
                                          .rr({0, 0x8b, true}, gp::rax, gp::rsp)               // mov rax, rsp
                                          .r({0, 0x81, true}, 5, gp::rsp)                      // sub rsp, …
                                          .imm32(16 * 15)
                                          .r({0, 0x83, true}, 4, gp::rsp) // and rsp, -16
                                          .imm8(u8(0xf0))
                                          .rx({0, 0x89, true}, gp::rax, gp::rsp, gp::rsp, 0) // mov [rsp], rax
                                          .made;
inline constexpr stub save_float = assembler().rx({0, 0x0f29}, D, gp::rsp, gp::rsp, 0, B).made;
inline constexpr stub restore_float = assembler().rx({0, 0x0f28}, D, gp::rsp, gp::rsp, 0, B).made;
inline constexpr stub meaning_arguments =
    assembler().rr({0, 0x8b}, gp::rdi, gp::rcx).rm({0, 0x8d, true}, gp::rsi, context_register, B).made;
inline constexpr stub restore_integers =
    assembler()
        .rx({0, 0x8b, true}, gp::rsp, gp::rsp, gp::rsp, 0)
        .raw(0x41, 0x5b, 0x41, 0x5a, 0x41, 0x59, 0x41, 0x58, 0x5e, 0x5f, 0xc3) // pop r11 … r8, rsi, rdi; ret
        .made;
} // namespace stubs

/// Appends the code that surroundings::meaning is the address of.
inline void put_call_of_meaning(code_buffer& to, i32 scratch) noexcept {
    const auto put = [&](const stub& s, i64 d, i64 b) {
        fillings v;
        v[from::d] = v[from::a] = d;
        v[from::b] = b;
        to.put(s, v);
    };
    put(stubs::save_integers, 0, 0);
    for (i64 r = 2; r < 16; ++r) put(stubs::save_float, r, 16 * (r - 1));
    put(stubs::meaning_arguments, 0, scratch);
    fillings helper;
    helper[from::a] = i64(reinterpret_cast<std::uintptr_t>(&apply_meaning));
    to.put(stubs::move_imm64, helper); // into rax
    to.put(stubs::call_rax, {});
    for (i64 r = 2; r < 16; ++r) put(stubs::restore_float, r, 16 * (r - 1));
    put(stubs::restore_integers, 0, 0);
}

} // namespace tessera::native

#undef TESSERA_CALLED
