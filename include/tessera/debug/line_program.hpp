// SPDX-License-Identifier: MIT
/// @file debug/line_program.hpp
/// The line table of a module's .debug_line section (DWARF 2 to 5, section 6.2; addresses count from the beginning of
/// the code section's content). Whatever the bytes are, reading ends after a time linear in their number.
#pragma once

#include <tessera/debug/places.hpp>
#include <tessera/util/cursor.hpp>

#include <cstring>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::debug {

/// The sections that a line table is in.
struct line_sections {
    std::span<const u8> line, line_str, str; ///< .debug_line, .debug_line_str, .debug_str
};

namespace detail {

/// What is asked of a line table: the place of `address`.
struct line_query {
    u64 address = 0;
    source_line found;
    bool done = false;
};

/// Reads one section, unit by unit, for any number of queries at once.
class line_reader {
public:
    line_reader(const line_sections& from, std::span<line_query> queries) noexcept : from_(from), queries_(queries) {}

    void run() noexcept {
        cursor units(from_.line.data(), from_.line.data() + from_.line.size());
        u32 size = 0;
        while (units.fixed(size)) {
            u64 bytes = size;
            wide_ = size == 0xffff'ffff;
            if (wide_ && !units.fixed(bytes)) return;
            if (bytes > units.left()) return;
            cursor unit(units.at(), units.at() + bytes);
            units.seek(unit.end());
            if (header(unit)) program(unit);
        }
    }

private:
    static constexpr u64 form_block = 0x09, form_data1 = 0x0b, form_data2 = 0x05, form_data4 = 0x06, form_data8 = 0x07,
                         form_string = 0x08, form_strp = 0x0e, form_udata = 0x0f, form_data16 = 0x1e,
                         form_line_strp = 0x1f;
    static constexpr u64 content_path = 1, content_directory = 2;

    // ---- the header ------------------------------------------------------------------------------------------------

    bool offset(cursor& in, u64& out) const noexcept {
        if (wide_) return in.fixed(out);
        u32 narrow = 0;
        return in.fixed(narrow) && (out = narrow, true);
    }
    /// Reads up to the program, which `in` then is.
    bool header(cursor& in) noexcept {
        u64 length = 0;
        u8 sizes[2] = {};
        if (!in.fixed(version_) || version_ < 2 || version_ > 5) return false;
        if (version_ >= 5 && !(in.byte(sizes[0]) && in.byte(sizes[1]))) return false;
        if (!offset(in, length) || length > in.left()) return false;
        cursor head(in.at(), in.at() + length);
        in.seek(head.end());
        u8 operations = 1, is_statement = 0, base = 0;
        if (!head.byte(least_length_) || (version_ >= 4 && !head.byte(operations)) || !head.byte(is_statement) ||
            !head.byte(base) || !head.byte(range_) || !head.byte(first_special_))
            return false;
        base_ = i32{base} - (base & 0x80 ? 0x100 : 0); // a signed byte
        if (range_ == 0 || first_special_ == 0 || head.left() < first_special_ - 1u) return false;
        lengths_ = head.at();
        tables_ = cursor(lengths_ + (first_special_ - 1), head.end());
        return true;
    }
    static bool text(cursor& in, std::string_view& out) noexcept {
        const void* const end = in.left() ? std::memchr(in.at(), 0, in.left()) : nullptr;
        if (!end) return false;
        out = {reinterpret_cast<const char*>(in.at()), std::size_t(static_cast<const u8*>(end) - in.at())};
        in.seek(static_cast<const u8*>(end) + 1);
        return true;
    }
    static bool text_at(std::span<const u8> section, u64 at, std::string_view& out) noexcept {
        if (at >= section.size()) return false;
        cursor in(section.data() + at, section.data() + section.size());
        return text(in, out);
    }
    /// An entry of a table of version 5. Each form that is known takes at least a byte, so that no count is too large.
    bool entry(cursor& in, cursor format, u8 fields, std::string_view& path, u64& directory) const noexcept {
        for (; fields > 0; --fields) {
            u64 content = 0, form = 0, number = 0;
            std::string_view name;
            if (!format.leb_u64(content) || !format.leb_u64(form)) return false;
            switch (form) {
            case form_string:
                if (!text(in, name)) return false;
                break;
            case form_line_strp:
            case form_strp:
                if (!offset(in, number)) return false;
                static_cast<void>(text_at(form == form_strp ? from_.str : from_.line_str, number, name));
                break;
            case form_udata:
                if (!in.leb_u64(number)) return false;
                break;
            case form_data1:
            case form_data2:
            case form_data4:
            case form_data8: {
                const unsigned bytes = form == form_data1 ? 1 : form == form_data2 ? 2 : form == form_data4 ? 4 : 8;
                for (unsigned i = 0; i < bytes; ++i) {
                    u8 b = 0;
                    if (!in.byte(b)) return false;
                    number |= u64(b) << (8 * i);
                }
                break;
            }
            case form_data16:
                if (!in.skip(16)) return false;
                break;
            case form_block:
                if (!in.leb_u64(number) || !in.skip(number)) return false;
                break;
            default: return false;
            }
            if (content == content_path) path = name;
            if (content == content_directory) directory = number;
        }
        return true;
    }
    /// Passes a table of version 5 up to and with entry `wanted`; `in` is then behind the whole table if `wanted` is
    /// `all`. False if there is no such entry, or what is there cannot be read.
    bool table5(cursor& in, u64 wanted, std::string_view& path, u64& directory) const noexcept {
        u8 fields = 0;
        if (!in.byte(fields)) return false;
        const cursor format = in;
        u64 skipped = 0, count = 0;
        for (unsigned i = 0; i < 2u * fields; ++i)
            if (!in.leb_u64(skipped)) return false;
        if (!in.leb_u64(count)) return false;
        if (fields == 0) return wanted == all;
        for (u64 i = 0; i < count; ++i) {
            if (!entry(in, format, fields, path, directory)) return false;
            if (i == wanted) return true;
        }
        return wanted == all;
    }
    static constexpr u64 all = ~u64{0};

