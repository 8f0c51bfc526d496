// SPDX-License-Identifier: MIT
/// @file variant.hpp
/// Which handlers there are. A handler is a family (what kind of thing it does), an instruction, the
/// locations of its operands and a few flags; all of it fits in one word, which is the handler's
/// template argument. `layout_of` says where a handler's cell keeps what, and is used by the handler
/// and by the encoder alike.
///
/// A cell is an 8-byte handler pointer, then the operands: slot numbers as u16, i32 and f32
/// immediates, words, the branch target as an i32 relative to the cell, 8-byte immediates, wide words.
#pragma once

#include <tessera/num/relation.hpp>
#include <tessera/syntax/opcode.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// Where an operand is. An accumulator is a register of the class of the operand's type, a pin one that
/// holds a copy of a slot; what is written to a pin is written to its slot as well.
enum class loc : u8 { none, slot, imm, acc, pin };

/// What the registers are told apart by.
enum class cls : u8 { i32, i64, f32, f64, v128 };

/// The register an operand class shares: 0 integers, 1 f32, 2 f64, 3 v128.
constexpr unsigned register_of(cls c) noexcept { return c < cls::f32 ? 0u : unsigned(c) - 1; }
inline constexpr unsigned register_count = 4;

/// True if handlers pass a vector to each other in a register: where the convention for calls has one for
/// it and the engine makes such calls. Else vectors are in slots only.
#if TESSERA_TAIL_CALLS && (defined(__x86_64__) || defined(__aarch64__)) && defined(__BYTE_ORDER__) &&                  \
    __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
inline constexpr bool has_vector_register = true;
#else
inline constexpr bool has_vector_register = false;
#endif

/// The class of a signature letter; references and addresses count as integers.
constexpr cls class_of(char letter) noexcept {
    return letter == 'l'   ? cls::i64
           : letter == 'f' ? cls::f32
           : letter == 'd' ? cls::f64
           : letter == 'v' ? cls::v128
                           : cls::i32;
}

enum class family : u8 {
    unary,           ///< d = op a
    binary,          ///< d = a op b
    move,            ///< d = a
    constant,        ///< d = 64 bits
    select,          ///< d = c ? a : b
    ternary,         ///< d = op(a, b, c)
    vector_constant, ///< d = 128 bits
    shuffle,         ///< d = lanes of a and b that the cell names
    extract_lane,    ///< d = a lane of a
    replace_lane,    ///< d = a with b in one lane
    load,            ///< d = memory 0 [a + offset]
    load_indexed,    ///< d = memory 0 [a + (b << scale) + offset]
    store,           ///< memory 0 [a + offset] = b
    load_wide,       ///< any memory, any offset
    store_wide,
    global_get, ///< of the module's own
    global_set,
    imported_get,
    imported_set,
    br,
    br_compare, ///< branch if a op b, which is a comparison, or a mask
    latch,      ///< a += word; branch if a op b
    br_table,
    call,        ///< a lowered function of the same instance
    call_lazy,   ///< becomes `call` when it is executed
    call_record, ///< an imported function
    call_indirect,
    call_ref,
    return_,
    return_call,
    return_call_lazy,
    return_call_record,
    return_call_indirect,
    return_call_ref,
    special,    ///< the instruction's own function, operands in consecutive slots
    atomic,     ///< the same for instructions on memory that others use
    struct_new, ///< of a few fields of 4 bytes each, operands in consecutive slots; the instruction is their number
    struct_get, ///< d = field of a; the instruction is the load of such a value, so in the next ones
    struct_set, ///< field of a = b
    array_get,  ///< d = a [b]
    array_set,  ///< a [b] = c
    array_len,
    ref_test, ///< d = whether a is of a type
    ref_cast, ///< traps unless a is of a type
    zero_range,
    zero_few, ///< without a loop, and so without a call of the C library
    move_range,
    move_wide, ///< slot numbers beyond u16
    entry,     ///< safepoint at a function's entry
    unreachable,
    throw_,     ///< a new exception, or the one a reference names
    null_check, ///< ref.as_non_null; traps as the word says
    leave,      ///< the call is done
    stop,       ///< a trap or a pause
    enter,      ///< the slow way into a function
    indirect,   ///< the slow way of an indirect call
    link,       ///< makes a lazy call a call
    restore,    ///< return into another instance
    grow_stack,
    out_of_bounds, ///< the slow way of an access that is beyond the size that was known
    make_room,     ///< the slow way of what needs the heap
    failed,        ///< a host function failed: with an exception, perhaps
    land,          ///< where an exception is caught that needs pins
    pins,          ///< loads pins: integer, f32, f64
    probe,         ///< notes the native stack's position, for the self-test
    trace,         ///< before an instruction of a function in plain mode
#if TESSERA_NATIVE
    tally, ///< counts how often control comes to it, see runtime::code_form::counted
    hot,   ///< the slow way of a tally whose count is reached
#endif
    count_,
};

