// SPDX-License-Identifier: MIT
// Whether two decoded modules are the same module, however many bytes a number of one of them takes.
#pragma once

#include <tessera/binary/hints.hpp>
#include <tessera/binary/names.hpp>
#include <tessera/binary/write.hpp>

#include <algorithm>
#include <string>
#include <vector>

/// Compares modules part by part; where they first differ is in `difference`.
class comparison {
public:
    using module_data = tessera::module_data;
    using u32 = tessera::u32;
    using u8 = tessera::u8;

    comparison(const module_data& a, const module_data& b) : a_(a), b_(b) {}

    std::string difference;

    bool run() {
        return types() && imports() && funcs() && tables() && memories() && globals() && tags() && exports() &&
               segments() && check(a_.start == b_.start, "start function") && check(a_.name == b_.name, "name") &&
               names() && customs();
    }

private:
    bool check(bool same, const std::string& what) {
        if (!same) difference = what;
        return same;
    }
    bool check(bool same, const char* what, std::size_t number) {
        return same || check(false, std::string(what) + " " + std::to_string(number));
    }
    template <class T, class Same>
    bool all(const char* what, const T& a, const T& b, Same same) {
        if (a.size() != b.size()) return check(false, std::string("number of ") + what + "s");
        for (std::size_t i = 0; i < a.size(); ++i)
            if (!check(same(a[i], b[i]), what, i)) return false;
        return true;
    }
    template <class T>
    static bool same_list(std::span<const T> a, std::span<const T> b) {
        return std::equal(a.begin(), a.end(), b.begin(), b.end());
    }
    static bool same(const tessera::limits_type& a, const tessera::limits_type& b) {
        return a.min == b.min && a.has_max == b.has_max && (!a.has_max || a.max == b.max) && a.is64 == b.is64;
    }

    bool types() {
        u32 i = 0;
        return all("type", a_.types.defs, b_.types.defs, [&](const tessera::type_def& a, const tessera::type_def& b) {
            const u32 t = i++;
            if (a.form != b.form || a.final_ != b.final_ || a.super != b.super || a.group != b.group ||
                a.group_size != b.group_size)
                return false;
            if (a.form != tessera::composite::func)
                return same_list<tessera::field_type>(a_.types.fields_of(t), b_.types.fields_of(t));
            return same_list<tessera::val_type>(a_.types.params(t), b_.types.params(t)) &&
                   same_list<tessera::val_type>(a_.types.results(t), b_.types.results(t));
        });
    }
    bool imports() {
        return all("import", a_.imports, b_.imports,
                   [](const auto& a, const auto& b) {
                       return a.module == b.module && a.name == b.name && a.kind == b.kind && a.index == b.index;
                   }) &&
               check(a_.imported_funcs == b_.imported_funcs && a_.imported_tables == b_.imported_tables &&
                         a_.imported_memories == b_.imported_memories && a_.imported_globals == b_.imported_globals &&
                         a_.imported_tags == b_.imported_tags,
                     "numbers of imports");
    }
    bool funcs() {
        tessera::binary::branch_hints hints_a, hints_b;
        if (!hints_a.read(a_) || !hints_b.read(b_)) return check(false, "memory");
        return all("function", a_.funcs, b_.funcs, [&](const auto& a, const auto& b) {
            return a.type == b.type && body(a.code, b.code, hints_a, hints_b);
        });
    }
    bool tables() {
        return all("table", a_.tables, b_.tables, [&](const auto& a, const auto& b) {
            return same(a.type.limits, b.type.limits) && a.type.element == b.type.element &&
                   expression(a.init.code, b.init.code);
        });
    }
    bool memories() {
        return all("memory", a_.memories, b_.memories, [&](const auto& a, const auto& b) {
            return same(a.type.limits, b.type.limits) && a.type.shared == b.type.shared &&
                   a.type.page_log2 == b.type.page_log2;
        });
    }
    bool globals() {
        return all("global", a_.globals, b_.globals, [&](const auto& a, const auto& b) {
            return a.type.type == b.type.type && a.type.mutable_ == b.type.mutable_ &&
                   expression(a.init.code, b.init.code);
        });
    }
    bool tags() {
        return all("tag", a_.tags, b_.tags, [](const auto& a, const auto& b) { return a.type == b.type; });
    }
    bool exports() {
        return all("export", a_.exports, b_.exports, [](const auto& a, const auto& b) {
            return a.name == b.name && a.kind == b.kind && a.index == b.index;
        });
    }
    bool segments() {
        return all("element segment", a_.elems, b_.elems,
                   [&](const tessera::elem_def& a, const tessera::elem_def& b) {
                       return a.mode == b.mode && a.expressions == b.expressions && a.table == b.table &&
                              a.type == b.type && a.count == b.count && expression(a.at.code, b.at.code) && items(a, b);
                   }) &&
               all("data segment", a_.datas, b_.datas, [&](const tessera::data_def& a, const tessera::data_def& b) {
                   return a.mode == b.mode && a.memory == b.memory && expression(a.at.code, b.at.code) &&
                          same_list<u8>(part(a_, a.bytes), part(b_, b.bytes));
               });
    }

    // ---- code

    struct reader : tessera::binary::instruction_reader<tessera::everything> {
        reader(const module_data& m, tessera::byte_range r)
            : instruction_reader(m.bytes.data(), {m.bytes.data() + r.begin, m.bytes.data() + r.end}) {}
    };
    static std::span<const u8> part(const module_data& m, tessera::byte_range r) {
        return m.bytes.subspan(r.begin, r.size());
    }

