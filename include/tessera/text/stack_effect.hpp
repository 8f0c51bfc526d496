// SPDX-License-Identifier: MIT
/// @file stack_effect.hpp
/// How many operands an instruction takes and leaves. Folded text is right whatever these numbers
/// are; they decide which instructions are shown as whose operands.
#pragma once

#include <tessera/binary/instruction.hpp>
#include <tessera/syntax/module.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

struct stack_effect {
    u32 pops = 0;
    u32 pushes = 0;
    bool ends = false; ///< what follows is not reached
    bool known = true; ///< false: it refers to what the module does not have
};

/// Looks at one instruction after the other of a function or a constant expression.
class effect_reader {
public:
    explicit effect_reader(const module_data& m) noexcept : m_(m) {}

protected:
    using instruction = binary::instruction;
    static constexpr stack_effect unknown{0, 0, false, false};

    /// The effect of what is no block instruction and no `end`. Those of single rows come from the table.
    stack_effect effect(const instruction& in) const noexcept {
        const op_type& t = row(in.code).type;
        return t.poly ? poly_effect(in) : stack_effect{t.param_count, t.result_count};
    }
    /// Parameters and results of a function type, as what a call of it takes and leaves.
    stack_effect signature(u32 type) const noexcept {
        if (type >= m_.types.size() || m_.types[type].form != composite::func) return unknown;
        return {m_.types[type].params, m_.types[type].results};
    }
    stack_effect block_type(const instruction& in) const noexcept {
        if (in.block_type != no_index) return signature(in.block_type);
        return {0, in.type == t_bottom ? 0u : 1u};
    }
    stack_effect tag(u32 index) const noexcept {
        return index < m_.tags.size() ? signature(m_.tags[index].type) : unknown;
    }

    const module_data& m_;
    vec<stack_effect> labels_; ///< of each label around, innermost last: what a branch there takes

private:
    static constexpr stack_effect ending(stack_effect e) noexcept { return {e.pops, 0, true, e.known}; }
    static constexpr stack_effect with(stack_effect e, u32 more) noexcept {
        return {e.pops + more, e.pushes, e.ends, e.known};
    }
    /// A branch that may not be taken: the values stay.
    static constexpr stack_effect keeping(stack_effect e) noexcept { return {e.pops, e.pops, false, e.known}; }
    stack_effect label(u32 index) const noexcept {
        return index < labels_.size() ? labels_[labels_.size() - 1 - index] : unknown;
    }
    stack_effect function(u32 index) const noexcept {
        return index < m_.funcs.size() ? signature(m_.funcs[index].type) : unknown;
    }
    stack_effect poly_effect(const instruction& in) const noexcept {
        switch (in.code) {
        case op::data_drop:
        case op::elem_drop: return {};
        case op::local_get:
        case op::global_get:
        case op::memory_size:
        case op::table_size:
        case op::ref_null:
        case op::ref_func:
        case op::struct_new_default: return {0, 1};
        case op::local_set:
        case op::global_set:
        case op::drop: return {1, 0};
        case op::local_tee:
        case op::table_get:
        case op::memory_grow:
        case op::ref_is_null:
        case op::ref_as_non_null:
        case op::ref_test:
        case op::ref_test_null:
        case op::ref_cast:
        case op::ref_cast_null:
        case op::ref_i31:
        case op::i31_get_s:
        case op::i31_get_u:
        case op::any_convert_extern:
        case op::extern_convert_any:
        case op::struct_get:
        case op::struct_get_s:
        case op::struct_get_u:
        case op::array_new_default:
        case op::array_len: return {1, 1};
        case op::table_set:
        case op::struct_set: return {2, 0};
        case op::table_grow:
        case op::ref_eq:
        case op::array_new:
        case op::array_new_data:
        case op::array_new_elem:
        case op::array_get:
        case op::array_get_s:
        case op::array_get_u: return {2, 1};
        case op::memory_init:
        case op::memory_copy:
        case op::memory_fill:
        case op::table_init:
        case op::table_copy:
        case op::table_fill:
        case op::array_set: return {3, 0};
        case op::select:
        case op::select_t: return {3, 1};
        case op::array_fill:
        case op::array_init_data:
        case op::array_init_elem: return {4, 0};
        case op::array_copy: return {5, 0};
        case op::array_new_fixed: return {in.index2, 1};
        case op::struct_new:
            if (in.index >= m_.types.size() || m_.types[in.index].form != composite::struct_) return unknown;
            return {m_.types[in.index].params, 1};
        case op::call: return function(in.index);
        case op::return_call: return ending(function(in.index));
        case op::call_ref:
        case op::call_indirect: return with(signature(in.index), 1);
        case op::return_call_ref:
        case op::return_call_indirect: return ending(with(signature(in.index), 1));
        case op::unreachable:
        case op::rethrow: return {0, 0, true};
        case op::throw_ref: return {1, 0, true};
        case op::throw_: return ending(tag(in.index));
        case op::return_: return labels_.empty() ? unknown : ending(labels_[0]);
        case op::br: return ending(label(in.index));
        case op::br_if: return with(keeping(label(in.index)), 1);
        case op::br_table: return ending(with(label(last_label(in)), 1));
        case op::br_on_null: {
            const stack_effect e = keeping(label(in.index));
            return {e.pops + 1, e.pushes + 1, false, e.known};
        }
        case op::br_on_non_null: {
            const stack_effect e = keeping(label(in.index));
            return e.pops == 0 ? unknown : stack_effect{e.pops, e.pushes - 1, false, e.known};
        }
        case op::br_on_cast:
        case op::br_on_cast_fail: return keeping(label(in.index));
        default: return unknown;
        }
    }
    static u32 last_label(const instruction& in) noexcept {
        cursor list = in.list;
        u32 label = 0;
        while (!list.done()) label = binary::immediate_reader::next_label(list);
        return label;
    }
};

} // namespace tessera::text
TESSERA_SMALL_END
