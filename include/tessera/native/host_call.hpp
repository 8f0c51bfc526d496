// SPDX-License-Identifier: MIT
/// @file host_call.hpp
/// From machine code to functions of the host, and back.
#pragma once

#include <tessera/exec/handlers/call.hpp>
#include <tessera/native/call_meaning.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// Bytes of native stack that calls may take before they leave and start afresh.
inline constexpr u32 native_stack_bytes = 64 * 1024;
/// Whether host functions follow the convention of machine code.
#if defined(_WIN32)
inline constexpr bool called_directly = false;
#else
inline constexpr bool called_directly = true;
#endif
/// A function of the host is only called with less than this taken, so that guests and hosts that call each other in
/// turn need little of it.
inline constexpr u32 host_stack_bytes = 8 * 1024;

/// What a call of the host leaves to do where it failed.
inline TESSERA_SYSTEM_V void fail_call(exec::context* c, runtime::func_record* callee, u64* slots) noexcept {
    constexpr exec::layout cell = exec::layout_of(exec::variant{exec::family::call_record, 0, op::nop, {}});
    const u64 delta = u64(reinterpret_cast<u8*>(slots) - c->fp);
    exec::detail::fail_in_host(c, callee, delta, c->stop_pc + cell.size);
}
/// Calls `callee`, a function of the host, on `slots` of the frame context::fp; false: it failed.
template <bool Fuel>
TESSERA_SYSTEM_V u32 call_host(exec::context* c, runtime::func_record* callee, u64* slots) noexcept {
    if constexpr (Fuel) c->give_fuel_back();
    const bool done = callee->host->invoke(*callee->host, c->who, slots, c->failure);
    if constexpr (Fuel) c->take_fuel();
    return done;
}

} // namespace tessera::native
