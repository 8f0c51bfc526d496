// SPDX-License-Identifier: MIT
/// @file type_printer.hpp
/// Indices, types and type definitions as text (spec: text/types).
#pragma once

#include <tessera/text/heap_words.hpp>
#include <tessera/text/identifiers.hpp>
#include <tessera/text/output.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// The lowest layer of the printers: what does not depend on code.
class type_printer {
public:
    explicit type_printer(const module_data& m) noexcept : m_(m) {}
    type_printer(const type_printer&) = delete;
    type_printer& operator=(const type_printer&) = delete;

protected:
    static constexpr std::size_t most_repeated = 16; ///< types of a signature that is written beside its index

    // ---- indices

    /// An identifier or a number.
    void index(space s, u32 i) noexcept { reference(ids_.of(s, i), i); }
    void field_index(u32 type, u32 i) noexcept {
        const bool exists =
            type < m_.types.size() && m_.types[type].form == composite::struct_ && i < m_.types[type].params;
        reference(exists ? ids_.of(space::field, m_.types[type].first + i) : identifier(), i);
    }
    void reference(const identifier& id, u32 i) noexcept {
        if (id.shown.empty()) out_ << i;
        else out_.identifier(id.shown);
    }
    /// Where a thing is defined: its identifier and name, and its index as a comment.
    void define(space s, u32 i) noexcept {
        name(ids_.of(s, i));
        out_ << " (;" << i << ";)";
    }
    void name(const identifier& id) noexcept {
        if (id.shown.empty()) return;
        out_ << ' ';
        out_.identifier(id.shown);
        if (!id.is_renamed()) return;
        out_ << " (@name ";
        out_.literal(id.name, true);
        out_ << ')';
    }

    // ---- types

    void heap(heap_type h) noexcept {
        if (h.is_index()) return index(space::type, h.index());
        for (const heap_word& w : heap_words)
            if (w.byte_code == h.byte_code()) out_ << w.heap;
    }
    /// A value type or storage type.
    void type(val_type t) noexcept {
        switch (t.byte_code()) {
        case code::i32: out_ << word::i32; return;
        case code::i64: out_ << word::i64; return;
        case code::f32: out_ << word::f32; return;
        case code::f64: out_ << word::f64; return;
        case code::v128: out_ << word::v128; return;
        case code::i8: out_ << word::i8; return;
        case code::i16: out_ << word::i16; return;
        default: break;
        }
        if (t.is_nullable() && !t.heap().is_index()) {
            for (const heap_word& w : heap_words)
                if (w.byte_code == t.heap().byte_code()) out_ << w.reference;
            return;
        }
        out_ << (t.is_nullable() ? "(ref null " : "(ref ");
        heap(t.heap());
        out_ << ')';
    }
    void field(val_type t, bool is_mutable) noexcept {
        if (is_mutable) out_ << "(mut ";
        type(t);
        if (is_mutable) out_ << ')';
    }
    bool is_function(u32 type) const noexcept {
        return type < m_.types.size() && m_.types[type].form == composite::func;
    }

    /// Value types behind a word, in parentheses; nothing if there are none.
    void values(std::string_view word_, view<val_type> types) noexcept {
        if (types.empty()) return;
        out_ << " (" << word_;
        for (val_type t : types) {
            out_ << ' ';
            type(t);
        }
        out_ << ')';
    }
    /// A list as `values` writes it, whose entries from number `first` on may be named locals.
    void locals(std::string_view word_, view<val_type> types, u32 first) noexcept {
        for (std::size_t i = 0; i < types.size();) {
            const identifier id = ids_.of(space::local, first + u32(i));
            if (id.shown.empty()) {
                std::size_t n = i + 1;
                while (n < types.size() && ids_.of(space::local, first + u32(n)).shown.empty()) ++n;
                values(word_, types.subview(i, n - i));
                i = n;
            } else {
                out_ << " (" << word_;
                name(id);
                out_ << ' ';
                type(types[i++]);
                out_ << ')';
            }
        }
    }
    /// ` (type …)`, and what that type is unless it is long.
    void type_use(u32 type) noexcept {
        type_index(type);
        if (!is_function(type) || m_.types[type].params + m_.types[type].results > most_repeated) return;
        values("param", m_.types.params(type));
        values("result", m_.types.results(type));
    }
    void type_index(u32 type) noexcept {
        out_ << " (type ";
        index(space::type, type);
        out_ << ')';
    }
    void limits(const limits_type& l) noexcept {
        if (l.is64) out_ << " i64";
        out_ << ' ' << l.min;
        if (l.has_max) out_ << ' ' << l.max;
    }
    void table(const table_type& t) noexcept {
        limits(t.limits);
        out_ << ' ';
        type(t.element);
    }
    void memory(const memory_type& t) noexcept {
        limits(t.limits);
        if (t.shared) out_ << " shared";
        if (t.page_log2 != 16 && t.page_log2 < 64) out_ << " (pagesize " << (u64{1} << t.page_log2) << ')';
    }

    // ---- definitions

    void type_definitions() noexcept {
        for (u32 i = 0; i < m_.types.size() && !out_.failed(); ++i) {
            const type_def& d = m_.types[i];
            const bool grouped = d.group_size != 1;
            if (grouped && d.group == i) {
                out_.line(1);
                out_ << "(rec";
            }
            out_.line(grouped ? 2 : 1);
            type_definition(i, d);
            if (grouped && i + 1 == d.group + d.group_size) out_ << ')';
        }
    }
    void type_definition(u32 i, const type_def& d) noexcept {
        const bool plain = d.final_ && d.super == no_index;
        out_ << "(type";
        define(space::type, i);
        out_ << ' ';
        if (!plain) {
            out_ << (d.final_ ? "(sub final " : "(sub ");
            if (d.super != no_index) {
                index(space::type, d.super);
                out_ << ' ';
            }
        }
        switch (d.form) {
        case composite::func:
            out_ << "(func";
            values("param", m_.types.params(i));
            values("result", m_.types.results(i));
            break;
        case composite::array:
            out_ << "(array ";
            field(m_.types.fields_of(i)[0].type, m_.types.fields_of(i)[0].mutable_);
            break;
        case composite::struct_:
            out_ << "(struct";
            for (u32 k = 0; k < d.params; ++k) {
                out_ << " (field";
                name(ids_.of(space::field, d.first + k));
                out_ << ' ';
                field(m_.types.fields_of(i)[k].type, m_.types.fields_of(i)[k].mutable_);
                out_ << ')';
            }
        }
        out_ << (plain ? "))" : ")))");
    }

    const module_data& m_;
    identifiers ids_;
    text_output out_;
};

} // namespace tessera::text
TESSERA_SMALL_END
