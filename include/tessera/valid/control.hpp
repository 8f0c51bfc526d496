// SPDX-License-Identifier: MIT
/// @file control.hpp
/// Typing of control instructions (spec: valid/instructions, Control Instructions).
#pragma once

#include <tessera/binary/body.hpp>
#include <tessera/valid/stacks.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::valid {

/// One method for each instruction or group; each returns false with the context's error set.
class control_rules : public stacks {
public:
    using stacks::stacks;

protected:
    using instruction = binary::instruction;
    static constexpr val_type exn_ref = val_type::ref(heap_type::abstract(code::exn), false);

    bool fail(const message& what, std::string_view detail = {}) noexcept { return stacks::fail(what, detail); }
    bool misplaced(std::string_view what) noexcept { return fail(msg::end_expected, what); }

    // ---- blocks ----------------------------------------------------------------------------------
    [[nodiscard]] bool valid_block_type(const instruction& in) noexcept {
        return in.block_type == no_index ? context_.valid_type(in.type, offset_)
                                         : context_.is_form(in.block_type, composite::func, offset_);
    }
    /// Opens a block whose type was checked.
    [[nodiscard]] bool enter(op opcode, u32 type, val_type result) noexcept {
        if (type == no_index) return open(opcode, type, result);
        const types_span parameters = types_.params(type);
        return pop(parameters) && open(opcode, type, result) && push(parameters);
    }
    [[nodiscard]] bool block(const instruction& in) noexcept {
        return valid_block_type(in) && enter(in.code, in.block_type, in.type);
    }
    [[nodiscard]] bool if_(const instruction& in) noexcept {
        return valid_block_type(in) && pop(t_i32) && enter(in.code, in.block_type, in.type);
    }
    [[nodiscard]] bool else_() noexcept {
        frame f;
        if (frames_.back().opcode != op::if_) return misplaced("else");
        if (!close(f) || !open(op::else_, f.type, f.result)) return false;
        return push(params(f));
    }
    /// `end`; the frame that is then gone stays in `f`.
    [[nodiscard]] bool end() noexcept {
        frame f;
        if (!close(f)) return false;
        if (TESSERA_UNLIKELY(f.opcode == op::if_)) {
            // No `else`: the parameters are the results.
            const types_span given = params(f), wanted = results(f);
            if (!matches(context_.space(), given, wanted))
                return fail(msg::type_mismatch, description()
                                                    << "block requires " << wanted << " but stack has " << given);
        }
        return push(results(f));
    }

    // ---- branches --------------------------------------------------------------------------------
    [[nodiscard]] bool br(u32 depth) noexcept {
        frame* target = nullptr;
        if (!find_label(depth, target) || !pop(label(*target))) return false;
        unreachable();
        return true;
    }
    [[nodiscard]] bool br_if(u32 depth) noexcept {
        frame* target = nullptr;
        if (!pop(t_i32) || !find_label(depth, target)) return false;
        const types_span carried = label(*target);
        return pop(carried) && push(carried);
    }
    [[nodiscard]] bool br_table(const instruction& in) noexcept {
        if (in.list_count > context_.limits().br_table) return fail(msg::limit_reached, "labels of a br_table");
        if (!pop(t_i32)) return false;
        const u32 mark = ++marks_;
        frame* target = nullptr;
        std::size_t arity = 0;
        cursor list = in.list;
        for (u32 i = 0; i <= in.list_count; ++i) {
            if (!find_label(binary::immediate_reader::next_label(list), target)) return false;
            if (target->mark == mark) continue; // each block is checked once, however often it is named
            target->mark = mark;
            const types_span carried = label(*target);
            if (i == 0) arity = carried.size();
            else if (carried.size() != arity) return fail(msg::type_mismatch, "labels of br_table differ in arity");
            if (!top_matches(carried)) return false;
        }
        unreachable();
        return true;
    }
    [[nodiscard]] bool return_() noexcept {
        if (!pop(label(frames_[0]))) return false;
        unreachable();
        return true;
    }

