// SPDX-License-Identifier: MIT
/// @file call_meaning.hpp
/// From machine code to the meaning of an instruction that has no stub, to the function of one, to what looks whether a
/// memory has grown, or to what notes a reference that is overwritten, and back.
#pragma once

#include <tessera/exec/context.hpp>
#include <tessera/native/emit.hpp>
#include <tessera/num/apply.hpp>
#include <tessera/runtime/collector.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// Evaluates instruction `number` on `slots`, which take the result; returns the trap.
inline TESSERA_SYSTEM_V u32 apply_meaning(u32 number, u64* slots) noexcept {
    return u32(num::apply<num::of_numbers>(op(u16(number)), slots, slots));
}

/// Not 0 if a memory of the current instance has grown since its size was looked at.
inline TESSERA_SYSTEM_V u32 see_growth(exec::context* c) noexcept {
    return c->slow->see_growth && c->slow->see_growth(c) ? 1 : 0;
}
/// Does the special instruction `o` of the cell at `pc`. 0: it is not done, and the cell has to do it.
inline TESSERA_SYSTEM_V u32 call_special(exec::context* c, u8* fp, const u8* pc, u32 o) noexcept {
    return c->slow->special(c, fp, pc, op(u16(o))) ? 1 : 0;
}
/// Makes room in the log of references that are overwritten for the one in `*reference`.
inline TESSERA_SYSTEM_V void note_in_full_log(exec::context* c, const u64* reference) noexcept {
    runtime::empty_log(*c->store);
    static_cast<void>(c->heap->log(u32(*reference)));
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
inline constexpr stub growth_arguments = assembler().rr({0, 0x8b, true}, gp::rdi, context_register).made;
inline constexpr stub special_arguments =
    assembler().rr({0, 0x8b, true}, gp::rsi, gp::rdi).rr({0, 0x8b, true}, gp::rdi, gp::rbp).made;
inline constexpr stub note_arguments =
    assembler().rr({0, 0x8b, true}, gp::rdi, context_register).rm({0, 0x8d, true}, gp::rsi, context_register, B).made;
inline constexpr stub restore_integers =
    assembler()
        .rx({0, 0x8b, true}, gp::rsp, gp::rsp, gp::rsp, 0)
        .raw(0x41, 0x5b, 0x41, 0x5a, 0x41, 0x59, 0x41, 0x58, 0x5e, 0x5f, 0xc3) // pop r11 … r8, rsi, rdi; ret
        .made;
} // namespace stubs

namespace detail {
/// Appends code that calls `function` with what `arguments` leaves in registers.
inline void put_call(code_buffer& to, std::uintptr_t function, const stub& arguments, i32 scratch) noexcept {
    const auto put = [&](const stub& s, i64 d, i64 b) {
        fillings v;
        v[from::d] = v[from::a] = d;
        v[from::b] = b;
        to.put(s, v);
    };
    put(stubs::save_integers, 0, 0);
    for (i64 r = 2; r < 16; ++r) put(stubs::save_float, r, 16 * (r - 1));
    put(arguments, 0, scratch);
    fillings helper;
    helper[from::a] = i64(function);
    to.put(stubs::move_imm64, helper); // into rax
    to.put(stubs::call_rax, {});
    for (i64 r = 2; r < 16; ++r) put(stubs::restore_float, r, 16 * (r - 1));
    put(stubs::restore_integers, 0, 0);
}
} // namespace detail

/// Appends the code that surroundings::meaning is the address of.
inline void put_call_of_meaning(code_buffer& to, i32 scratch) noexcept {
    detail::put_call(to, reinterpret_cast<std::uintptr_t>(&apply_meaning), stubs::meaning_arguments, scratch);
}
/// Appends the code that surroundings::growth is the address of.
inline void put_call_of_growth(code_buffer& to) noexcept {
    detail::put_call(to, reinterpret_cast<std::uintptr_t>(&see_growth), stubs::growth_arguments, 0);
}
/// Appends the code that shared_code::special is the address of.
inline void put_call_of_special(code_buffer& to) noexcept {
    detail::put_call(to, reinterpret_cast<std::uintptr_t>(&call_special), stubs::special_arguments, 0);
}
/// Appends code that calls note_in_full_log.
inline void put_call_of_note(code_buffer& to, i32 scratch) noexcept {
    detail::put_call(to, reinterpret_cast<std::uintptr_t>(&note_in_full_log), stubs::note_arguments, scratch);
}

} // namespace tessera::native