/// Bits of `variant::flags`.
namespace flag {
inline constexpr u8 negated = 1;      ///< branch if the comparison is false (NaN makes that a case of its own)
inline constexpr u8 fuel = 2;         ///< a back edge or an entry that charges fuel
inline constexpr u8 interrupt = 4;    ///< a back edge or an entry that looks whether it shall stop
inline constexpr u8 canonical = 8;    ///< NaN results are canonical (deterministic profile)
inline constexpr u8 instruction = 16; ///< unary, binary, shuffle: by an instruction that not all processors have
inline constexpr u8 reference = 32;   ///< struct_set, array_set: of a reference that may lie in the heap
inline constexpr u8 marks = 64;       ///< store, store_wide, special, atomic: marks the pages it writes to
inline constexpr u8 shift = 4;        ///< load_indexed: where the scale is
inline constexpr u8 shared = 128;     ///< load_wide, store_wide: others may access the memory at the same time
} // namespace flag

struct variant {
    family fam = family::unreachable;
    u8 flags = 0;
    op code = op::nop; ///< for families over a class: the class's number
    loc at[4] = {};    ///< operands 0 to 2, then the destination

    constexpr u64 pack() const noexcept {
        return u64(fam) | u64(flags) << 8 | u64(code) << 16 | u64(at[0]) << 32 | u64(at[1]) << 36 | u64(at[2]) << 40 |
               u64(at[3]) << 44;
    }
    static constexpr variant unpack(u64 id) noexcept {
        variant v;
        v.fam = family(id & 0xff);
        v.flags = u8(id >> 8);
        v.code = op(u16(id >> 16));
        for (unsigned k = 0; k < 4; ++k) v.at[k] = loc(id >> (32 + 4 * k) & 15);
        return v;
    }
};

/// The class of operand `k` (3: the destination) of `v`; only for operands the family has.
constexpr cls operand_class(const variant& v, unsigned k) noexcept {
    const op_type& t = row(v.code).type;
    switch (v.fam) {
    case family::unary: return class_of(k == 3 ? t.results[0] : t.params[0]);
    case family::binary:
    case family::ternary:
    case family::shuffle: return class_of(k == 3 ? t.results[0] : t.params[k]);
    case family::extract_lane: return class_of(k == 3 ? t.results[0] : 'v');
    case family::replace_lane: return class_of(k == 1 ? t.params[1] : 'v');
    case family::vector_constant: return cls::v128;
    case family::load:
    case family::load_indexed: return k == 3 ? class_of(t.results[0]) : cls::i32;
    case family::load_wide: return k == 3 ? class_of(t.results[0]) : cls::i64;
    case family::store: return k == 0 ? cls::i32 : class_of(t.params[1]);
    case family::store_wide: return k == 0 ? cls::i64 : class_of(t.params[1]);
    case family::br_compare:
    case family::latch: return class_of(t.params[k == 3 ? 0 : k]);
    case family::select: return k == 2 ? cls::i32 : cls(v.code);
    case family::global_get:
    case family::global_set:
    case family::imported_get:
    case family::imported_set:
    case family::move:
    case family::return_: return cls(v.code);
    case family::pins: return k == 0 ? cls::i64 : k == 1 ? cls::f32 : k == 2 ? cls::f64 : cls::v128;
    case family::struct_get:
    case family::array_get: return k == 3 ? class_of(t.results[0]) : cls::i32;
    case family::struct_set: return k == 0 ? cls::i32 : class_of(t.params[1]);
    case family::array_set: return k != 2 ? cls::i32 : class_of(t.params[1]);
    case family::array_len:
    case family::ref_test:
    case family::ref_cast:
    case family::br_table:
    case family::null_check: return cls::i32;
    default: return cls::i64;
    }
}

