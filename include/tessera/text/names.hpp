// SPDX-License-Identifier: MIT
/// @file text/names.hpp
/// Identifiers and the indices they stand for (spec: text/conventions, Contexts), and `@name`.
#pragma once

#include <tessera/binary/names.hpp>
#include <tessera/text/token_reader.hpp>
#include <tessera/util/name_map.hpp>
#include <tessera/util/partition.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// The index spaces, in the order of msg::text_unknown. The first eight are a module's.
enum class space : u8 { type, func, table, memory, global, tag, elem, data, local, label, field };
inline constexpr std::size_t module_spaces = 8;

using named = binary::name_entry;

/// Knows the names of a module. Annotations are its business too, since they name things.
class name_reader : public token_reader {
public:
    explicit name_reader(const token_list& list, u32 at = 0) noexcept : token_reader(list, at) {
        first_note_ = note_ = note_from(at);
    }

protected:
    struct index_space {
        name_map map;
        vec<named> names; ///< in the order of the indices
        u32 count = 0;
    };

    /// An index: a number, or an identifier of the space `s`.
    [[nodiscard]] bool index(space s, u32& out, u32 owner = 0) noexcept {
        if (!at(token_kind::id)) return nat32(out);
        const token& t = peek();
        std::string_view name;
        if (!id(name)) return false;
        const u32* found = map_of(s).find(name, owner);
        if (!found) return fail(msg::text_unknown[u8(s)], t, text(t));
        out = *found;
        return true;
    }
    /// The optional identifier and `@name` of the thing with index `at_index` of space `s`.
    [[nodiscard]] bool bind(space s, u32 at_index, vec<named>& names, u32 owner = 0) noexcept {
        std::string_view name;
        if (at(token_kind::id)) {
            const token& t = peek();
            bool fresh = false;
            if (!id(name)) return false;
            if (!map_of(s).add(name, at_index, fresh, owner)) return out_of_memory();
            if (!fresh) return fail(msg::text_duplicate[u8(s)], t, text(t));
        }
        if (!name_annotation(name)) return false;
        return name.empty() || names.push_back({at_index, name}) || out_of_memory();
    }
    /// The same for the next thing of a module's space.
    [[nodiscard]] bool bind_next(space s) noexcept { return bind(s, spaces_[u8(s)].count++, spaces_[u8(s)].names); }

    // ---- annotations

    /// The annotation before the next token, if it was not taken yet.
    const annotation* note() const noexcept {
        if (note_ == list_.annotations.size()) return nullptr;
        const annotation& a = list_.annotations[note_];
        return a.before == at_ && !is_taken(note_) ? &a : nullptr;
    }
    /// True if there may be annotations to look at before the next token.
    bool note_is_near() const noexcept {
        return note_ < list_.annotations.size() && list_.annotations[note_].before <= at_;
    }
    void take_note() noexcept { ++note_; }
    /// Passes the annotations that were taken; one the reader has come past without taking it is misplaced.
    [[nodiscard]] bool pass_notes() noexcept {
        for (; note_ < list_.annotations.size() && list_.annotations[note_].before <= at_; ++note_) {
            if (is_taken(note_)) continue;
            const annotation& a = list_.annotations[note_];
            return a.before == at_ || misplaced(a);
        }
        return true;
    }
    bool misplaced(const annotation& a) noexcept {
        return fail_note(a.name == word::custom ? msg::custom_misplaced
                         : a.name == word::name ? msg::name_misplaced
                                                : msg::hint_outside,
                         a);
    }
    bool fail_note(const message& what, const annotation& a) noexcept {
        token where;
        where.line = a.line;
        where.column = a.column;
        return fail(what, where);
    }
    /// The string of `@name` before the next token replaces `name`, if there is one.
    [[nodiscard]] bool name_annotation(std::string_view& name) noexcept {
        if (list_.annotations.empty()) return true;
        for (std::size_t i = note_from(at_); i < list_.annotations.size() && list_.annotations[i].before == at_; ++i) {
            if (list_.annotations[i].name != word::name || is_taken(i)) continue;
            while (taken_.size() <= i - first_note_)
                if (!taken_.push_back(0)) return out_of_memory();
            taken_[i - first_note_] = 1;
            if (!note_string(list_.annotations[i], name)) return false;
        }
        return true;
    }
    /// The one string that `@name` consists of.
    [[nodiscard]] bool note_string(const annotation& a, std::string_view& out) noexcept {
        token_list content;
        if (!lexer::run(list_, a, content)) return out_of_memory();
        if (content.tokens.size() != 2 || content.tokens[0].kind != token_kind::string)
            return fail_note(msg::name_token, a);
        vec<u8> bytes;
        if (!append_string(content.text(content.tokens[0]), bytes)) return out_of_memory();
        if (!is_utf8(bytes_of(bytes))) return fail_note(msg::name_utf8, a);
        return arena_.copy(bytes_of(bytes), out) || out_of_memory();
    }
    index_space spaces_[module_spaces];
    name_map locals_;
    name_map fields_;

private:
    name_map& map_of(space s) noexcept {
        return s == space::local ? locals_ : s == space::field ? fields_ : spaces_[u8(s) & 7].map;
    }
    std::size_t note_from(u32 token) const noexcept {
        const auto& notes = list_.annotations;
        return partition(notes.size(), [&](std::size_t i) { return notes[i].before < token; });
    }
    bool is_taken(std::size_t i) const noexcept { return i - first_note_ < taken_.size() && taken_[i - first_note_]; }

    std::size_t first_note_ = 0, note_ = 0;
    vec<u8> taken_; ///< for each annotation from the first on: `@name` is bound in the first walk through the fields
};

} // namespace tessera::text
TESSERA_SMALL_END
