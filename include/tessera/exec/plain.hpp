// SPDX-License-Identifier: MIT
/// @file plain.hpp
/// Plain mode, in which functions can be watched: every instruction is lowered by itself, its operands and results in
/// the slots of their stack heights, and a trace cell stands before it.
///
/// What lies in those slots is written down while the function is lowered. Operand stacks of one function share what
/// is the same in them: each is a list from the top down, so that there are as many elements as instructions push.
#pragma once

#include <tessera/exec/context.hpp>
#include <tessera/exec/operand_stack.hpp>
#include <tessera/util/partition.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// A value of a frame; its type is the module's.
struct plain_value {
    val_type type;
    u32 slot = 0;
    u32 below = no_index; ///< of an operand: the next lower one, in plain_map::operands
};
/// An instruction that control can reach.
struct plain_point {
    u32 cell = 0;       ///< byte offset of its trace cell in the function's code
    u32 offset = 0;     ///< of the instruction, in the module's bytes
    u32 top = no_index; ///< the topmost operand before it, in plain_map::operands
    u32 height = 0;     ///< how many there are
    u32 kept = 0;       ///< how many of them it leaves alone; those above are its operands
    op code = op::nop;
    bool leaves = false; ///< what follows it is not what is executed next
};
/// What is known of a function in plain mode.
struct plain_map {
    const runtime::code_unit* unit = nullptr;
    u32 func = 0;
    u32 params = 0;
    vec<plain_value> locals;
    vec<plain_value> operands;
    vec<plain_point> points; ///< in the order of the cells

    /// The number of the last point at or before byte `cell` of the code; no_index if that is before all of them.
    u32 point_at(u32 cell) const noexcept {
        return u32(partition(points.size(), [&](std::size_t i) { return points[i].cell <= cell; })) - 1;
    }
};

/// The contexts of a store that can be watched, and what is known of its functions.
struct traced_pool : context_pool {
    runtime::observer* observer = nullptr;
    bool plain = false;    ///< functions are in plain mode
    vec<plain_map*> known; ///< by the first word of trace cells
    frame_maps by_cells;   ///< by a function's code: number in `known`

    traced_pool() noexcept = default;
    traced_pool(const traced_pool&) = delete;
    traced_pool& operator=(const traced_pool&) = delete;
    ~traced_pool() { forget(); }

    void forget() noexcept {
        for (plain_map* m : known) destroy(m);
        known = {};
        by_cells = {};
        maps = {};
    }
    /// What is known of the function whose code is at `cells`; null for one that is not in plain mode.
    const plain_map* find(const u8* cells) const noexcept {
        const frame_map* const m = by_cells.find(reinterpret_cast<std::uintptr_t>(cells));
        return m ? known[m->func] : nullptr;
    }
    /// Of a store in whose build feature::tracing is; null before its first call.
    static traced_pool* of(const runtime::store_data& store) noexcept {
        return static_cast<traced_pool*>(static_cast<context_pool*>(store.engine_state));
    }
};
/// What lowers in plain mode as well, or not.
template <bool Traced>
struct plain_state {};
template <>
struct plain_state<true> {
    bool plain_ = false;
    plain_map* known_ = nullptr; ///< where to write down what is in the frame; null: nowhere
    vec<u32> shape_;             ///< the operands now, in plain_map::operands
    u32 point_ = 0;              ///< how many points there were

    void start_plain(u32 func, u32 params) noexcept {
        point_ = 0;
        shape_.clear();
        if (!known_) return;
        known_->func = func;
        known_->params = params;
        known_->locals.clear();
        known_->operands.clear();
        known_->points.clear();
    }
    /// Writes down the operands from number `low` on.
    [[nodiscard]] bool describe(operand_stack& stack, u32 low) noexcept {
        if (shape_.size() > low) shape_.truncate(low);
        for (u32 i = u32(shape_.size()); i < stack.size(); ++i) {
            const u32 below = i ? shape_[i - 1] : no_index;
            if (!known_->operands.push_back({stack[i].type, stack[i].slot, below}) ||
                !shape_.push_back(u32(known_->operands.size()) - 1))
                return false;
        }
        return true;
    }
};

} // namespace tessera::exec
