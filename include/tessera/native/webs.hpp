// SPDX-License-Identifier: MIT
/// @file webs.hpp
/// Which values of a function are one: what a register is given to.
///
/// A local is one value. So is what lies in a slot of the operand stack where control comes together. Everything else
/// on the operand stack is a value of its own, made and used between two labels.
#pragma once

#include <tessera/native/implied.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// Integers and references, floats, or vectors, which take two slots and share the registers of floats.
enum class bank : u8 { integer, floating, vector };
inline constexpr bank banks[] = {bank::integer, bank::floating, bank::vector};

constexpr bank bank_of(exec::cls c) noexcept {
    return c == exec::cls::v128                         ? bank::vector
           : c == exec::cls::f32 || c == exec::cls::f64 ? bank::floating
                                                        : bank::integer;
}
/// Which registers it is about: 0 the integer ones, 1 the others.
constexpr unsigned file_of(bank b) noexcept { return b == bank::integer ? 0 : 1; }

constexpr bool is_wide(exec::cls c) noexcept { return c == exec::cls::i64 || c == exec::cls::f64; }

/// What a node means for registers.
enum class effect : u8 {
    plain, ///< it has machine code
    call,  ///< so has it; all registers are lost
    leave, ///< the interpreter executes it
    /// It has machine code, which keeps registers; but the collector may look at the frame, and the interpreter may
    /// execute it. What is on the operand stack is in the frame then.
    safepoint,
};

/// A value. `first` and `last` are nodes between which it lives, for one that no label knows.
struct web {
    u32 slot = 0;
    bank kind = bank::integer;
    bool joined = false; ///< it crosses labels; one for each slot and bank
    bool memory = false; ///< it stays in its slot
    bool wide = false;   ///< it has 64 bits
    bool copied = false; ///< its slot is written whenever its register is: the collector looks there
    u32 first = 0, last = 0;
    u64 weight = 0;
    u8 reg = none;
    u8 bit = none; ///< of a joined one that can get a register: its number among those with the same registers
    static constexpr u8 none = 0xff;
};

/// True for a node that writes a constant to a slot.
inline bool is_constant(const exec::node& n) noexcept {
    return n.v.fam == exec::family::constant || (n.v.fam == exec::family::move && n.v.at[0] == exec::loc::imm);
}
inline u64 constant_of(const exec::node& n) noexcept {
    return n.v.fam == exec::family::constant ? n.wide : n.operands[0];
}
/// The class of operand `k` of `n`; of a slot that is copied whole, too.
inline exec::cls class_of_operand(const module_data& m, const exec::node& n, unsigned k) noexcept {
    if (n.v.fam == exec::family::atomic && n.v.code != op::atomic_fence) {
        if (k == 0) return m.memories[n.words[1]].type.limits.is64 ? exec::cls::i64 : exec::cls::i32;
        return exec::class_of(k == 3 ? row(n.v.code).type.results[0] : row(n.v.code).type.params[k]);
    }
    if (n.v.fam == exec::family::imported_get || n.v.fam == exec::family::imported_set)
        return exec::class_of(m.globals[n.words[0]].type.type);
    if (n.v.fam == exec::family::call_indirect || n.v.fam == exec::family::return_call_indirect)
        return m.tables[n.words[n.v.fam == exec::family::call_indirect ? 1 : 3]].type.limits.is64 ? exec::cls::i64
                                                                                                  : exec::cls::i32;
    if ((n.v.fam == exec::family::load_wide || n.v.fam == exec::family::store_wide) && k == 0)
        return m.memories[n.words[0]].type.limits.is64 ? exec::cls::i64 : exec::cls::i32;
    if (is_constant(n)) return exec::cls(n.words[0] - 1);
    return exec::operand_class(n.v, k);
}

/// Finds the values of a function, in one pass.
class web_finder {
public:
    static constexpr u32 nothing = no_index;

    web_finder(const exec::function_ir& ir, const module_data& m) noexcept
        : ir_(ir), module_(m), keeps_(m.used[feature::function_references]) {}

    vec<web> webs;
    vec<u32> operand;    ///< by node and operand, four a node: a web, or nothing
    vec<u32> label_at;   ///< by node: first of the labels that are bound to it, or nothing
    vec<u32> label_next; ///< by label: the next one there
    vec<u8> depth;       ///< by node: loops around it

