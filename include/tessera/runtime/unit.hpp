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

#if TESSERA_NATIVE
/// What a function was lowered for.
enum class code_form : u8 {
    fast,    ///< the interpreter
    counted, ///< the interpreter, with cells that count how often control comes to the function and its loops
    slots,   ///< machine code: every operand is a slot or an immediate, there are neither accumulators nor pins
};
#endif

/// The lowered form of one function. `cells` is null until the first call.
struct func_code {
    u8* cells = nullptr;  ///< threaded code, owned by the unit
    u32 size = 0;         ///< bytes of cells
    u32 frame_slots = 0;  ///< slots a frame takes, operands included
    u32 header = 0;       ///< slot of the return address: max(parameter slots, result slots)
    u32 catches : 31 = 0; ///< index + 1 in code_unit::catch_tables, 0 for a function that catches nothing
    u32 leaf : 1 = 0;     ///< neither calls nor computes with floats
#if TESSERA_NATIVE
    code_form form = code_form::fast;
#endif
};

/// Where a lowered function lies.
struct code_place {
    const u8* cells = nullptr;
    u32 func = 0;
#if TESSERA_NATIVE
    u32 compiled = 0; ///< index + 1 in code_unit::compiled, 0 for what code_unit::funcs has
#endif
};

/// Keeps a module alive and holds what the store knows about it.
struct code_unit {
    const allocator* from;             ///< of all that is here; null: the macros
    module_data* module = nullptr;     ///< counted
    vec<u32> type_ids{from};           ///< type index → the store's canonical type id
    object_layouts* layouts = nullptr; ///< the store's
    binary::branch_hints hints{from};  ///< of the module, for lowering
    vec<func_code> funcs{from};        ///< by function index; imported ones stay empty
#if TESSERA_NATIVE
    vec<func_code> compiled{from}; ///< slot form of functions that were lowered for the interpreter before
#endif
    vec<catch_table*> catch_tables{from};
    vec<code_place> places{from}; ///< of lowered functions, the first `sorted` of them in order, see exec/frames.hpp
    std::size_t sorted = 0;
    vec<u32> exports_by_name{from}; ///< export indices in the order of their names; empty until needed

    explicit code_unit(const allocator* a) noexcept : from(a) {}
    code_unit(const code_unit&) = delete;
    code_unit& operator=(const code_unit&) = delete;
    ~code_unit() { drop_code(); }

    /// The room of cells: there is some for a function of none, too.
    static u32 room_of(u32 size) noexcept { return size ? size : 8; }
    void release(const func_code& f) const noexcept { release_in(from, f.cells, room_of(f.size)); }
    /// Frees the lowered code of all functions.
    void drop_code() noexcept {
        for (func_code& f : funcs) {
            release(f);
            f = {};
        }
#if TESSERA_NATIVE
        for (func_code& f : compiled) release(f);
        compiled.clear();
#endif
        for (catch_table* t : catch_tables) destroy_in(from, t);
        catch_tables.clear();
        places.clear();
        sorted = 0;
    }

    /// The code at a place.
    const func_code& code_of(const code_place& at) const noexcept {
#if TESSERA_NATIVE
        if (at.compiled) return compiled[at.compiled - 1];
#endif
        return funcs[at.func];
    }
};

} // namespace tessera::runtime
