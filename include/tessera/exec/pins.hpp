// SPDX-License-Identifier: MIT
/// @file pins.hpp
/// Locals that loops keep in registers: the pass over a function's nodes that chooses them.
///
/// A pin is a register that holds a copy of a local's slot while a loop runs: one for integers, one for
/// f32, one for f64. A handler that writes the local writes pin and slot, so the slot is always right:
/// calls, traps, suspended calls and handlers that know no pins look at slots only. A pin can be out of
/// date: after a call, whose callee has pins of its own, or when such a handler has written the local.
/// There, and before the loop, a `pins` cell loads it.
///
/// What a pin gains is estimated: reads it saves, weighted by how deep in the loop they stand, less the
/// cells that load it. A nest of up to three loops is taken as one if that gains more than its inner
/// loops by themselves. Three, so that a function of loops in loops in loops is not read once for each.
#pragma once

#include <tessera/exec/builder.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// The class of each slot that is a local's, for locals that can be pinned.
struct slot_class {
    cls c = cls::i32;
    bool pinnable = false;
};

class pin_pass {
public:
    /// `classes`: by slot. `stoppable`: calls stop at back edges and go on there; `special_stops`: special
    /// instructions do, too.
    pin_pass(function_ir& ir, view<slot_class> classes, bool stoppable, bool special_stops) noexcept
        : ir_(ir), classes_(classes), stoppable_(stoppable), special_stops_(special_stops) {}

    /// Pins what pays. False: memory is out.
    [[nodiscard]] bool run() noexcept {
        if (ir_.loops.empty()) return true;
        if (!plans_.resize(ir_.loops.size()) || !gains_.resize(classes_.size())) return false;
        for (u32 l = u32(ir_.loops.size()); l--;) estimate(l);
        bool any = false;
        for (u32 l = 0; l < plans_.size(); ++l) {
            plan& p = plans_[l];
            const u32 parent = ir_.loops[l].parent;
            p.covered = parent != no_index && (plans_[parent].covered || plans_[parent].chosen);
            p.chosen = !p.covered && p.own > 0 && p.own >= p.inner;
            p.pinned_by = p.chosen ? l : p.covered ? plans_[parent].pinned_by : no_index;
            any |= p.chosen;
        }
        return !any || (rewrite() && insert());
    }

private:
    static constexpr u32 most_height = 2;
    static constexpr i64 read_gain = 2, load_cost = 3, reload_cost = 4;

    struct plan {
        u32 slots[4] = {no_index, no_index, no_index, no_index}; ///< by register_of
        i64 own = 0;   ///< what pins of this loop gain, in eighths of a run of its body
        i64 inner = 0; ///< what those of the loops in it gain
        u8 height = 0; ///< loops in loops below it
        bool chosen = false;
        bool covered = false;     ///< a loop around it is chosen
        u32 pinned_by = no_index; ///< the chosen one
    };
    struct gain {
        i64 sum = 0;
        u32 loop = no_index; ///< for which it counts
    };

    /// True if the registers can hold something else after `v`: a callee's, or nothing, since the call stopped there.
    bool clobbers(const variant& v) const noexcept {
        const family f = v.fam;
        return f == family::call || f == family::call_lazy || f == family::call_record || f == family::call_indirect ||
               f == family::call_ref || makes_object(v) || (special_stops_ && f == family::special) ||
               (stoppable_ && f == family::atomic);
    }

    // ---- forms -----------------------------------------------------------------------------------------------------

