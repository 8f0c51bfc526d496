// SPDX-License-Identifier: MIT
/// @file valid/code.hpp
/// Validating a sequence of instructions in one pass (spec: valid/instructions, appendix/algorithm).
#pragma once

#include <tessera/valid/quick.hpp>

namespace tessera::inline TESSERA_ABI::valid {

/// What depends on no set of instructions: rows whose rule is their signature.
class signature_rules : public quick_validator {
public:
    using quick_validator::quick_validator;

protected:
    /// Pops the parameters and pushes the results of a rule without immediates.
    [[nodiscard]] TESSERA_INLINE bool apply(const op_rule& rule) noexcept {
        for (unsigned i = rule.param_count; i-- > 0;)
            if (!pop_fast(val_type::number(rule.params[i]))) return false;
        for (unsigned i = 0; i < rule.result_count; ++i) push(val_type::number(rule.results[i]));
        return true;
    }
    /// The same with what the immediates of loads, stores and lane instructions ask for.
    [[nodiscard]] TESSERA_INLINE bool apply(const op_rule& rule, const instruction& in) noexcept {
        val_type a;
        if ((rule.flags & op_rule::memory) && !memarg(rule, in, a)) return false;
        if ((rule.flags & op_rule::lanes) && !lanes(rule, in)) return false;
        for (unsigned i = rule.param_count; i-- > 0;)
            if (!pop_fast(rule.params[i] == op_rule::address ? a : val_type::number(rule.params[i]))) return false;
        for (unsigned i = 0; i < rule.result_count; ++i) push(val_type::number(rule.results[i]));
        return true;
    }

private:
    [[nodiscard]] TESSERA_INLINE bool memarg(const op_rule& rule, const instruction& in, val_type& a) noexcept {
        if (!memory(in.index, a)) return false;
        if (TESSERA_UNLIKELY(in.align > rule.align_log2 || (rule.flags & op_rule::atomic))) {
            if (in.align != rule.align_log2)
                return fail(rule.flags & op_rule::atomic ? msg::atomic_alignment : msg::alignment_too_large);
        }
        return TESSERA_LIKELY(in.value >> 32 == 0) || a == t_i64 || fail(msg::offset_out_of_range);
    }
    [[nodiscard]] bool lanes(const op_rule& rule, const instruction& in) noexcept {
        if (in.immediate != imm::shuffle)
            return in.lane < rule.lane_count || fail(msg::invalid_lane, description() << u64(in.lane));
        for (const u8* lane = in.list.at(); lane != in.list.end(); ++lane)
            if (*lane >= rule.lane_count) return fail(msg::invalid_lane, description() << u64(*lane));
        return true;
    }
};

/// Validates function bodies and constant expressions that use the instructions of F. One object
/// serves all of a module: its stacks keep their memory.
template <features F>
class code_validator : public signature_rules {
public:
    explicit code_validator(context& c) noexcept : signature_rules(c), in_(c.module().bytes.data(), {}) {
        in_.module_ends(c.module().bytes.data() + c.module().bytes.size());
    }
    /// The features of the instructions and types met so far.
    u64 used() const noexcept { return in_.used(); }

    /// Validates the body of function `index`, which is not imported (spec: valid/modules, Functions).
    [[nodiscard]] bool body(u32 index) noexcept {
        const func_def& f = context_.module().funcs[index];
        start(f.code.begin, f.code.end);
        clear_locals();
        for (val_type t : types_.params(f.type))
            if (!add_locals(1, t, true)) return context_.fail_memory();
        param_count_ = local_count_;
        bool valid = true;
        const u32 begin = f.code.begin;
        const bool well_formed =
            binary::local_declarations(in_, param_count_, context_.limits(), [&](u32 n, val_type t) {
                if (valid) valid = context_.valid_type(t, begin);
                return !valid || add_locals(n, t, false);
            });
        if (!well_formed) return context_.fail(in_.error());
        if (!valid || !open(op::block, f.type, t_bottom)) return false;
        while (!frames_.empty()) {
            in_.seek(quick(in_.at(), in_.end()));
            if (!step()) return false;
        }
        return in_.done() || context_.fail(msg::section_size_mismatch, in_.offset());
    }