/// What a family's cell holds besides its operands.
struct shape {
    u8 words = 0;
    u8 wides = 0;
    bool target = false;
};
constexpr shape shape_of(family fam, u8 flags) noexcept {
    const u8 cost = (flags & flag::fuel) ? 1 : 0;                            // the last word
    const u8 stop = (flags & (flag::fuel | flag::interrupt)) ? cost + 1 : 0; // before it, where a stopped call goes on
    switch (fam) {
    case family::load:
    case family::load_indexed:
    case family::store: return {1, 0, false}; // offset + size
    case family::load_wide:
    case family::store_wide: return {1, 1, false}; // memory; offset
    case family::global_get:
    case family::global_set: return {1, 0, false}; // offset of its slots in bytes
    case family::imported_get:
    case family::imported_set: return {1, 0, false}; // global
    case family::br:
    case family::br_compare: return {stop, 0, true};
    case family::latch: return {u8(1 + stop), 0, true}; // step
    case family::br_table: return {1, 0, false};        // number of targets; they follow the cell
    case family::call:
    case family::call_lazy:
        return {3, 1,
                false}; // in bytes from the frame: the callee's frame, its end, its header; entry. lazy: frame, func
    case family::call_record: return {2, 0, false};   // delta, func
    case family::call_indirect: return {3, 0, false}; // delta, table, type id
    case family::call_ref: return {1, 0, false};      // delta
    case family::return_: return {1, 0, false};       // header
    case family::return_call:
    case family::return_call_lazy:
        return {5, 1,
                false}; // arguments' slot, count, header, then frame, header of the callee; entry. lazy: func at 3
    case family::return_call_record: return {4, 0, false};   // arguments' slot, count, header, func
    case family::return_call_indirect: return {5, 0, false}; // …, table, type id
    case family::return_call_ref: return {3, 0, false};
    case family::special: return {3, 0, false};    // first slot, index, second index
    case family::atomic: return {2, 1, false};     // first slot, memory; offset
    case family::struct_new: return {4, 0, false}; // first slot, header, class, bytes of a cell
    case family::struct_get:
    case family::struct_set: return {1, 0, false}; // offset
    case family::ref_test:
    case family::ref_cast:
        return {2, 0, false}; // heap type by the store's id; 2 * number of its super types + nullable
    case family::null_check: return {1, 0, false}; // trap
    case family::zero_range: return {2, 0, false}; // first slot, count
    case family::zero_few: return {1, 0, false};   // first slot
    case family::move_range: return {3, 0, false}; // to, from, count
    case family::move_wide: return {2, 0, false};  // to, from
    case family::throw_: return {2, 0, false};     // first slot, tag; or slot of the reference, no_index
    case family::entry: return {cost, 0, false};
    case family::constant: return {0, 1, false};
    case family::trace: return {2, 0, false}; // plain map, point in it
#if TESSERA_NATIVE
    case family::tally:
        return {3, 0, false}; // how often control may still come; 1 + number of the loop, or 0; function
#endif
    case family::vector_constant:
    case family::shuffle: return {4, 0, false}; // lanes of 32 bits; bytes
    case family::extract_lane:
    case family::replace_lane: return {1, 0, false}; // number of the lane
    default: return {};
    }
}

/// Byte offsets within a cell.
struct layout {
    u8 at[4] = {};
    u8 words = 0;
    u8 target = 0;
    u8 wides = 0;
    u8 size = 8;
};
/// What of a variant the cell depends on: its instruction only by the operands' classes, so that
/// instructions of the same types share everything but the operation itself.
struct cell_key {
    family fam = family::unreachable;
    u8 flags = 0;
    loc at[4] = {};
    cls classes[4] = {};

