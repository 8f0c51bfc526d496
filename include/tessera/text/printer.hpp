// SPDX-License-Identifier: MIT
/// @file text/printer.hpp
/// From a module to the text format (spec: text/modules).
#pragma once

#include <tessera/binary/sections.hpp>
#include <tessera/text/assembly.hpp>
#include <tessera/text/code_printer.hpp>
#include <tessera/text/print_options.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// Prints the sections of a module in the order of the binary format, function bodies where the code is.
class module_printer : public code_printer {
public:
    module_printer(const module_data& m, const print_options& options) noexcept : code_printer(m), options_(options) {}

    /// Prints the module. False: problem().
    [[nodiscard]] bool run(vec<char>& out) noexcept {
        out_.limit(options_.most_characters);
        if (!prepare()) return code_.fail_memory();
        out_ << "(module";
        name({names_.module_name, names_.module_name});
        const std::size_t head = out_.size();
        if (!customs_after(0)) return false;
        for (u32 place = 0; place < section_count; ++place)
            if (!fields(section_order[place]) || !customs_after(section_order[place])) return false;
        out_ << (out_.size() > head ? "\n)\n" : ")\n");
        if (!writable()) return false;
        out = out_.take();
        return true;
    }
    const error& problem() const noexcept { return problem_ ? *problem_ : code_.error(); }

private:
    using section = binary::section;

    /// Reads the names and hints. False: memory is out.
    [[nodiscard]] bool prepare() noexcept {
        if (!hints_.read(m_)) return false;
        with_hints_ = hints_.section() != no_index && hints_are_before_code();
        if (!options_.names) return true;
        return names_.read(m_) && ids_.make(m_, names_) && compare_names();
    }

    // ---- fields

    [[nodiscard]] bool fields(u8 id) noexcept {
        switch (section(id)) {
        case section::type: type_definitions(); return true;
        case section::import_: return each(m_.imports, 0, [&](u32 i) { return import_(m_.imports[i]); });
        case section::table: return each(m_.tables, m_.imported_tables, [&](u32 i) { return table_field(i); });
        case section::memory:
            return each(m_.memories, m_.imported_memories, [&](u32 i) {
                out_ << "(memory";
                define(space::memory, i);
                memory(m_.memories[i].type);
                return true;
            });
        case section::tag:
            return each(m_.tags, m_.imported_tags, [&](u32 i) {
                out_ << "(tag";
                define(space::tag, i);
                type_use(m_.tags[i].type);
                return true;
            });
        case section::global: return each(m_.globals, m_.imported_globals, [&](u32 i) { return global_field(i); });
        case section::export_: return each(m_.exports, 0, [&](u32 i) { return export_(m_.exports[i]); });
        case section::start:
            if (m_.start == no_index) return true;
            out_.line(1);
            out_ << "(start ";
            index(space::func, m_.start);
            out_ << ')';
            return true;
        case section::elem: return each(m_.elems, 0, [&](u32 i) { return elem(i); });
        case section::code: return each(m_.funcs, m_.imported_funcs, [&](u32 i) { return function(i); });
        case section::data: return each(m_.datas, 0, [&](u32 i) { return data(i); });
        default: return true; // the text says it elsewhere
        }
    }
    /// A line for each entry from number `first` on; `print` leaves its parenthesis open.
    template <class T, class Print>
    [[nodiscard]] bool each(const vec<T>& list, u32 first, Print print) noexcept {
        for (u32 i = first; i < list.size(); ++i) {
            out_.line(1);
            if (!print(i) || !writable()) return false;
            out_ << ')';
        }
        return true;
    }
    [[nodiscard]] bool import_(const import_def& d) noexcept {
        out_ << "(import ";
        out_.literal(d.module, true);
        out_ << ' ';
        out_.literal(d.name, true);
        out_ << " (" << kind_word(d.kind);
        define(kind_space(d.kind), d.index);
        switch (d.kind) {
        case extern_kind::func:
            if (!locals_of(d.index, 0)) return code_.fail_memory();
            signature(m_.funcs[d.index].type);
            break;
        case extern_kind::table: table(m_.tables[d.index].type); break;
        case extern_kind::memory: memory(m_.memories[d.index].type); break;
        case extern_kind::global:
            out_ << ' ';
            field(m_.globals[d.index].type.type, m_.globals[d.index].type.mutable_);
            break;
        case extern_kind::tag: type_use(m_.tags[d.index].type);
        }
        out_ << ')';
        return true;
    }
    [[nodiscard]] bool table_field(u32 i) noexcept {
        out_ << "(table";
        define(space::table, i);
        table(m_.tables[i].type);
        return m_.tables[i].init.code.empty() || constant(m_.tables[i].init, {});
    }
    [[nodiscard]] bool global_field(u32 i) noexcept {
        out_ << "(global";
        define(space::global, i);
        out_ << ' ';
        field(m_.globals[i].type.type, m_.globals[i].type.mutable_);
        return constant(m_.globals[i].init, {});
    }
    [[nodiscard]] bool export_(const export_def& e) noexcept {
        out_ << "(export ";
        out_.literal(e.name, true);
        out_ << " (" << kind_word(e.kind) << ' ';
        index(kind_space(e.kind), e.index);
        out_ << ')';
        return true;
    }
    [[nodiscard]] bool elem(u32 i) noexcept {
        const elem_def& e = m_.elems[i];
        out_ << "(elem";
        define(space::elem, i);
        if (e.mode == segment_mode::declarative) out_ << " declare";
        if (e.mode == segment_mode::active && !target(e.table, space::table, word::table, e.at)) return false;
        out_ << ' ';
        if (e.expressions) type(e.type);
        else out_ << word::func;
        code_.restart(bytes(e.items));
        const u8* at = m_.bytes.data() + e.items.begin;
        for (u32 k = 0; k < e.count && !out_.failed(); ++k) {
            if (k % 16 == 15) {
                out_.line(1);
                out_ << ' ';
            }
            if (e.expressions) {
                if (!constant(cursor(at, m_.bytes.data() + e.items.end), text_of(word::item), at)) return false;
            } else {
                u32 f = 0;
                if (!code_.leb_u32(f)) return false;
                out_ << ' ';
                index(space::func, f);
            }
        }
        return true;
    }
    [[nodiscard]] bool data(u32 i) noexcept {
        const data_def& d = m_.datas[i];
        out_ << "(data";
        define(space::data, i);
        if (d.mode == segment_mode::active && !target(d.memory, space::memory, word::memory, d.at)) return false;
        strings(d.bytes);
        return true;
    }
    /// Where an active segment goes.
    [[nodiscard]] bool target(u32 x, space s, word w, const const_expr& at) noexcept {
        if (x != 0) {
            out_ << " (" << w << ' ';
            index(s, x);
            out_ << ')';
        }
        return constant(at, text_of(word::offset));
    }
    /// Bytes as strings, a line for each 64 if there are more.
    void strings(byte_range r) noexcept {
        std::string_view rest(reinterpret_cast<const char*>(m_.bytes.data()) + r.begin, r.size());
        const bool several = rest.size() > 64;
        do {
            if (several) out_.line(2);
            else out_ << ' ';
            out_.literal(rest.substr(0, 64), false);
            rest.remove_prefix(rest.size() < 64 ? rest.size() : 64);
        } while (!rest.empty());
    }