    /// `effects` says of each node what it means. False: memory is out.
    [[nodiscard]] bool run(view<effect> effects) noexcept {
        const std::size_t nodes = ir_.nodes.size();
        webs.clear();
        operand.clear();
        if (!operand.resize(4 * nodes) || !label_at.resize(nodes + 1) || !depth.resize(nodes)) return false;
        if (!label_next.resize(ir_.labels.size()) || !joined_.resize(3 * std::size_t(ir_.frame_slots))) return false;
        if (!local_.resize(ir_.frame_slots)) return false;
        for (u32& o : operand) o = nothing;
        for (u32& l : label_at) l = nothing;
        for (u32& j : joined_) j = nothing;
        for (current& c : local_) c = {};
        for (u32 l = 0; l < ir_.labels.size(); ++l)
            if (const u32 at = ir_.labels[l].node;
                at != no_index && ir_.labels[l].height != 0) // which the end of a try has not
                label_next[l] = label_at[at], label_at[at] = l;
        find_depths();
        block_ = epoch_ = 1;
        fresh_.clear();
        for (u32 i = 0; i < nodes && !failed_; ++i) {
            if (label_at[i] != nothing) {
                for (u32 l = label_at[i]; l != nothing; l = label_next[l]) join(l);
                ++block_;
                fresh_.clear();
            }
            visit(i, effects[i]);
        }
        for (const u32 slot : ir_.reference_locals)
            if (const u32 w = joined(slot, bank::integer); w != nothing) webs[w].copied = true;
        resolve();
        return !failed_;
    }
    /// The value in `slot` where control comes together, if there is one.
    u32 joined(u32 slot, bank b) const noexcept { return joined_[3 * std::size_t(slot) + u8(b)]; }

private:
    struct current {
        u32 web = nothing;
        u32 block = 0;
        u32 epoch = 0; ///< when it was made: counts nodes that lose the registers
        bool used = false;
    };

    void find_depths() noexcept {
        u32 next = 0;
        open_.clear();
        for (u32 i = 0; i < depth.size(); ++i) {
            while (!open_.empty() && ir_.loops[open_.back()].end <= i) open_.pop_back();
            while (next < ir_.loops.size() && ir_.loops[next].begin <= i)
                if (!open_.push_back(next++)) failed_ = true;
            depth[i] = u8(open_.size() < 255 ? open_.size() : 255);
        }
    }
    u64 weight_at(u32 i) const noexcept { return u64{1} << 3 * (depth[i] < 10 ? depth[i] : 10); }

    u32 add(web w) noexcept {
        if (!webs.push_back(w)) failed_ = true;
        return u32(webs.size()) - 1;
    }
    u32 joined_web(u32 slot, bank b) noexcept {
        u32& w = joined_[3 * std::size_t(slot) + u8(b)];
        if (w == nothing) w = add({slot, b, true, false, false, false, 0, 0, 0});
        return w;
    }
    /// Control goes from here to `label`: what lies in the operand stack there is joined.
    void join(u32 label) noexcept {
        const u32 height = ir_.labels[label].height;
        std::size_t kept = 0;
        const bool all = fresh_.size() > 64; // so that this is linear
        for (const u32 slot : fresh_) {
            if (slot < height || all) join_slot(slot);
            else fresh_[kept++] = slot;
        }
        fresh_.truncate(kept);
    }
    void join_slot(u32 slot) noexcept {
        current& c = local_[slot];
        if (c.block != block_ || c.web == nothing) return;
        webs[c.web].joined = true; // resolved to the one of the slot by who asks
        c = {};
    }

    /// What was found to cross a label becomes the one value of its slot.
    void resolve() noexcept {
        for (u32& o : operand) {
            if (o == nothing || !webs[o].joined) continue;
            const u32 to = joined_web(webs[o].slot, webs[o].kind);
            if (to == o || failed_) continue;
            webs[to].weight += webs[o].weight;
            webs[to].wide |= webs[o].wide;
            webs[o].weight = 0;
            o = to;
        }
        for (u32 slot = 0; slot < ir_.first_temp && slot < ir_.frame_slots; ++slot) {
            // One that is seen as two kinds was copied whole.
            unsigned kinds = 0;
            for (const bank b : banks) kinds += joined(slot, b) != nothing;
            for (const bank b : banks)
                if (const u32 w = joined(slot, b); w != nothing && kinds > 1) webs[w].memory = true;
        }
    }

