// SPDX-License-Identifier: MIT
/// @file aggregate_builder.hpp
/// Lowering of structures, arrays, i31 and casts.
#pragma once

#include <tessera/exec/vector_builder.hpp>
#include <tessera/runtime/heap.hpp>

TESSERA_SMALL

namespace tessera::inline TESSERA_ABI::exec {

class aggregate_builder : public vector_builder {
protected:
    using vector_builder::vector_builder;

    void lower_aggregate(const binary::instruction& in) noexcept {
        switch (in.code) {
        case op::ref_eq: return lower_binary(op::i32_eq);
        case op::struct_new: return lower_struct_new(in.index);
        case op::struct_new_default: return lower_new(in, 0);
        case op::struct_get:
        case op::struct_get_s:
        case op::struct_get_u: return lower_struct_get(in);
        case op::struct_set: return lower_struct_set(in);
        case op::array_new:
        case op::array_new_data:
        case op::array_new_elem: return lower_new(in, 2);
        case op::array_new_default: return lower_new(in, 1);
        case op::array_new_fixed: return lower_new(in, in.index2);
        case op::array_get:
        case op::array_get_s:
        case op::array_get_u: return lower_array_get(in);
        case op::array_set: return lower_array_set(in);
        case op::array_len: return lower_array_len();
        case op::array_fill:
        case op::array_init_data:
        case op::array_init_elem: return lower_special(in.code, 4, type_id(in.index), in.index2, {});
        case op::array_copy: return lower_special(in.code, 5, 0, 0, {});
        case op::ref_test:
        case op::ref_test_null: return lower_ref_test(in.type);
        case op::ref_cast:
        case op::ref_cast_null: return lower_ref_cast(in.type);
        case op::br_on_cast: return lower_br_on_cast(in, true);
        case op::br_on_cast_fail: return lower_br_on_cast(in, false);
        case op::any_convert_extern: return retype(code::any);
        case op::extern_convert_any: return retype(code::extern_);
        case op::ref_i31: return lower_ref_i31();
        case op::i31_get_s: return lower_i31_get(op::i32_shr_s);
        default: return lower_i31_get(op::i32_shr_u);
        }
    }

private:
    static constexpr val_type abstract(u8 byte_code) noexcept {
        return val_type::ref(heap_type::abstract(byte_code), false);
    }
    static val_type ref_to(u32 type) noexcept { return val_type::ref(heap_type::index(type), false); }
    static constexpr val_type unpacked(val_type t) noexcept { return t.is_packed() ? t_i32 : t; }
    /// How a value of the type is read from an object, and written.
    static constexpr op load_of(val_type t, bool with_sign) noexcept {
        switch (t.byte_code()) {
        case code::i8: return with_sign ? op::i32_load8_s : op::i32_load8_u;
        case code::i16: return with_sign ? op::i32_load16_s : op::i32_load16_u;
        case code::i64: return op::i64_load;
        case code::f32: return op::f32_load;
        case code::f64: return op::f64_load;
        case code::v128: return op::v128_load;
        default: return op::i32_load;
        }
    }
    static constexpr op store_of(val_type t) noexcept {
        switch (t.byte_code()) {
        case code::i8: return op::i32_store8;
        case code::i16: return op::i32_store16;
        case code::i64: return op::i64_store;
        case code::f32: return op::f32_store;
        case code::f64: return op::f64_store;
        case code::v128: return op::v128_store;
        default: return op::i32_store;
        }
    }
    u8 store_flags(val_type t) const noexcept { return runtime::is_traced(types(), t) ? flag::reference : 0; }

    /// The store's id of a type, whose layout is known from then on.
    u32 type_id(u32 type) noexcept {
        const u32 id = unit_.type_ids[type];
        if (!unit_.layouts->add(id)) failed_ = true;
        return id;
    }
    val_type field(u32 type, u32 index) const noexcept { return module_.types.fields_of(type)[index].type; }

