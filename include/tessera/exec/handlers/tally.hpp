// SPDX-License-Identifier: MIT
/// @file handlers/tally.hpp
/// The cells that find out which functions and loops are worth machine code.
#pragma once

#include <tessera/exec/handlers/call.hpp>

#if TESSERA_NATIVE
namespace tessera::inline TESSERA_ABI::exec {

template <u64 Id>
struct action<family::tally, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        u8* const count = const_cast<u8*>(s.pc) + c::l.words; // the unit's own, see runtime/unit.hpp
        const u32 left = load_native<u32>(count) - 1;
        store_native<u32>(count, left);
        if (TESSERA_LIKELY(left != 0)) return c::next(s);
        s.ctx->pc = s.pc;
        s.pc = s.ctx->native.hot_cells;
    }
};
template <u64 Id>
struct action<family::hot, Id> : detail::slow_action<&slow_paths::hot> {};

} // namespace tessera::exec
#endif
