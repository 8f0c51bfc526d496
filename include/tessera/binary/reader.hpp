// SPDX-License-Identifier: MIT
/// @file reader.hpp
/// Reading the parts every section and every instruction is made of: integers, names, types
/// (spec: binary/conventions, binary/values, binary/types).
#pragma once

#include <tessera/features.hpp>
#include <tessera/syntax/error.hpp>
#include <tessera/syntax/module.hpp>
#include <tessera/util/cursor.hpp>
#include <tessera/util/utf8.hpp>

namespace tessera::inline TESSERA_ABI::binary {

/// Reads values front to back. Every method returns false on failure; `error()` then says why and
/// where. A type or a flag of a feature that is not allowed fails with msg::feature_off.
class reader {
public:
    /// Reads `code`, a part of the module that starts at `base`; offsets count from `base`.
    reader(const u8* base, cursor code, features allowed) noexcept
        : in_(code), base_(base), beyond_(code.end()), allowed_(allowed.bits) {}

    const tessera::error& error() const noexcept { return error_; }
    /// The features met so far, not closed under implication.
    u64 used() const noexcept { return used_; }
    bool done() const noexcept { return in_.done(); }
    const u8* at() const noexcept { return in_.at(); }
    const u8* end() const noexcept { return in_.end(); }
    u32 offset() const noexcept { return offset_of(in_.at()); }
    u32 offset_of(const u8* where) const noexcept { return u32(where - base_); }
    /// Goes on with other bytes of the same module.
    void restart(cursor code) noexcept { in_ = code; }
    /// Goes on at another place of the same bytes.
    void seek(const u8* where) noexcept { in_.seek(where); }
    /// Where the module ends, for the wording of errors at the end of the bytes to read.
    void module_ends(const u8* where) noexcept { beyond_ = where; }

    /// Records why the reading stops; always false.
    TESSERA_COLD bool fail(const message& what, const u8* where, std::string_view detail = {}) noexcept {
        error_ = tessera::error(what, detail, offset_of(where));
        return false;
    }
    /// Records that memory is out; always false.
    TESSERA_COLD bool fail_memory() noexcept {
        error_ = tessera::error(msg::out_of_memory);
        return false;
    }
    /// Notes that the module needs `f`; false where that is not allowed. `where` is for the error.
    bool need(feature f, const u8* where) noexcept {
        used_ |= u64{1} << unsigned(f);
        return (allowed_ >> unsigned(f) & 1) != 0 || fail(msg::feature_off, where, name(f));
    }

    [[nodiscard]] bool byte(u8& out) noexcept { return in_.byte(out) || fail_end(); }
    [[nodiscard]] bool leb_u32(u32& out) noexcept { return in_.leb_u32(out) || fail_leb(&cursor::leb_u32); }
    [[nodiscard]] bool leb_u64(u64& out) noexcept { return in_.leb_u64(out) || fail_leb(&cursor::leb_u64); }
    /// A limit or an offset of a memory or table: more than 32 bits wide only where memory64 is allowed.
    [[nodiscard]] bool leb_size(u64& out) noexcept {
        if (allowed_ >> unsigned(feature::memory64) & 1) return leb_u64(out);
        u32 narrow = 0;
        if (!in_.leb_u32(narrow)) return fail_leb(&cursor::leb_u32, "more than 32 bits need memory64");
        out = narrow;
        return true;
    }
    [[nodiscard]] bool leb_i32(i32& out) noexcept { return in_.leb_i32(out) || fail_leb(&cursor::leb_i32); }
    [[nodiscard]] bool leb_i33(i64& out) noexcept { return in_.leb_i33(out) || fail_leb(&cursor::leb_i33); }
    [[nodiscard]] bool leb_i64(i64& out) noexcept { return in_.leb_i64(out) || fail_leb(&cursor::leb_i64); }
    template <class T>
    [[nodiscard]] bool fixed(T& out) noexcept {
        return in_.fixed(out) || fail_end();
    }
    [[nodiscard]] bool skip(u64 n) noexcept { return in_.skip(n) || fail_end(); }

    /// A name: length and well-formed UTF-8 (spec: binary/values, Names).
    [[nodiscard]] bool name_string(std::string_view& out) noexcept {
        u32 size = 0;
        const u8* where = in_.at();
        if (!leb_u32(size)) {
            cursor longer(where, beyond_);
            return longer.leb_u32(size) && size > longer.left() ? fail(msg::length_out_of_bounds, where) : false;
        }
        if (size > in_.left()) return fail(msg::length_out_of_bounds, where);
        out = {reinterpret_cast<const char*>(in_.at()), size};
        if (!is_utf8(out)) return fail(msg::malformed_utf8, in_.at());
        return skip(size);
    }

