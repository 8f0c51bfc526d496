// SPDX-License-Identifier: MIT
/// @file native/prim/fault.hpp
/// What a system tells of an access to memory that failed, and how a thread goes on.
#pragma once

#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI::native::prim {

/// An instruction could not access an address. Whoever answers it changes the registers that are named first; the
/// thread then goes on at `rip`.
struct fault {
    u64 rip, rax, r8;
    u64 rsi, rbp;
    u64 address; ///< the first byte that could not be accessed
};

/// Answers a fault, or returns false and changes nothing. Called while the thread is in the middle of anything, so it
/// neither waits nor allocates.
using fault_answer = bool (*)(fault&) noexcept;

} // namespace tessera::native::prim
