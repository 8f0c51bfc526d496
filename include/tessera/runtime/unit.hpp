// SPDX-License-Identifier: MIT
/// @file unit.hpp
/// What a store keeps of a module: its types by their store-wide ids, and its lowered code. One per
/// module and store, shared by all instances of that module in that store, touched by one thread.
#pragma once

#include <tessera/binary/branch_hints.hpp>
#include <tessera/runtime/catch_table.hpp>
#include <tessera/syntax/module.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

class object_layouts;

/// The lowered form of one function. `cells` is null until the first call.
struct func_code {
    u8* cells = nullptr;  ///< threaded code, owned by the unit
    u32 size = 0;         ///< bytes of cells
    u32 frame_slots = 0;  ///< slots a frame takes, operands included
    u32 header = 0;       ///< slot of the return address: max(parameter slots, result slots)
    u32 catches : 30 = 0;  ///< index + 1 in code_unit::catch_tables, 0 for a function that catches nothing
    u32 leaf : 1 = 0;      ///< neither calls nor computes with floats
    u32 slot_form : 1 = 0; ///< as lowering makes it for machine code
};

/// Where a lowered function lies.
struct code_place {
    const u8* cells = nullptr;
    u32 func = 0;
};

/// Keeps a module alive and holds what the store knows about it.
struct code_unit {
    module_data* module = nullptr;     ///< counted
    vec<u32> type_ids;                 ///< type index → the store's canonical type id
    object_layouts* layouts = nullptr; ///< the store's
    binary::branch_hints hints;        ///< of the module, for lowering
    vec<func_code> funcs;              ///< by function index; imported ones stay empty
    vec<catch_table*> catch_tables;
    vec<code_place> places; ///< of lowered functions, the first `sorted` of them in order, see exec/frames.hpp
    std::size_t sorted = 0;
    vec<u32> exports_by_name; ///< export indices in the order of their names; empty until needed

    code_unit() noexcept = default;
    code_unit(const code_unit&) = delete;
    code_unit& operator=(const code_unit&) = delete;
    ~code_unit() {
        for (func_code& f : funcs) TESSERA_DEALLOCATE(f.cells);
        for (catch_table* t : catch_tables) destroy(t);
    }
};

} // namespace tessera::runtime
