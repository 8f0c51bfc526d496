// SPDX-License-Identifier: MIT
/// @file object.hpp
/// Typing of instructions on locals, globals, tables, memories, segments and references (spec:
/// valid/instructions, Parametric, Variable, Table, Memory and Reference Instructions).
#pragma once

#include <tessera/valid/control.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::valid {

/// One method for each instruction; each returns false with the context's error set.
class object_rules : public control_rules {
public:
    using control_rules::control_rules;

protected:
    static val_type address(const limits_type& l) noexcept { return l.is64 ? t_i64 : t_i32; }
    /// The length of a copy between two address types is the smaller one.
    static val_type smaller(val_type a, val_type b) noexcept { return a == t_i32 ? a : b; }

    // ---- parametric ------------------------------------------------------------------------------
    [[nodiscard]] bool drop() noexcept {
        val_type t;
        return pop_any(t);
    }
    [[nodiscard]] bool select() noexcept {
        val_type a, b;
        if (!pop(t_i32) || !pop_any(b) || !pop_any(a)) return false;
        if (a.is_ref() || b.is_ref()) return fail(msg::type_mismatch, "select of references needs a type");
        if (a != b && a != t_bottom && b != t_bottom)
            return fail(msg::type_mismatch, description() << "select of " << a << " and " << b);
        return push(a == t_bottom ? b : a);
    }
    [[nodiscard]] bool select_t(const instruction& in) noexcept {
        // in.type is the list's last type.
        if (in.list_count != 1) return fail(msg::invalid_result_arity);
        return context_.valid_type(in.type, offset_) && pop(t_i32) && pop(in.type) && pop(in.type) && push(in.type);
    }

    // ---- variables -------------------------------------------------------------------------------
    [[nodiscard]] TESSERA_INLINE bool local_get(const instruction& in) noexcept {
        val_type t;
        if (!local(in.index, t)) return false;
        if (TESSERA_UNLIKELY(tracking_ && !is_initialised(in.index, t)))
            return fail(msg::uninitialized_local, description() << u64(in.index));
        return push(t);
    }
    [[nodiscard]] TESSERA_INLINE bool local_set(const instruction& in, bool tee) noexcept {
        val_type t;
        if (!local(in.index, t) || !pop_fast(t)) return false;
        if (TESSERA_UNLIKELY(tracking_ && !is_initialised(in.index, t)) && !initialise(in.index)) return false;
        return !tee || push(t);
    }
    [[nodiscard]] TESSERA_INLINE bool global_get(const instruction& in) noexcept {
        const auto& globals = context_.module().globals;
        return context_.exists(in.index, globals.size(), msg::unknown_global, offset_) &&
               push(globals[in.index].type.type);
    }
    [[nodiscard]] bool global_set(const instruction& in) noexcept {
        const auto& globals = context_.module().globals;
        if (!context_.exists(in.index, globals.size(), msg::unknown_global, offset_)) return false;
        const global_type& g = globals[in.index].type;
        return g.mutable_ ? pop(g.type) : fail(msg::immutable_global, description() << u64(in.index));
    }

    // ---- tables ----------------------------------------------------------------------------------
    [[nodiscard]] bool table(u32 index, table_type& out) noexcept {
        const auto& tables = context_.module().tables;
        if (!context_.exists(index, tables.size(), msg::unknown_table, offset_)) return false;
        out = tables[index].type;
        return true;
    }
    [[nodiscard]] bool elem(u32 index, val_type& out) noexcept {
        const auto& elems = context_.module().elems;
        if (!context_.exists(index, elems.size(), msg::unknown_elem, offset_)) return false;
        out = elems[index].type;
        return true;
    }
    [[nodiscard]] bool element_matches(val_type given, val_type wanted) noexcept {
        return matches(context_.space(), given, wanted) ||
               fail(msg::type_mismatch, description() << "element type " << given << " does not match " << wanted);
    }
    [[nodiscard]] bool table_get(const instruction& in) noexcept {
        table_type t;
        return table(in.index, t) && pop(address(t.limits)) && push(t.element);
    }
    [[nodiscard]] bool table_set(const instruction& in) noexcept {
        table_type t;
        return table(in.index, t) && pop(t.element) && pop(address(t.limits));
    }
    [[nodiscard]] bool table_size(const instruction& in) noexcept {
        table_type t;
        return table(in.index, t) && push(address(t.limits));
    }
    [[nodiscard]] bool table_grow(const instruction& in) noexcept {
        table_type t;
        return table(in.index, t) && pop(address(t.limits)) && pop(t.element) && push(address(t.limits));
    }
    [[nodiscard]] bool table_fill(const instruction& in) noexcept {
        table_type t;
        return table(in.index, t) && pop(address(t.limits)) && pop(t.element) && pop(address(t.limits));
    }
    [[nodiscard]] bool table_copy(const instruction& in) noexcept {
        table_type to, from;
        if (!table(in.index, to) || !table(in.index2, from) || !element_matches(from.element, to.element)) return false;
        const val_type a = address(to.limits), b = address(from.limits);
        return pop(smaller(a, b)) && pop(b) && pop(a);
    }
    [[nodiscard]] bool table_init(const instruction& in) noexcept {
        table_type t;
        val_type given;
        return table(in.index2, t) && elem(in.index, given) && element_matches(given, t.element) && pop(t_i32) &&
               pop(t_i32) && pop(address(t.limits));
    }
    [[nodiscard]] bool elem_drop(const instruction& in) noexcept {
        val_type ignored;
        return elem(in.index, ignored);
    }

