// SPDX-License-Identifier: MIT
/// @file text/definitions.hpp
/// What all module fields that define or import something have in common (spec: text/modules).
#pragma once

#include <tessera/text/assembly.hpp>
#include <tessera/text/instructions.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

using binary::write_memory;
using binary::write_table;

/// Holds the sections while they are written.
class definition_parser : public instruction_parser {
public:
    using instruction_parser::instruction_parser;

protected:
    enum : u8 {
        s_custom,
        s_type,
        s_import,
        s_func,
        s_table,
        s_memory,
        s_global,
        s_export,
        s_start,
        s_elem,
        s_code,
        s_data,
        s_data_count,
        s_tag
    };

    /// A constant expression, up to a parenthesis, with its end.
    [[nodiscard]] bool constant(chunk& to) noexcept {
        if (!expression(to)) return false;
        to.byte(0x0b);
        return true;
    }
    /// A constant expression of one folded instruction, with its end.
    [[nodiscard]] bool folded_constant(chunk& to) noexcept {
        if (!folded_instruction(to)) return false;
        to.byte(0x0b);
        return true;
    }
    [[nodiscard]] bool pass_id() noexcept {
        if (at(token_kind::id)) static_cast<void>(next());
        return true;
    }
    /// An entry of section `id` begins, which defines a thing of space `s`.
    chunk& define(space s, u8 id, const token& t) noexcept {
        latest_definition_ = u8(s);
        sections_[id].mark(t);
        ++sections_[id].count;
        return sections_[id];
    }
    void write_export(const token& t, std::string_view exported, extern_kind kind, u32 x) noexcept {
        chunk& to = sections_[s_export];
        to.mark(t);
        to.name(exported);
        to.byte(u8(kind));
        to.leb_u(x);
        ++to.count;
    }
    /// `i64` or `i32` or nothing.
    bool address_type() noexcept { return accept(word::i64) || (static_cast<void>(accept(word::i32)), false); }

    /// What comes first in a field that defines or imports: identifier, exports, import.
    [[nodiscard]] bool head(extern_kind kind, u32 x, bool& imported, const token& t) noexcept {
        if (!pass_id()) return false;
        while (enter(word::export_)) {
            std::string_view exported;
            const token& where = peek();
            if (!name(exported) || !leave()) return false;
            write_export(where, exported, kind, x);
        }
        imported = enter(word::import_);
        return !imported || (import_names(t) && leave());
    }
    /// The two names of an import, and the beginning of its entry.
    [[nodiscard]] bool import_names(const token& t) noexcept {
        std::string_view module_name, field_name;
        if (latest_definition_ != 0) return fail(msg::import_after[latest_definition_], t);
        if (!name(module_name) || !name(field_name)) return false;
        chunk& to = sections_[s_import];
        to.mark(t);
        to.name(module_name);
        to.name(field_name);
        ++to.count;
        return true;
    }
    chunk& import_description(extern_kind kind) noexcept {
        sections_[s_import].byte(u8(kind));
        return sections_[s_import];
    }
    [[nodiscard]] bool limits(limits_type& out) noexcept {
        if (!nat64(out.min)) return false;
        out.has_max = at(token_kind::nat);
        return !out.has_max || nat64(out.max);
    }
    /// `(pagesize …)` or nothing.
    [[nodiscard]] bool page_size(memory_type& m) noexcept {
        if (!enter(word::pagesize)) return true;
        u64 bytes = 0;
        const token& t = peek();
        if (!nat64(bytes)) return false;
        if (!std::has_single_bit(bytes)) return fail(msg::text_page_size, t, text(t));
        m.page_log2 = u8(std::countr_zero(bytes));
        return leave();
    }

    chunk sections_[14]; ///< by section id; those of custom and type are not used here
    u32 defined_[module_spaces] = {};
    u8 latest_definition_ = 0; ///< the space of the definition that was last; 0, which is types, for none
};

} // namespace tessera::text
TESSERA_SMALL_END
