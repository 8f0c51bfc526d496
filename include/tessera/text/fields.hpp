// SPDX-License-Identifier: MIT
/// @file text/fields.hpp
/// Module fields (spec: text/modules): functions, tables, memories, globals, tags, imports, exports,
/// the start function. Each writes its entries to the sections.
#pragma once

#include <tessera/text/segments.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// Reads one field after the other. Identifiers of module spaces are bound before, in a first walk.
class field_parser : public segment_parser {
public:
    using segment_parser::segment_parser;

protected:
    // Each of these stands behind `(` and the field's word, and passes the closing parenthesis.

    [[nodiscard]] bool func_field(const token& t) noexcept {
        const u32 f = defined_[u8(space::func)]++;
        bool imported = false;
        u32 type = 0;
        if (!head(extern_kind::func, f, imported, t) || !type_use(true, type) || !bind_params()) return false;
        if (imported) {
            import_description(extern_kind::func).leb_u(type);
        } else {
            define(space::func, s_func, t).leb_u(type);
            if (!function_body(f, t)) return false;
        }
        local_map_.add(f, local_names_);
        return leave();
    }
    [[nodiscard]] bool table_field(const token& t) noexcept {
        const u32 x = defined_[u8(space::table)]++;
        bool imported = false;
        table_type type;
        if (!head(extern_kind::table, x, imported, t)) return false;
        type.limits.is64 = address_type();
        if (!imported && !at(token_kind::nat)) return table_of_elements(t, x, type);
        if (!limits(type.limits) || !ref_type(type.element)) return false;
        if (imported) {
            write_table(import_description(extern_kind::table), type);
            return leave();
        }
        chunk& to = define(space::table, s_table, t);
        if (at(token_kind::right)) {
            write_table(to, type);
            return leave();
        }
        to.byte(0x40);
        to.byte(0);
        write_table(to, type);
        return constant(to) && leave();
    }
    [[nodiscard]] bool memory_field(const token& t) noexcept {
        const u32 x = defined_[u8(space::memory)]++;
        bool imported = false;
        memory_type type;
        if (!head(extern_kind::memory, x, imported, t)) return false;
        type.limits.is64 = address_type();
        if (!imported && !at(token_kind::nat)) return memory_of_data(t, x, type);
        if (!limits(type.limits)) return false;
        type.shared = accept(word::shared);
        if (!page_size(type)) return false;
        write_memory(imported ? import_description(extern_kind::memory) : define(space::memory, s_memory, t), type);
        return leave();
    }
    [[nodiscard]] bool global_field(const token& t) noexcept {
        const u32 x = defined_[u8(space::global)]++;
        bool imported = false;
        field_type type;
        if (!head(extern_kind::global, x, imported, t) || !field(type, false)) return false;
        chunk& to = imported ? import_description(extern_kind::global) : define(space::global, s_global, t);
        write_type(to, type.type);
        to.byte(type.mutable_);
        return (imported || constant(to)) && leave();
    }
    [[nodiscard]] bool tag_field(const token& t) noexcept {
        const u32 x = defined_[u8(space::tag)]++;
        bool imported = false;
        u32 type = 0;
        if (!head(extern_kind::tag, x, imported, t) || !type_use(true, type)) return false;
        chunk& to = imported ? import_description(extern_kind::tag) : define(space::tag, s_tag, t);
        to.byte(0);
        to.leb_u(type);
        return leave();
    }
    [[nodiscard]] bool import_field(const token& t) noexcept {
        if (!import_names(t) || !expect(token_kind::left)) return false;
        const token& what = peek();
        u32 type = 0;
        if (accept(word::func)) {
            const u32 f = defined_[u8(space::func)]++;
            if (!pass_id() || !type_use(true, type) || !bind_params()) return false;
            import_description(extern_kind::func).leb_u(type);
            local_map_.add(f, local_names_);
        } else if (accept(word::table)) {
            ++defined_[u8(space::table)];
            table_type table;
            if (!pass_id()) return false;
            table.limits.is64 = address_type();
            if (!limits(table.limits) || !ref_type(table.element)) return false;
            write_table(import_description(extern_kind::table), table);
        } else if (accept(word::memory)) {
            ++defined_[u8(space::memory)];
            memory_type memory;
            if (!pass_id()) return false;
            memory.limits.is64 = address_type();
            if (!limits(memory.limits)) return false;
            memory.shared = accept(word::shared);
            if (!page_size(memory)) return false;
            write_memory(import_description(extern_kind::memory), memory);
        } else if (accept(word::global)) {
            ++defined_[u8(space::global)];
            field_type global;
            if (!pass_id() || !field(global, false)) return false;
            chunk& to = import_description(extern_kind::global);
            write_type(to, global.type);
            to.byte(global.mutable_);
        } else if (accept(word::tag)) {
            ++defined_[u8(space::tag)];
            if (!pass_id() || !type_use(true, type)) return false;
            chunk& to = import_description(extern_kind::tag);
            to.byte(0);
            to.leb_u(type);
        } else {
            return unexpected(what);
        }
        return leave() && leave();
    }
    [[nodiscard]] bool export_field(const token& t) noexcept {
        std::string_view exported;
        if (!name(exported) || !expect(token_kind::left)) return false;
        const token& what = peek();
        space s = space::func;
        extern_kind kind = extern_kind::func;
        if (accept(word::func)) {
        } else if (accept(word::table)) s = space::table, kind = extern_kind::table;
        else if (accept(word::memory)) s = space::memory, kind = extern_kind::memory;
        else if (accept(word::global)) s = space::global, kind = extern_kind::global;
        else if (accept(word::tag)) s = space::tag, kind = extern_kind::tag;
        else return unexpected(what);
        u32 x = 0;
        if (!index(s, x)) return false;
        write_export(t, exported, kind, x);
        return leave() && leave();
    }
    [[nodiscard]] bool start_field(const token& t) noexcept {
        u32 x = 0;
        if (sections_[s_start].count) return fail(msg::multiple_start, t);
        if (!index(space::func, x)) return false;
        sections_[s_start].mark(t);
        sections_[s_start].leb_u(x);
        ++sections_[s_start].count;
        return leave();
    }

