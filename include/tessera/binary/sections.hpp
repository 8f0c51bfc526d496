// SPDX-License-Identifier: MIT
/// @file sections.hpp
/// Decoding a module section by section (spec: binary/modules).
#pragma once

#include <tessera/binary/custom.hpp>
#include <tessera/binary/types.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::binary {

/// The ids of sections.
enum class section : u8 {
    custom,
    type,
    import_,
    function,
    table,
    memory,
    global,
    export_,
    start,
    elem,
    code,
    data,
    data_count,
    tag,
    count_
};

/// Decodes all sections into a module. Expressions and function bodies are left as ranges; finding
/// the end of an expression is the one thing that depends on the set of instructions.
class section_decoder : public type_reader {
public:
    using type_reader::type_reader;

    /// Decodes the module. False: `error()` says why.
    [[nodiscard]] bool module() noexcept {
        const u8* begin = in_.at();
        const u64 most = limits_.module_size < no_index ? limits_.module_size : no_index; // offsets have 32 bits
        if (!within(m_.bytes.size(), most, "bytes of a module") || !header(begin, "\0asm", msg::magic) ||
            !header(begin + 4, "\1\0\0\0", msg::version))
            return false;
        while (!in_.done())
            if (!next_section()) return false;
        if (bodies_ != declared_funcs()) return fail(msg::inconsistent_functions, in_.at());
        if (m_.has_data_count && data_count_ != m_.datas.size()) return fail(msg::inconsistent_data, in_.at());
        for (const custom_def& c : m_.customs)
            if (c.name == "name" && !name_section(m_).read(cursor(base_ + c.bytes.begin, base_ + c.bytes.end)))
                return fail_memory();
        m_.used.bits |= used_;
        return true;
    }

protected:
    /// Passes one expression with its `end` and sets `out` to its range.
    [[nodiscard]] virtual bool expression(const_expr& out) noexcept = 0;
    ~section_decoder() = default;

private:
    bool header(const u8* where, const char* wanted, const message& what) noexcept {
        if (in_.left() < 4) return fail(msg::unexpected_end, where);
        return std::memcmp(where, wanted, 4) == 0 ? skip(4) : fail(what, where);
    }
    template <class T>
    [[nodiscard]] bool add(vec<T>& to, const T& what) noexcept {
        return to.push_back(what) || fail_memory();
    }
    template <class T>
    [[nodiscard]] bool make_room(vec<T>& in, u32 n) noexcept {
        return in.reserve(in.size() + room(n)) || fail_memory();
    }
    u32 declared_funcs() const noexcept { return u32(m_.funcs.size()) - m_.imported_funcs; }

    bool next_section() noexcept {
        // The order of sections; 0 for custom sections, which go anywhere.
        static constexpr u8 order[] = {0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6};
        const u8* where = in_.at();
        u8 id = 0;
        u32 size = 0;
        if (!byte(id)) return false;
        if (id >= u8(section::count_)) return fail(msg::malformed_section_id, where);
        const u8* size_at = in_.at();
        if (!leb_u32(size)) return false;
        if (size > in_.left()) return fail(msg::length_out_of_bounds, size_at);
        if (id != 0) {
            if (order[id] <= order[last_]) return fail(msg::content_after_last_section, where);
            last_ = id;
        }
        const cursor whole = in_;
        in_ = cursor(in_.at(), in_.at() + size);
        if (!content(section(id), where)) return false;
        if (!in_.done()) return fail(msg::section_size_mismatch, in_.at());
        in_ = whole;
        return skip(size);
    }
    bool content(section id, const u8* where) noexcept {
        switch (id) {
        case section::custom: return custom();
        case section::type: return types();
        case section::import_: return imports();
        case section::function: return functions();
        case section::table: return tables();
        case section::memory: return memories();
        case section::global: return globals();
        case section::export_: return exports();
        case section::start: m_.start_offset = offset(); return leb_u32(m_.start);
        case section::elem: return elems();
        case section::code: return bodies();
        case section::data: return datas();
        case section::data_count:
            m_.has_data_count = true;
            return need(feature::bulk_memory, where) && leb_u32(data_count_) &&
                   within(data_count_, limits_.data_segments, "data segments");
        default: return need(feature::exceptions, where) && tags();
        }
    }

