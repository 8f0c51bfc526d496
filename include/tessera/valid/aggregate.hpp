// SPDX-License-Identifier: MIT
/// @file aggregate.hpp
/// Typing of instructions on structures, arrays, i31 and casts (spec: valid/instructions, Reference and
/// Aggregate Instructions).
#pragma once

#include <tessera/valid/object.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::valid {

/// One method for each instruction or group; each returns false with the context's error set.
class aggregate_rules : public object_rules {
public:
    using object_rules::object_rules;

protected:
    static constexpr val_type abstract_ref(u8 byte_code, bool nullable) noexcept {
        return val_type::ref(heap_type::abstract(byte_code), nullable);
    }
    static constexpr val_type unpacked(val_type t) noexcept { return t.is_packed() ? t_i32 : t; }
    static val_type ref_to(u32 type, bool nullable) noexcept { return val_type::ref(heap_type::index(type), nullable); }

    // ---- casts -----------------------------------------------------------------------------------
    heap_type top_of(heap_type h) const noexcept { return heap_type::abstract(valid::top_of(context_.space(), h)); }
    [[nodiscard]] bool ref_eq() noexcept {
        constexpr val_type eq_ref = abstract_ref(code::eq, true);
        return pop(eq_ref) && pop(eq_ref) && push(t_i32);
    }
    [[nodiscard]] bool ref_test(const instruction& in) noexcept {
        return context_.valid_type(in.type, offset_) && pop(val_type::ref(top_of(in.type.heap()), true)) && push(t_i32);
    }
    [[nodiscard]] bool ref_cast(const instruction& in) noexcept {
        return context_.valid_type(in.type, offset_) && pop(val_type::ref(top_of(in.type.heap()), true)) &&
               push(in.type);
    }
    /// br_on_cast branches with the target type, br_on_cast_fail with what is left of the source type.
    [[nodiscard]] bool br_on_cast(const instruction& in, bool on_fail) noexcept {
        frame* target = nullptr;
        if (!find_label(in.index, target) || !context_.valid_type(in.type, offset_) ||
            !context_.valid_type(in.type2, offset_))
            return false;
        if (!matches(context_.space(), in.type2, in.type))
            return fail(msg::type_mismatch, description() << in.type2 << " does not match " << in.type);
        const val_type rest = val_type::ref(in.type.heap(), in.type.is_nullable() && !in.type2.is_nullable());
        const val_type taken = on_fail ? rest : in.type2, left = on_fail ? in.type2 : rest;
        const types_span carried = label(*target);
        if (carried.empty() || !matches(context_.space(), taken, carried.back()))
            return fail(msg::type_mismatch, description()
                                                << "label requires " << carried << " but cast gives [" << taken << "]");
        const types_span others = carried.first(carried.size() - 1);
        return pop(in.type) && pop(others) && push(others) && room(1) && push(left);
    }
    [[nodiscard]] bool convert(u8 from, u8 to) noexcept {
        val_type t;
        if (!pop_ref(t)) return false;
        if (!matches(context_.space(), t, abstract_ref(from, true))) {
            push(t);
            return fail_pop(abstract_ref(from, true));
        }
        return push(abstract_ref(to, t.is_nullable()));
    }
    [[nodiscard]] bool ref_i31() noexcept { return pop(t_i32) && push(abstract_ref(code::i31, false)); }
    [[nodiscard]] bool i31_get() noexcept { return pop(abstract_ref(code::i31, true)) && push(t_i32); }

    // ---- structures ------------------------------------------------------------------------------
    using fields_span = view<field_type>;
    [[nodiscard]] bool structure(u32 type, fields_span& out) noexcept {
        if (!context_.is_form(type, composite::struct_, offset_)) return false;
        out = types_.fields_of(type);
        return true;
    }
    [[nodiscard]] bool defaultable(val_type t) noexcept {
        return t.is_defaultable() || fail(msg::type_mismatch, description() << t << " has no default value");
    }
    [[nodiscard]] bool struct_new(const instruction& in) noexcept {
        fields_span fields;
        if (!structure(in.index, fields)) return false;
        for (std::size_t i = fields.size(); i-- > 0;)
            if (!pop(unpacked(fields[i].type))) return false;
        return push(ref_to(in.index, false));
    }
    [[nodiscard]] bool struct_new_default(const instruction& in) noexcept {
        fields_span fields;
        if (!structure(in.index, fields)) return false;
        for (const field_type& f : fields)
            if (!defaultable(f.type)) return false;
        return push(ref_to(in.index, false));
    }
    [[nodiscard]] bool field(const instruction& in, field_type& out) noexcept {
        fields_span fields;
        if (!structure(in.index, fields) || !context_.exists(in.index2, fields.size(), msg::unknown_field, offset_))
            return false;
        out = fields[in.index2];
        return true;
    }
    /// A packed field or element is read with a sign, any other without.
    [[nodiscard]] bool readable(val_type t, bool with_sign) noexcept {
        return t.is_packed() == with_sign ||
               fail(msg::type_mismatch, description() << "field is " << (with_sign ? "un" : "") << "packed");
    }
    [[nodiscard]] bool struct_get(const instruction& in) noexcept {
        field_type f;
        return field(in, f) && readable(f.type, in.code != op::struct_get) && pop(ref_to(in.index, true)) &&
               push(unpacked(f.type));
    }
    [[nodiscard]] bool struct_set(const instruction& in) noexcept {
        field_type f;
        if (!field(in, f)) return false;
        if (!f.mutable_) return fail(msg::immutable_field, description() << u64(in.index2));
        return pop(unpacked(f.type)) && pop(ref_to(in.index, true));
    }

