// SPDX-License-Identifier: MIT
/// @file vector_builder.hpp
/// Lowering of what only vectors have: constants, shuffles, lanes by number, operations of three operands.
#pragma once

#include <tessera/exec/function_builder.hpp>

TESSERA_SMALL

namespace tessera::inline TESSERA_ABI::exec {

class vector_builder : public function_builder {
protected:
    using function_builder::function_builder;

    void lower_ternary(op o) noexcept {
        entry c = stack_.pop(), b = stack_.pop(), a = stack_.pop();
        node n;
        n.v = {family::ternary, 0, o, {}};
        use_slot(n, 0, a);
        use_slot(n, 1, b);
        use_slot(n, 2, c);
        emit_result(n, t_v128);
    }
    void lower_vector_constant(cursor bytes) noexcept {
        u64 low = 0, high = 0;
        if (bytes.fixed(low) && bytes.fixed(high)) emit_vector_constant(low, high);
    }
    void lower_shuffle(const binary::instruction& in) noexcept {
        entry b = stack_.pop(), a = stack_.pop();
        cursor bytes = in.list;
        node n;
        n.v = {family::shuffle, 0, in.code, {}};
        for (unsigned i = 0; i < 4; ++i)
            if (!bytes.fixed(n.words[i])) return;
        use_slot(n, 0, a);
        use_slot(n, 1, b);
        n.v.at[3] = loc::slot;
        if (!bind(n, 1, b)) bind(n, 0, a);
        emit_result(n, t_v128);
    }
    void lower_extract_lane(op o, u32 lane) noexcept {
        entry a = stack_.pop();
        emit_extract_lane(o, lane, a);
    }
    void emit_extract_lane(op o, u32 lane, entry& a) noexcept {
        node n;
        n.v = {family::extract_lane, 0, o, {}};
        n.words[0] = lane;
        use_slot(n, 0, a);
        emit_result(n, type_of_letter(row(o).type.results[0]));
    }
    void lower_replace_lane(op o, u32 lane) noexcept {
        entry b = stack_.pop(), a = stack_.pop();
        emit_replace_lane(o, lane, a, b);
    }
    void emit_replace_lane(op o, u32 lane, entry& a, entry& b) noexcept {
        node n;
        n.v = {family::replace_lane, 0, o, {}};
        n.words[0] = lane;
        use_slot(n, 0, a);
        use_slot(n, 1, b);
        n.v.at[3] = loc::slot;
        bind(n, 1, b);
        emit_result(n, t_v128);
    }
    /// v128.loadN_lane: the number is loaded above the operands, whose slots stay in use, then put into the lane.
    void lower_load_lane(binary::instruction in, op access, op lane) noexcept {
        entry v = stack_.pop();
        const entry a = stack_.pop();
        push_temp(a.type);
        push_temp(t_v128);
        if (failed_) return;
        in.code = access;
        load_from(in, a);
        if (failed_) return;
        entry loaded = stack_.pop();
        stack_.shrink(stack_.size() - 2);
        emit_replace_lane(lane, in.lane, v, loaded);
    }
    /// v128.storeN_lane: the lane replaces the vector on the stack and is stored.
    void lower_store_lane(binary::instruction in, op access, op lane) noexcept {
        entry v = stack_.pop();
        emit_extract_lane(lane, in.lane, v);
        if (failed_) return;
        in.code = access;
        lower_store(in);
    }
};

} // namespace tessera::exec

TESSERA_SMALL_END
