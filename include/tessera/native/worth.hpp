// SPDX-License-Identifier: MIT
/// @file native/worth.hpp
/// Whether a function is likely to be faster as machine code. One that keeps going to the interpreter and back is not.
#pragma once

#include <tessera/native/effects.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// A node with machine code gains most of the time the interpreter takes for it; going there and back takes the time of
/// about twenty. The function and each of its loops has to gain, since nobody knows where the time will be spent; what
/// a loop gains counts eight times in what is around it. What comes just before the function ends in a trap or an
/// exception does not count.
inline bool is_worth_compiling(const compile_options& options, const module_data& m,
                               const exec::function_ir& ir) noexcept {
    using exec::family;
    constexpr i64 transition = 20;
    constexpr u32 most_depth = 15; // loops in them are part of the loop around them
    struct part {
        u32 end = no_index;
        i64 balance = 0;
    };
    std::array<part, most_depth + 1> around{}; // the function, then loops around a node
    u32 depth = 0, next = 0;
    bool outside = false; // of the machine code
    i64 costs = 0;        // since the last branch
    for (u32 i = 0; i < ir.nodes.size(); ++i) {
        for (; around[depth].end <= i; --depth) {
            if (around[depth].balance < 0) return false;
            around[depth - 1].balance += 8 * around[depth].balance;
        }
        for (; next < ir.loops.size() && ir.loops[next].begin <= i; ++next)
            if (depth < most_depth) around[++depth] = {ir.loops[next].end, 0};
        const exec::node& n = ir.nodes[i];
        i64& balance = around[depth].balance;
        switch (n.v.fam) {
        case family::tally: continue; // only there to find this out
        case family::pins: continue;  // not in machine code
        case family::unreachable:
        case family::throw_: balance += costs; continue;
        case family::br:
        case family::br_compare:
        case family::br_table: costs = 0; break;
        default: break;
        }
        // In the form for machine code there is one family of these.
        const bool leaves = n.v.fam != family::zero_few && effect_of(options, m, n) == effect::leave;
        if (!leaves) ++balance;
        else if (!outside) balance -= transition, costs += transition;
        outside = leaves;
    }
    for (; depth > 0; --depth) {
        if (around[depth].balance < 0) return false;
        around[depth - 1].balance += 8 * around[depth].balance;
    }
    return around[0].balance >= 0;
}

} // namespace tessera::native
