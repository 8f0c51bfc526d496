// SPDX-License-Identifier: MIT
/// @file aggregate_generator.hpp
/// Expressions and statements with structures, arrays, i31s and casts.
#pragma once

#include "body_generator.hpp"

namespace diff {

/// An object with default values: what takes the place of an expression that is left out.
inline void body_generator::default_object(val_type t) {
    if (t == t_i31) return i32_const(7), emit(op::ref_i31);
    const u32 type = t.heap().index();
    if (!heap_shapes()[type - m_.first_shape].is_array) return emit(op::struct_new_default, type);
    i32_const(4), emit(op::array_new_default, type);
}
inline void body_generator::new_object(u32 shape, int depth) {
    const heap_shape& s = heap_shapes()[shape];
    const u32 type = m_.first_shape + shape;
    if (depth <= 0 || budget_ <= 0 || r_.chance(15)) return default_object(object_type(shape));
    if (!s.is_array) {
        for (val_type t : s.fields) expression(unpacked(t), depth);
        return emit(op::struct_new, type);
    }
    const val_type element = s.fields[0];
    switch (r_.below(4)) {
    case 0:
        if (element == tessera::t_anyref) break;
        i32_const(r_.below(4)), i32_const(r_.below(size_in_array(element) == 16 ? 2 : 4));
        if (element == tessera::t_funcref) return emit(op::array_new_elem, type, 1);
        return emit(op::array_new_data, type, 0);
    case 1: {
        const u32 n = r_.below(6);
        for (u32 k = 0; k < n; ++k) expression(unpacked(element), depth);
        return emit(op::array_new_fixed, type, n);
    }
    default: break;
    }
    const bool with_value = r_.chance(70);
    if (with_value) expression(unpacked(element), depth);
    if (r_.chance(90)) i32_const(4 + r_.below(8));
    else leaf(tessera::t_i32), i32_const(63), emit(op::i32_and);
    emit(with_value ? op::array_new : op::array_new_default, type);
}
/// A reference of type `t`, which is not null: of a value that may be one, else of a new object.
inline void body_generator::cast_to(val_type t, int depth) {
    const auto types_of_cast = [&](op o) {
        emit(o);
        code_.push_back(1); // from a type with null to one without
        put_leb(code_, 0);
        put_heap(tessera::t_anyref), put_heap(t);
    };
    switch (r_.below(12)) {
    case 0:
        if (r_.chance(80)) break;
        expression(tessera::t_anyref, depth);
        if (r_.chance(50)) return emit(op::ref_cast), put_heap(t);
        emit(op::ref_cast_null), put_heap(t);
        return emit(op::ref_as_non_null);
    case 1:
    case 2:
    case 3: break;
    case 4:
    case 5: {
        const u32 kept = local_of(tessera::t_anyref, true);
        expression(tessera::t_anyref, depth);
        emit(op::local_tee, kept);
        emit(op::ref_test), put_heap(t);
        begin(op::if_, {}, {t});
        emit(op::local_get, kept), emit(op::ref_cast), put_heap(t);
        emit(op::else_);
        default_object(t);
        return end();
    }
    case 6:
    case 7:
        begin(op::block, {}, {t});
        begin(op::block, {}, {tessera::t_anyref});
        expression(tessera::t_anyref, depth);
        types_of_cast(op::br_on_cast_fail);
        emit(op::br, 1);
        end();
        consume(tessera::t_anyref, depth);
        default_object(t);
        return end();
    default:
        begin(op::block, {}, {t});
        expression(tessera::t_anyref, depth);
        types_of_cast(op::br_on_cast);
        consume(tessera::t_anyref, depth);
        default_object(t);
        return end();
    }
    if (t == t_i31) expression(tessera::t_i32, depth), emit(op::ref_i31);
    else new_object(t.heap().index() - m_.first_shape, depth);
}
inline void body_generator::element_index() {
    if (r_.chance(60)) return i32_const(r_.below(r_.chance(95) ? 4 : 20));
    leaf(tessera::t_i32), i32_const(r_.chance(90) ? 3 : 7), emit(op::i32_and);
}
/// Reads a field or element of type `t` of an object, if there are such ones.
inline bool body_generator::read_object(val_type t, int depth) {
    std::vector<std::pair<u32, u32>> found;
    for (u32 s = 0; s < heap_shapes().size(); ++s)
        for (u32 f = 0; f < heap_shapes()[s].fields.size(); ++f)
            if (unpacked(heap_shapes()[s].fields[f]) == t) found.push_back({s, f});
    if (found.empty()) return false;
    const auto [shape, field] = r_.of(found);
    const bool packed = heap_shapes()[shape].fields[field].is_packed(), with_sign = r_.chance(50);
    cast_to(object_type(shape), depth);
    if (heap_shapes()[shape].is_array) {
        element_index();
        emit(!packed ? op::array_get : with_sign ? op::array_get_s : op::array_get_u, m_.first_shape + shape);
    } else {
        emit(!packed ? op::struct_get : with_sign ? op::struct_get_s : op::struct_get_u, m_.first_shape + shape, field);
    }
    return true;
}
/// A number that objects give.
inline void body_generator::number_of_object(val_type t, int depth) {
    if (t == tessera::t_i32) switch (r_.below(6)) {
        case 0: // an array's length
            cast_to(object_type(r_.chance(50) ? first_array : first_array + 2), depth);
            return emit(op::array_len);
        case 1: cast_to(t_i31, depth); return emit(r_.chance(50) ? op::i31_get_s : op::i31_get_u);
        case 2:
            for (int i = 0; i < 2; ++i) {
                expression(tessera::t_anyref, depth);
                emit(op::ref_cast_null), code_.push_back(tessera::code::eq);
            }
            return emit(op::ref_eq);
        case 3: {
            static constexpr u8 abstract[] = {tessera::code::eq, tessera::code::i31, tessera::code::struct_,
                                              tessera::code::array, tessera::code::none};
            expression(tessera::t_anyref, depth);
            emit(r_.chance(50) ? op::ref_test : op::ref_test_null);
            if (r_.chance(30)) return code_.push_back(abstract[r_.below(5)]);
            return put_heap(object_type(any_shape()));
        }
        default: break;
        }
    if (!read_object(t, depth)) leaf(t);
}
/// A reference that may mean anything.
inline void body_generator::any_reference(int depth) {
    switch (r_.below(8)) {
    case 0: expression(tessera::t_i32, depth); return emit(op::ref_i31);
    case 1: return static_cast<void>(read_object(tessera::t_anyref, depth));
    case 2: return cast_to(object_type(any_shape()), depth);
    case 3:
        expression(tessera::t_anyref, depth);
        emit(op::extern_convert_any);
        return emit(op::any_convert_extern);
    default: return new_object(any_shape(), depth);
    }
}
inline void body_generator::change_object(int depth) {
    const u32 shape = any_shape(), type = m_.first_shape + shape;
    const types& fields = heap_shapes()[shape].fields;
    cast_to(object_type(shape), depth);
    if (!heap_shapes()[shape].is_array) {
        const u32 field = r_.below(u32(fields.size()));
        expression(unpacked(fields[field]), depth);
        return emit(op::struct_set, type, field);
    }
    element_index();
    switch (r_.below(5)) {
    case 0: expression(unpacked(fields[0]), depth), element_index(); return emit(op::array_fill, type);
    case 1:
        cast_to(object_type(shape), depth), element_index(), element_index();
        return emit(op::array_copy, type, type);
    case 2:
        if (fields[0] == tessera::t_anyref) break;
        i32_const(r_.below(4)), i32_const(r_.below(3));
        return fields[0] == tessera::t_funcref ? emit(op::array_init_elem, type, 1)
                                               : emit(op::array_init_data, type, 0);
    default: break;
    }
    expression(unpacked(fields[0]), depth);
    emit(op::array_set, type);
}

} // namespace diff
