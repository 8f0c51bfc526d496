// SPDX-License-Identifier: MIT
/// @file text/parser.hpp
/// From the text format to the binary format (spec: text/modules).
///
/// A module is walked through twice: first from parenthesis to parenthesis, to give every identifier
/// its index, then token by token, to write the sections. Types come between the two, since type
/// uses are compared with them.
#pragma once

#include <tessera/text/fields.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// Reads a whole module.
class module_parser : public field_parser {
public:
    /// `at`: index of the first token behind `module` and its identifier, or of the first field.
    module_parser(const token_list& list, u32 at, std::string_view module_name = {}) noexcept
        : field_parser(list, at), module_name_(module_name) {}

    /// Writes the module whose fields go up to the next unpaired `)`, or to the end. False: problem().
    [[nodiscard]] bool run(binary_module& out) noexcept {
        const u32 first = at_;
        if (!pass_notes() || !module_annotation() || !bind_all()) return false;
        at_ = first;
        for (const u32 type : type_fields_) {
            at_ = type;
            if (!type_definition()) return false;
        }
        at_ = first;
        while (!at(token_kind::right) && !at(token_kind::end))
            if (!one_field()) return false;
        if (!pass_notes()) return false;
        while (const annotation* a = note())
            if (!field_annotation(*a)) return false;
        return assemble(out) || out_of_memory();
    }
    /// The same for a whole text, with `(module` or without.
    [[nodiscard]] bool run_whole(binary_module& out) noexcept {
        const bool wrapped = enter(word::module_);
        if (wrapped && at(token_kind::id) && !id(module_name_)) return false;
        return run(out) && (!wrapped || leave()) && expect(token_kind::end);
    }
    /// Index of the first token that was not read.
    u32 position_after() const noexcept { return at_; }

private:
    // ---- the first walk

    [[nodiscard]] bool bind_all() noexcept {
        while (at(token_kind::left) && peek(1).kind == token_kind::keyword) {
            const u32 close = peek().match, here = at_;
            const word w = word(peek(1).match);
            at_ += 2;
            switch (w) {
            case word::type:
                if (!type_fields_.push_back(here)) return out_of_memory();
                if (!bind_next(space::type)) return false;
                break;
            case word::rec:
                if (!type_fields_.push_back(here)) return out_of_memory();
                while (at_left(word::type)) {
                    const u32 end = peek().match;
                    at_ += 2;
                    if (!bind_next(space::type)) return false;
                    if (!to_after(end)) break;
                }
                break;
            case word::import_: {
                u32 strings = 0;
                while (peek(strings).kind == token_kind::string) ++strings;
                at_ += strings;
                if (!at(token_kind::left)) break;
                const word what = word(peek(1).match);
                at_ += 2;
                if (!bind_definition(what)) return false;
                break;
            }
            case word::elem:
                if (!bind_next(space::elem)) return false;
                break;
            case word::data:
                if (!bind_next(space::data)) return false;
                break;
            default:
                if (!bind_definition(w)) return false;
                if (w == word::table && holds(word::elem, close)) ++spaces_[u8(space::elem)].count;
                if (w == word::memory && holds(word::data, close)) ++spaces_[u8(space::data)].count;
            }
            if (!to_after(close)) break;
        }
        return true;
    }
    [[nodiscard]] bool bind_definition(word w) noexcept {
        switch (w) {
        case word::func: return bind_next(space::func);
        case word::table: return bind_next(space::table);
        case word::memory: return bind_next(space::memory);
        case word::global: return bind_next(space::global);
        case word::tag: return bind_next(space::tag);
        default: return true;
        }
    }
    /// Goes to the token behind `close`; false if that is none of a field.
    bool to_after(u32 close) noexcept {
        at_ = close;
        return at(token_kind::right) && (++at_, true);
    }
    /// True if `(w …)` is among what is left up to `close`, not deeper.
    bool holds(word w, u32 close) const noexcept {
        for (u32 i = at_; i < close; ++i) {
            const token& t = list_.tokens[i];
            if (t.kind != token_kind::left) continue;
            if (list_.tokens[i + 1].is(w)) return true;
            i = t.match;
        }
        return false;
    }

    // ---- the second walk

    [[nodiscard]] bool one_field() noexcept {
        if (!pass_notes()) return false;
        while (const annotation* a = note())
            if (!field_annotation(*a)) return false;
        if (!at(token_kind::left)) return unexpected();
        const token& t = peek(1);
        if (t.kind != token_kind::keyword) return unexpected(t);
        const u32 close = peek().match;
        const token& left = peek();
        at_ += 2;
        switch (word(t.match)) {
        case word::type:
        case word::rec: // read already
            at_ = close;
            return leave();
        case word::func: return func_field(left);
        case word::table: return table_field(left);
        case word::memory: return memory_field(left);
        case word::global: return global_field(left);
        case word::tag: return tag_field(left);
        case word::import_: return import_field(left);
        case word::export_: return export_field(left);
        case word::start: return start_field(left);
        case word::elem: return elem_field(left);
        case word::data: return data_field(left);
        default: return unexpected(t);
        }
    }

