// SPDX-License-Identifier: MIT
/// @file save/kept_calls.hpp
/// Calls that stand, kept in the memory of the process: the part of a call's stack that is in use, as it is.
///
/// Cells are not freed while there are calls, and those that lead into machine code stay where they are; frames hold
/// distances and not addresses of the stack. So the bytes mean the same later, whatever was compiled since, and in
/// another stack.
#pragma once

#include <tessera/exec/frames.hpp>
#include <tessera/save/rollback.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::saving {

/// Bytes of the stack of `c` that mean something.
inline u64 used_stack(const exec::context& c) noexcept {
    const u64 all = u64(c.stack_end - c.stack);
    const auto slots_of = [](const runtime::func_record& f) {
        return 8 * u64(f.param_slots > f.result_slots ? f.param_slots : f.result_slots);
    };
    u64 used = 0;
    if (!c.paused) {
        used = c.call.callee ? slots_of(*c.call.callee) : 0; // it has not begun
    } else {
        exec::frame top = exec::frame::of(c);
        used = top.find() ? c.depth_of(top.fp) + 8 * u64(top.code().frame_slots) : all;
        if (c.in_host || !c.stop_pc) {
            const u64 call = c.depth_of(c.fp) + c.call.delta + slots_of(*c.call.callee);
            used = used < call ? call : used;
        }
    }
    return used < all ? used : all;
}
/// False: memory is out.
[[nodiscard]] inline bool keep(const exec::context& c, kept_call& to) noexcept {
    const u64 used = used_stack(c);
    to.stack.clear();
    if (!to.stack.append(c.stack, std::size_t(used))) return false;
    to.depth = c.depth_of(c.fp);
    to.pc = c.pc;
    to.stop_pc = c.stop_pc;
    to.fuel = c.fuel;
    to.why = c.why;
    to.paused = c.paused;
    to.in_host = c.in_host;
    to.callee = c.call.callee;
    to.delta = c.call.delta;
    to.return_pc = c.call.return_pc;
    to.link = c.call.link;
    to.instance = c.instance;
    return true;
}
/// `c` has the stack for it.
inline void put_back(exec::context& c, const kept_call& from) noexcept {
    std::memcpy(c.stack, from.stack.data(), from.stack.size());
    c.fp = c.stack + from.depth;
    c.pc = from.pc;
    c.stop_pc = from.stop_pc;
    c.fuel = from.fuel;
    c.why = from.why;
    c.paused = from.paused;
    c.in_host = from.in_host;
    c.host_failed = false;
    c.call = {from.callee, from.delta, from.return_pc, from.link};
    c.switch_to(from.instance);
}

} // namespace tessera::saving
TESSERA_SMALL_END
