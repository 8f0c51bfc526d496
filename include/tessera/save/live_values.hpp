// SPDX-License-Identifier: MIT
/// @file save/live_values.hpp
/// Which values in a frame are read later. Machine code does not keep the others in the frame, so that what lies in
/// their slots depends on how a function runs; what is saved must not.
#pragma once

#include <tessera/exec/builder.hpp>
#include <tessera/runtime/link.hpp>
#include <tessera/save/frame_point.hpp>

#include <algorithm>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::saving {

class live_values {
public:
    /// `budget` is asked before each walk over the function.
    live_values(const exec::function_ir& ir, const module_data& m, point_cache& budget) noexcept
        : ir_(ir), module_(m), budget_(budget) {}

    bool too_long = false; ///< the budget was used up

    /// Marks those of `p` that nothing reads once control has come to node `at`; `call`: the node of the call that
    /// stands there, or no_index. False: memory is out, or `too_long`.
    [[nodiscard]] bool run(frame_point& p, u32 at, u32 call) noexcept {
        if (!prepare()) return false;
        vec<bool> live; // first: whether a slot is asked for
        if (!live.resize(ir_.frame_slots)) return false;
        const auto each_value = [&](auto f) {
            for (vec<frame_value>* all : {&p.locals, &p.operands})
                for (frame_value& v : *all)
                    if (!v.is_constant) f(v);
        };
        each_value([&](const frame_value& v) {
            for (u32 s = v.slot; s < v.slot + v.type.slots(); ++s) live[s] = true;
        });
        for (u32 next = 0; next < live.size();) {
            asked_.clear();
            for (; next < live.size() && asked_.size() < 64; ++next)
                if (live[next]) {
                    bit_[next] = u8(asked_.size());
                    if (!asked_.push_back(next)) return false;
                }
            if (asked_.empty()) break;
            u64 found = 0;
            if (!walk(at, call, found)) return false;
            for (u32 k = 0; k < asked_.size(); ++k) {
                live[asked_[k]] = (found >> k & 1) != 0;
                bit_[asked_[k]] = none;
            }
        }
        each_value([&](frame_value& v) {
            v.is_unread = true;
            for (u32 s = v.slot; s < v.slot + v.type.slots(); ++s)
                if (live[s]) v.is_unread = false;
        });
        return true;
    }

private:
    using node = exec::node;
    using family = exec::family;
    static constexpr u8 none = 0xff;

    [[nodiscard]] bool prepare() noexcept {
        const std::size_t nodes = ir_.nodes.size(), regions = ir_.catches.regions.size();
        if (!bit_.resize(ir_.frame_slots) || !label_at_.resize(nodes + 1) || !label_next_.resize(ir_.labels.size()) ||
            !region_.resize(regions ? nodes : 0) || !caught_.resize(regions) || !at_label_.resize(ir_.labels.size()))
            return false;
        for (u8& b : bit_) b = none;
        for (u32& l : label_at_) l = no_index;
        for (u32 l = 0; l < ir_.labels.size(); ++l)
            if (const u32 n = ir_.labels[l].node; n != no_index) label_next_[l] = label_at_[n], label_at_[n] = l;
        const auto place = [&](u32 label) { return ir_.labels[label].node; };
        u32 next = 0, inside = no_index;
        for (u32 i = 0; i < region_.size(); ++i) {
            while (inside != no_index && place(ir_.catches.regions[inside].end) <= i)
                inside = ir_.catches.regions[inside].parent;
            for (; next < regions && place(ir_.catches.regions[next].begin) <= i; ++next)
                if (place(ir_.catches.regions[next].end) > i) inside = next;
            region_[i] = inside;
        }
        return true;
    }

    // ---- slots as bits: those of asked_, which is in order ----------------------------------------------------------

