// SPDX-License-Identifier: MIT
/// @file memory_generator.hpp
/// Accesses to memories, in the shapes of addresses that lowering knows; bulk instructions, on tables as well.
#pragma once

#include "body_generator.hpp"

namespace diff {

inline void body_generator::address(int depth) {
    switch (r_.below(8)) {
    case 0: return i32_const(r_.below(r_.chance(10) ? 0x20010 : 2000));
    case 1:
    case 2: // base + (index << k)
        if (r_.chance(50)) i32_const(r_.below(4096));
        else leaf(tessera::t_i32), i32_const(0xff8), emit(op::i32_and);
        leaf_or_expression(tessera::t_i32, depth);
        if (r_.chance(70)) i32_const(0xff), emit(op::i32_and);
        i32_const(r_.below(5)), emit(op::i32_shl);
        return emit(op::i32_add);
    case 3: // (index << k) + base
        leaf(tessera::t_i32);
        if (r_.chance(70)) i32_const(0x1ff), emit(op::i32_and);
        i32_const(r_.below(5)), emit(op::i32_shl);
        i32_const(r_.below(r_.chance(5) ? 0xffffffff : 4096));
        return emit(op::i32_add);
    case 4: // base + index
        leaf(tessera::t_i32), i32_const(0x1ff), emit(op::i32_and);
        leaf_or_expression(tessera::t_i32, depth), i32_const(0x1ff), emit(op::i32_and);
        return emit(op::i32_add);
    case 5:
        if (r_.chance(10)) return expression(tessera::t_i32, depth);
        [[fallthrough]];
    default:
        leaf_or_expression(tessera::t_i32, depth);
        i32_const(0x1fff);
        return emit(op::i32_and);
    }
}
inline u32 body_generator::any_memory() { return m_.memories.size() > 1 && r_.chance(20) ? 1 : 0; }
inline void body_generator::memory_address(u32 memory, int depth) {
    address(depth);
    if (m_.memories[memory].is64) emit(op::i64_extend_i32_u);
}
inline void body_generator::access(op o, u32 memory) {
    emit(o);
    const u32 align = r_.below(tessera::natural_align[u16(o)] + 1u);
    put_leb(code_, memory ? align | 0x40 : align);
    if (memory) put_leb(code_, memory);
    const u32 n = r_.below(200);
    const u64 far = m_.memories[memory].is64 && r_.chance(60) ? (r_.chance(50) ? u64(r_.next()) : ~u64{0}) : 0xffffffff;
    put_leb(code_, n < 90    ? 0
                   : n < 150 ? r_.below(64)
                   : n < 190 ? r_.below(4096)
                   : n < 198 ? 0xfff0 + r_.below(32)
                             : far - r_.below(16));
}
inline void body_generator::load(val_type t, int depth) {
    const u32 memory = any_memory();
    memory_address(memory, depth);
    const std::vector<op>& all = instruction_set::get().loads[kind(t)];
    access(r_.chance(50) ? all[0] : r_.of(all), memory);
}
inline void body_generator::store(int depth) {
    const op o = r_.of(instruction_set::get().stores);
    const u32 memory = any_memory();
    memory_address(memory, depth);
    expression(type_of(tessera::row(o).type.params[1]), depth);
    access(o, memory);
}

/// A load to a lane or a store of one.
inline void body_generator::lane_access(op o, int depth) {
    const u32 memory = any_memory();
    memory_address(memory, depth);
    expression(tessera::t_v128, depth);
    access(o, memory);
    code_.push_back(u8(r_.below(16u >> tessera::natural_align[u16(o)])));
}
/// An atomic instruction, with its operands and its result, if it has one.
inline void body_generator::atomic(op o, int depth) {
    const tessera::op_type& t = tessera::row(o).type;
    const u32 memory = any_memory(), align = tessera::natural_align[u16(o)];
    leaf_or_expression(tessera::t_i32, depth);
    i32_const(0x1ff8 | (r_.chance(3) ? 7 : 0)), emit(op::i32_and); // a multiple of the size, mostly
    if (m_.memories[memory].is64) emit(op::i64_extend_i32_u);
    for (unsigned k = 1; k < t.param_count; ++k) expression(type_of(t.params[k]), depth);
    emit(o);
    put_leb(code_, memory ? align | 0x40 : align);
    if (memory) put_leb(code_, memory);
    put_leb(code_, r_.chance(95) ? 8 * r_.below(64) : 0xfff8);
}

inline void body_generator::bulk(int depth) {
    const auto at = [&] { memory_address(0, depth); };
    const auto small = [&] {
        leaf(tessera::t_i32), i32_const(r_.chance(90) ? 0x3f : 0xffff), emit(op::i32_and);
        if (m_.memories[0].is64) emit(op::i64_extend_i32_u);
    };
    switch (r_.below(9)) {
    case 0: at(), expression(tessera::t_i32, depth), small(); return emit(op::memory_fill, 0);
    case 1: at(), at(), small(); return emit(op::memory_copy, 0, 0);
    case 2: at(), i32_const(r_.below(8)), i32_const(r_.below(12)); return emit(op::memory_init, 0, 0);
    case 3: return emit(op::data_drop, 0);
    case 4:
        i32_const(r_.below(9)), expression(r_.chance(50) ? t_ref0 : tessera::t_funcref, depth);
        return emit(op::table_set, 0);
    case 5:
        i32_const(r_.below(8)), expression(tessera::t_funcref, depth), i32_const(r_.below(3));
        return emit(op::table_fill, 0);
    case 6: i32_const(r_.below(8)), i32_const(r_.below(8)), i32_const(r_.below(4)); return emit(op::table_copy, 0, 0);
    case 7: i32_const(r_.below(8)), i32_const(r_.below(3)), i32_const(r_.below(3)); return emit(op::table_init, 1, 0);
    default:
        if (r_.chance(20)) return emit(op::elem_drop, 1);
        emit(op::atomic_fence);
        return code_.push_back(0);
    }
}

} // namespace diff
