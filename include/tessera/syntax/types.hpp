// SPDX-License-Identifier: MIT
/// @file types.hpp
/// The types of the specification (spec: syntax/types). Value types are one 32-bit word.
#pragma once

#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI {

/// No index: the absent super type, the absent start function.
inline constexpr u32 no_index = ~u32{0};

/// The byte codes of types in the binary format (spec: binary/types).
namespace code {
inline constexpr u8 i32 = 0x7f, i64 = 0x7e, f32 = 0x7d, f64 = 0x7c, v128 = 0x7b, i8 = 0x78, i16 = 0x77;
inline constexpr u8 noexn = 0x74, nofunc = 0x73, noextern = 0x72, none = 0x71, func = 0x70, extern_ = 0x6f, any = 0x6e,
                    eq = 0x6d, i31 = 0x6c, struct_ = 0x6b, array = 0x6a, exn = 0x69;
inline constexpr u8 ref = 0x64, ref_null = 0x63;
inline constexpr u8 func_type = 0x60, struct_type = 0x5f, array_type = 0x5e, sub = 0x50, sub_final = 0x4f, rec = 0x4e;
inline constexpr u8 empty_block = 0x40;
inline constexpr u8 bottom = 0x00; ///< not in the format: the type of what unreachable code pops
} // namespace code

/// A heap type: an abstract one by its byte code, or a type index of the module.
struct heap_type {
    u32 bits = 0;
    static constexpr u32 abstract_bit = 0x800000;
    static constexpr heap_type abstract(u8 byte_code) noexcept { return {abstract_bit | byte_code}; }
    static constexpr heap_type index(u32 type) noexcept { return {type}; }
    constexpr bool is_index() const noexcept { return (bits & abstract_bit) == 0; }
    constexpr u32 index() const noexcept { return bits; }
    constexpr u8 byte_code() const noexcept { return u8(bits); }
    friend constexpr bool operator==(heap_type, heap_type) noexcept = default;
};

/// A value type, a packed storage type (i8, i16) or the bottom type.
/// Bits 0 to 7: the byte code; for references `code::ref` or `code::ref_null`, then bits 8 to 31
/// hold the heap type. `(ref null func)` has one form only, never the shorthand 0x70.
struct val_type {
    u32 bits = 0;
    static constexpr val_type number(u8 byte_code) noexcept { return {byte_code}; }
    static constexpr val_type ref(heap_type h, bool nullable) noexcept {
        return {(h.bits << 8) | (nullable ? code::ref_null : code::ref)};
    }
    constexpr u8 byte_code() const noexcept { return u8(bits); }
    constexpr bool is_ref() const noexcept { return byte_code() == code::ref || byte_code() == code::ref_null; }
    constexpr bool is_nullable() const noexcept { return byte_code() == code::ref_null; }
    constexpr bool is_packed() const noexcept { return byte_code() == code::i8 || byte_code() == code::i16; }
    constexpr bool is_vector() const noexcept { return byte_code() == code::v128; }
    constexpr bool is_number() const noexcept { return byte_code() <= code::i32 && byte_code() >= code::f64; }
    constexpr heap_type heap() const noexcept { return {bits >> 8}; }
    /// True for types with a default value (spec: valid/types, Defaultable Types).
    constexpr bool is_defaultable() const noexcept { return byte_code() != code::ref; }
    /// How many 64-bit slots a value of the type takes in a frame.
    constexpr u32 slots() const noexcept { return is_vector() ? 2 : 1; }
    friend constexpr bool operator==(val_type, val_type) noexcept = default;
};

inline constexpr val_type t_i32{code::i32}, t_i64{code::i64}, t_f32{code::f32}, t_f64{code::f64}, t_v128{code::v128};
inline constexpr val_type t_i8{code::i8}, t_i16{code::i16}, t_bottom{code::bottom};
inline constexpr val_type t_funcref = val_type::ref(heap_type::abstract(code::func), true);
inline constexpr val_type t_externref = val_type::ref(heap_type::abstract(code::extern_), true);
inline constexpr val_type t_anyref = val_type::ref(heap_type::abstract(code::any), true);
inline constexpr val_type t_exnref = val_type::ref(heap_type::abstract(code::exn), true);

/// A field of a structure, or an array's element.
struct field_type {
    val_type type;
    bool mutable_ = false;
    friend constexpr bool operator==(const field_type&, const field_type&) noexcept = default;
};

/// What a composite type is.
enum class composite : u8 { func, struct_, array };

/// One defined type: a sub type with its composite type. Parameters, results and fields lie in the
/// pools of the `type_section` that holds it.
struct type_def {
    composite form = composite::func;
    bool final_ = true;
    u32 super = no_index; ///< type index of the super type
    u32 group = 0;        ///< type index of the first type of its recursion group
    u32 group_size = 1;
    u32 first = 0;   ///< func: index in `values` of the first parameter, results follow; else: in `fields`
    u32 params = 0;  ///< func: number of parameters; struct, array: number of fields
    u32 results = 0; ///< func: number of results
    u32 offset = 0;  ///< in the module's bytes, for errors
};

/// The types of a module, in index order.
struct type_section {
    vec<type_def> defs;
    vec<val_type> values;
    vec<field_type> fields;

    type_section() noexcept = default;
    explicit type_section(const allocator* from) noexcept : defs(from), values(from), fields(from) {}

    u32 size() const noexcept { return u32(defs.size()); }
    const type_def& operator[](u32 type) const noexcept { return defs[type]; }
    view<val_type> params(u32 type) const noexcept { return {values.data() + defs[type].first, defs[type].params}; }
    view<val_type> results(u32 type) const noexcept {
        return {values.data() + defs[type].first + defs[type].params, defs[type].results};
    }
    view<field_type> fields_of(u32 type) const noexcept {
        return {fields.data() + defs[type].first, defs[type].params};
    }
};

/// The limits of a memory (in pages) or a table (in entries).
struct limits_type {
    u64 min = 0;
    u64 max = ~u64{0}; ///< meaningful only if has_max
    bool has_max = false;
    bool is64 = false; ///< addressed by i64
};
struct memory_type {
    limits_type limits;
    bool shared = false;
    u8 page_log2 = 16; ///< 16, or 0 for pages of one byte
};
struct table_type {
    limits_type limits;
    val_type element;
};
struct global_type {
    val_type type;
    bool mutable_ = false;
};

/// The five kinds of imports and exports, with their byte codes.
enum class extern_kind : u8 { func, table, memory, global, tag };

} // namespace tessera