    /// The instructions that come next in both are the same one.
    bool instruction(reader& a, reader& b, tessera::binary::instruction& x, tessera::binary::instruction& y) {
        using tessera::imm;
        x = {}, y = {}; // so that what the kind of immediates has not is equal
        if (!a.next(x) || !b.next(y)) return false;
        if (x.code != y.code || x.index != y.index || x.index2 != y.index2 || x.align != y.align || x.lane != y.lane ||
            x.value != y.value || x.type != y.type || x.type2 != y.type2 || x.block_type != y.block_type ||
            x.list_count != y.list_count)
            return false;
        while (!x.list.done() && !y.list.done()) {
            if (x.immediate == imm::labels) {
                if (a.next_label(x.list) != b.next_label(y.list)) return false;
            } else if (x.immediate == imm::select_types) {
                if (a.next_type(x.list) != b.next_type(y.list)) return false;
            } else if (x.immediate == imm::try_table) {
                const auto c = a.next_catch(x.list), d = b.next_catch(y.list);
                if (c.kind != d.kind || c.tag != d.tag || c.label != d.label) return false;
            } else {
                u8 c = 0, d = 0;
                if (!x.list.byte(c) || !y.list.byte(d) || c != d) return false;
            }
        }
        return x.list.done() && y.list.done();
    }
    bool expression(tessera::byte_range r, tessera::byte_range s) {
        reader a(a_, r), b(b_, s);
        tessera::binary::instruction x, y;
        while (!a.done() && !b.done())
            if (!instruction(a, b, x, y)) return false;
        return a.done() && b.done();
    }
    bool items(const tessera::elem_def& e, const tessera::elem_def& f) {
        if (e.expressions) return expression(e.items, f.items);
        reader a(a_, e.items), b(b_, f.items);
        for (u32 i = 0, x = 0, y = 0; i < e.count; ++i)
            if (!a.leb_u32(x) || !b.leb_u32(y) || x != y) return false;
        return a.done() && b.done();
    }
    using local_runs = std::vector<std::pair<u32, tessera::val_type>>;
    static bool locals(reader& from, local_runs& out) {
        tessera::module_limits limits;
        limits.locals = ~0u;
        return tessera::binary::local_declarations(from, 0, limits, [&](u32 n, tessera::val_type t) {
            if (n != 0 && !out.empty() && out.back().second == t) out.back().first += n;
            else if (n != 0) out.emplace_back(n, t);
            return true;
        });
    }
    bool body(tessera::byte_range r, tessera::byte_range s, const tessera::binary::branch_hints& hints_a,
              const tessera::binary::branch_hints& hints_b) {
        if (r.empty() || s.empty()) return r.empty() && s.empty();
        reader a(a_, r), b(b_, s);
        local_runs c, d;
        if (!locals(a, c) || !locals(b, d) || c != d) return false;
        tessera::binary::instruction x, y;
        while (!a.done() && !b.done())
            if (!instruction(a, b, x, y) || hints_a.at(x.offset) != hints_b.at(y.offset)) return false;
        return a.done() && b.done();
    }

    // ---- custom sections

    bool names() {
        tessera::binary::module_names a, b;
        if (!a.read(a_) || !b.read(b_)) return check(false, "memory");
        for (std::size_t k = 0; k < tessera::binary::name_kinds; ++k)
            if (!all("name", a.of[k], b.of[k], [](const auto& x, const auto& y) {
                    return x.index == y.index && x.name == y.name && x.owner == y.owner;
                }))
                return check(false, "names of kind " + std::to_string(k) + ": " + difference);
        return check(a.module_name == b.module_name, "module name");
    }
    /// How many sections with content there are up to `id`. The data count section says nothing of its own.
    static int place(const module_data& m, u8 id) {
        const bool there[] = {m.types.size() != 0,
                              !m.imports.empty(),
                              m.funcs.size() > m.imported_funcs,
                              m.tables.size() > m.imported_tables,
                              m.memories.size() > m.imported_memories,
                              m.tags.size() > m.imported_tags,
                              m.globals.size() > m.imported_globals,
                              !m.exports.empty(),
                              m.start != tessera::no_index,
                              !m.elems.empty(),
                              false,
                              m.funcs.size() > m.imported_funcs,
                              !m.datas.empty()};
        int n = 0;
        for (std::size_t i = 0; id != 0 && i < std::size(there); ++i) {
            n += there[i];
            if (tessera::binary::section_order[i] == id) break;
        }
        return n;
    }
    bool customs() {
        tessera::binary::branch_hints hints_a, hints_b;
        if (!hints_a.read(a_) || !hints_b.read(b_)) return check(false, "memory");
        u32 i = 0;
        return check(hints_a.section() == hints_b.section(), "place of the branch hints") &&
               all("custom section", a_.customs, b_.customs,
                   [&](const tessera::custom_def& a, const tessera::custom_def& b) {
                       const bool hints = i++ == hints_a.section(); // compared with the code
                       return a.name == b.name && place(a_, a.after) == place(b_, b.after) &&
                              (hints || same_list<u8>(part(a_, a.bytes), part(b_, b.bytes)));
                   });
    }

    const module_data& a_;
    const module_data& b_;
};

/// Where the modules first differ; empty if they do not.
inline std::string difference(const tessera::module_data& a, const tessera::module_data& b) {
    comparison c(a, b);
    return c.run() ? std::string() : c.difference.empty() ? "?" : c.difference;
}
