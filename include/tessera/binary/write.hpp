// SPDX-License-Identifier: MIT
/// @file binary/write.hpp
/// Writing types and instructions, per immediate kind (spec: binary/types, binary/instructions). Each
/// thing has one form here, the shortest.
#pragma once

#include <tessera/binary/instruction.hpp>
#include <tessera/util/writer.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::binary {

/// The ids of the sections that are not custom, in the order in which they must appear.
inline constexpr u8 section_order[] = {1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11};

inline void write_heap(writer& to, heap_type h) noexcept {
    if (h.is_index()) to.leb_s(h.index());
    else to.byte(h.byte_code());
}
/// A value type or storage type.
inline void write_type(writer& to, val_type t) noexcept {
    if (!t.is_ref()) return to.byte(t.byte_code());
    if (!t.is_nullable() || t.heap().is_index()) to.byte(t.byte_code()); // else the abbreviation, one byte
    write_heap(to, t.heap());
}
inline void write_limits(writer& to, const limits_type& l, u8 more_flags) noexcept {
    to.byte(u8((l.has_max ? 1 : 0) | (l.is64 ? 4 : 0) | more_flags));
    to.leb_u(l.min);
    if (l.has_max) to.leb_u(l.max);
}
inline void write_table(writer& to, const table_type& t) noexcept {
    write_type(to, t.element);
    write_limits(to, t.limits, 0);
}
inline void write_memory(writer& to, const memory_type& m) noexcept {
    write_limits(to, m.limits, u8((m.shared ? 2 : 0) | (m.page_log2 != 16 ? 8 : 0)));
    if (m.page_log2 != 16) to.leb_u(m.page_log2);
}
inline void write_opcode(writer& to, op o) noexcept {
    const op_row& r = row(o);
    if (r.prefix) {
        to.byte(r.prefix);
        to.leb_u(r.code);
    } else {
        to.byte(u8(r.code));
    }
}
inline void write_memarg(writer& to, u32 align_log2, u32 memory, u64 offset) noexcept {
    to.leb_u(align_log2 | (memory != 0 ? 0x40u : 0u));
    if (memory != 0) to.leb_u(memory);
    to.leb_u(offset);
}
/// The block type of `in`: an index, a type, or nothing.
inline void write_block_type(writer& to, const instruction& in) noexcept {
    if (in.block_type != no_index) to.leb_s(in.block_type);
    else if (in.type == t_bottom) to.byte(code::empty_block);
    else write_type(to, in.type);
}

/// Writes `in` as `read_by` read it.
inline void write_instruction(writer& to, const instruction& in, immediate_reader& read_by) noexcept {
    cursor list = in.list;
    write_opcode(to, in.code);
    switch (in.immediate) {
    case imm::none: return;
    case imm::label:
    case imm::func:
    case imm::type:
    case imm::local:
    case imm::global:
    case imm::table:
    case imm::elem:
    case imm::tag:
    case imm::memory:
    case imm::data: return to.leb_u(in.index);
    case imm::call_indirect:
    case imm::table_table:
    case imm::elem_table:
    case imm::memory_memory:
    case imm::data_memory:
    case imm::field:
    case imm::type_count:
    case imm::type_data:
    case imm::type_elem:
    case imm::type_type: to.leb_u(in.index); return to.leb_u(in.index2);
    case imm::i32_const:
    case imm::i64_const: return to.leb_s(i64(in.value));
    case imm::f32_const: return to.fixed(u32(in.value));
    case imm::f64_const: return to.fixed(in.value);
    case imm::v128_const:
    case imm::shuffle: return to.raw(list.at(), list.left());
    case imm::lane: return to.byte(u8(in.lane));
    case imm::memarg: return write_memarg(to, in.align, in.index, in.value);
    case imm::memarg_lane: write_memarg(to, in.align, in.index, in.value); return to.byte(u8(in.lane));
    case imm::block: return write_block_type(to, in);
    case imm::try_table:
        write_block_type(to, in);
        to.leb_u(in.list_count);
        for (u32 i = 0; i < in.list_count; ++i) {
            const catch_clause c = immediate_reader::next_catch(list);
            to.byte(u8(c.kind));
            if (c.kind < catch_kind::all) to.leb_u(c.tag);
            to.leb_u(c.label);
        }
        return;
    case imm::labels:
        to.leb_u(in.list_count);
        while (!list.done()) to.leb_u(immediate_reader::next_label(list));
        return;
    case imm::select_types:
        to.leb_u(in.list_count);
        while (!list.done()) write_type(to, read_by.next_type(list));
        return;
    case imm::heap:
    case imm::ref_type: return write_heap(to, in.type.heap());
    case imm::br_cast:
        to.byte(u8(in.type.is_nullable() | in.type2.is_nullable() << 1));
        to.leb_u(in.index);
        write_heap(to, in.type.heap());
        return write_heap(to, in.type2.heap());
    case imm::zero_byte: return to.byte(0);
    }
}

} // namespace tessera::binary
TESSERA_SMALL_END
