// SPDX-License-Identifier: MIT
/// @file valid/module.hpp
/// Validating a module (spec: valid/modules), and the bodies of valid/load.hpp.
#pragma once

#include <tessera/binary/decode.hpp>
#include <tessera/valid/lazy.hpp>
#include <tessera/valid/load.hpp>
#include <tessera/valid/types.hpp>

#include <algorithm>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI {
namespace valid {

/// The rules of a module that concern no instruction.
class module_rules {
public:
    module_rules(module_data& m, const module_limits& limits) noexcept : m_(m), context_(m, limits) {}
    const tessera::error& error() const noexcept { return context_.error(); }
    vec<u64> take_declarations() noexcept { return context_.take_declarations(); }

protected:
    /// Types, imports, and the types of everything defined; then expressions can be validated.
    [[nodiscard]] bool declarations(features built) noexcept {
        if (!type_validator(context_, m_).run()) return false;
        if (!context_.make_declarations()) return context_.fail_memory();
        extern_validator external(context_);
        for (u32 i = 0; i < m_.funcs.size(); ++i)
            if (!context_.is_form(m_.funcs[i].type, composite::func, 0)) return context_.move_error(func_offset(i));
        for (const table_def& t : m_.tables)
            if (!external.table(t)) return false;
        if (m_.tables.size() > 1 && !built[feature::reference_types])
            return context_.fail(msg::multiple_tables, m_.tables[1].offset, name(feature::reference_types));
        for (const memory_def& d : m_.memories)
            if (!external.memory(d)) return false;
        if (m_.memories.size() > 1 && !built[feature::multi_memory])
            return context_.fail(msg::multiple_memories, m_.memories[1].offset, name(feature::multi_memory));
        for (const global_def& g : m_.globals)
            if (!context_.valid_type(g.type.type, g.offset)) return false;
        for (const tag_def& t : m_.tags) {
            if (!context_.is_form(t.type, composite::func, t.offset)) return false;
            if (m_.types[t.type].results != 0) return context_.fail(msg::tag_result, t.offset);
        }
        return start() && exports();
    }

    module_data& m_;
    context context_;

private:
    u32 func_offset(u32 index) const noexcept {
        if (index >= m_.imported_funcs) return m_.funcs[index].code.begin;
        for (const import_def& i : m_.imports)
            if (i.kind == extern_kind::func && i.index == index) return i.offset;
        return 0;
    }
    [[nodiscard]] bool start() noexcept {
        if (m_.start == no_index) return true;
        if (!context_.exists(m_.start, m_.funcs.size(), msg::unknown_function, m_.start_offset)) return false;
        const type_def& t = m_.types[m_.funcs[m_.start].type];
        return (t.params == 0 && t.results == 0) ||
               context_.fail(msg::start_function, m_.start_offset, "has parameters or results");
    }
    [[nodiscard]] bool exports() noexcept {
        vec<u32> order;
        if (!order.reserve(m_.exports.size())) return context_.fail_memory();
        for (const export_def& e : m_.exports) {
            if (!exported(e)) return false;
            if (e.kind == extern_kind::func) context_.declare(e.index);
            if (!order.push_back(u32(order.size()))) return context_.fail_memory();
        }
        const auto name = [&](u32 i) { return m_.exports[i].name; };
        const auto before = [&](u32 a, u32 b) { return name(a) != name(b) ? name(a) < name(b) : a < b; };
        std::make_heap(order.begin(), order.end(), before); // less code than std::sort
        std::sort_heap(order.begin(), order.end(), before);
        for (std::size_t i = 1; i < order.size(); ++i)
            if (name(order[i]) == name(order[i - 1]))
                return context_.fail(msg::duplicate_export, m_.exports[order[i]].offset, name(order[i]));
        return true;
    }
    [[nodiscard]] bool exported(const export_def& e) noexcept {
        switch (e.kind) {
        case extern_kind::func: return context_.exists(e.index, m_.funcs.size(), msg::unknown_function, e.offset);
        case extern_kind::table: return context_.exists(e.index, m_.tables.size(), msg::unknown_table, e.offset);
        case extern_kind::memory: return context_.exists(e.index, m_.memories.size(), msg::unknown_memory, e.offset);
        case extern_kind::global: return context_.exists(e.index, m_.globals.size(), msg::unknown_global, e.offset);
        default: return context_.exists(e.index, m_.tags.size(), msg::unknown_tag, e.offset);
        }
    }
};

/// Validates a module that uses the features F, in the order of the specification.
template <features F>
class module_validator : public module_rules {
public:
    using module_rules::module_rules;

    /// Validates everything, or everything but the function bodies, and fills in what validation finds
    /// out. False: `error()` says why.
    [[nodiscard]] bool run(bool bodies) noexcept {
        if (!declarations(F)) return false;
        code_validator<F> code(context_);
        if (!globals(code) || !tables(code) || !elems(code) || !datas(code)) return false;
        if (bodies)
            for (u32 i = m_.imported_funcs; i < m_.funcs.size(); ++i)
                if (!code.body(i)) return false;
        m_.used.bits |= code.used();
        return true;
    }

private:
    static val_type address(const limits_type& l) noexcept { return l.is64 ? t_i64 : t_i32; }

