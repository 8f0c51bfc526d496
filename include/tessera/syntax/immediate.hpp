// SPDX-License-Identifier: MIT
/// @file immediate.hpp
/// The kinds of immediates an instruction can have. Reading, writing, printing and parsing work per
/// kind, never per instruction. The order of the parts is that of the binary format; where the text
/// format has another order, that is said.
#pragma once

#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI {

enum class imm : u8 {
    none,
    block,         ///< block type: block, loop, if, legacy try
    try_table,     ///< block type, then a vector of catch clauses
    label,         ///< br, br_if, br_on_null, legacy rethrow and delegate
    labels,        ///< br_table: vector of labels, then the default label
    func,          ///< function index
    type,          ///< type index
    call_indirect, ///< type index, table index; text: table first, may be left out
    local,
    global,
    table,       ///< text: may be left out
    table_table, ///< table.copy: destination, source; text: both may be left out
    elem_table,  ///< table.init: element segment, table; text: table first, may be left out
    elem,
    tag,
    memory,        ///< memory.size, grow, fill; text: may be left out
    memory_memory, ///< memory.copy: destination, source
    data_memory,   ///< memory.init: data segment, memory; text: memory first, may be left out
    data,
    memarg,      ///< alignment (bit 6: memory index follows), offset
    memarg_lane, ///< memarg, then a lane
    i32_const,
    i64_const,
    f32_const,
    f64_const,
    v128_const, ///< 16 bytes
    shuffle,    ///< 16 lanes
    lane,
    select_types, ///< vector of value types
    heap,         ///< heap type: ref.null
    ref_type,     ///< ref.test, ref.cast: heap type in the bytes, (ref null? ht) in the text; the
                  ///< opcode says whether it is nullable, so one text has two opcodes
    br_cast,      ///< br_on_cast: flags, label, heap type, heap type; text: label, two ref types
    field,        ///< struct.get: type index, field index
    type_count,   ///< array.new_fixed: type index, u32
    type_data,    ///< array.new_data: type index, data segment
    type_elem,
    type_type, ///< array.copy
    zero_byte, ///< atomic.fence: one byte, zero; text: nothing
};

} // namespace tessera