    /// True if `n` reads slot operand `k`, and `n` with a pin in its place, if there is such a handler.
    static bool pin_source(node& n, unsigned k) noexcept {
        variant v = n.v;
        v.at[k] = loc::pin;
        if (exists(v)) return n.v = v, true;
        if ((v.fam != family::binary && v.fam != family::br_compare) || (v.flags & flag::negated) ||
            !detail::can_swap(v.code))
            return false;
        std::swap(v.at[0], v.at[1]);
        if (const op swapped = num::swapped_compare(v.code); swapped != op::count_) v.code = swapped;
        if (!exists(v)) return false;
        n.v = v;
        std::swap(n.operands[0], n.operands[1]);
        return true;
    }
    /// True if operand `k` of `n` is a local's slot of its own class.
    bool is_local(const node& n, unsigned k) const noexcept {
        if (n.v.at[k] != loc::slot || n.operands[k] >= classes_.size()) return false;
        const slot_class& s = classes_[std::size_t(n.operands[k])];
        return s.pinnable && (k == 3 || register_of(s.c) == register_of(operand_class(n.v, k)));
    }
    /// Lets `n`, which writes a local, write the pin, too. False: the local's pin is stale then.
    bool pin_result(node& n) const noexcept {
        variant v = n.v;
        v.at[3] = loc::pin;
        const unsigned r = register_of(classes_[std::size_t(n.operands[3])].c);
        if (r != register_of(operand_class(v, 3)) || !exists(v)) return false;
        n.v = v;
        return true;
    }

    // ---- estimates -------------------------------------------------------------------------------------------------

    void estimate(u32 l) noexcept {
        plan& p = plans_[l];
        if (p.height <= most_height) count(l);
        const u32 parent = ir_.loops[l].parent;
        if (parent == no_index) return;
        plan& around = plans_[parent];
        const i64 sum = around.inner + 8 * (p.own > p.inner ? p.own : p.inner);
        around.inner = sum < most_gain ? sum : most_gain; // far beyond what is compared
        if (p.height >= around.height) around.height = u8(p.height < 255 ? p.height + 1 : 255);
    }
    void count(u32 l) noexcept {
        plan& p = plans_[l];
        i64 calls = 0;
        i64 best[register_count] = {};
        each_node(l, [&](u32 i, i64 weight) {
            node& n = ir_.nodes[i];
            if (clobbers(n.v)) calls += reload_cost * weight;
            for (unsigned k = 0; k < 4; ++k) {
                if (!is_local(n, k)) continue;
                node formed = n;
                const bool form = k == 3 ? pin_result(formed) : pin_source(formed, k);
                if (k == 3) add(l, n.operands[k], form ? 0 : -load_cost * weight);
                else if (form) add(l, n.operands[k], read_gain * weight);
                else if (n.v.fam == family::latch && k == 0) add(l, n.operands[k], never);
            }
        });
        each_node(l, [&](u32 i, i64) {
            const node& n = ir_.nodes[i];
            for (unsigned k = 0; k < 4; ++k) {
                if (!is_local(n, k)) continue;
                const u32 slot = u32(n.operands[k]);
                const unsigned r = register_of(classes_[slot].c);
                const i64 sum = gains_[slot].sum - calls - load_cost;
                if (sum > best[r]) best[r] = sum, p.slots[r] = slot;
            }
        });
        p.own = best[0] + best[1] + best[2] + best[3];
    }
    void add(u32 l, u64 slot, i64 what) noexcept {
        gain& g = gains_[std::size_t(slot)];
        if (g.loop != l) g = {0, l};
        g.sum += what;
    }
    /// Calls `f(node index, weight)` for the nodes of loop `l`, which is at most `most_height` high.
    template <class Function>
    void each_node(u32 l, Function f) noexcept {
        const loop_def& loop = ir_.loops[l];
        i64 weight = 8;
        u32 ends[most_height + 2] = {loop.end};
        unsigned depth = 0;
        u32 next = l + 1;
        for (u32 i = loop.begin; i < loop.end; ++i) {
            while (depth && i >= ends[depth]) --depth, weight /= 8;
            for (; next < ir_.loops.size() && ir_.loops[next].begin == i && ir_.loops[next].end > i; ++next)
                if (depth <= most_height) ends[++depth] = ir_.loops[next].end, weight *= 8;
            while (next < ir_.loops.size() && ir_.loops[next].begin <= i) ++next;
            f(i, weight);
        }
    }

    // ---- changing the nodes ----------------------------------------------------------------------------------------

