// SPDX-License-Identifier: MIT
/// @file instruction.hpp
/// One instruction after the other, read by immediate kind (spec: binary/instructions).
#pragma once

#include <tessera/binary/reader.hpp>
#include <tessera/syntax/opcode.hpp>

namespace tessera::inline TESSERA_ABI::binary {

/// A decoded instruction. Only the fields its immediate kind has are meaningful; the others keep
/// what an earlier instruction left there.
struct instruction {
    op code = op::count_;
    imm immediate = imm::none; ///< row(code).immediate
    u32 offset = 0;            ///< of the opcode's first byte, relative to the module's bytes
    u32 index = 0;             ///< label, func, type, local, global, table, memory, tag, elem, data; memarg: memory
    u32 index2 = 0;            ///< second index: table of call_indirect, source of copies, field, count
    u32 align = 0;             ///< memarg: log2 of the alignment, without the bit for the memory index
    u32 lane = 0;
    u64 value = 0;             ///< i32.const (sign-extended), i64.const, f32 and f64 bits, memarg offset
    val_type type;             ///< ref.null, ref.test, ref.cast; br_on_cast: source; block: inline result or t_bottom
    val_type type2;            ///< br_on_cast: target
    u32 block_type = no_index; ///< block: type index, no_index where `type` says
    cursor list;               ///< br_table labels (the default last), catch clauses, types, 16 bytes; already checked
    u32 list_count = 0;        ///< entries of `list`; br_table: without the default label
};

/// The four forms of a catch clause of try_table, with their byte codes.
enum class catch_kind : u8 { tag, tag_ref, all, all_ref };
struct catch_clause {
    catch_kind kind = catch_kind::all;
    u32 tag = 0; ///< not for `all` and `all_ref`
    u32 label = 0;
};

/// Immediates by kind; what does not depend on the set of instructions.
class immediate_reader : public reader {
public:
    using reader::reader;

    /// Reads the immediates of kind `in.immediate` into `in`.
    [[nodiscard]] TESSERA_INLINE bool immediates(instruction& in) noexcept {
        switch (in.immediate) {
        case imm::none: return true;
        case imm::label:
        case imm::func:
        case imm::type:
        case imm::local:
        case imm::global:
        case imm::table:
        case imm::elem:
        case imm::tag:
        case imm::memory:
        case imm::data: return in_.leb_u32(in.index) || fail_leb(&cursor::leb_u32);
        case imm::i32_const: {
            i32 value = 0;
            if (!leb_i32(value)) return false;
            in.value = u64(i64(value));
            return true;
        }
        case imm::memarg: return memarg(in);
        case imm::block: return block_type(in);
        default: return rare_immediates(in);
        }
    }

    /// The next label of a br_table's list; the default label comes last.
    static u32 next_label(cursor& list) noexcept {
        u32 label = 0;
        static_cast<void>(list.leb_u32(label)); // was read once already
        return label;
    }
    /// The next clause of a try_table's list.
    static catch_clause next_catch(cursor& list) noexcept {
        u8 kind = 0;
        catch_clause c;
        static_cast<void>(list.byte(kind));
        c.kind = catch_kind(kind);
        if (kind < 2) c.tag = next_label(list);
        c.label = next_label(list);
        return c;
    }
    /// The next type of a list of value types that was read once already.
    val_type next_type(cursor& list) noexcept {
        val_type t;
        const cursor here = std::exchange(in_, list);
        static_cast<void>(type(t));
        list = std::exchange(in_, here);
        return t;
    }

protected:
    static constexpr u32 memory_bit = 0x40; ///< in a memarg's alignment: a memory index follows