    void use(u32 i, unsigned k, u32 slot, exec::cls c_) noexcept {
        const bank b = bank_of(c_);
        const bool wide = is_wide(c_);
        current* const c = slot >= ir_.first_temp ? &local_[slot] : nullptr;
        if (c && c->block == block_ && c->web != nothing) {
            if (webs[c->web].kind != b) { // copied whole
                webs[c->web].memory = true;
                operand[4 * std::size_t(i) + k] = add({slot, b, false, true, wide, false, i, i, 0});
                return;
            }
            web& w = webs[c->web];
            if (c->epoch != epoch_) w.memory = true;
            w.last = i;
            w.wide |= wide;
            w.weight += weight_at(i);
            c->used |= !may_keep(ir_.nodes[i].v.fam);
            operand[4 * std::size_t(i) + k] = c->web;
            return;
        }
        const u32 w = joined_web(slot, b);
        if (!failed_) webs[w].weight += weight_at(i), webs[w].wide |= wide;
        operand[4 * std::size_t(i) + k] = w;
    }
    /// True for what only looks at a reference, which may stay on the operand stack.
    bool may_keep(exec::family f) const noexcept {
        using exec::family;
        return f == family::null_check || f == family::ref_cast || f == family::ref_test ||
               (keeps_ && f == family::br_compare);
    }
    void define(u32 i, u32 slot, exec::cls c, bool in_memory) noexcept {
        const bank b = bank_of(c);
        const bool wide = is_wide(c);
        if (slot < ir_.first_temp) {
            const u32 w = joined_web(slot, b);
            if (!failed_) webs[w].weight += weight_at(i), webs[w].wide |= wide;
            operand[4 * std::size_t(i) + 3] = w;
            return;
        }
        forget_around(slot, b);
        const u32 w = add({slot, b, false, in_memory, wide, false, i, i, weight_at(i)});
        local_[slot] = {w, block_, epoch_, false};
        operand[4 * std::size_t(i) + 3] = w;
        if (!fresh_.push_back(slot)) failed_ = true;
    }
    /// What reaches into `slot`, or is in the second slot of a vector there, is gone.
    void forget_around(u32 slot, bank b) noexcept {
        if (slot > ir_.first_temp)
            if (const u32 w = local_[slot - 1].web; w != nothing && webs[w].kind == bank::vector) local_[slot - 1] = {};
        if (b == bank::vector && slot + 1 < local_.size()) local_[slot + 1] = {};
    }
    void visit(u32 i, effect e) noexcept {
        const exec::node& n = ir_.nodes[i];
        const exec::variant& v = n.v;
        for (unsigned k = 0; k < 3; ++k) {
            if (location(n, k) != exec::loc::slot) continue;
            const exec::cls c = class_of_operand(module_, n, k);
            use(i, k, u32(operand_of(n, k)), c);
            // The interpreter looks for it in its slot.
            if (e == effect::leave) stay(operand[4 * std::size_t(i) + k]);
        }
        if (e != effect::plain) lose_registers();
        if (location(n, 3) == exec::loc::slot) {
            const exec::cls c = class_of_operand(module_, n, 3);
            define(i, u32(operand_of(n, 3)), c, e != effect::plain);
        }
        if (v.fam == exec::family::latch) { // which writes to it, so it is no constant
            stay(operand[4 * std::size_t(i)]);
            operand[4 * std::size_t(i) + 3] = operand[4 * std::size_t(i)];
        }
        if (n.label != no_index) join(n.label);
        if (v.fam == exec::family::br_table)
            for (u32 t = 0; t <= n.words[0]; ++t) join(ir_.targets[n.words[1] + t]);
    }
    void stay(u32 w) noexcept {
        if (w != nothing && !webs[w].joined) webs[w].memory = true;
    }
    /// What is on the operand stack may be an operand here, and is in memory afterwards.
    void lose_registers() noexcept {
        for (const u32 slot : fresh_)
            if (const current& c = local_[slot]; c.block == block_ && c.web != nothing && !c.used)
                webs[c.web].memory = true;
        ++epoch_;
        if (fresh_.size() > 64) {
            for (const u32 slot : fresh_) join_slot(slot);
            fresh_.clear();
        }
    }

    const exec::function_ir& ir_;
    const module_data& module_;
    const bool keeps_;
    vec<u32> joined_;    ///< by slot and bank
    vec<current> local_; ///< by slot
    vec<u32> fresh_;     ///< slots that were written in this block
    vec<u32> open_;      ///< loops around the current node
    u32 block_ = 0, epoch_ = 0;
    bool failed_ = false;
};

} // namespace tessera::native