    constexpr u64 pack() const noexcept {
        u64 id = u64(fam) | u64(flags) << 8;
        for (unsigned k = 0; k < 4; ++k) id |= u64(at[k]) << (16 + 4 * k) | u64(classes[k]) << (32 + 4 * k);
        return id;
    }
    static constexpr cell_key unpack(u64 id) noexcept {
        cell_key key;
        key.fam = family(id & 0xff);
        key.flags = u8(id >> 8);
        for (unsigned k = 0; k < 4; ++k)
            key.at[k] = loc(id >> (16 + 4 * k) & 15), key.classes[k] = cls(id >> (32 + 4 * k) & 15);
        return key;
    }
};
constexpr cell_key key_of(const variant& v) noexcept {
    cell_key key;
    key.fam = v.fam;
    key.flags = v.flags;
    for (unsigned k = 0; k < 4; ++k) {
        key.at[k] = v.at[k];
        if (v.at[k] != loc::none) key.classes[k] = operand_class(v, k);
    }
    return key;
}

/// True if operand `k` takes a slot number in the cell: a slot, or the slot of a pin that is written.
constexpr bool names_slot(family fam, loc at, unsigned k) noexcept {
    return at == loc::slot || (at == loc::pin && (k == 3 || fam == family::latch));
}
constexpr layout layout_of(const cell_key& v) noexcept {
    layout l;
    const shape s = shape_of(v.fam, v.flags);
    unsigned p = 8;
    for (unsigned k = 0; k < 4; ++k)
        if (names_slot(v.fam, v.at[k], k)) l.at[k] = u8(p), p += 2;
    p = (p + 3) & ~3u;
    for (unsigned k = 0; k < 4; ++k)
        if (v.at[k] == loc::imm && v.classes[k] != cls::f64) l.at[k] = u8(p), p += 4;
    l.words = u8(p);
    p += 4u * s.words;
    if (s.target) l.target = u8(p), p += 4;
    p = (p + 7) & ~7u;
    for (unsigned k = 0; k < 4; ++k)
        if (v.at[k] == loc::imm && v.classes[k] == cls::f64) l.at[k] = u8(p), p += 8;
    l.wides = u8(p);
    p += 8u * s.wides;
    l.size = u8(p);
    return l;
}
constexpr layout layout_of(const variant& v) noexcept { return layout_of(key_of(v)); }

/// True for those that make an object, and can be executed again when the heap was full.
constexpr bool is_allocation(op o) noexcept {
    switch (o) {
    case op::struct_new:
    case op::struct_new_default:
    case op::array_new:
    case op::array_new_default:
    case op::array_new_fixed:
    case op::array_new_data:
    case op::array_new_elem: return true;
    default: return false;
    }
}

/// How many slots zero_few clears. What lies behind the locals are temporaries, which nothing has been put into yet.
inline constexpr u32 few_slots = 8;
/// The most fields of struct_new.
inline constexpr u16 most_fields = 4;
/// True for handlers where a call can stop because the heap is full, and go on at the same cell.
constexpr bool makes_object(const variant& v) noexcept {
    return v.fam == family::struct_new || (v.fam == family::special && is_allocation(v.code));
}

// ---- which variants exist ------------------------------------------------------------------------------------------

