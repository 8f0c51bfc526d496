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
    vec<func_record*> funcs;
    vec<table_data*> tables;
    vec<memory_data*> memories;
    vec<global_data*> globals;
    vec<u64> global_slots;    ///< values of the module's own globals, two slots each
    vec<u64*> imported_cells; ///< `globals[i]->cell` of the imported ones
    vec<tag_data*> tags;
    vec<vec<u32>> elems;            ///< evaluated element segments; a dropped one is empty
    vec<std::span<const u8>> datas; ///< data segments; a dropped one is empty
    u32 self = 0;                   ///< index in store_data::instances

    instance_data() noexcept = default;
    instance_data(const instance_data&) = delete;
    instance_data& operator=(const instance_data&) = delete;

    const module_data& module() const noexcept { return *unit->module; }
    /// elem.drop and data.drop.
    void drop_elem(u32 segment) noexcept { elems[segment] = {}; }
    void drop_data(u32 segment) noexcept { datas[segment] = {}; }
};

} // namespace tessera::runtime