    // ---- annotations between fields

    /// `@name` behind `module` and its identifier.
    [[nodiscard]] bool module_annotation() noexcept {
        bool named_already = false;
        while (const annotation* a = note()) {
            if (a->name != word::name) break;
            if (named_already) return fail_note(msg::name_multiple, *a);
            named_already = true;
            take_note();
            if (!note_string(*a, module_name_)) return false;
        }
        return true;
    }
    [[nodiscard]] bool field_annotation(const annotation& a) noexcept {
        if (a.name != word::custom) return misplaced(a);
        take_note();
        custom_section section;
        if (!custom_annotation(a, section)) return false;
        if (!customs_.push_back(std::move(section))) return out_of_memory();
        return pass_notes();
    }
    /// `(@custom "name" (before section)? "bytes"*)`.
    [[nodiscard]] bool custom_annotation(const annotation& a, custom_section& out) noexcept {
        token_list content;
        if (!lexer::run(list_, a, content)) return out_of_memory();
        u32 i = 0;
        const auto& tokens = content.tokens;
        vec<u8> bytes;
        if (tokens[i].kind != token_kind::string) return fail_note(msg::custom_no_name, a);
        if (!append_string(content.text(tokens[i++]), bytes)) return out_of_memory();
        if (!is_utf8(bytes_of(bytes))) return fail_note(msg::custom_utf8, a);
        if (!arena_.copy(bytes_of(bytes), out.name)) return out_of_memory();
        if (tokens[i].kind == token_kind::left) {
            const u32 close = tokens[i++].match;
            const bool before = tokens[i].is(word::before);
            if (!before && !tokens[i].is(word::after)) return fail_note(msg::custom_placement, a);
            const token& where = tokens[++i];
            if (where.is(before ? word::first : word::last)) {
                out.place = before ? 0 : 2 * section_count;
            } else {
                u32 s = 0;
                while (s < section_count && !where.is(section_words[s])) ++s;
                if (s == section_count) return fail_note(msg::custom_section, a);
                out.place = 2 * s + !before;
            }
            if (++i != close) return fail_note(msg::custom_token, a);
            ++i;
        }
        for (; tokens[i].kind == token_kind::string; ++i)
            if (!append_string(content.text(tokens[i]), out.bytes)) return out_of_memory();
        return tokens[i].kind == token_kind::end || fail_note(msg::custom_token, a);
    }

    // ---- the module

    [[nodiscard]] bool assemble(binary_module& out) noexcept {
        sections_[s_type] = std::move(types_);
        if (needs_data_count_) {
            sections_[s_data_count].leb_u(sections_[s_data].count);
            sections_[s_data_count].count = 1;
        }
        name_section names;
        if (!module_name_.empty()) names.module_name(module_name_);
        names.map(1, spaces_[u8(space::func)].names);
        names.indirect(2, local_map_);
        names.indirect(3, label_map_);
        static constexpr struct {
            u8 id;
            space s;
        } maps[] = {{4, space::type},   {5, space::table}, {6, space::memory},
                    {7, space::global}, {8, space::elem},  {9, space::data}};
        for (const auto& m : maps) names.map(m.id, spaces_[u8(m.s)].names);
        indirect_map fields;
        for (const field_owner& o : field_owners_) fields.add(o.type, {field_names_.data() + o.begin, o.end - o.begin});
        names.indirect(10, fields);
        names.map(11, spaces_[u8(space::tag)].names);
        // A module has one name section; one that is written out stands for itself.
        for (const custom_section& c : customs_)
            if (c.name == "name") names.clear();
        writer hints;
        if (all_hints_.count) {
            hints.leb_u(all_hints_.count);
            hints.raw(all_hints_.data(), all_hints_.size());
        }
        return !names.failed() && !all_hints_.failed() &&
               assembly::run(sections_, customs_, names.content(), hints, out);
    }

    std::string_view module_name_;
    vec<u32> type_fields_; ///< indices of the tokens with which the fields `type` and `rec` begin
    vec<custom_section> customs_;
};

/// The binary form of `source`, which is `(module …)` or a list of module fields. Errors are of kind
/// malformed with a line and a column, or out_of_memory. The positions in the result let errors of
/// later stages and traps point into the text.
[[nodiscard]] inline result<binary_module> parse(std::string_view source) noexcept {
    token_list list;
    if (!lexer::run(source, list)) return error(msg::out_of_memory);
    module_parser parser(list, 0);
    binary_module out;
    if (!parser.run_whole(out)) return parser.problem();
    return out;
}

} // namespace tessera::text
TESSERA_SMALL_END