namespace detail {
constexpr bool is_load(op o) noexcept {
    const op_type& t = row(o).type;
    return row(o).immediate == imm::memarg && t.param_count == 1 && t.params[0] == 'a' && t.result_count == 1 &&
           !is_atomic_row(row(o));
}
constexpr bool is_store(op o) noexcept {
    const op_type& t = row(o).type;
    return row(o).immediate == imm::memarg && t.param_count == 2 && t.result_count == 0 && !is_atomic_row(row(o));
}
constexpr bool is_pure(op o, unsigned params) noexcept {
    const op_type& t = row(o).type;
    return row(o).immediate == imm::none && !t.poly && t.param_count == params && t.result_count == 1;
}
/// How values lie in structures and arrays: the loads and stores that do the same in a memory.
constexpr bool is_field_load(op o) noexcept {
    switch (o) {
    case op::i32_load:
    case op::i64_load:
    case op::f32_load:
    case op::f64_load:
    case op::v128_load:
    case op::i32_load8_s:
    case op::i32_load8_u:
    case op::i32_load16_s:
    case op::i32_load16_u: return true;
    default: return false;
    }
}
constexpr bool is_field_store(op o) noexcept {
    switch (o) {
    case op::i32_store:
    case op::i64_store:
    case op::f32_store:
    case op::f64_store:
    case op::v128_store:
    case op::i32_store8:
    case op::i32_store16: return true;
    default: return false;
    }
}
/// The operations programs spend their time in; they get every operand combination.
constexpr bool is_hot(op o) noexcept {
    switch (o) {
    case op::i32_add:
    case op::i32_sub:
    case op::i32_mul:
    case op::i32_and:
    case op::i32_or:
    case op::i32_xor:
    case op::i32_shl:
    case op::i32_shr_s:
    case op::i32_shr_u:
    case op::i64_add:
    case op::i64_sub:
    case op::i64_mul:
    case op::i64_and:
    case op::i64_or:
    case op::i64_xor:
    case op::i64_shl:
    case op::i64_shr_s:
    case op::i64_shr_u:
    case op::f32_add:
    case op::f32_sub:
    case op::f32_mul:
    case op::f32_div:
    case op::f64_add:
    case op::f64_sub:
    case op::f64_mul:
    case op::f64_div: return true;
    default: return false;
    }
}
/// What vectors are used for most; these have forms with the accumulator.
constexpr bool is_hot_vector(op o) noexcept {
    switch (o) {
    case op::v128_load:
    case op::v128_load8x8_u:
    case op::v128_load32_splat:
    case op::v128_load64_splat:
    case op::v128_store:
    case op::v128_and:
    case op::v128_andnot:
    case op::v128_or:
    case op::v128_xor:
    case op::v128_any_true:
    case op::i8x16_shuffle:
    case op::i8x16_swizzle:
    case op::i8x16_splat:
    case op::i8x16_bitmask:
    case op::i8x16_eq:
    case op::i8x16_add:
    case op::i8x16_sub:
    case op::i8x16_add_sat_u:
    case op::i8x16_sub_sat_u:
    case op::i8x16_min_u:
    case op::i8x16_max_u:
    case op::i8x16_shr_u:
    case op::i8x16_narrow_i16x8_u:
    case op::i16x8_extend_low_i8x16_u:
    case op::i16x8_extend_high_i8x16_u:
    case op::i16x8_shl:
    case op::i16x8_shr_u:
    case op::i16x8_add:
    case op::i16x8_sub:
    case op::i16x8_mul:
    case op::i32x4_splat:
    case op::i32x4_eq:
    case op::i32x4_gt_s:
    case op::i32x4_shl:
    case op::i32x4_shr_s:
    case op::i32x4_shr_u:
    case op::i32x4_add:
    case op::i32x4_sub:
    case op::i32x4_mul:
    case op::i32x4_dot_i16x8_s:
    case op::i64x2_shl:
    case op::i64x2_shr_u:
    case op::i64x2_add:
    case op::f32x4_splat:
    case op::f32x4_lt:
    case op::f32x4_le:
    case op::f32x4_gt:
    case op::f32x4_add:
    case op::f32x4_sub:
    case op::f32x4_mul:
    case op::f32x4_div:
    case op::f32x4_convert_i32x4_s:
    case op::f64x2_splat:
    case op::f64x2_lt:
    case op::f64x2_add:
    case op::f64x2_sub:
    case op::f64x2_mul:
    case op::f64x2_div: return true;
    default: return false;
    }
}
constexpr bool is_hot_load(op o) noexcept {
    return o == op::i32_load || o == op::i32_load8_u || o == op::i32_load8_s || o == op::i32_load16_u ||
           o == op::i64_load || o == op::f32_load || o == op::f64_load;
}
constexpr bool one_of(loc l, loc a, loc b) noexcept { return l == a || l == b; }
constexpr bool slot_or_acc(loc l) noexcept { return one_of(l, loc::slot, loc::acc); }
constexpr bool can_swap(op o) noexcept { return num::is_commutative(o) || num::swapped_compare(o) != op::count_; }

/// Those that take long, or that real programs hardly use: an accumulator goes to a slot before them.
constexpr bool is_rare_unary(op o) noexcept {
    switch (o) {
    case op::i32_clz:
    case op::i32_ctz:
    case op::i32_popcnt:
    case op::i64_clz:
    case op::i64_ctz:
    case op::i64_popcnt:
    case op::f32_ceil:
    case op::f32_trunc:
    case op::f32_nearest:
    case op::f64_ceil:
    case op::f64_trunc:
    case op::f64_nearest: return true;
    default: break;
    }
    const cls from = class_of(row(o).type.params[0]), to = class_of(row(o).type.results[0]);
    return (from >= cls::f32 && to < cls::f32) || (from == cls::i64 && to == cls::f32);
}
constexpr bool is_division(op o) noexcept {
    switch (o) {
    case op::i32_div_s:
    case op::i32_div_u:
    case op::i32_rem_s:
    case op::i32_rem_u:
    case op::i64_div_s:
    case op::i64_div_u:
    case op::i64_rem_s:
    case op::i64_rem_u: return true;
    default: return false;
    }
}
/// The comparisons that end counted loops.
constexpr bool latch_exists(op o, loc a, loc b) noexcept {
    switch (o) {
    case op::i32_ne:
    case op::i32_lt_s:
    case op::i32_lt_u:
    case op::i32_ge_s:
    case op::i32_ge_u: return one_of(a, loc::slot, loc::pin) && one_of(b, loc::slot, loc::imm);
    case op::i64_ne: return a == loc::slot && b == loc::imm;
    default: return false;
    }
}

constexpr bool binary_sources_exist(op o, loc a, loc b) noexcept {
    if (class_of(row(o).type.params[0]) == cls::v128)
        return slot_or_acc(a) && (b == loc::slot || (row(o).type.params[1] == 'i'
                                                         ? b == loc::imm
                                                         : b == loc::acc && a == loc::slot && !num::is_commutative(o)));
    const bool is_float = class_of(row(o).type.params[0]) >= cls::f32;
    if (!slot_or_acc(a) && a != loc::imm) return false;
    const bool with_acc = a == loc::acc || b == loc::acc;
    if (with_acc && (is_division(o) || (is_float && !is_hot(o) && !num::is_compare(o)))) return false;
    if (a == loc::imm) return b == loc::slot && is_hot(o) && !can_swap(o);
    if (b == loc::slot) return true;
    if (b == loc::acc) return a == loc::slot && !can_swap(o);
    if (b != loc::imm) return false;
    if (is_float) return is_hot(o);
    return a == loc::slot || is_hot(o) || num::negated_compare(o) != op::count_;
}
} // namespace detail

