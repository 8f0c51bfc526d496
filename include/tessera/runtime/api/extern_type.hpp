// SPDX-License-Identifier: MIT
/// @file runtime/api/extern_type.hpp
/// Types of imports and exports as the host sees them (spec: syntax/types, External Types).
#pragma once

#include <tessera/syntax/module.hpp>

namespace tessera::inline TESSERA_ABI {

/// A function type: a view into the module or store it came from.
struct func_type {
    view<val_type> params;
    view<val_type> results;
};

/// The type of an import or export; only the member that `kind` names is meaningful, `func` for tags.
struct extern_type {
    extern_kind kind = extern_kind::func;
    func_type func;
    table_type table;
    memory_type memory;
    global_type global;
};

/// An import a module asks for.
struct import_entry {
    std::string_view module;
    std::string_view name;
    extern_type type;
};
/// An export a module offers.
struct export_entry {
    std::string_view name;
    extern_type type;
};
/// A custom section.
struct custom_entry {
    std::string_view name;
    std::span<const u8> bytes;
};

namespace runtime {

/// The type of object `index` of kind `kind` in a module.
inline extern_type extern_type_of(const module_data& m, extern_kind kind, u32 index) noexcept {
    extern_type t;
    t.kind = kind;
    switch (kind) {
    case extern_kind::func: t.func = {m.types.params(m.funcs[index].type), m.types.results(m.funcs[index].type)}; break;
    case extern_kind::table: t.table = m.tables[index].type; break;
    case extern_kind::memory: t.memory = m.memories[index].type; break;
    case extern_kind::global: t.global = m.globals[index].type; break;
    case extern_kind::tag: t.func = {m.types.params(m.tags[index].type), m.types.results(m.tags[index].type)}; break;
    }
    return t;
}
inline import_entry entry_of(const module_data& m, const import_def& i) noexcept {
    return {i.module, i.name, extern_type_of(m, i.kind, i.index)};
}
inline export_entry entry_of(const module_data& m, const export_def& e) noexcept {
    return {e.name, extern_type_of(m, e.kind, e.index)};
}
inline custom_entry entry_of(const module_data& m, const custom_def& c) noexcept {
    return {c.name, {m.bytes.data() + c.bytes.begin, c.bytes.size()}};
}

/// A range of entries, each made when it is read.
template <class Def>
class entries {
public:
    entries() noexcept = default;
    entries(const module_data& m, const vec<Def>& defs) noexcept : module_(&m), defs_(defs) {}
    class iterator {
    public:
        iterator(const module_data* m, const Def* at) noexcept : module_(m), at_(at) {}
        auto operator*() const noexcept { return entry_of(*module_, *at_); }
        iterator& operator++() noexcept { return ++at_, *this; }
        friend bool operator==(const iterator&, const iterator&) noexcept = default;

    private:
        const module_data* module_;
        const Def* at_;
    };
    iterator begin() const noexcept { return {module_, defs_.data()}; }
    iterator end() const noexcept { return {module_, defs_.data() + defs_.size()}; }
    std::size_t size() const noexcept { return defs_.size(); }
    bool empty() const noexcept { return defs_.empty(); }
    auto operator[](std::size_t i) const noexcept { return entry_of(*module_, defs_[i]); }

private:
    const module_data* module_ = nullptr;
    view<Def> defs_;
};

} // namespace runtime
} // namespace tessera
