// SPDX-License-Identifier: MIT
/// @file handlers/trace.hpp
/// The cell before each instruction of a function in plain mode; see exec/plain.hpp.
#pragma once

#include <tessera/exec/handlers/call.hpp>

namespace tessera::inline TESSERA_ABI::exec {

template <u64 Id>
struct action<family::trace, Id> {
    static TESSERA_INLINE void run(state& s) noexcept {
        s.ctx->pc = s.pc;
        detail::slow_action<&slow_paths::trace>::run(s);
    }
};

} // namespace tessera::exec