/// True if the loop has a case for `v`, one that `exists` with tail calls: it does without the rarer
/// combinations of operands, so that there are about half as many.
constexpr bool exists_in_loop(const variant& v) noexcept {
    const loc a = v.at[0], b = v.at[1], d = v.at[3];
    const bool plain = a == loc::slot && (b == loc::slot || b == loc::none) && (d == loc::slot || d == loc::none);
    switch (v.fam) {
    case family::unary:
    case family::load_indexed:
    case family::global_get:
    case family::global_set: return plain || v.fam == family::global_get ? d != loc::acc : false;
    case family::binary: return plain || (detail::is_hot(v.code) && a != loc::imm && (a == loc::slot || b != loc::acc));
    case family::br_compare:
        return plain || (class_of(row(v.code).type.params[0]) < cls::f32 &&
                         !(a == loc::acc && b == loc::imm && class_of(row(v.code).type.params[0]) == cls::i64));
    case family::latch: return class_of(row(v.code).type.params[0]) == cls::i32;
    case family::load: return a != loc::imm && !(a == loc::acc && d == loc::slot);
    case family::store: return a == loc::slot;
    case family::select:
        return a == loc::slot && b == loc::slot && (cls(v.code) < cls::f32 || d == loc::slot) && d == loc::slot;
    case family::struct_get:
    case family::array_get:
    case family::array_len:
    case family::ref_test: return plain;
    case family::struct_set: return plain;
    case family::array_set: return v.at[2] == loc::slot;
    default: return true;
    }
}