    // ---- memories --------------------------------------------------------------------------------
    [[nodiscard]] TESSERA_INLINE bool memory(u32 index, val_type& address_type) noexcept {
        const auto& memories = context_.module().memories;
        if (!context_.exists(index, memories.size(), msg::unknown_memory, offset_)) return false;
        address_type = address(memories[index].type.limits);
        return true;
    }
    [[nodiscard]] bool data(u32 index) noexcept {
        return context_.exists(index, context_.module().datas.size(), msg::unknown_data, offset_);
    }
    [[nodiscard]] bool memory_size(const instruction& in) noexcept {
        val_type a;
        return memory(in.index, a) && push(a);
    }
    [[nodiscard]] bool memory_grow(const instruction& in) noexcept {
        val_type a;
        return memory(in.index, a) && pop(a) && push(a);
    }
    [[nodiscard]] bool memory_fill(const instruction& in) noexcept {
        val_type a;
        return memory(in.index, a) && pop(a) && pop(t_i32) && pop(a);
    }
    [[nodiscard]] bool memory_copy(const instruction& in) noexcept {
        val_type a, b;
        return memory(in.index, a) && memory(in.index2, b) && pop(smaller(a, b)) && pop(b) && pop(a);
    }
    [[nodiscard]] bool memory_init(const instruction& in) noexcept {
        val_type a;
        return memory(in.index2, a) && data(in.index) && pop(t_i32) && pop(t_i32) && pop(a);
    }

    // ---- references ------------------------------------------------------------------------------
    [[nodiscard]] bool ref_null(const instruction& in) noexcept {
        return context_.valid_type(in.type, offset_) && push(in.type);
    }
    [[nodiscard]] bool ref_is_null() noexcept {
        val_type t;
        return pop_ref(t) && push(t_i32);
    }
    /// `declaring`: in a constant expression, which makes the function one that may be referred to.
    [[nodiscard]] bool ref_func(const instruction& in, bool declaring) noexcept {
        u32 type = 0;
        if (!callee(in, type)) return false;
        if (declaring) context_.declare(in.index);
        else if (!context_.is_declared(in.index)) return fail(msg::undeclared_function, description() << u64(in.index));
        return push(val_type::ref(heap_type::index(type), false));
    }
    [[nodiscard]] bool ref_as_non_null() noexcept {
        val_type t;
        return pop_ref(t) && push(val_type::ref(t.heap(), false));
    }
    [[nodiscard]] bool br_on_null(const instruction& in) noexcept {
        val_type t;
        frame* target = nullptr;
        if (!pop_ref(t) || !find_label(in.index, target)) return false;
        const types_span carried = label(*target);
        return pop(carried) && push(carried) && room(1) && push(val_type::ref(t.heap(), false));
    }
    [[nodiscard]] bool br_on_non_null(const instruction& in) noexcept {
        val_type t;
        frame* target = nullptr;
        if (!pop_ref(t) || !find_label(in.index, target)) return false;
        const types_span carried = label(*target);
        if (carried.empty() || !matches(context_.space(), val_type::ref(t.heap(), false), carried.back()))
            return fail(msg::type_mismatch, description()
                                                << "label requires " << carried << " but stack has [" << t << "]");
        const types_span others = carried.first(carried.size() - 1);
        return pop(others) && push(others);
    }
};

} // namespace tessera::valid
TESSERA_SMALL_END