    // ---- functions

    static constexpr u32 most_locals = 1'000'000; ///< each is a word of the text, and one byte can declare many

    [[nodiscard]] bool function(u32 f) noexcept {
        module_limits limits;
        limits.locals = most_locals;
        code_.restart(bytes(m_.funcs[f].code));
        locals_.clear();
        const bool declared = binary::local_declarations(code_, 0, limits, [&](u32 n, val_type t) {
            while (n > 0 && locals_.push_back(t)) --n;
            return n == 0;
        });
        if (!declared) return false;
        const cursor instructions(code_.at(), code_.end());
        if (!locals_of(f, u32(locals_.size()))) return code_.fail_memory();
        out_ << "(func";
        define(space::func, f);
        signature(m_.funcs[f].type);
        if (!locals_.empty()) {
            out_.line(1);
            out_ << ' ';
            locals(text_of(word::local), {locals_.data(), locals_.size()}, params_of(m_.funcs[f].type));
        }
        const std::size_t before = out_.size();
        if (!(options_.folded ? folded_body(f, instructions, 2) : flat_body(f, instructions, 2))) return false;
        if (!options_.folded && out_.size() > before) out_.line(1); // the parenthesis is not the last instruction's
        return true;
    }
    u32 params_of(u32 type) const noexcept { return is_function(type) ? m_.types[type].params : 0; }
    /// Makes the identifiers of a function's parameters and `more` other locals.
    [[nodiscard]] bool locals_of(u32 f, u32 more) noexcept {
        const u32 type = m_.funcs[f].type;
        locals_named_ += names_.owned_by(binary::name_kind::local, f).size();
        return ids_.make_locals(names_, f, is_function(type) ? params_of(type) + more : 0);
    }
    /// A function's type, with the names of parameters.
    void signature(u32 type) noexcept {
        type_index(type);
        if (!is_function(type)) return;
        locals(text_of(word::param), m_.types.params(type), 0);
        values(text_of(word::result), m_.types.results(type));
    }

    // ---- custom sections