namespace detail {
constexpr bool is_hot_store(op o) noexcept {
    return o == op::i32_store || o == op::i64_store || o == op::f32_store || o == op::f64_store ||
           o == op::i32_store8 || o == op::i32_store16;
}
/// True if some operand or the result is a pin.
constexpr bool has_pin(const variant& v) noexcept {
    for (loc at : v.at)
        if (at == loc::pin) return true;
    return false;
}
/// Binary operations with a pin: integers of 32 bits and floats.
constexpr bool binary_pin_exists(op o, loc a, loc b, loc d) noexcept {
    const cls c = class_of(row(o).type.params[0]);
    const bool is_float = c >= cls::f32, most = o == op::i32_add || is_float;
    if (!is_hot(o) || c == cls::i64) return false;
    if (a == loc::pin) {
        if (b == loc::imm) return !is_float;
        if (b == loc::slot) return d == loc::acc || most;
        return b == loc::acc && !can_swap(o) && d == loc::acc;
    }
    if (b == loc::pin) {
        if (a == loc::acc) return d == loc::acc || most;
        return a == loc::slot && !can_swap(o) && d == loc::acc;
    }
    if (a == loc::imm || (a == loc::slot && b == loc::acc)) return false;
    return binary_sources_exist(o, a, b) && (a == loc::acc || b != loc::slot || most);
}
/// Vector operations with a pin: those that loops add up with.
constexpr bool is_pinned_vector(op o) noexcept {
    switch (o) {
    case op::v128_or:
    case op::v128_xor:
    case op::i8x16_add:
    case op::i16x8_add:
    case op::i32x4_add:
    case op::i64x2_add:
    case op::f32x4_add:
    case op::f32x4_sub:
    case op::f32x4_mul:
    case op::f64x2_add:
    case op::f64x2_sub:
    case op::f64x2_mul: return has_vector_register;
    default: return false;
    }
}
constexpr bool vector_pin_exists(op o, loc a, loc b) noexcept {
    if (!is_pinned_vector(o)) return false;
    if (a == loc::pin) return one_of(b, loc::slot, loc::acc);
    if (b == loc::pin) return one_of(a, loc::slot, loc::acc) && !can_swap(o);
    return binary_sources_exist(o, a, b);
}
/// The handlers with pins: the forms that loops of real programs use most.
constexpr bool pin_form_exists(const variant& v) noexcept {
    const loc a = v.at[0], b = v.at[1], d = v.at[3];
    switch (v.fam) {
    case family::pins: return true;
    case family::binary:
        return operand_class(v, 0) == cls::v128 ? vector_pin_exists(v.code, a, b) : binary_pin_exists(v.code, a, b, d);
    case family::br_compare:
        if (v.code == op::i32_and) return a == loc::pin && b == loc::imm && d == loc::none;
        return class_of(row(v.code).type.params[0]) == cls::i32 && num::is_compare(v.code) && d == loc::none &&
               (a == loc::pin ? one_of(b, loc::slot, loc::imm) : a == loc::acc);
    case family::latch: return a == loc::pin && latch_exists(v.code, a, b);
    case family::load:
        if (v.code == op::v128_load) return has_vector_register && d == loc::pin && slot_or_acc(a);
        if (d == loc::pin && v.code == op::i64_load) return false;
        return is_hot_load(v.code) && (a == loc::pin || slot_or_acc(a));
    case family::load_indexed: {
        const bool scaled = v.flags >> flag::shift != 0;
        return is_hot_load(v.code) && b == loc::pin && slot_or_acc(d) &&
               (a == loc::slot ? scaled || natural_align[u16(v.code)] == 0 : a == loc::imm && !scaled);
    }
    case family::store:
        if (v.code == op::v128_store) return has_vector_register && b == loc::pin && slot_or_acc(a);
        if (!is_hot_store(v.code)) return false;
        if (a == loc::pin) return slot_or_acc(b) || (b == loc::imm && class_of(row(v.code).type.params[1]) < cls::f32);
        return slot_or_acc(a);
    case family::move:
        if (cls(v.code) == cls::v128) return has_vector_register && a == loc::slot && d == loc::pin;
        if (cls(v.code) == cls::i32) return a == loc::imm;
        return a != d && (a == loc::pin ? d == loc::slot : a == loc::slot);
    default: return false;
    }
}
} // namespace detail

namespace detail {
/// True if an operand of `v` is the accumulator of vectors.
constexpr bool has_vector_acc(const variant& v) noexcept {
    const auto is = [&](unsigned k) { return v.at[k] == loc::acc && operand_class(v, k) == cls::v128; };
    return is(0) || is(1) || is(2) || is(3);
}
constexpr bool vector_acc_exists(const variant& v) noexcept {
    switch (v.fam) {
    case family::unary:
    case family::binary:
    case family::load:
    case family::store:
    case family::shuffle: return has_vector_register && is_hot_vector(v.code);
    case family::vector_constant: return has_vector_register;
    default: return false;
    }
}
} // namespace detail

