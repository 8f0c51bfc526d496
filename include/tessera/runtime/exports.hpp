// SPDX-License-Identifier: MIT
/// @file runtime/exports.hpp
/// Looking up exports by name.
#pragma once

#include <tessera/runtime/link.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// The export `name` of the unit's module, or null. Modules with many exports get an index at the
/// first look-up; without memory for it the search is slow, not wrong.
inline const export_def* find_export(code_unit& unit, std::string_view name) noexcept {
    const vec<export_def>& all = unit.module->exports;
    if (all.size() > 16 && unit.exports_by_name.empty() && unit.exports_by_name.resize(all.size())) {
        vec<u32>& order = unit.exports_by_name;
        const auto before = [&](u32 a, u32 b) { return all[a].name < all[b].name; };
        // A heap sort: in place, and no input makes it slow.
        const auto sink = [&](std::size_t at, std::size_t n) {
            for (std::size_t child; (child = 2 * at + 1) < n; at = child) {
                if (child + 1 < n && before(order[child], order[child + 1])) ++child;
                if (!before(order[at], order[child])) return;
                std::swap(order[at], order[child]);
            }
        };
        for (std::size_t i = 0; i < order.size(); ++i) order[i] = u32(i);
        for (std::size_t i = order.size() / 2; i-- > 0;) sink(i, order.size());
        for (std::size_t n = order.size(); n-- > 1;) {
            std::swap(order[0], order[n]);
            sink(0, n);
        }
    }
    if (unit.exports_by_name.empty()) {
        for (const export_def& e : all)
            if (e.name == name) return &e;
        return nullptr;
    }
    std::size_t low = 0, high = unit.exports_by_name.size();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        const export_def& e = all[unit.exports_by_name[middle]];
        if (e.name == name) return &e;
        if (e.name < name) low = middle + 1;
        else high = middle;
    }
    return nullptr;
}

/// Where in the store's lists the object lies that `i` exports as `e`.
inline u32 place_of(const instance_data& i, const export_def& e) noexcept {
    switch (e.kind) {
    case extern_kind::func: return i.funcs[e.index]->self;
    case extern_kind::table: return i.tables[e.index]->self;
    case extern_kind::memory: return i.memories[e.index]->self;
    case extern_kind::global: return i.globals[e.index]->self;
    case extern_kind::tag: return i.tags[e.index]->self;
    }
    return 0;
}

/// The object at place `index` of the list of its kind, ready to be imported.
inline external external_at(store_data& s, extern_kind kind, u32 index) noexcept {
    external x{kind, &s, nullptr};
    switch (kind) {
    case extern_kind::func: x.object = s.funcs[index]; break;
    case extern_kind::table: x.object = s.tables[index]; break;
    case extern_kind::memory: x.object = s.memories[index]; break;
    case extern_kind::global: x.object = s.globals[index]; break;
    case extern_kind::tag: x.object = s.tags[index]; break;
    }
    return x;
}

} // namespace tessera::runtime
TESSERA_SMALL_END
