// SPDX-License-Identifier: MIT
/// @file wasi/wait.hpp
/// Sleeping until descriptors of the host's are ready or time has passed.
#pragma once

#include <tessera/util/clock.hpp>
#include <tessera/util/vec.hpp>
#include <tessera/wasi/types.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

constexpr u64 forever = ~u64{0};
/// How long one sleeps before looking again whether one shall stop; so long an interruption may take.
constexpr u64 long_nap = 10'000'000;
/// The same where the host says nothing of what is waited for.
constexpr u64 short_nap = 1'000'000;

/// One of the things that are waited for.
struct awaited {
    std::intptr_t handle; ///< node::native_handle
    eventtype what;
    bool ready = false; ///< set when it may be, or is broken
};

/// Sleeps until one of `those` may be ready, which is then set, or `ns` have passed; maybe less. True if one is.
TESSERA_API bool nap(awaited* those, std::size_t n, u64 ns) noexcept;

} // namespace tessera