    bool custom() noexcept {
        custom_def c;
        if (!name_string(c.name)) return false;
        c.bytes = {offset(), offset_of(in_.end())};
        c.after = last_;
        return add(m_.customs, c) && skip(in_.left());
    }
    bool types() noexcept {
        u32 n = 0;
        if (!count(n, limits_.types, "types")) return false;
        if (!make_room(m_.types.defs, n)) return false;
        for (u32 i = 0; i < n; ++i)
            if (!recursive_type()) return false;
        return true;
    }
    bool imports() noexcept {
        u32 n = 0;
        if (!count(n, limits_.imports, "imports") || !make_room(m_.imports, n)) return false;
        for (u32 i = 0; i < n; ++i)
            if (!import_()) return false;
        m_.imported_funcs = u32(m_.funcs.size());
        m_.imported_tables = u32(m_.tables.size());
        m_.imported_memories = u32(m_.memories.size());
        m_.imported_globals = u32(m_.globals.size());
        m_.imported_tags = u32(m_.tags.size());
        return true;
    }
    bool import_() noexcept {
        import_def d;
        d.offset = offset();
        if (!name_string(d.module) || !name_string(d.name)) return false;
        const u8* where = in_.at();
        u8 kind = 0;
        if (!byte(kind)) return false;
        if (kind > u8(extern_kind::tag)) return fail(msg::malformed_import_kind, where);
        d.kind = extern_kind(kind);
        bool ok = false;
        switch (d.kind) {
        case extern_kind::func: {
            func_def f;
            d.index = u32(m_.funcs.size());
            ok = leb_u32(f.type) && add(m_.funcs, f);
            break;
        }
        case extern_kind::table: {
            table_def t;
            t.offset = d.offset;
            d.index = u32(m_.tables.size());
            ok = table(t.type) && add(m_.tables, t) && many_tables(where);
            break;
        }
        case extern_kind::memory: {
            memory_def t;
            t.offset = d.offset;
            d.index = u32(m_.memories.size());
            ok = memory(t.type) && add(m_.memories, t) && many_memories();
            break;
        }
        case extern_kind::global: {
            global_def g;
            g.offset = d.offset;
            d.index = u32(m_.globals.size());
            ok = global(g.type) && add(m_.globals, g);
            if (ok && g.type.mutable_) ok = need(feature::mutable_globals, where);
            break;
        }
        case extern_kind::tag: {
            tag_def t;
            t.offset = d.offset;
            d.index = u32(m_.tags.size());
            ok = tag(t) && add(m_.tags, t);
            break;
        }
        }
        return ok && add(m_.imports, d);
    }
    // Several tables or memories are a matter of validation; here they are only counted.
    bool many_tables(const u8*) noexcept {
        if (m_.tables.size() > 1) used_ |= u64{1} << unsigned(feature::reference_types);
        return within(m_.tables.size(), limits_.tables, "tables");
    }
    bool many_memories() noexcept {
        if (m_.memories.size() > 1) used_ |= u64{1} << unsigned(feature::multi_memory);
        return within(m_.memories.size(), limits_.memories, "memories");
    }
    bool functions() noexcept {
        u32 n = 0;
        if (!count(n, limits_.functions, "functions") || !make_room(m_.funcs, n)) return false;
        for (u32 i = 0; i < n; ++i) {
            func_def f;
            if (!leb_u32(f.type) || !add(m_.funcs, f)) return false;
        }
        return within(m_.funcs.size(), limits_.functions, "functions");
    }
    bool tables() noexcept {
        u32 n = 0;
        if (!count(n, limits_.tables, "tables") || !make_room(m_.tables, n)) return false;
        for (u32 i = 0; i < n; ++i) {
            const u8* where = in_.at();
            table_def t;
            t.offset = offset();
            const bool has_init = in_.peek() == 0x40;
            if (has_init) {
                u8 zero = 0;
                if (!need(feature::function_references, where) || !skip(1)) return false;
                where = in_.at();
                if (!byte(zero)) return false;
                if (zero != 0) return fail(msg::zero_byte_expected, where);
            }
            if (!table(t.type) || (has_init && !expression(t.init)) || !add(m_.tables, t) || !many_tables(where))
                return false;
        }
        return true;
    }
    bool memories() noexcept {
        u32 n = 0;
        if (!count(n, limits_.memories, "memories") || !make_room(m_.memories, n)) return false;
        for (u32 i = 0; i < n; ++i) {
            memory_def d;
            d.offset = offset();
            if (!memory(d.type) || !add(m_.memories, d) || !many_memories()) return false;
        }
        return true;
    }
    bool globals() noexcept {
        u32 n = 0;
        if (!count(n, limits_.globals, "globals") || !make_room(m_.globals, n)) return false;
        for (u32 i = 0; i < n; ++i) {
            global_def g;
            g.offset = offset();
            if (!global(g.type) || !expression(g.init) || !add(m_.globals, g)) return false;
        }
        return within(m_.globals.size(), limits_.globals, "globals");
    }
    bool tags() noexcept {
        u32 n = 0;
        if (!count(n, limits_.tags, "tags") || !make_room(m_.tags, n)) return false;
        for (u32 i = 0; i < n; ++i) {
            tag_def t;
            t.offset = offset();
            if (!tag(t) || !add(m_.tags, t)) return false;
        }
        return true;
    }
    bool exports() noexcept {
        u32 n = 0;
        if (!count(n, limits_.exports, "exports") || !make_room(m_.exports, n)) return false;
        for (u32 i = 0; i < n; ++i) {
            export_def e;
            e.offset = offset();
            u8 kind = 0;
            if (!name_string(e.name)) return false;
            const u8* where = in_.at();
            if (!byte(kind)) return false;
            if (kind > u8(extern_kind::tag)) return fail(msg::malformed_export_kind, where);
            e.kind = extern_kind(kind);
            if (e.kind == extern_kind::tag && !need(feature::exceptions, where)) return false;
            if (!leb_u32(e.index)) return false;
            if (e.kind == extern_kind::global && e.index < m_.globals.size() && m_.globals[e.index].type.mutable_ &&
                !need(feature::mutable_globals, where))
                return false;
            if (!add(m_.exports, e)) return false;
        }
        return true;
    }
    bool elems() noexcept {
        u32 n = 0;
        if (!count(n, limits_.elem_segments, "element segments") || !make_room(m_.elems, n)) return false;
        for (u32 i = 0; i < n; ++i) {
            elem_def e;
            if (!elem(e) || !add(m_.elems, e)) return false;
        }
        return true;
    }
    /// Flags: bit 0 not active; bit 1 declarative, or with a table index; bit 2 items are expressions.
    bool elem(elem_def& e) noexcept {
        const u8* where = in_.at();
        u32 flags = 0;
        if (!leb_u32(flags)) return false;
        if (flags > 7) return fail(msg::malformed_elem, where);
        if (flags != 0 && !need(feature::bulk_memory, where)) return false;
        e.expressions = (flags & 4) != 0;
        e.mode = !(flags & 1) ? segment_mode::active : flags & 2 ? segment_mode::declarative : segment_mode::passive;
        if (e.mode == segment_mode::active) {
            if ((flags & 2) && !leb_u32(e.table)) return false;
            if (!expression(e.at)) return false;
        }
        // Without a type of its own a segment is of functions; the indices are never null.
        e.type = val_type::ref(heap_type::abstract(code::func), e.expressions);
        if (flags & 3) {
            where = in_.at();
            u8 kind = 0;
            if (e.expressions) {
                if (!reference(e.type)) return false;
            } else if (!byte(kind)) {
                return false;
            } else if (kind != 0) {
                return fail(msg::malformed_elem, where);
            }
        }
        if (!count(e.count, limits_.elem_items, "items of an element segment")) return false;
        e.items.begin = offset();
        const_expr item;
        u32 index = 0;
        for (u32 i = 0; i < e.count; ++i)
            if (!(e.expressions ? expression(item) : leb_u32(index))) return false;
        e.items.end = offset();
        return true;
    }
    bool bodies() noexcept {
        u32 n = 0;
        if (!count(n, limits_.functions, "functions")) return false;
        // That there are as many as the function section says is checked at the end.
        for (; bodies_ < n; ++bodies_) {
            u32 size = 0;
            if (!count(size, limits_.function_size, "bytes of a function")) return false;
            const u32 begin = offset();
            if (!skip(size)) return false;
            if (bodies_ < declared_funcs()) m_.funcs[m_.imported_funcs + bodies_].code = {begin, offset()};
        }
        return true;
    }
    bool datas() noexcept {
        u32 n = 0;
        if (!count(n, limits_.data_segments, "data segments") || !make_room(m_.datas, n)) return false;
        for (u32 i = 0; i < n; ++i) {
            const u8* where = in_.at();
            data_def d;
            u32 flags = 0, size = 0;
            if (!leb_u32(flags)) return false;
            if (flags > 2) return fail(msg::malformed_data, where);
            if (flags != 0 && !need(feature::bulk_memory, where)) return false;
            if (flags == 1) {
                d.mode = segment_mode::passive;
            } else {
                d.mode = segment_mode::active;
                if ((flags == 2 && !leb_u32(d.memory)) || !expression(d.at)) return false;
            }
            if (!count(size, ~u64{0}, "")) return false;
            d.bytes.begin = offset();
            if (!skip(size)) return false;
            d.bytes.end = offset();
            if (!add(m_.datas, d)) return false;
        }
        return true;
    }

    u8 last_ = 0; ///< id of the last section that is not custom
    u32 bodies_ = 0;
    u32 data_count_ = 0;
};

} // namespace tessera::binary
TESSERA_SMALL_END