    /// What file `index` is called.
    source_line file(u64 index) const noexcept {
        source_line at;
        cursor in = tables_;
        u64 holder = 0, ignored = 0;
        std::string_view skipped;
        if (version_ >= 5) {
            cursor files = tables_;
            if (table5(files, all, skipped, ignored) && table5(files, index, at.file, holder))
                static_cast<void>(table5(in, holder, at.directory, ignored));
            return at;
        }
        const cursor directories = in;
        while (text(in, skipped) && !skipped.empty()) {
        }
        std::string_view name;
        for (u64 i = 1; text(in, name) && !name.empty(); ++i) {
            if (!in.leb_u64(holder) || !in.leb_u64(ignored) || !in.leb_u64(ignored)) return {};
            if (i != index) continue;
            at.file = name;
            in = directories;
            for (u64 d = 1; d <= holder && text(in, name) && !name.empty(); ++d)
                if (d == holder) at.directory = name;
            return at;
        }
        return at;
    }

    // ---- the program -----------------------------------------------------------------------------------------------

    struct row {
        u64 address = 0, file = 1, line = 1, column = 0;
    };
    /// A row, or the end of the sequence: what is asked from the row before up to here is there.
    void emit(bool ends) noexcept {
        // A linker that has left a function out gives its code the address 0, or one beyond all.
        if (in_sequence_ && before_.address < now_.address && start_ != 0)
            for (line_query& q : queries_)
                if (q.address >= before_.address && q.address < now_.address && !q.done) {
                    q.done = true;
                    q.found = file(before_.file);
                    q.found.line = before_.line > ~u32{0} ? 0 : u32(before_.line);
                    q.found.column = before_.column > ~u32{0} ? 0 : u32(before_.column);
                }
        if (!in_sequence_) start_ = now_.address;
        before_ = now_;
        in_sequence_ = !ends;
    }
    void program(cursor in) noexcept {
        now_ = {};
        in_sequence_ = false;
        for (u8 code = 0; in.byte(code);)
            if (code >= first_special_) {
                const u8 n = u8(code - first_special_);
                now_.address += u64(least_length_) * (n / range_);
                now_.line += u64(i64(base_ + n % range_));
                emit(false);
            } else if (!(code == 0 ? extended(in) : standard(in, code))) {
                return;
            }
    }
    bool standard(cursor& in, u8 code) noexcept {
        u64 n = 0;
        i64 delta = 0;
        u16 fixed = 0;
        switch (code) {
        case 1: return emit(false), true;                                                             // copy
        case 2: return in.leb_u64(n) && (now_.address += least_length_ * n, true);                    // advance_pc
        case 3: return in.leb_i64(delta) && (now_.line += u64(delta), true);                          // advance_line
        case 4: return in.leb_u64(now_.file);                                                         // set_file
        case 5: return in.leb_u64(now_.column);                                                       // set_column
        case 8: return now_.address += u64(least_length_) * ((255u - first_special_) / range_), true; // const_add_pc
        case 9: return in.fixed(fixed) && (now_.address += fixed, true); // fixed_advance_pc
        default:                                                         // has no say in places
            for (u8 i = lengths_[code - 1]; i > 0; --i)
                if (!in.leb_u64(n)) return false;
            return true;
        }
    }
    bool extended(cursor& in) noexcept {
        u64 length = 0;
        if (!in.leb_u64(length) || length > in.left()) return false;
        cursor part(in.at(), in.at() + length);
        in.seek(part.end());
        u8 code = 0;
        if (!part.byte(code)) return true;
        if (code == 1) { // end_sequence
            emit(true);
            now_ = {};
        } else if (code == 2) { // set_address
            now_.address = 0;
            u8 b = 0;
            for (unsigned i = 0; i < 8 && part.byte(b); ++i) now_.address |= u64(b) << (8 * i);
        }
        return true;
    }

    const line_sections& from_;
    std::span<line_query> queries_;
    bool wide_ = false;
    u16 version_ = 0;
    u8 least_length_ = 0, range_ = 1, first_special_ = 0;
    i32 base_ = 0;
    const u8* lengths_ = nullptr; ///< of the operands of standard opcodes
    cursor tables_;               ///< of directories and files
    row now_, before_;
    u64 start_ = 0; ///< the sequence's
    bool in_sequence_ = false;
};

} // namespace detail
} // namespace tessera::debug
TESSERA_SMALL_END