    indirect_map local_map_, label_map_; ///< of the name section
    chunk all_hints_;                    ///< entries of the branch hint section

private:
    /// The names of a function's parameters are those of its first locals.
    [[nodiscard]] bool bind_params() noexcept {
        const u32 here = at_;
        bool ok = true;
        locals_.clear();
        local_names_.clear();
        for (std::size_t i = 0; ok && i < param_ids_.size(); ++i) {
            at_ = param_ids_[i].at;
            ok = bind(space::local, param_ids_[i].index, local_names_);
        }
        at_ = here;
        return ok;
    }
    /// Locals and instructions, into the code section.
    [[nodiscard]] bool function_body(u32 f, const token& t) noexcept {
        body_.clear();
        runs_.clear();
        u32 count = params_;
        while (enter(word::local)) {
            const bool one = at(token_kind::id) || note();
            // Which local it is depends on the type's parameters.
            if (one && !params_known_) return fail(msg::text_unknown[u8(space::type)], t);
            if (one && !bind(space::local, count, local_names_)) return false;
            while (one || !at(token_kind::right)) {
                val_type type;
                if (!value(type)) return false;
                ++count;
                if (!runs_.empty() && runs_.back().type == type) ++runs_.back().count;
                else if (!runs_.push_back({1, type})) return out_of_memory();
                if (one) break;
            }
            if (!leave()) return false;
        }
        body_.leb_u(runs_.size());
        for (const run& r : runs_) {
            body_.leb_u(r.count);
            write_type(body_, r.type);
        }
        hints_.clear();
        hint_count_ = 0;
        label_names_.clear();
        blocks_ = 0;
        in_function_ = true;
        if (!push_label({}) || !expression(body_)) return false;
        pop_label();
        in_function_ = false;
        label_map_.add(f, label_names_);
        body_.mark(peek());
        body_.byte(0x0b);
        if (hint_count_) {
            ++all_hints_.count;
            all_hints_.leb_u(f);
            all_hints_.leb_u(hint_count_);
            all_hints_.raw(hints_.data(), hints_.size());
        }
        chunk& to = sections_[s_code];
        to.mark(t);
        to.leb_u(body_.size());
        to.append(body_);
        ++to.count;
        return (!to.failed() && !hints_.failed()) || out_of_memory();
    }

    struct run {
        u32 count;
        val_type type;
    };
    chunk body_;
    vec<run> runs_; ///< a function's locals, equal neighbours together
    vec<named> local_names_;
};

} // namespace tessera::text
TESSERA_SMALL_END
