// SPDX-License-Identifier: MIT
/// @file runtime/instance.hpp
/// A module instance (spec: exec/runtime, Module Instances): its index spaces, imports first.
#pragma once

#include <tessera/runtime/engine.hpp>
#include <tessera/runtime/global.hpp>
#include <tessera/runtime/memory.hpp>
#include <tessera/runtime/table.hpp>
#include <tessera/runtime/tag.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// An instance. Everything it points at belongs to the store and lives as long.
struct instance_data {
    store_data* store = nullptr;
    code_unit* unit = nullptr;
    const allocator* from;
    vec<func_record*> funcs{from};
    vec<table_data*> tables{from};
    vec<memory_data*> memories{from};
    vec<global_data*> globals{from};
    vec<u64> global_slots{from};    ///< values of the module's own globals, two slots each
    vec<u64*> imported_cells{from}; ///< `globals[i]->cell` of the imported ones
    vec<tag_data*> tags{from};
    vec<vec<u32>> elems{from};            ///< evaluated element segments; a dropped one is empty
    vec<std::span<const u8>> datas{from}; ///< data segments; a dropped one is empty
    u32 self = 0;                         ///< index in store_data::instances

    explicit instance_data(const allocator* a) noexcept : from(a) {}
    instance_data(const instance_data&) = delete;
    instance_data& operator=(const instance_data&) = delete;

    const module_data& module() const noexcept { return *unit->module; }
    /// Room for `n` element segments, and for as many data segments. False: memory is out.
    [[nodiscard]] bool make_segments(std::size_t elem, std::size_t data) noexcept {
        if (!elems.resize(elem) || !datas.resize(data)) return false;
        for (vec<u32>& e : elems) e.allocate_from(from);
        return true;
    }
    /// elem.drop and data.drop.
    void drop_elem(u32 segment) noexcept { elems[segment] = {}; }
    void drop_data(u32 segment) noexcept { datas[segment] = {}; }
};

} // namespace tessera::runtime