    u64 from(u64 slot) const noexcept {
        const auto k = std::lower_bound(asked_.begin(), asked_.end(), slot) - asked_.begin();
        return k >= 64 ? 0 : ~u64{0} << k;
    }
    u64 range(u64 first, u64 count) const noexcept { return from(first) & ~from(first + count); }
    u64 operand(const node& n, unsigned k) const noexcept {
        if (n.v.at[k] != exec::loc::slot && n.v.at[k] != exec::loc::pin) return 0;
        u64 bits = 0;
        for (u64 s = n.operands[k]; s < n.operands[k] + exec::operand_slots(n, k); ++s)
            if (s < bit_.size() && bit_[std::size_t(s)] != none) bits |= u64{1} << bit_[std::size_t(s)];
        return bits;
    }
    u64 written(const node& n) const noexcept {
        switch (n.v.fam) {
        case family::pins: return 0;
        case family::zero_range: return range(n.words[0], n.words[1]);
        case family::zero_few: return range(n.words[0], exec::few_slots);
        case family::move_range: return range(n.words[0], n.words[2]);
        case family::call:
        case family::call_lazy:
        case family::call_record:
        case family::call_indirect:
        case family::call_ref: return from(n.words[0] / 8); // arguments and what is above them
        default: return operand(n, 3);
        }
    }
    u64 read(const node& n) const noexcept {
        if (n.v.fam == family::pins) return 0; // copies that what reads them tells of
        u64 bits = operand(n, 0) | operand(n, 1) | operand(n, 2);
        switch (n.v.fam) {
        case family::move_range: return bits | range(n.words[1], n.words[2]);
        case family::call:
        case family::call_lazy:
        case family::call_record:
            return bits |
                   range(n.words[0] / 8, runtime::slots_of(module_.types.params(module_.funcs[n.words[1]].type)));
        case family::call_indirect:
        case family::call_ref: return bits | from(n.words[0] / 8);
        case family::return_call:
        case family::return_call_lazy:
        case family::return_call_record:
        case family::return_call_indirect:
        case family::return_call_ref: return bits | range(n.words[0], n.words[1]);
        case family::throw_:
            return bits |
                   range(n.words[0], n.words[1] == no_index
                                         ? 1
                                         : runtime::slots_of(module_.types.params(module_.tags[n.words[1]].type)));
        case family::special:
        case family::atomic:
        case family::struct_new: return bits | from(n.words[0]); // operands are on the top of the stack
        default: return bits;
        }
    }
    static bool can_throw(const node& n) noexcept {
        switch (n.v.fam) {
        case family::call:
        case family::call_lazy:
        case family::call_record:
        case family::call_indirect:
        case family::call_ref:
        case family::throw_: return true;
        default: return false;
        }
    }

    /// Backwards over the function until nothing changes. False: it took too long.
    [[nodiscard]] bool walk(u32 at, u32 call, u64& found) noexcept {
        for (u64& bits : at_label_) bits = 0;
        for (bool again = true; again;) {
            if (!budget_.pay(ir_.nodes.size())) return too_long = true, false;
            again = false;
            for (u32 r = 0; r < caught_.size(); ++r) {
                const runtime::catch_region& region = ir_.catches.regions[r];
                caught_[r] = region.outward == no_index ? 0 : caught_[region.outward]; // which comes before
                for (u32 c = region.first; c != no_index; c = ir_.catches.clauses[c].next)
                    caught_[r] |= at_label_[ir_.catches.clauses[c].target];
            }
            u64 live = 0;
            for (u32 i = u32(ir_.nodes.size()); i--;) {
                const node& n = ir_.nodes[i];
                if (!exec::goes_on(n.v.fam)) live = 0;
                if (n.label != no_index) live |= at_label_[n.label];
                if (n.v.fam == family::br_table)
                    for (u32 t = 0; t <= n.words[0]; ++t) live |= at_label_[ir_.targets[n.words[1] + t]];
                if (can_throw(n)) live |= caught_at(i);
                live = (live & ~written(n)) | read(n);
                if (i == at) found = live;
                for (u32 l = label_at_[i]; l != no_index; l = label_next_[l])
                    if ((live & ~at_label_[l]) != 0) at_label_[l] |= live, again = true;
            }
        }
        if (call != no_index) found |= caught_at(call);
        return true;
    }
    u64 caught_at(u32 i) const noexcept { return region_.empty() || region_[i] == no_index ? 0 : caught_[region_[i]]; }

    const exec::function_ir& ir_;
    const module_data& module_;
    point_cache& budget_;
    vec<u32> asked_;                 ///< slots
    vec<u8> bit_;                    ///< by slot: its place in asked_
    vec<u32> label_at_, label_next_; ///< by node, by label: labels that are bound to the node
    vec<u32> region_;                ///< by node: the innermost one around it; empty if there are none
    vec<u64> at_label_, caught_;     ///< by label, by region: what lives where control goes from there
};

} // namespace tessera::saving
TESSERA_SMALL_END
