// SPDX-License-Identifier: MIT
/// @file valid/types.hpp
/// Validating defined types and external types (spec: valid/types).
#pragma once

#include <tessera/binary/types.hpp>
#include <tessera/valid/context.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::valid {

/// Validates the type section of a module and finds out which of its types are equal.
class type_validator {
public:
    type_validator(context& c, module_data& m) noexcept : context_(c), m_(m) {}

    /// Validates all types and fills in `m.canonical`. False: the context has the error.
    [[nodiscard]] bool run() noexcept {
        for (u32 i = 0; i < m_.types.size(); ++i)
            if (!indices(i)) return false;
        if (!canonicalise()) return context_.fail_memory();
        for (u32 i = 0; i < m_.types.size(); ++i)
            if (!sub_type(i)) return false;
        return true;
    }

private:
    /// Types refer to their own group and to earlier ones, super types are earlier types.
    bool indices(u32 index) noexcept {
        const type_def& d = m_.types[index];
        const u32 known = d.group + d.group_size;
        const u64 at = d.offset;
        if (d.super == binary::many_supers) return context_.fail(msg::sub_type, at, "more than one super type");
        if (d.super != no_index && !context_.exists(d.super, index, msg::unknown_type, at)) return false;
        if (d.form != composite::func) {
            for (const field_type& f : m_.types.fields_of(index))
                if (!known_type(f.type, known, at)) return false;
            return true;
        }
        for (val_type t : m_.types.params(index))
            if (!known_type(t, known, at)) return false;
        for (val_type t : m_.types.results(index))
            if (!known_type(t, known, at)) return false;
        return true;
    }
    bool known_type(val_type t, u32 known, u64 at) noexcept {
        return !t.is_ref() || !t.heap().is_index() || context_.exists(t.heap().index(), known, msg::unknown_type, at);
    }
    bool canonicalise() noexcept {
        type_registry unique;
        vec<u32> first; // id → smallest index
        if (!unique.add(m_.types, m_.canonical) || !first.resize(unique.size())) return false;
        for (u32 i = m_.types.size(); i-- > 0;) first[m_.canonical[i]] = i;
        for (u32& c : m_.canonical) c = first[c];
        return depths_.resize(m_.types.size());
    }
    bool sub_type(u32 index) noexcept {
        const type_def& d = m_.types[index];
        if (d.super == no_index) return true;
        if (m_.types[d.super].final_)
            return context_.fail(msg::sub_type, d.offset,
                                 description() << "type " << u64(index) << " extends a final type");
        depths_[index] = depths_[d.super] + 1;
        if (depths_[index] > context_.limits().subtype_depth)
            return context_.fail(msg::limit_reached, d.offset, "depth of sub types");
        return composite_matches(context_.space(), index, d.super) ||
               context_.fail(msg::sub_type, d.offset,
                             description() << "type " << u64(index) << " does not match its super type");
    }
    context& context_;
    module_data& m_;
    vec<u32> depths_;
};

/// The rules of limits, tables and memories.
class extern_validator {
public:
    explicit extern_validator(context& c) noexcept : context_(c) {}

    [[nodiscard]] bool memory(const memory_def& def) noexcept {
        const memory_type& t = def.type;
        const u64 at = def.offset;
        if (t.page_log2 != 0 && t.page_log2 != 16) return context_.fail(msg::page_size, at);
        const unsigned bits = t.limits.is64 ? 64 : 32;
        // Without custom pages 2^(bits - 16) pages; with pages of one byte one less than 2^bits.
        const u64 most = t.page_log2 == 16 ? u64{1} << (bits - 16) : ~u64{0} >> (64 - bits);
        const message& too_large = bits == 32 && t.page_log2 == 16 ? msg::memory_size_4g : msg::memory_size;
        if (!limits(t.limits, most, too_large, at)) return false;
        return !t.shared || t.limits.has_max || context_.fail(msg::shared_without_max, at);
    }
    [[nodiscard]] bool table(const table_def& def) noexcept {
        const limits_type& l = def.type.limits;
        return context_.valid_type(def.type.element, def.offset) &&
               limits(l, l.is64 ? ~u64{0} : 0xffffffff, msg::table_size, def.offset);
    }

private:
    bool limits(const limits_type& l, u64 most, const message& too_large, u64 at) noexcept {
        if (l.min > most || (l.has_max && l.max > most)) return context_.fail(too_large, at);
        return !l.has_max || l.min <= l.max || context_.fail(msg::min_above_max, at);
    }
    context& context_;
};

} // namespace tessera::valid
TESSERA_SMALL_END