    // ---- arrays ----------------------------------------------------------------------------------
    [[nodiscard]] bool array(u32 type, field_type& out) noexcept {
        if (!context_.is_form(type, composite::array, offset_)) return false;
        out = types_.fields_of(type)[0];
        return true;
    }
    [[nodiscard]] bool mutable_array(u32 type, field_type& out) noexcept {
        return array(type, out) && (out.mutable_ || fail(msg::immutable_array, description() << u64(type)));
    }
    /// What array.new_data and array.init_data can fill in.
    [[nodiscard]] bool plain_array(const field_type& f) noexcept {
        return !f.type.is_ref() || fail(msg::array_not_numeric);
    }

    [[nodiscard]] bool array_new(const instruction& in) noexcept {
        field_type f;
        return array(in.index, f) && pop(t_i32) && pop(unpacked(f.type)) && push(ref_to(in.index, false));
    }
    [[nodiscard]] bool array_new_default(const instruction& in) noexcept {
        field_type f;
        return array(in.index, f) && defaultable(f.type) && pop(t_i32) && push(ref_to(in.index, false));
    }
    [[nodiscard]] bool array_new_fixed(const instruction& in) noexcept {
        field_type f;
        if (!array(in.index, f)) return false;
        if (in.index2 > context_.limits().array_operands)
            return fail(msg::limit_reached, "operands of array.new_fixed");
        for (u32 i = 0; i < in.index2; ++i)
            if (!pop(unpacked(f.type))) return false;
        return push(ref_to(in.index, false));
    }
    [[nodiscard]] bool array_new_data(const instruction& in) noexcept {
        field_type f;
        return array(in.index, f) && plain_array(f) && data(in.index2) && pop(t_i32) && pop(t_i32) &&
               push(ref_to(in.index, false));
    }
    [[nodiscard]] bool array_new_elem(const instruction& in) noexcept {
        field_type f;
        val_type given;
        return array(in.index, f) && elem(in.index2, given) && element_matches(given, f.type) && pop(t_i32) &&
               pop(t_i32) && push(ref_to(in.index, false));
    }
    [[nodiscard]] bool array_get(const instruction& in) noexcept {
        field_type f;
        return array(in.index, f) && readable(f.type, in.code != op::array_get) && pop(t_i32) &&
               pop(ref_to(in.index, true)) && push(unpacked(f.type));
    }
    [[nodiscard]] bool array_set(const instruction& in) noexcept {
        field_type f;
        return mutable_array(in.index, f) && pop(unpacked(f.type)) && pop(t_i32) && pop(ref_to(in.index, true));
    }
    [[nodiscard]] bool array_len() noexcept { return pop(abstract_ref(code::array, true)) && push(t_i32); }
    [[nodiscard]] bool array_fill(const instruction& in) noexcept {
        field_type f;
        return mutable_array(in.index, f) && pop(t_i32) && pop(unpacked(f.type)) && pop(t_i32) &&
               pop(ref_to(in.index, true));
    }
    [[nodiscard]] bool array_copy(const instruction& in) noexcept {
        field_type to, from;
        if (!mutable_array(in.index, to) || !array(in.index2, from)) return false;
        if (!matches(context_.space(), from.type, to.type))
            return fail(msg::array_mismatch, description() << from.type << " does not match " << to.type);
        return pop(t_i32) && pop(t_i32) && pop(ref_to(in.index2, true)) && pop(t_i32) && pop(ref_to(in.index, true));
    }
    [[nodiscard]] bool array_init_data(const instruction& in) noexcept {
        field_type f;
        return mutable_array(in.index, f) && plain_array(f) && data(in.index2) && pop(t_i32) && pop(t_i32) &&
               pop(t_i32) && pop(ref_to(in.index, true));
    }
    [[nodiscard]] bool array_init_elem(const instruction& in) noexcept {
        field_type f;
        val_type given;
        return mutable_array(in.index, f) && elem(in.index2, given) && element_matches(given, f.type) && pop(t_i32) &&
               pop(t_i32) && pop(t_i32) && pop(ref_to(in.index, true));
    }
};

} // namespace tessera::valid
TESSERA_SMALL_END
