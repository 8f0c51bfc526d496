// SPDX-License-Identifier: MIT
/// @file heap.hpp
/// The structures and arrays of random programs, and what instructions on them do in the reference evaluator.
#pragma once

#include "encoding.hpp"

#include <algorithm>

namespace diff {

using tessera::trap;

/// A structure, or an array: then `fields` is its element. All fields are mutable.
struct heap_shape {
    bool is_array;
    u32 super; ///< number of the shape it extends; no_index: none
    types fields;
};
/// Every module has these, as types that follow each other.
inline const std::vector<heap_shape>& heap_shapes() {
    using namespace tessera;
    static const std::vector<heap_shape> all{
        {false, no_index, {t_i32, t_i64}},
        {false, 0, {t_i32, t_i64, t_f64, t_anyref, t_i8, t_i16}},
        {false, 1, {t_i32, t_i64, t_f64, t_anyref, t_i8, t_i16, t_v128, t_f32}},
        {false, 0, {t_i32, t_i64, t_i32}}, // as large as others, and no super type of theirs
        {true, no_index, {t_i32}},
        {true, no_index, {t_i8}},
        {true, no_index, {t_anyref}},
        {true, no_index, {t_v128}},
        {true, no_index, {t_f64}},
        {true, no_index, {t_funcref}},
    };
    return all;
}
/// Shape `n` as the binary format defines the type; `first` is the type index of shape 0.
inline bytes heap_type_bytes(u32 n, u32 first) {
    const heap_shape& shape = heap_shapes()[n];
    bytes to{tessera::code::sub, u8(shape.super != no_index)};
    if (shape.super != no_index) put_leb(to, first + shape.super);
    to.push_back(shape.is_array ? tessera::code::array_type : tessera::code::struct_type);
    if (!shape.is_array) put_leb(to, shape.fields.size());
    for (val_type t : shape.fields) put_type(to, t), to.push_back(1);
    return to;
}
inline val_type unpacked(val_type t) { return t.is_packed() ? tessera::t_i32 : t; }
/// Bytes a number takes in an array; 0: it is a reference.
inline u32 size_in_array(val_type t) {
    return t == tessera::t_i8 ? 1 : t == tessera::t_i32 ? 4 : t == tessera::t_f64 ? 8 : t == tessera::t_v128 ? 16 : 0;
}

/// The objects of a program. A reference of theirs is a cell: 0 is null, what is odd is an i31, else the upper half is
/// an index plus one.
class heap_evaluator {
public:
    /// True if the value of a reference is of type `t`, whose indices are those of `plan`.
    bool is_of(cell c, val_type t, const module_plan& plan) const {
        if (c.low == 0) return t.is_nullable();
        if (!t.heap().is_index()) switch (t.heap().byte_code()) {
            case tessera::code::any:
            case tessera::code::eq: return true;
            case tessera::code::i31: return c.low & 1;
            case tessera::code::struct_: return !(c.low & 1) && !shape_of(c).is_array;
            case tessera::code::array: return !(c.low & 1) && shape_of(c).is_array;
            default: return false;
            }
        if (c.low & 1) return false;
        u32 shape = objects_[(c.low >> 32) - 1].shape;
        while (shape != no_index && plan.first_shape + shape != t.heap().index()) shape = heap_shapes()[shape].super;
        return shape != no_index;
    }
    /// The segments that instructions read; empty once dropped.
    struct segments {
        bytes data;
        std::vector<cell> elem;
    };
    /// Executes an instruction behind the prefix 0xfb that is no branch. `cost`: the fuel it takes beyond 1.
    trap run(const module_plan& plan, const segments& from, const tessera::binary::instruction& i,
             std::vector<cell>& stack, u64& cost) {
        const auto pop = [&] {
            const cell c = stack.back();
            stack.pop_back();
            return c;
        };
        const auto pop32 = [&] { return u32(pop().low); };
        const auto find = [&]() -> object* {
            const cell c = pop();
            return c.low == 0 ? nullptr : &objects_[(c.low >> 32) - 1];
        };
        const auto within = [](u64 at, u64 n, u64 size) { return at <= size && n <= size - at; };
        const u32 shape = i.index - plan.first_shape;
        const auto make = [&](std::vector<cell> fields) {
            for (std::size_t k = 0; k < fields.size(); ++k) pack(field_type(shape, k), fields[k]);
            objects_.push_back({shape, std::move(fields)});
            stack.push_back({u64(objects_.size()) << 32, 0});
            return trap::none;
        };
        const auto element_of_data = [&](val_type t, u64 at) {
            cell c{};
            for (u32 k = 0; k < size_in_array(t); ++k)
                (k < 8 ? c.low : c.high) |= u64(from.data[std::size_t(at) + k]) << (8 * (k % 8));
            return c;
        };
        switch (i.code) {
        case op::struct_new: {
            const std::ptrdiff_t n = std::ptrdiff_t(heap_shapes()[shape].fields.size());
            std::vector<cell> fields(stack.end() - n, stack.end());
            stack.resize(stack.size() - fields.size());
            return make(std::move(fields));
        }
        case op::struct_new_default: return make(std::vector<cell>(heap_shapes()[shape].fields.size()));
        case op::struct_get:
        case op::struct_get_s:
        case op::struct_get_u: {
            const object* const o = find();
            if (!o) return trap::null_structure;
            stack.push_back(read(field_type(shape, i.index2), o->fields[i.index2], i.code == op::struct_get_s));
            return trap::none;
        }
        case op::struct_set: {
            const cell v = pop();
            object* const o = find();
            if (!o) return trap::null_structure;
            pack(field_type(shape, i.index2), o->fields[i.index2] = v);
            return trap::none;
        }
        case op::array_new: {
            const u32 n = pop32();
            cost = n >> 3;
            return make(std::vector<cell>(n, pop()));
        }
        case op::array_new_default: {
            const u32 n = pop32();
            cost = n >> 3;
            return make(std::vector<cell>(n));
        }
        case op::array_new_fixed: {
            std::vector<cell> fields(stack.end() - std::ptrdiff_t(i.index2), stack.end());
            stack.resize(stack.size() - fields.size());
            return make(std::move(fields));
        }
        case op::array_new_data: {
            const u32 n = pop32(), at = pop32();
            const val_type t = field_type(shape, 0);
            if (!within(at, u64{n} * size_in_array(t), from.data.size())) return trap::out_of_bounds_memory;
            std::vector<cell> fields;
            for (u32 k = 0; k < n; ++k) fields.push_back(element_of_data(t, at + u64{k} * size_in_array(t)));
            cost = n >> 3;
            return make(std::move(fields));
        }
        case op::array_new_elem: {
            const u32 n = pop32(), at = pop32();
            if (!within(at, n, from.elem.size())) return trap::out_of_bounds_table;
            cost = n >> 3;
            return make({from.elem.begin() + at, from.elem.begin() + at + n});
        }
        case op::array_get:
        case op::array_get_s:
        case op::array_get_u: {
            const u32 at = pop32();
            const object* const o = find();
            if (!o) return trap::null_array;
            if (at >= o->fields.size()) return trap::out_of_bounds_array;
            stack.push_back(read(field_type(shape, 0), o->fields[at], i.code == op::array_get_s));
            return trap::none;
        }
        case op::array_set: {
            const cell v = pop();
            const u32 at = pop32();
            object* const o = find();
            if (!o) return trap::null_array;
            if (at >= o->fields.size()) return trap::out_of_bounds_array;
            pack(field_type(shape, 0), o->fields[at] = v);
            return trap::none;
        }
        case op::array_len: {
            const object* const o = find();
            if (!o) return trap::null_array;
            stack.push_back({o->fields.size(), 0});
            return trap::none;
        }
        case op::array_fill: {
            const u32 n = pop32();
            cell v = pop();
            const u32 at = pop32();
            object* const o = find();
            if (!o) return trap::null_array;
            if (!within(at, n, o->fields.size())) return trap::out_of_bounds_array;
            pack(field_type(shape, 0), v);
            for (u32 k = 0; k < n; ++k) o->fields[at + k] = v;
            cost = n >> 3;
            return trap::none;
        }
        case op::array_copy: {
            const u32 n = pop32(), at = pop32();
            const object* const source = find();
            const u32 to = pop32();
            object* const o = find();
            if (!o || !source) return trap::null_array;
            if (!within(to, n, o->fields.size()) || !within(at, n, source->fields.size()))
                return trap::out_of_bounds_array;
            const std::vector<cell> copied = source->fields; // it may be the same array
            for (u32 k = 0; k < n; ++k) o->fields[to + k] = copied[at + k];
            cost = n >> 3;
            return trap::none;
        }
        case op::array_init_data: {
            const u32 n = pop32(), at = pop32(), to = pop32();
            const val_type t = field_type(shape, 0);
            object* const o = find();
            if (!o) return trap::null_array;
            if (!within(to, n, o->fields.size())) return trap::out_of_bounds_array;
            if (!within(at, u64{n} * size_in_array(t), from.data.size())) return trap::out_of_bounds_memory;
            for (u32 k = 0; k < n; ++k) o->fields[to + k] = element_of_data(t, at + u64{k} * size_in_array(t));
            cost = n >> 3;
            return trap::none;
        }
        case op::array_init_elem: {
            const u32 n = pop32(), at = pop32(), to = pop32();
            object* const o = find();
            if (!o) return trap::null_array;
            if (!within(to, n, o->fields.size())) return trap::out_of_bounds_array;
            if (!within(at, n, from.elem.size())) return trap::out_of_bounds_table;
            std::copy_n(from.elem.begin() + at, n, o->fields.begin() + to);
            cost = n >> 3;
            return trap::none;
        }
        case op::ref_test:
        case op::ref_test_null: stack.push_back({is_of(pop(), i.type, plan) ? 1u : 0u, 0}); return trap::none;
        case op::ref_cast:
        case op::ref_cast_null: return is_of(stack.back(), i.type, plan) ? trap::none : trap::cast_failure;
        case op::ref_i31: stack.push_back({u32(pop32() << 1 | 1), 0}); return trap::none;
        case op::i31_get_s:
        case op::i31_get_u: {
            const u32 v = pop32();
            if (v == 0) return trap::null_i31;
            stack.push_back({i.code == op::i31_get_s ? u32(i32(v) >> 1) : v >> 1, 0});
            return trap::none;
        }
        default: return trap::none; // any.convert_extern and back
        }
    }

private:
    struct object {
        u32 shape;
        std::vector<cell> fields;
    };
    const heap_shape& shape_of(cell c) const { return heap_shapes()[objects_[(c.low >> 32) - 1].shape]; }
    static val_type field_type(u32 shape, std::size_t n) {
        const heap_shape& s = heap_shapes()[shape];
        return s.fields[s.is_array ? 0 : n];
    }
    static void pack(val_type t, cell& c) {
        if (t.is_packed()) c.low &= t == tessera::t_i8 ? 0xff : 0xffff;
    }
    static cell read(val_type t, cell c, bool with_sign) {
        if (with_sign) c.low = u32(t == tessera::t_i8 ? i32(tessera::i8(c.low)) : i32(tessera::i16(c.low)));
        return c;
    }

    std::vector<object> objects_;
};

} // namespace diff