    [[nodiscard]] TESSERA_INLINE bool memarg(instruction& in) noexcept {
        const u8* where = in_.at();
        in.index = 0;
        if (in_.left() >= 2 && where[0] < memory_bit && where[1] < 0x80) {
            in.align = where[0];
            in.value = where[1];
            in_.seek(where + 2);
            return true;
        }
        return memarg_slow(in);
    }
    [[nodiscard]] TESSERA_NOINLINE bool memarg_slow(instruction& in) noexcept {
        const u8* where = in_.at();
        if (!leb_u32(in.align)) return false;
        if (in.align >= 2 * memory_bit) return fail(msg::malformed_memop_flags, where);
        if (in.align & memory_bit) {
            in.align &= ~memory_bit;
            if (!need(feature::multi_memory, where) || !leb_u32(in.index)) return false;
        }
        return leb_size(in.value);
    }
    [[nodiscard]] TESSERA_INLINE bool block_type(instruction& in) noexcept {
        const int first = in_.peek();
        in.block_type = no_index;
        if (first == code::empty_block) {
            in.type = t_bottom;
            in_.seek(in_.at() + 1);
            return true;
        }
        if ((first & 0xc0) == 0x40) return type(in.type); // negative in one byte; -1 at the end goes here too
        return block_type_index(in);
    }
    [[nodiscard]] TESSERA_NOINLINE bool block_type_index(instruction& in) noexcept {
        const u8* where = in_.at();
        i64 index = 0;
        if (!leb_i33(index)) return false;
        if (index < 0) return fail(msg::malformed_block_type, where);
        in.block_type = index >= i64(no_index) ? no_index - 1 : u32(index);
        return need(feature::multi_value, where);
    }
    /// Remembers the `bytes` bytes that come next as the list and passes them.
    [[nodiscard]] bool raw_list(instruction& in, u32 bytes) noexcept {
        const u8* from = in_.at();
        if (!skip(bytes)) return false;
        in.list = cursor(from, in_.at());
        in.list_count = bytes;
        return true;
    }
    [[nodiscard]] TESSERA_COLD bool rare_immediates(instruction& in) noexcept {
        const u8* where = in_.at();
        u8 byte_ = 0;
        switch (in.immediate) {
        case imm::call_indirect:
        case imm::table_table:
        case imm::elem_table:
        case imm::memory_memory:
        case imm::data_memory:
        case imm::field:
        case imm::type_count:
        case imm::type_data:
        case imm::type_elem:
        case imm::type_type: return leb_u32(in.index) && leb_u32(in.index2);
        case imm::i64_const: {
            i64 value = 0;
            if (!leb_i64(value)) return false;
            in.value = u64(value);
            return true;
        }
        case imm::f32_const: {
            u32 bits = 0;
            if (!fixed(bits)) return false;
            in.value = bits;
            return true;
        }
        case imm::f64_const: return fixed(in.value);
        case imm::v128_const:
        case imm::shuffle: return raw_list(in, 16);
        case imm::memarg_lane:
            if (!memarg(in) || !byte(byte_)) return false;
            in.lane = byte_;
            return true;
        case imm::lane:
            if (!byte(byte_)) return false;
            in.lane = byte_;
            return true;
        case imm::labels: {
            if (!leb_u32(in.list_count)) return false;
            const u8* from = in_.at();
            u32 label = 0;
            for (u64 i = 0; i <= in.list_count; ++i)
                if (!leb_u32(label)) return false;
            in.list = cursor(from, in_.at());
            return true;
        }
        case imm::select_types: {
            if (!leb_u32(in.list_count)) return false;
            const u8* from = in_.at();
            for (u32 i = 0; i < in.list_count; ++i)
                if (!type(in.type)) return false;
            in.list = cursor(from, in_.at());
            return true;
        }
        case imm::try_table: return block_type(in) && catches(in);
        case imm::heap:
        case imm::ref_type: {
            heap_type h;
            if (!heap(h)) return false;
            const bool nullable =
                in.immediate == imm::heap || in.code == op::ref_test_null || in.code == op::ref_cast_null;
            in.type = val_type::ref(h, nullable);
            return true;
        }
        case imm::br_cast: {
            heap_type from, to;
            if (!byte(byte_)) return false;
            if (byte_ > 3) return fail(msg::malformed_cast_flags, where);
            if (!leb_u32(in.index) || !heap(from) || !heap(to)) return false;
            in.type = val_type::ref(from, (byte_ & 1) != 0);
            in.type2 = val_type::ref(to, (byte_ & 2) != 0);
            return true;
        }
        case imm::zero_byte:
            if (!byte(byte_)) return false;
            return byte_ == 0 || fail(msg::zero_byte_expected, where);
        default: return immediates(in);
        }
    }
    [[nodiscard]] bool catches(instruction& in) noexcept {
        if (!leb_u32(in.list_count)) return false;
        const u8* from = in_.at();
        for (u32 i = 0; i < in.list_count; ++i) {
            const u8* where = in_.at();
            u8 kind = 0;
            u32 index = 0;
            if (!byte(kind)) return false;
            if (kind > u8(catch_kind::all_ref)) return fail(msg::malformed_catch, where);
            if (kind < u8(catch_kind::all) && !leb_u32(index)) return false;
            if (!leb_u32(index)) return false;
        }
        in.list = cursor(from, in_.at());
        return true;
    }