/// True if there is a handler for `v`, its flags aside.
constexpr bool exists(const variant& v) noexcept {
    if (detail::has_vector_acc(v) && !detail::vector_acc_exists(v)) return false;
    if (v.fam == family::pins || detail::has_pin(v)) return TESSERA_TAIL_CALLS && detail::pin_form_exists(v);
    if constexpr (!TESSERA_TAIL_CALLS)
        if (!exists_in_loop(v)) return false;
    using detail::slot_or_acc;
    const loc a = v.at[0], b = v.at[1], c = v.at[2], d = v.at[3];
    switch (v.fam) {
    case family::unary:
        if (detail::is_rare_unary(v.code)) return a == loc::slot && d == loc::slot;
        return slot_or_acc(a) && slot_or_acc(d);
    case family::binary: return slot_or_acc(d) && detail::binary_sources_exist(v.code, a, b);
    case family::br_compare:
        if (d != loc::none) return false;
        if (v.code == op::i32_and) return slot_or_acc(a) && b == loc::imm;
        return num::is_compare(v.code) && detail::binary_sources_exist(v.code, a, b);
    case family::latch: return a == loc::slot && d == loc::none && detail::latch_exists(v.code, a, b);
    case family::move: return (a == loc::slot || (a == loc::imm && cls(v.code) < cls::f32)) && d == loc::slot;
    case family::constant:
    case family::ternary: return d == loc::slot;
    case family::vector_constant: return slot_or_acc(d);
    case family::shuffle: return slot_or_acc(d) && detail::binary_sources_exist(v.code, a, b);
    case family::extract_lane: return a == loc::slot && slot_or_acc(d);
    case family::replace_lane: return a == loc::slot && slot_or_acc(b) && d == loc::slot;
    case family::select: {
        if (!slot_or_acc(c) || !slot_or_acc(d)) return false;
        if (cls(v.code) == cls::i32)
            return detail::one_of(a, loc::slot, loc::imm) && detail::one_of(b, loc::slot, loc::imm);
        return a == loc::slot && b == loc::slot;
    }
    case family::load: return (slot_or_acc(a) || (a == loc::imm && detail::is_hot_load(v.code))) && slot_or_acc(d);
    case family::load_indexed:
        // A table of words at an address known at compile time is the one that is common.
        if (a == loc::imm && v.flags >> flag::shift != 0 && v.code != op::i32_load) return false;
        return detail::is_hot_load(v.code) && slot_or_acc(d) && detail::one_of(a, loc::slot, loc::imm) &&
               slot_or_acc(b);
    case family::store: {
        const bool integer = class_of(row(v.code).type.params[1]) < cls::f32;
        if (!slot_or_acc(a) && !(a == loc::imm && detail::is_hot_store(v.code))) return false;
        if (b == loc::imm) return integer && detail::is_hot_store(v.code);
        if (b == loc::acc) return a != loc::acc || !integer;
        return b == loc::slot;
    }
    case family::load_wide: return a == loc::slot && d == loc::slot;
    case family::store_wide: return a == loc::slot && b == loc::slot;
    case family::global_get: return slot_or_acc(d);
    case family::imported_get: return d == loc::slot;
    case family::imported_set: return a == loc::slot;
    case family::global_set: return slot_or_acc(a) || (a == loc::imm && cls(v.code) < cls::f32);
    case family::return_: return a == loc::none || slot_or_acc(a) || (a == loc::imm && cls(v.code) < cls::f32);
    case family::call_indirect:
    case family::br_table: return slot_or_acc(a);
    case family::struct_get:
    case family::array_len: return slot_or_acc(a) && slot_or_acc(d);
    case family::struct_set: return a == loc::slot && slot_or_acc(b);
    case family::array_get: return a == loc::slot && slot_or_acc(b) && slot_or_acc(d);
    case family::array_set: return a == loc::slot && b == loc::slot && slot_or_acc(c);
    case family::ref_test: return a == loc::slot && slot_or_acc(d);
    default: return true;
    }
}

} // namespace tessera::exec
