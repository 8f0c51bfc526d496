// SPDX-License-Identifier: MIT
/// @file binary/encode.hpp
/// From a module to bytes (spec: binary/modules). Everything is written in its shortest form.
#pragma once

#include <tessera/binary/hints.hpp>
#include <tessera/binary/sections.hpp>
#include <tessera/binary/write.hpp>
#include <tessera/util/result.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::binary {

/// Writes the sections of a module.
class module_encoder {
public:
    explicit module_encoder(const module_data& m) noexcept : m_(m), code_(m.bytes.data(), {}) {
        code_.module_ends(m.bytes.data() + m.bytes.size());
    }

    /// Writes the module. False: problem().
    [[nodiscard]] bool run(vec<u8>& out) noexcept {
        static constexpr u8 head[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
        // Bodies first: the branch hints, which stand before them, depend on where instructions come to lie.
        if (!hints_.read(m_)) return code_.fail_memory();
        if (!bodies()) return false;
        to_.raw(head, sizeof head);
        customs_after(section::custom);
        for (u8 id : section_order) {
            part_.clear();
            if (!content(section(id))) return false;
            const writer& from = id == u8(section::code) ? bodies_ : part_;
            if (from.size()) write_section(id, from);
            customs_after(section(id));
        }
        if (to_.failed() || part_.failed() || body_.failed() || bodies_.failed() || new_hints_.failed() ||
            hint_.failed())
            return code_.fail_memory();
        if (to_.size() >= no_index) return code_.fail(msg::limit_reached, m_.bytes.data(), "bytes of a module");
        out = to_.take();
        return true;
    }
    const error& problem() const noexcept { return code_.error(); }

private:
    // ---- sections

    void write_section(u8 id, const writer& from) noexcept {
        to_.byte(id);
        to_.leb_u(from.size());
        to_.raw(from.data(), from.size());
    }
    void customs_after(section s) noexcept {
        for (u32 i = 0; i < m_.customs.size(); ++i) {
            const custom_def& c = m_.customs[i];
            if (c.after != u8(s)) continue;
            part_.clear();
            part_.name(c.name);
            if (i == hints_.section()) {
                part_.leb_u(hinted_);
                part_.raw(new_hints_.data(), new_hints_.size());
            } else {
                raw(c.bytes);
            }
            write_section(0, part_);
        }
    }
    /// Writes the section's content to part_; nothing if the section is not needed.
    [[nodiscard]] bool content(section s) noexcept {
        switch (s) {
        case section::type: return types();
        case section::import_: return imports();
        case section::function:
            return all(m_.funcs, m_.imported_funcs, [&](const func_def& f) { return part_.leb_u(f.type), true; });
        case section::table: return all(m_.tables, m_.imported_tables, [&](const table_def& t) { return table(t); });
        case section::memory:
            return all(m_.memories, m_.imported_memories,
                       [&](const memory_def& d) { return write_memory(part_, d.type), true; });
        case section::tag: return all(m_.tags, m_.imported_tags, [&](const tag_def& t) { return tag(t), true; });
        case section::global:
            return all(m_.globals, m_.imported_globals,
                       [&](const global_def& g) { return global(g.type), expression(g.init); });
        case section::export_: return all(m_.exports, 0, [&](const export_def& e) { return export_(e), true; });
        case section::start:
            if (m_.start != no_index) part_.leb_u(m_.start);
            return true;
        case section::elem: return all(m_.elems, 0, [&](const elem_def& e) { return elem(e); });
        case section::data_count:
            if (m_.has_data_count) part_.leb_u(m_.datas.size());
            return true;
        case section::data: return all(m_.datas, 0, [&](const data_def& d) { return data(d); });
        default: return true; // the code is written already
        }
    }
    /// A vector of what `each` writes for the entries from `first` on; nothing if there are none.
    template <class T, class Each>
    [[nodiscard]] bool all(const vec<T>& list, u32 first, Each each) noexcept {
        if (list.size() == first) return true;
        part_.leb_u(list.size() - first);
        for (std::size_t i = first; i < list.size(); ++i)
            if (!each(list[i])) return false;
        return true;
    }

    // ---- entries

    [[nodiscard]] bool types() noexcept {
        const type_section& types = m_.types;
        u32 groups = 0;
        for (u32 i = 0; i < types.size(); i += types[i].group_size) ++groups;
        if (groups == 0) return true;
        part_.leb_u(groups);
        for (u32 i = 0; i < types.size(); ++i) {
            if (types[i].group == i && types[i].group_size != 1) {
                part_.byte(code::rec);
                part_.leb_u(types[i].group_size);
            }
            sub_type(i);
        }
        return true;
    }
    void sub_type(u32 index) noexcept {
        const type_def& d = m_.types[index];
        if (!d.final_ || d.super != no_index) {
            part_.byte(d.final_ ? code::sub_final : code::sub);
            part_.leb_u(d.super != no_index);
            if (d.super != no_index) part_.leb_u(d.super);
        }
        switch (d.form) {
        case composite::func:
            part_.byte(code::func_type);
            values(m_.types.params(index));
            return values(m_.types.results(index));
        case composite::struct_:
            part_.byte(code::struct_type);
            part_.leb_u(d.params);
            break;
        case composite::array: part_.byte(code::array_type);
        }
        for (const field_type& f : m_.types.fields_of(index)) {
            write_type(part_, f.type);
            part_.byte(f.mutable_);
        }
    }
    void values(view<val_type> types) noexcept {
        part_.leb_u(types.size());
        for (val_type t : types) write_type(part_, t);
    }
    [[nodiscard]] bool imports() noexcept {
        return all(m_.imports, 0, [&](const import_def& d) {
            part_.name(d.module);
            part_.name(d.name);
            part_.byte(u8(d.kind));
            switch (d.kind) {
            case extern_kind::func: part_.leb_u(m_.funcs[d.index].type); break;
            case extern_kind::table: write_table(part_, m_.tables[d.index].type); break;
            case extern_kind::memory: write_memory(part_, m_.memories[d.index].type); break;
            case extern_kind::global: global(m_.globals[d.index].type); break;
            case extern_kind::tag: tag(m_.tags[d.index]); break;
            }
            return true;
        });
    }
    [[nodiscard]] bool table(const table_def& t) noexcept {
        if (!t.init.code.empty()) {
            part_.byte(0x40);
            part_.byte(0);
        }
        write_table(part_, t.type);
        return t.init.code.empty() || expression(t.init);
    }
    void global(const global_type& g) noexcept {
        write_type(part_, g.type);
        part_.byte(g.mutable_);
    }
    void tag(const tag_def& t) noexcept {
        part_.byte(0);
        part_.leb_u(t.type);
    }
    void export_(const export_def& e) noexcept {
        part_.name(e.name);
        part_.byte(u8(e.kind));
        part_.leb_u(e.index);
    }
    /// Of the eight forms the shortest (spec: binary/modules, Element Section).
    [[nodiscard]] bool elem(const elem_def& e) noexcept {
        const bool active = e.mode == segment_mode::active;
        const bool bare = active && e.table == 0 && (!e.expressions || e.type == t_funcref);
        part_.byte(u8((active ? (bare ? 0 : 2) : e.mode == segment_mode::passive ? 1 : 3) | (e.expressions ? 4 : 0)));
        if (active && !bare) part_.leb_u(e.table);
        if (active && !expression(e.at)) return false;
        if (!bare) {
            if (e.expressions) write_type(part_, e.type);
            else part_.byte(0);
        }
        part_.leb_u(e.count);
        code_.restart(bytes(e.items));
        for (u32 i = 0; i < e.count; ++i) {
            u32 index = 0;
            if (e.expressions) {
                if (!expression_here()) return false;
            } else {
                if (!code_.leb_u32(index)) return false;
                part_.leb_u(index);
            }
        }
        return true;
    }
    [[nodiscard]] bool data(const data_def& d) noexcept {
        const bool active = d.mode == segment_mode::active;
        part_.byte(u8(!active ? 1 : d.memory == 0 ? 0 : 2));
        if (active && d.memory != 0) part_.leb_u(d.memory);
        if (active && !expression(d.at)) return false;
        part_.leb_u(d.bytes.size());
        raw(d.bytes);
        return true;
    }

    // ---- code

    [[nodiscard]] bool expression(const const_expr& e) noexcept {
        code_.restart(bytes(e.code));
        return expression_here();
    }
    /// One expression at the reading position, with its end.
    [[nodiscard]] bool expression_here() noexcept {
        nesting_.start();
        while (!nesting_.done()) {
            if (!code_.next(in_) || !nesting_.step(in_.code, code_, in_.offset)) return false;
            write_instruction(part_, in_, code_);
        }
        return true;
    }
    [[nodiscard]] bool bodies() noexcept {
        if (m_.funcs.size() == m_.imported_funcs) return true;
        bodies_.leb_u(m_.funcs.size() - m_.imported_funcs);
        for (u32 f = m_.imported_funcs; f < m_.funcs.size(); ++f) {
            if (!body(f)) return false;
            bodies_.leb_u(body_.size());
            bodies_.raw(body_.data(), body_.size());
        }
        return true;
    }
    [[nodiscard]] bool body(u32 f) noexcept {
        module_limits limits; // the decoder's were met, whatever they were
        limits.locals = no_index;
        u32 entries = 0;
        body_.clear();
        part_.clear();
        code_.restart(bytes(m_.funcs[f].code));
        const bool declared = local_declarations(code_, 0, limits, [&](u32 n, val_type t) {
            ++entries;
            part_.leb_u(n);
            write_type(part_, t);
            return true;
        });
        if (!declared) return false;
        body_.leb_u(entries);
        body_.raw(part_.data(), part_.size());
        hint_.clear();
        u32 hints = 0;
        for (nesting_.start(); !nesting_.done();) {
            if (!code_.next(in_) || !nesting_.step(in_.code, code_, in_.offset)) return false;
            if (in_.code == op::if_ || in_.code == op::br_if)
                if (const int likely = hints_.at(in_.offset); likely >= 0) {
                    ++hints;
                    hint_.leb_u(body_.size());
                    hint_.byte(1);
                    hint_.byte(u8(likely));
                }
            write_instruction(body_, in_, code_);
        }
        if (hints) {
            ++hinted_;
            new_hints_.leb_u(f);
            new_hints_.leb_u(hints);
            new_hints_.raw(hint_.data(), hint_.size());
        }
        return code_.done() || code_.fail(msg::section_size_mismatch, code_.at());
    }

    cursor bytes(byte_range r) const noexcept { return {m_.bytes.data() + r.begin, m_.bytes.data() + r.end}; }
    void raw(byte_range r) noexcept { part_.raw(m_.bytes.data() + r.begin, r.size()); }

    const module_data& m_;
    instruction_reader<everything> code_;
    instruction in_;
    nesting nesting_;
    branch_hints hints_;
    writer to_, part_, body_, bodies_, hint_, new_hints_;
    u32 hinted_ = 0; ///< functions in new_hints_
};

/// The module in the binary format, each number and each section in its shortest form: what was
/// written so comes out byte for byte. Custom sections keep their places and bytes; in branch hints the
/// offsets are brought up to date. Fails with msg::out_of_memory, and for a module that was decoded
/// and not validated with kind::malformed where a function body is.
inline result<vec<u8>> encode(const module_data& m) noexcept {
    vec<u8> out;
    module_encoder encoder(m);
    if (encoder.run(out)) return result<vec<u8>>(std::move(out));
    return encoder.problem();
}

} // namespace tessera::binary
TESSERA_SMALL_END