    /// Says why there is no instruction with that code: it needs a feature, or does not exist.
    TESSERA_COLD bool fail_opcode(u8 prefix, u32 code, const u8* where) noexcept {
        for (u16 i = 0; i < op_count; ++i)
            if (op_table[i].prefix == prefix && op_table[i].code == code)
                return fail(msg::feature_off, where, name(lacking({allowed_}, op(i))));
        static constexpr char hex[] = "0123456789abcdef";
        char text[12];
        std::size_t n = 0;
        if (prefix) {
            text[n++] = hex[prefix >> 4];
            text[n++] = hex[prefix & 15];
            text[n++] = ' ';
        }
        for (unsigned shift = code > 0xffff ? 28 : code > 0xff ? 12 : 4;; shift -= 4) {
            text[n++] = hex[code >> shift & 15];
            if (shift == 0) break;
        }
        return fail(msg::illegal_opcode, where, {text, n});
    }
};

/// What one table lookup says about an opcode.
struct opcode_entry {
    op code = op::count_;
    imm immediate = imm::none;
    u8 needs = 0; ///< the feature, as a number
};

/// `op_codes` with what reading an instruction needs beside its name.
template <features F, u8 Prefix>
inline constexpr auto opcode_entries = [] {
    std::array<opcode_entry, op_codes<F, Prefix>.size()> entries{};
    for (std::size_t i = 0; i < entries.size(); ++i)
        if (const op o = op_codes<F, Prefix>[i]; o != op::count_) entries[i] = {o, row(o).immediate, u8(row(o).needs)};
    return entries;
}();

/// Reads instructions of the set F, one after the other, without looking at their nesting.
template <features F>
class instruction_reader : public immediate_reader {
public:
    /// Reads `code`, a part of the module that starts at `base`.
    instruction_reader(const u8* base, cursor code) noexcept : immediate_reader(base, code, F) {}

    /// Reads the next instruction. False: malformed, or of a feature that F lacks; `error()` says why.
    [[nodiscard]] TESSERA_INLINE bool next(instruction& in) noexcept {
        const u8* where = in_.at();
        in.offset = offset_of(where);
        u8 first = 0;
        if (TESSERA_UNLIKELY(!in_.byte(first))) return fail_missing_end();
        opcode_entry entry = opcode_entries<F, 0>[first];
        if (TESSERA_UNLIKELY(entry.code == op::count_) && !prefixed(first, where, entry)) return false;
        in.code = entry.code;
        in.immediate = entry.immediate;
        used_ |= u64{1} << entry.needs;
        return immediates(in);
    }

private:
    [[nodiscard]] TESSERA_NOINLINE bool prefixed(u8 first, const u8* where, opcode_entry& entry) noexcept {
        u32 code = 0;
        if (first < 0xfb || first == 0xff) return fail_opcode(0, first, where);
        if (!leb_u32(code)) return false;
        if (code < most_codes) switch (first) {
            case 0xfb: entry = opcode_entries<F, 0xfb>[code]; break;
            case 0xfc: entry = opcode_entries<F, 0xfc>[code]; break;
            case 0xfd: entry = opcode_entries<F, 0xfd>[code]; break;
            default: entry = opcode_entries<F, 0xfe>[code]; break;
            }
        return entry.code != op::count_ || fail_opcode(first, code, where);
    }
};

} // namespace tessera::binary