    bool globals(code_validator<F>& code) noexcept {
        for (u32 i = m_.imported_globals; i < m_.globals.size(); ++i) {
            if (!code.constant(m_.globals[i].init, m_.globals[i].type.type, i)) return false;
        }
        return true;
    }
    bool tables(code_validator<F>& code) noexcept {
        for (u32 i = m_.imported_tables; i < m_.tables.size(); ++i) {
            const table_def& t = m_.tables[i];
            if (!t.init.code.empty()) {
                if (!code.constant(t.init, t.type.element, m_.imported_globals)) return false;
            } else if (!t.type.element.is_defaultable()) {
                return context_.fail(msg::type_mismatch, t.offset,
                                     description() << t.type.element << " has no default value");
            }
        }
        return true;
    }
    bool elems(code_validator<F>& code) noexcept {
        for (const elem_def& e : m_.elems) {
            const u64 at = e.items.begin;
            if (!context_.valid_type(e.type, at)) return false;
            if (e.mode == segment_mode::active) {
                if (!context_.exists(e.table, m_.tables.size(), msg::unknown_table, e.at.code.begin)) return false;
                const table_type& t = m_.tables[e.table].type;
                if (!matches(context_.space(), e.type, t.element))
                    return context_.fail(msg::type_mismatch, at,
                                         description() << "element type " << e.type << " does not match " << t.element);
                if (!code.constant(e.at, address(t.limits), u32(m_.globals.size()))) return false;
            }
            if (!(e.expressions ? expressions(code, e) : functions(e))) return false;
        }
        return true;
    }
    bool expressions(code_validator<F>& code, const elem_def& e) noexcept {
        code.start(e.items.begin, e.items.end);
        for (u32 i = 0; i < e.count; ++i)
            if (!code.constant_here(e.type, u32(m_.globals.size()))) return false;
        return true;
    }
    bool functions(const elem_def& e) noexcept {
        const u8* base = m_.bytes.data();
        cursor items(base + e.items.begin, base + e.items.end);
        for (u32 i = 0; i < e.count; ++i) {
            const u32 at = u32(items.at() - base);
            const u32 func = binary::immediate_reader::next_label(items);
            if (!context_.exists(func, m_.funcs.size(), msg::unknown_function, at)) return false;
            context_.declare(func);
        }
        return true;
    }
    bool datas(code_validator<F>& code) noexcept {
        for (const data_def& d : m_.datas) {
            if (d.mode != segment_mode::active) continue;
            if (!context_.exists(d.memory, m_.memories.size(), msg::unknown_memory, d.at.code.begin)) return false;
            if (!code.constant(d.at, address(m_.memories[d.memory].type.limits), u32(m_.globals.size()))) return false;
        }
        return true;
    }
};

/// Validates a decoded module and fills in `canonical` and what `used` lacks. Fails with
/// kind::invalid; with kind::malformed where a function body is, which goes first; with
/// kind::exhaustion for msg::limit_reached and msg::out_of_memory. With `lazy` the bodies are left to
/// `m.lazy`, and what is found out about the module lacks what they say.
template <features F>
result<void> module(module_data& m, const module_limits& limits = {}, bool lazy = false) noexcept {
    module_validator<F> v(m, limits);
    if (v.run(!lazy)) {
        if (!lazy || lazy_bodies_of<F>::add(m, limits, v.take_declarations())) return {};
        return error(msg::out_of_memory);
    }
    error why = v.error(), body(msg::unexpected_end);
    if (why.kind() == kind::invalid && !binary::bodies_well_formed<F>(m, limits, body) &&
        body.kind() == kind::malformed)
        why = body;
    return binary::located(why, {m.positions.data(), m.positions.size()});
}

} // namespace valid

template <features F>
result<module_owner> load(vec<u8>&& bytes, vec<module_data::position>&& positions,
                          const module_limits& limits) noexcept {
    auto m = binary::decode<F>(std::move(bytes), std::move(positions), limits);
    if (!m) return m.error();
    if (auto valid = valid::module<F>(*m->edit(), limits); !valid) return valid.error();
    return m;
}
template <features F>
result<module_owner> load_borrowed(std::span<const u8> bytes, const module_limits& limits) noexcept {
    auto m = binary::decode_borrowed<F>(bytes, limits);
    if (!m) return m.error();
    if (auto valid = valid::module<F>(*m->edit(), limits); !valid) return valid.error();
    return m;
}
template <features F>
result<module_owner> load_lazily(vec<u8>&& bytes, const module_limits& limits) noexcept {
    auto m = binary::decode<F>(std::move(bytes), {}, limits);
    if (!m) return m.error();
    if (auto valid = valid::module<F>(*m->edit(), limits, true); !valid) return valid.error();
    return m;
}
template <features F>
result<module_owner> load_borrowed_lazily(std::span<const u8> bytes, const module_limits& limits) noexcept {
    auto m = binary::decode_borrowed<F>(bytes, limits);
    if (!m) return m.error();
    if (auto valid = valid::module<F>(*m->edit(), limits, true); !valid) return valid.error();
    return m;
}

} // namespace tessera
TESSERA_SMALL_END