    /// Validates a constant expression of type `wanted` in which the first `globals` globals are
    /// visible (spec: valid/instructions, Constant Expressions). What `ref.func` names is declared.
    [[nodiscard]] bool constant(const const_expr& e, val_type wanted, u32 globals) noexcept {
        start(e.code.begin, e.code.end);
        return constant_here(wanted, globals);
    }
    /// The same for the next one of several that follow each other; `start` goes first.
    [[nodiscard]] bool constant_here(val_type wanted, u32 globals) noexcept {
        clear_locals();
        if (!open(op::block, no_index, wanted)) return false;
        while (!frames_.empty())
            if (!constant_step(globals)) return false;
        return true;
    }
    /// Goes on with the bytes from `begin` to `end` of the module.
    void start(u32 begin, u32 end) noexcept {
        const u8* base = context_.module().bytes.data();
        in_.restart(cursor(base + begin, base + end));
        frames_.clear();
        size_ = floor_ = 0;
    }

private:
    static constexpr std::size_t most_results = 4; ///< room that every instruction may count on

    [[nodiscard]] TESSERA_INLINE bool step() noexcept {
        if (!in_.next(instruction_)) return context_.fail(in_.error());
        offset_ = instruction_.offset;
        if (!room(most_results)) return false;
        const op_rule& rule = op_rules<>[u16(instruction_.code)];
        if (rule.flags == 0) return apply(rule);
        return rule.flags & op_rule::poly ? special(instruction_) : apply(rule, instruction_);
    }
    [[nodiscard]] TESSERA_COLD bool constant_step(u32 globals) noexcept {
        if (!in_.next(instruction_)) return context_.fail(in_.error());
        offset_ = instruction_.offset;
        if (!room(most_results)) return false;
        const op_rule& rule = op_rules<>[u16(instruction_.code)];
        switch (instruction_.code) {
        case op::ref_func:
            if constexpr (F[feature::reference_types]) return ref_func(instruction_, true);
            else break;
        case op::global_get: return constant_global(globals);
        case op::i32_add:
        case op::i32_sub:
        case op::i32_mul:
        case op::i64_add:
        case op::i64_sub:
        case op::i64_mul:
            if constexpr (F[feature::extended_const]) return extended(rule);
            else return fail(msg::constant_required, needs(row(instruction_.code).text, feature::extended_const));
        case op::struct_new:
        case op::struct_new_default:
        case op::array_new:
        case op::array_new_default:
        case op::array_new_fixed:
        case op::ref_i31:
        case op::any_convert_extern:
        case op::extern_convert_any:
        case op::ref_null:
        case op::end: return rule.flags & op_rule::poly ? special(instruction_) : apply(rule);
        case op::i32_const:
        case op::i64_const:
        case op::f32_const:
        case op::f64_const:
        case op::v128_const: return apply(rule);
        default: break;
        }
        return fail(msg::constant_required, row(instruction_.code).text);
    }
    [[nodiscard]] bool extended(const op_rule& rule) noexcept {
        return (in_.need(feature::extended_const, in_.at()) || context_.fail(in_.error())) && apply(rule);
    }
    [[nodiscard]] bool constant_global(u32 globals) noexcept {
        if (!context_.exists(instruction_.index, globals, msg::unknown_global, offset_)) return false;
        if (instruction_.index >= context_.module().imported_globals) { // a right that came with garbage collection
            if constexpr (!F[feature::gc])
                return fail(msg::unknown_global, needs("a global that is not imported", feature::gc));
            else if (!in_.need(feature::gc, in_.at())) return context_.fail(in_.error());
        }
        if (context_.module().globals[instruction_.index].type.mutable_)
            return fail(msg::constant_required, "mutable global");
        return global_get(instruction_);
    }
    static description needs(std::string_view what, feature f) noexcept {
        return description() << what << " needs " << name(f);
    }
    /// Instructions whose type depends on immediates or on the stack.
    [[nodiscard]] TESSERA_INLINE bool special(const instruction& in) noexcept {
        switch (in.code) {
        case op::local_get: return local_get(in);
        case op::local_set: return local_set(in, false);
        case op::local_tee: return local_set(in, true);
        case op::global_get: return global_get(in);
        case op::br: return br(in.index);
        case op::br_if: return br_if(in.index);
        case op::block:
        case op::loop: return block(in);
        case op::if_: return if_(in);
        case op::else_: return else_();
        case op::end: return end();
        case op::call: return call(in);
        case op::drop: return drop();
        case op::select: return select();
        default: return rare(in);
        }
    }
    [[nodiscard]] TESSERA_COLD bool rare(const instruction& in) noexcept {
        switch (in.code) {
        case op::unreachable: return unreachable(), true;
        case op::br_table: return br_table(in);
        case op::return_: return return_();
        case op::call_indirect: return call_indirect(in);
        case op::global_set: return global_set(in);
        case op::memory_size: return memory_size(in);
        case op::memory_grow: return memory_grow(in);
        default: break;
        }
        if constexpr (F[feature::bulk_memory]) switch (in.code) {
            case op::memory_fill: return memory_fill(in);
            case op::memory_copy: return memory_copy(in);
            case op::memory_init: return data_count() && memory_init(in);
            case op::data_drop: return data_count() && data(in.index);
            case op::table_copy: return table_copy(in);
            case op::table_init: return table_init(in);
            case op::elem_drop: return elem_drop(in);
            default: break;
            }
        if constexpr (F[feature::reference_types]) switch (in.code) {
            case op::select_t: return select_t(in);
            case op::table_get: return table_get(in);
            case op::table_set: return table_set(in);
            case op::table_size: return table_size(in);
            case op::table_grow: return table_grow(in);
            case op::table_fill: return table_fill(in);
            case op::ref_null: return ref_null(in);
            case op::ref_is_null: return ref_is_null();
            case op::ref_func: return ref_func(in, false);
            default: break;
            }
        if constexpr (F[feature::tail_call]) switch (in.code) {
            case op::return_call: return return_call(in);
            case op::return_call_indirect: return return_call_indirect(in);
            default: break;
            }
        if constexpr (F[feature::function_references]) switch (in.code) {
            case op::call_ref: return call_ref(in);
            case op::ref_as_non_null: return ref_as_non_null();
            case op::br_on_null: return br_on_null(in);
            case op::br_on_non_null: return br_on_non_null(in);
            case op::return_call_ref: // the one instruction that needs two features
                if constexpr (F[feature::tail_call])
                    return (in_.need(feature::function_references, in_.at()) || context_.fail(in_.error())) &&
                           return_call_ref(in);
                else break;
            default: break;
            }
        if constexpr (F[feature::exceptions]) switch (in.code) {
            case op::throw_: return throw_(in);
            case op::throw_ref: return throw_ref();
            case op::try_table: return try_table(in);
            default: break;
            }
        if constexpr (F[feature::legacy_exceptions]) switch (in.code) {
            case op::try_: return block(in);
            case op::catch_: return catch_(in);
            case op::catch_all: return catch_all();
            case op::delegate: return delegate(in);
            case op::rethrow: return rethrow(in);
            default: break;
            }
        if constexpr (F[feature::gc]) return aggregate(in);
        else return fail(msg::illegal_opcode, row(in.code).text);
    }
    [[nodiscard]] TESSERA_COLD bool aggregate(const instruction& in) noexcept {
        switch (in.code) {
        case op::ref_eq: return ref_eq();
        case op::ref_test:
        case op::ref_test_null: return ref_test(in);
        case op::ref_cast:
        case op::ref_cast_null: return ref_cast(in);
        case op::br_on_cast: return br_on_cast(in, false);
        case op::br_on_cast_fail: return br_on_cast(in, true);
        case op::any_convert_extern: return convert(code::extern_, code::any);
        case op::extern_convert_any: return convert(code::any, code::extern_);
        case op::ref_i31: return ref_i31();
        case op::i31_get_s:
        case op::i31_get_u: return i31_get();
        case op::struct_new: return struct_new(in);
        case op::struct_new_default: return struct_new_default(in);
        case op::struct_get:
        case op::struct_get_s:
        case op::struct_get_u: return struct_get(in);
        case op::struct_set: return struct_set(in);
        case op::array_new: return array_new(in);
        case op::array_new_default: return array_new_default(in);
        case op::array_new_fixed: return array_new_fixed(in);
        case op::array_new_data: return data_count() && array_new_data(in);
        case op::array_new_elem: return array_new_elem(in);
        case op::array_get:
        case op::array_get_s:
        case op::array_get_u: return array_get(in);
        case op::array_set: return array_set(in);
        case op::array_len: return array_len();
        case op::array_fill: return array_fill(in);
        case op::array_copy: return array_copy(in);
        case op::array_init_data: return data_count() && array_init_data(in);
        case op::array_init_elem: return array_init_elem(in);
        default: return fail(msg::illegal_opcode, row(in.code).text); // a row without a rule
        }
    }
    [[nodiscard]] bool data_count() noexcept {
        return binary::data_count_suffices(instruction_, context_.module(), in_) || context_.fail(in_.error());
    }

    binary::instruction_reader<F> in_;
    instruction instruction_;
};

} // namespace tessera::valid