    /// A heap type (spec: binary/types, Heap Types). An index too large for the type's bits becomes
    /// the largest one, which no module has.
    [[nodiscard]] bool heap(heap_type& out) noexcept {
        const u8* where = in_.at();
        const int first = in_.peek();
        if (first < 0) return fail(msg::unexpected_end_of_section, where);
        if ((first & 0xc0) == 0x40) {
            in_.seek(where + 1);
            out = heap_type::abstract(u8(first));
            return abstract_heap(u8(first), where) || fail_type(msg::malformed_heap_type, where);
        }
        i64 index = 0;
        if (!leb_i33(index)) return false;
        if (index < 0) return fail(msg::malformed_heap_type, where);
        out = heap_type::index(index > largest_index ? u32(largest_index) : u32(index));
        return need(feature::function_references, where);
    }
    /// A reference type, long or short form (spec: binary/types, Reference Types).
    [[nodiscard]] bool reference(val_type& out) noexcept {
        const u8* where = in_.at();
        u8 first = 0;
        return byte(first) && (ref_tail(first, where, out) || fail_type(msg::malformed_reference_type, where));
    }
    /// A value type (spec: binary/types, Value Types).
    [[nodiscard]] bool type(val_type& out) noexcept {
        const u8* where = in_.at();
        u8 first = 0;
        if (!byte(first)) return false;
        if (first <= code::i32 && first >= code::f64) return out = val_type::number(first), true;
        if (first == code::v128) return out = t_v128, need(feature::simd, where);
        return ref_tail(first, where, out) || fail_type(msg::malformed_value_type, where);
    }

protected:
    static constexpr i64 largest_index = heap_type::abstract_bit - 1;

    TESSERA_COLD bool fail_end() noexcept { return fail(msg::unexpected_end_of_section, in_.at()); }
    /// Says why `read` failed. A number that runs over the end of its section can be wrong by itself,
    /// which the suite wants to hear.
    template <class T>
    TESSERA_COLD bool fail_leb(bool (cursor::*read)(T&) noexcept, std::string_view detail = {}) noexcept {
        cursor longer(in_.at(), beyond_);
        T ignored{};
        static_cast<void>((longer.*read)(ignored));
        switch (longer.status()) {
        case read_status::too_long: return fail(msg::integer_too_long, in_.at(), detail);
        case read_status::too_large: return fail(msg::integer_too_large, in_.at(), detail);
        default: return fail_end();
        }
    }
    /// An instruction was expected where the bytes end. What comes behind them tells a wrong size
    /// from a missing `end`.
    TESSERA_COLD bool fail_missing_end() noexcept {
        const u8* where = in_.at();
        if (where >= beyond_ || (*where != 0x0b && *where != 0x05)) return fail_end();
        return fail(*where == 0x0b ? msg::section_size_mismatch : msg::end_expected, where);
    }

    tessera::error error_{msg::unexpected_end};
    cursor in_;
    const u8* base_;
    const u8* beyond_;
    u64 allowed_;
    u64 used_ = 1;

private:
    // The two below return false without an error of their own where the byte is no such type, so
    // that the caller can say what it expected; `refused_` tells that from a feature that is off.
    bool abstract_heap(u8 byte_code, const u8* where) noexcept {
        refused_ = true;
        switch (byte_code) {
        case code::func:
        case code::extern_: return need(feature::reference_types, where);
        case code::exn:
        case code::noexn: return need(feature::exceptions, where);
        case code::any:
        case code::eq:
        case code::i31:
        case code::struct_:
        case code::array:
        case code::none:
        case code::nofunc:
        case code::noextern: return need(feature::gc, where);
        default: return refused_ = false;
        }
    }
    bool ref_tail(u8 first, const u8* where, val_type& out) noexcept {
        if (first == code::ref || first == code::ref_null) {
            heap_type h;
            refused_ = true;
            if (!heap(h)) return refused_ = true, false;
            out = val_type::ref(h, first == code::ref_null);
            return need(feature::function_references, where);
        }
        out = val_type::ref(heap_type::abstract(first), true);
        return abstract_heap(first, where);
    }
    bool fail_type(const message& what, const u8* where) noexcept { return refused_ ? false : fail(what, where); }

    bool refused_ = false;
};

} // namespace tessera::binary
