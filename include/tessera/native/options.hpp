// SPDX-License-Identifier: MIT
/// @file native/options.hpp
/// What a host says about machine code, and is told.
#pragma once

#include <tessera/config.hpp>
#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI {

/// When functions of a store are compiled, and what that may cost.
struct native_options {
    /// How often control comes to a function, or round a loop, before the function is compiled. 0: it is when it is
    /// first called.
    u32 threshold = 1000;
    /// Whether functions are compiled, too, that would hardly gain by it: those with loops in which much is left to the
    /// interpreter.
    bool all = false;
    u64 code_bytes = 64 << 20; ///< of machine code, at most
    /// A number that no guest can guess. Unless it is 0, constants that a guest chooses are not found in the code as
    /// they are, so nobody can write code of his own as constants; that code is longer and a little slower.
    u64 blinding = 0;
    /// Whether accesses to memories need no check, since what is beyond a memory cannot be accessed, and whoever tries
    /// is stopped by the processor. Holds for memory 0 of a module, if its addresses have 32 bits and its pages 64 KiB,
    /// that was made after this call; each takes 8 GiB of address space. The process gets a handler for such faults (on
    /// Windows a vectored exception handler, else SIGSEGV and SIGBUS), which passes on what is not the guests', and is
    /// removed with the last such store; one that is installed later has to do the same. Where any of that cannot be
    /// had there are checks, see native_counters. The program's TESSERA_RESERVE, if it has one, has to return address
    /// space that cannot be accessed until it is committed.
    bool guard_pages = false;
    /// Whether vectors are computed with AVX where the processor has it, and not with SSE alone.
    bool avx = true;
    /// A file that gets a line for each function when it is compiled, as profilers read them: perf looks for
    /// /tmp/perf-N.map, N being the number of the process. What is in it stays. Null: none.
    const char* perf_map = nullptr;
};

/// Whether functions of a store become machine code, or why not.
enum class native_status : u8 {
    off,         ///< enable_native was not called
    ready,       ///< they do
    unsupported, ///< not for this processor, or the build's handlers do not end in jumps (TESSERA_TAIL_CALLS)
    refused,     ///< the system gives no memory for code
    full,        ///< native_options::code_bytes is used up: those compiled so far stay, others are interpreted
};

/// What has become of a store's functions.
struct native_counters {
    u64 functions = 0;   ///< compiled
    u64 guarded = 0;     ///< of those, they rely on guard pages, if they access memory 0
    u64 left = 0;        ///< not compiled: it would hardly gain, memory was out, or the frame is too large
    u64 code_bytes = 0;  ///< of machine code, what functions share included
    u64 nanoseconds = 0; ///< that compiling has taken, those functions included that were left; lowering is not
};

} // namespace tessera
