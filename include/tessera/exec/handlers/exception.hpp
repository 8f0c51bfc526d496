// SPDX-License-Identifier: MIT
/// @file handlers/exception.hpp
/// Throwing and landing (spec: exec/instructions, throw and throw_ref). Who catches is looked up out of
/// line, in unwind.hpp; the way back into code is a cell of its own only where pins have to be loaded.
#pragma once

#include <tessera/exec/handlers/call.hpp>

namespace tessera::inline TESSERA_ABI::exec {

template <u64 Id>
struct action<family::throw_, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        s.ctx->stop_pc = s.pc;
        s.ctx->words = s.pc + c::l.words;
        detail::slow_action<&slow_paths::raise>::run(s);
    }
};
template <u64 Id>
struct action<family::failed, Id> : detail::slow_action<&slow_paths::failed> {};
template <u64 Id>
struct action<family::land, Id> {
    static TESSERA_INLINE void run(state& s) noexcept {
        const u32* const pins = s.ctx->land_pins;
        const auto slot = [&](u32 n) { return s.fp + 8 * std::size_t(n); };
        if (pins[0] != no_index) s.p0 = get_slot<u64>(slot(pins[0]));
        if (pins[1] != no_index) s.sp = get_slot<f32>(slot(pins[1]));
        if (pins[2] != no_index) s.dp = get_slot<f64>(slot(pins[2]));
        if (pins[3] != no_index) s.vp = bits_as<vector_register>(get_slot<v128>(slot(pins[3])));
        s.pc = s.ctx->land_pc;
    }
};

} // namespace tessera::exec