    void lower_new(const binary::instruction& in, u32 operands) noexcept {
        const u32 id = type_id(in.index);
        const val_type made = ref_to(in.index);
        // Machine code wants to know the fields.
        const u32 index2 = has_slot_form && in.code == op::struct_new_default ? in.index : in.index2;
        if (!failed_) lower_special(in.code, operands, id, index2, {&made, 1});
    }
    void lower_struct_new(u32 type) noexcept {
        const u32 id = type_id(type), fields = module_.types[type].params;
        if (failed_) return;
        const val_type made = ref_to(type);
        const runtime::object_type& t = (*unit_.layouts)[id];
        if (fields > most_fields || !has_words(type))
            return lower_special(op::struct_new, fields, id, has_slot_form ? type : 0, {&made, 1});
        settle_top(fields);
        node n;
        n.v = {family::struct_new, 0, op(u16(fields)), {}};
        n.words[0] = fields ? stack_.top(fields - 1).slot : stack_.next_slot();
        n.words[1] = runtime::object_heap::header_of(id);
        n.words[2] = runtime::object_heap::class_of(t.size);
        n.words[3] = runtime::object_heap::class_bytes(n.words[2]);
        emit_safepoint(n);
        stack_.shrink(stack_.size() - fields);
        push_temp(made);
    }
    /// True if all fields take 4 bytes.
    bool has_words(u32 type) const noexcept {
        for (const field_type& f : module_.types.fields_of(type))
            if (runtime::stored_log2(f.type) != 2) return false;
        return true;
    }
    void lower_struct_get(const binary::instruction& in) noexcept {
        const u32 id = type_id(in.index);
        if (failed_) return;
        const u32 offset = unit_.layouts->offset(id, in.index2);
        const val_type t = field(in.index, in.index2);
        entry a = stack_.pop();
        node n;
        n.v = {family::struct_get, 0, load_of(t, in.code == op::struct_get_s), {}};
        n.words[0] = offset;
        use_slot(n, 0, a);
        n.v.at[3] = loc::slot;
        bind(n, 0, a);
        emit_result(n, unpacked(t));
    }
    void lower_struct_set(const binary::instruction& in) noexcept {
        const u32 id = type_id(in.index);
        if (failed_) return;
        const u32 offset = unit_.layouts->offset(id, in.index2);
        const val_type t = field(in.index, in.index2);
        entry b = stack_.pop(), a = stack_.pop();
        node n;
        n.v = {family::struct_set, store_flags(t), store_of(t), {}};
        n.words[0] = offset;
        use_slot(n, 0, a);
        use_slot(n, 1, b);
        bind(n, 1, b);
        emit(n);
    }
    void lower_array_get(const binary::instruction& in) noexcept {
        const val_type t = field(in.index, 0);
        entry b = stack_.pop(), a = stack_.pop();
        node n;
        n.v = {family::array_get, 0, load_of(t, in.code == op::array_get_s), {}};
        use_slot(n, 0, a);
        use_slot(n, 1, b);
        n.v.at[3] = loc::slot;
        bind(n, 1, b);
        emit_result(n, unpacked(t));
    }
    void lower_array_set(const binary::instruction& in) noexcept {
        const val_type t = field(in.index, 0);
        entry c = stack_.pop(), b = stack_.pop(), a = stack_.pop();
        node n;
        n.v = {family::array_set, store_flags(t), store_of(t), {}};
        use_slot(n, 0, a);
        use_slot(n, 1, b);
        use_slot(n, 2, c);
        bind(n, 2, c);
        emit(n);
    }
    void lower_array_len() noexcept {
        entry a = stack_.pop();
        node n;
        n.v = {family::array_len, 0, op::nop, {}};
        use_slot(n, 0, a);
        n.v.at[3] = loc::slot;
        bind(n, 0, a);
        emit_result(n, t_i32);
    }

    // ---- casts -----------------------------------------------------------------------------------------------------

    void name_type(node& n, val_type t) noexcept {
        heap_type h = t.heap();
        u32 depth = 0;
        if (h.is_index()) {
            h = heap_type::index(type_id(h.index()));
            if (failed_) return;
            const runtime::object_type& of = (*unit_.layouts)[h.index()];
            depth = of.depth;
            if (of.form != composite::func) n.v.flags = flag::reference;
        }
        n.words[0] = h.bits;
        n.words[1] = 2 * depth + (t.is_nullable() ? 1 : 0);
    }
    void lower_ref_test(val_type t) noexcept {
        entry a = stack_.pop();
        node n;
        n.v = {family::ref_test, 0, op::nop, {}};
        name_type(n, t);
        use_slot(n, 0, a);
        emit_result(n, t_i32);
    }
    void lower_ref_cast(val_type t) noexcept {
        entry a = stack_.pop();
        settle_popped(a);
        node n;
        n.v = {family::ref_cast, 0, op::nop, {}};
        name_type(n, t);
        use_slot(n, 0, a);
        emit(n);
        push_temp(t);
    }
    void lower_br_on_cast(const binary::instruction& in, bool on_success) noexcept {
        const entry a = settled_reference();
        node n;
        n.v = {family::ref_test, 0, op::nop, {}};
        name_type(n, in.type2);
        n.v.at[0] = loc::slot;
        n.operands[0] = a.slot;
        emit_result(n, t_i32);
        if (failed_) return;
        lower_branch_if(stack_.pop(), on_success, in.index);
        const bool nullable = in.type.is_nullable() && !in.type2.is_nullable();
        stack_.top().type = on_success ? val_type::ref(in.type.heap(), nullable) : in.type2;
    }
    /// The same reference as one of another hierarchy.
    void retype(u8 byte_code) noexcept {
        entry& e = stack_.top();
        e.type = val_type::ref(heap_type::abstract(byte_code), e.type.is_nullable());
    }
    void lower_ref_i31() noexcept {
        lower_with_one(op::i32_shl);
        lower_with_one(op::i32_or);
        if (!failed_) stack_.top().type = abstract(code::i31);
    }
    void lower_i31_get(op shift) noexcept {
        settle_top(1);
        stack_.top().def = no_index;
        node n;
        n.v = {family::null_check, 0, op::nop, {loc::slot}};
        n.operands[0] = stack_.top().slot;
        n.words[0] = u32(trap::null_i31);
        emit(n);
        stack_.top().type = t_i32;
        lower_with_one(shift);
    }
    void lower_with_one(op o) noexcept {
        push_constant(t_i32, 1);
        if (!failed_) lower_binary(o);
    }
    valid::type_space types() const noexcept { return {&module_.types, nullptr}; }
};

} // namespace tessera::exec

TESSERA_SMALL_END