    // ---- calls -----------------------------------------------------------------------------------
    [[nodiscard]] bool call_type(u32 type) noexcept { return pop(types_.params(type)) && push(types_.results(type)); }
    [[nodiscard]] bool return_call_type(u32 type) noexcept {
        const types_span given = types_.results(type), wanted = results(frames_[0]);
        if (!matches(context_.space(), given, wanted))
            return fail(msg::type_mismatch, description()
                                                << "function requires " << wanted << " but callee returns " << given);
        if (!pop(types_.params(type))) return false;
        unreachable();
        return true;
    }
    [[nodiscard]] bool callee(const instruction& in, u32& type) noexcept {
        const auto& funcs = context_.module().funcs;
        if (!context_.exists(in.index, funcs.size(), msg::unknown_function, offset_)) return false;
        type = funcs[in.index].type;
        return true;
    }
    [[nodiscard]] bool call(const instruction& in) noexcept {
        u32 type = 0;
        return callee(in, type) && call_type(type);
    }
    [[nodiscard]] bool return_call(const instruction& in) noexcept {
        u32 type = 0;
        return callee(in, type) && return_call_type(type);
    }
    /// What is common to call_indirect and return_call_indirect: pops the index.
    [[nodiscard]] bool indirect(const instruction& in) noexcept {
        const auto& tables = context_.module().tables;
        if (!context_.exists(in.index2, tables.size(), msg::unknown_table, offset_)) return false;
        const table_type& t = tables[in.index2].type;
        if (!matches(context_.space(), t.element, t_funcref))
            return fail(msg::type_mismatch, description()
                                                << "instruction requires a table of functions, not of " << t.element);
        return context_.is_form(in.index, composite::func, offset_) && pop(t.limits.is64 ? t_i64 : t_i32);
    }
    [[nodiscard]] bool call_indirect(const instruction& in) noexcept { return indirect(in) && call_type(in.index); }
    [[nodiscard]] bool return_call_indirect(const instruction& in) noexcept {
        return indirect(in) && return_call_type(in.index);
    }
    [[nodiscard]] bool by_reference(const instruction& in) noexcept {
        return context_.is_form(in.index, composite::func, offset_) &&
               pop(val_type::ref(heap_type::index(in.index), true));
    }
    [[nodiscard]] bool call_ref(const instruction& in) noexcept { return by_reference(in) && call_type(in.index); }
    [[nodiscard]] bool return_call_ref(const instruction& in) noexcept {
        return by_reference(in) && return_call_type(in.index);
    }

    // ---- exceptions ------------------------------------------------------------------------------
    [[nodiscard]] bool tag_type(u32 tag, u32& type) noexcept {
        const auto& tags = context_.module().tags;
        if (!context_.exists(tag, tags.size(), msg::unknown_tag, offset_)) return false;
        type = tags[tag].type;
        return true;
    }
    [[nodiscard]] bool throw_(const instruction& in) noexcept {
        u32 type = 0;
        if (!tag_type(in.index, type) || !pop(types_.params(type))) return false;
        unreachable();
        return true;
    }
    [[nodiscard]] bool throw_ref() noexcept {
        if (!pop(t_exnref)) return false;
        unreachable();
        return true;
    }
    [[nodiscard]] bool try_table(const instruction& in) noexcept {
        if (!valid_block_type(in)) return false;
        cursor list = in.list;
        for (u32 i = 0; i < in.list_count; ++i)
            if (!catch_clause(binary::immediate_reader::next_catch(list))) return false;
        return enter(op::try_table, in.block_type, in.type);
    }

    // ---- legacy exceptions -----------------------------------------------------------------------
    [[nodiscard]] bool in_try() const noexcept {
        return frames_.back().opcode == op::try_ || frames_.back().opcode == op::catch_;
    }
    [[nodiscard]] bool catch_(const instruction& in) noexcept {
        frame f;
        u32 type = 0;
        if (!in_try()) return misplaced("catch");
        return close(f) && tag_type(in.index, type) && open(op::catch_, f.type, f.result) && push(types_.params(type));
    }
    [[nodiscard]] bool catch_all() noexcept {
        frame f;
        if (!in_try()) return misplaced("catch_all");
        return close(f) && open(op::catch_all, f.type, f.result);
    }
    [[nodiscard]] bool delegate(const instruction& in) noexcept {
        frame f;
        frame* target = nullptr;
        if (frames_.back().opcode != op::try_) return misplaced("delegate");
        return close(f) && find_label(in.index, target) && push(results(f));
    }
    [[nodiscard]] bool rethrow(const instruction& in) noexcept {
        frame* target = nullptr;
        if (!find_label(in.index, target)) return false;
        if (target->opcode != op::catch_ && target->opcode != op::catch_all) return fail(msg::invalid_rethrow);
        unreachable();
        return true;
    }

private:
    /// A clause jumps to a label outside its try_table with the exception's values, its reference, both
    /// or nothing.
    [[nodiscard]] bool catch_clause(binary::catch_clause c) noexcept {
        frame* target = nullptr;
        types_span values;
        u32 type = 0;
        if (c.kind == binary::catch_kind::tag || c.kind == binary::catch_kind::tag_ref) {
            if (!tag_type(c.tag, type)) return false;
            values = types_.params(type);
        }
        if (!find_label(c.label, target)) return false;
        const bool with_ref = c.kind == binary::catch_kind::tag_ref || c.kind == binary::catch_kind::all_ref;
        const types_span wanted = label(*target);
        const bool fits = wanted.size() == values.size() + (with_ref ? 1 : 0) &&
                          matches(context_.space(), values, wanted.first(values.size())) &&
                          (!with_ref || matches(context_.space(), exn_ref, wanted.back()));
        return fits ||
               fail(msg::type_mismatch, description() << "label requires " << wanted << " but catch clause gives "
                                                      << values << (with_ref ? " and exnref" : ""));
    }
    u32 marks_ = 0;
};

} // namespace tessera::valid
TESSERA_SMALL_END
