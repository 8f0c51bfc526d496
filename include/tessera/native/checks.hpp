// SPDX-License-Identifier: MIT
/// @file native/checks.hpp
/// Which accesses to memory need no check of their own, since one before them has looked as far.
///
/// The first of several accesses by one address between two labels looks as far as any of them goes. If that is too
/// far, it is not a trap yet: the code leaves, and the interpreter finds out which access traps, if any.
#pragma once

#include <tessera/native/webs.hpp>

namespace tessera::inline TESSERA_ABI::native {

inline bool is_wide_access(const exec::node& n) noexcept {
    return n.v.fam == exec::family::load_wide || n.v.fam == exec::family::store_wide;
}
/// One that reads or writes and does nothing else.
inline bool is_plain_access(const exec::node& n) noexcept {
    return n.v.fam == exec::family::load || n.v.fam == exec::family::load_indexed || n.v.fam == exec::family::store ||
           is_wide_access(n);
}
/// An access by an address in a slot, without an index.
inline bool is_access(const exec::node& n) noexcept {
    return (n.v.fam == exec::family::load || n.v.fam == exec::family::store || is_wide_access(n)) &&
           n.v.at[0] == exec::loc::slot;
}
inline u32 memory_of(const exec::node& n) noexcept { return is_wide_access(n) ? n.words[0] : 0; }
/// Where the access of `n` ends, counted from its address, which is `constant` more than what the node has; 0: beyond
/// 64 bits.
inline u64 end_of(const exec::node& n, u64 constant = 0) noexcept {
    if (!is_wide_access(n)) return n.words[0] + constant;
    const u64 size = u64{1} << natural_align[u16(n.v.code)];
    return n.wide > ~u64{0} - size || n.wide + size > ~u64{0} - constant ? 0 : n.wide + size + constant;
}

/// By node, for each access: how far behind the address its check reaches; 0 where none is needed. `can_leave(i)` says
/// whether the interpreter can go on at node `i`. False: memory is out.
template <class Function>
[[nodiscard]] bool fold_checks(const exec::function_ir& ir, view<effect> effects, const web_finder& found,
                               vec<u64>& reaches, Function can_leave) noexcept {
    constexpr u32 window = 64;
    constexpr u64 most_reach = 0x7fff'ffff;
    const u32 nodes = u32(ir.nodes.size());
    reaches.clear();
    if (!reaches.resize(nodes)) return false;
    const auto foldable = [&](u32 i) {
        return is_access(ir.nodes[i]) && effects[i] == effect::plain && end_of(ir.nodes[i]) - 1 < most_reach;
    };
    vec<bool> covered;
    if (!covered.resize(nodes)) return false;
    for (u32 i = 0; i < nodes; ++i) {
        if (covered[i] || !is_access(ir.nodes[i])) continue;
        u64 reach = end_of(ir.nodes[i]);
        const u32 base = found.operand[4 * std::size_t(i)];
        const bool wider = can_leave(i);
        for (u32 j = i; foldable(i) && j < nodes && j < i + window; ++j) {
            if (j != i && (found.label_at[j] != web_finder::nothing || effects[j] != effect::plain)) break;
            const u64 end = end_of(ir.nodes[j]);
            if (j != i && foldable(j) && memory_of(ir.nodes[j]) == memory_of(ir.nodes[i]) &&
                found.operand[4 * std::size_t(j)] == base && (wider || end <= reach)) {
                covered[j] = true;
                reach = end > reach ? end : reach;
            }
            if (found.operand[4 * std::size_t(j) + 3] == base || ir.nodes[j].v.fam == exec::family::zero_range) break;
        }
        reaches[i] = reach;
    }
    return true;
}

} // namespace tessera::native
