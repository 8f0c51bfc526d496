// SPDX-License-Identifier: MIT
/// @file dispatch.hpp
/// From variants to machine code. Each `action` is written once and wrapped either as a function that
/// calls the next one in tail position, or as a case of one loop; the compiler's facts decide which
/// (config.hpp), and only that one is compiled.
#pragma once

#include <tessera/config.hpp>

#if TESSERA_TAIL_CALLS
#include <tessera/exec/dispatch_tail.hpp>
#else
#include <tessera/exec/dispatch_loop.hpp>
#endif

namespace tessera::inline TESSERA_ABI::exec {

/// Cells that belong to no function.
template <features F>
struct fixed_cells {
    struct one {
        alignas(8) handler first;
        u64 rest = 0; // a handler of 32 bits leaves room
    };
    template <family Fam>
    static constexpr one of{dispatch<F>::find({Fam, 0, op::nop, {}})}; // there before any static object is made
    template <family Fam>
    static const u8* at() noexcept {
        return reinterpret_cast<const u8*>(&of<Fam>);
    }
};

} // namespace tessera::exec