    /// The custom sections behind section `id`.
    [[nodiscard]] bool customs_after(u8 id) noexcept {
        for (u32 i = 0; i < m_.customs.size(); ++i) {
            if (m_.customs[i].after != id || (with_hints_ && i == hints_.section())) continue;
            if (i == names_.section && names_suffice()) {
                names_passed_ = true;
                continue;
            }
            custom(m_.customs[i]);
        }
        return true;
    }
    void custom(const custom_def& c) noexcept {
        out_.line(1);
        out_ << "(@custom ";
        out_.literal(c.name, true);
        const u32 sections = sections_up_to(c.after);
        if (names_passed_) out_ << " (after last)"; // the name section is made behind all others
        else if (sections == 0) out_ << " (before first)";
        else out_ << " (after " << section_words[sections - 1] << ')';
        strings(c.bytes);
        out_ << ')';
    }
    static u32 rank(u8 id) noexcept {
        u32 place = 0;
        while (place + 1 < section_count && section_order[place] != id) ++place;
        return place;
    }
    /// How many places of the order it takes to come to the last section that has content, of those up
    /// to section `id`. The data count section has none that a text could say.
    u32 sections_up_to(u8 id) const noexcept {
        const bool there[section_count] = {m_.types.size() != 0,
                                           !m_.imports.empty(),
                                           m_.funcs.size() > m_.imported_funcs,
                                           m_.tables.size() > m_.imported_tables,
                                           m_.memories.size() > m_.imported_memories,
                                           m_.tags.size() > m_.imported_tags,
                                           m_.globals.size() > m_.imported_globals,
                                           !m_.exports.empty(),
                                           m_.start != no_index,
                                           !m_.elems.empty(),
                                           false,
                                           m_.funcs.size() > m_.imported_funcs,
                                           !m_.datas.empty()};
        u32 n = id == 0 ? 0 : rank(id) + 1;
        while (n > 0 && !there[n - 1]) --n;
        return n;
    }
    /// True if the branch hints are where the parser puts those of annotations: right before the code.
    bool hints_are_before_code() const noexcept {
        const u32 code = rank(u8(section::code));
        for (u32 i = hints_.section(); i < m_.customs.size(); ++i) {
            const u8 after = m_.customs[i].after;
            const bool before_code = after == 0 || rank(after) < code;
            if (before_code != (i == hints_.section())) return false;
        }
        return true;
    }
    /// Finds out whether the parser would make the very bytes of the name section from its names. False:
    /// memory is out.
    [[nodiscard]] bool compare_names() noexcept {
        using binary::name_kind;
        if (names_.section == no_index) return true;
        const custom_def& c = m_.customs[names_.section];
        for (u32 i = names_.section + 1; i < m_.customs.size(); ++i)
            if (m_.customs[i].name == c.name) return true;
        if (sections_up_to(c.after) != sections_up_to(section_order[section_count - 1])) return true;
        name_section made;
        if (!names_.module_name.empty()) made.module_name(names_.module_name);
        for (u8 kind = 1; kind < binary::name_kinds; ++kind) {
            const auto& list = names_.of[kind];
            if (!binary::is_owned(name_kind(kind))) {
                made.map(kind, list);
                continue;
            }
            indirect_map map;
            for (std::size_t i = 0; i < list.size();) {
                const std::size_t first = i;
                while (i < list.size() && list[i].owner == list[first].owner) ++i;
                map.add(list[first].owner, {list.data() + first, i - first});
            }
            made.indirect(kind, map);
        }
        if (made.failed()) return false;
        // Without names the parser makes no section, not even an empty one.
        same_names_ = !c.bytes.empty() && made.content().size() == c.bytes.size() &&
                      std::memcmp(made.content().data(), m_.bytes.data() + c.bytes.begin, c.bytes.size()) == 0;
        return true;
    }
    /// True if the identifiers that were printed say all that the name section says.
    bool names_suffice() const noexcept {
        return same_names_ && ids_.all_used() && !unused_label_names_ &&
               labels_named_ == names_.of[u8(binary::name_kind::label)].size() &&
               locals_named_ == names_.of[u8(binary::name_kind::local)].size();
    }

    static word kind_word(extern_kind k) noexcept {
        static constexpr word words[] = {word::func, word::table, word::memory, word::global, word::tag};
        return words[u8(k)];
    }
    static space kind_space(extern_kind k) noexcept {
        static constexpr space spaces[] = {space::func, space::table, space::memory, space::global, space::tag};
        return spaces[u8(k)];
    }

    print_options options_;
    vec<val_type> locals_;
    std::size_t locals_named_ = 0; ///< names of locals that were used
    bool same_names_ = false;
    bool names_passed_ = false; ///< the name section was left to the identifiers
};

/// The module as text, `(module …)`, from which text::parse makes an equal module: structure, names and
/// custom sections, with branch hints as annotations. Fails with msg::out_of_memory, with
/// msg::limit_reached for a text longer than the options allow or a function of a million locals, and
/// for a module that was decoded and not validated with kind::malformed where a function body is.
inline result<vec<char>> print(const module_data& m, const print_options& options = {}) noexcept {
    vec<char> out;
    module_printer printer(m, options);
    if (printer.run(out)) return result<vec<char>>(std::move(out));
    return printer.problem();
}

} // namespace tessera::text
TESSERA_SMALL_END