    [[nodiscard]] bool rewrite() noexcept {
        if (!stale_.resize(ir_.nodes.size())) return false;
        for (u32 l = 0; l < plans_.size(); ++l) {
            const plan& p = plans_[l];
            if (!p.chosen) continue;
            u8 all = 0;
            for (unsigned r = 0; r < register_count; ++r)
                if (p.slots[r] != no_index) all = u8(all | 1u << r);
            for (u32 i = ir_.loops[l].begin; i < ir_.loops[l].end; ++i) {
                node& n = ir_.nodes[i];
                if (clobbers(n.v)) stale_[i] = all;
                for (unsigned k = 0; k < 4; ++k) {
                    if (!is_local(n, k)) continue;
                    const unsigned r = register_of(classes_[std::size_t(n.operands[k])].c);
                    if (p.slots[r] != n.operands[k]) continue;
                    if (k < 3) static_cast<void>(pin_source(n, k));
                    else if (!pin_result(n)) stale_[i] = u8(stale_[i] | 1u << r);
                }
            }
        }
        // Who lands from a throw loads the pins of the loop around.
        for (u32 i = 0; i < ir_.catch_loops.size(); ++i) {
            const u32 l = ir_.catch_loops[i] == no_index ? no_index : plans_[ir_.catch_loops[i]].pinned_by;
            for (unsigned r = 0; l != no_index && r < register_count; ++r)
                ir_.catches.clauses[i].pins[r] = plans_[l].slots[r];
        }
        return true;
    }
    node load_of(const plan& p, u8 which, u32 offset) const noexcept {
        node n;
        n.v.fam = family::pins;
        n.offset = offset;
        for (unsigned r = 0; r < register_count; ++r)
            if (which >> r & 1) n.v.at[r] = loc::slot, n.operands[r] = p.slots[r];
        return n;
    }
    /// The nodes again, with loads after what makes a pin stale and before loops.
    [[nodiscard]] bool insert() noexcept {
        vec<node> made;
        vec<u32> moved; ///< by old node: where it stands now, without what was put before it
        if (!made.reserve(ir_.nodes.size() + ir_.nodes.size() / 8 + 16) || !moved.resize(ir_.nodes.size() + 1))
            return false;
        u32 next = 0, current = no_index; // loops; the chosen one around the node
        for (u32 i = 0; i < ir_.nodes.size(); ++i) {
            moved[i] = u32(made.size());
            const u32 offset = ir_.nodes[i].offset;
            for (; next < ir_.loops.size() && ir_.loops[next].begin == i; ++next) {
                const bool chosen = plans_[next].chosen;
                if (chosen) current = next;
                if (!chosen && !plans_[next].covered) continue;
                label_def& label = ir_.labels[ir_.loops[next].label];
                if (chosen || stoppable_) {
                    const plan& p = plans_[current];
                    label.landing = u32(made.size());
                    if (!made.push_back(load_of(p, all_of(p), offset))) return false;
                }
                label.node = u32(made.size()) | placed; // a turn begins after the loads
            }
            if (!made.push_back(ir_.nodes[i])) return false;
            if (stale_[i] && !made.push_back(load_of(plans_[current], stale_[i], offset))) return false;
        }
        moved[ir_.nodes.size()] = u32(made.size());
        for (label_def& l : ir_.labels)
            if (l.node != no_index) l.node = l.node & placed ? l.node & ~placed : moved[l.node];
#if TESSERA_NATIVE
        for (loop_def& l : ir_.loops) l.begin = moved[l.begin], l.end = moved[l.end]; // native/ looks at them
#endif
        ir_.nodes = std::move(made);
        return true;
    }
    static u8 all_of(const plan& p) noexcept {
        u8 all = 0;
        for (unsigned r = 0; r < register_count; ++r)
            if (p.slots[r] != no_index) all = u8(all | 1u << r);
        return all;
    }

    static constexpr i64 never = -(i64{1} << 40), most_gain = i64{1} << 50;
    static constexpr u32 placed = u32{1} << 31; ///< in a label: its node is a new index already

    function_ir& ir_;
    const view<slot_class> classes_;
    const bool stoppable_, special_stops_;
    vec<plan> plans_; ///< by loop
    vec<gain> gains_; ///< by slot
    vec<u8> stale_;   ///< by node: the pins to load after it
};

} // namespace tessera::exec
