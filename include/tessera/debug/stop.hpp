// SPDX-License-Identifier: MIT
/// @file debug/stop.hpp
/// Why a watched call stands still.
#pragma once

#include <tessera/syntax/error.hpp>

namespace tessera::inline TESSERA_ABI::debug {

enum class stop_kind : u8 {
    step,       ///< before the instruction that was asked for
    breakpoint, ///< before an instruction with a breakpoint
    watchpoint, ///< the instruction before this one changed what is watched
    paused,     ///< out of fuel, interrupted, or the heap is full; it can go on. debugger::failure says which
    failed,     ///< it is over: a trap, an exception nobody caught, a limit. Its frames are still there
    done,       ///< it has returned
};

struct stop {
    stop_kind kind = stop_kind::step;
    u32 number = 0; ///< of the breakpoint or watchpoint

    /// True if the call can go on.
    constexpr bool is_alive() const noexcept { return kind < stop_kind::failed; }
    friend constexpr bool operator==(const stop&, const stop&) noexcept = default;
};

} // namespace tessera::debug
