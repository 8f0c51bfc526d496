// SPDX-License-Identifier: MIT
/// @file engine.hpp
/// What the runtime needs from the floor above, as a table: exec/ fills in one constant per build.
#pragma once

#include <tessera/runtime/unit.hpp>
#include <tessera/syntax/error.hpp>

namespace tessera::inline TESSERA_ABI {
enum class op : u16; // of syntax/opcode.hpp, whose table takes long to compile
}

#if TESSERA_NATIVE
namespace tessera::inline TESSERA_ABI::exec {
struct native_hook;
}
#endif

namespace tessera::inline TESSERA_ABI::runtime {

struct account;
struct store_data;
struct instance_data;
struct func_record;
struct shared_data;
struct host_function;
struct observer;

/// A function of a store, wasm's or the host's. Its address is stable as long as the store lives;
/// a function reference is its index in `store_data::funcs` plus one.
struct func_record {
    const u8* entry = nullptr; ///< lowered code of a wasm function, null while `frame_slots` is 0
    u32 frame_slots = 0;       ///< what a call checks the stack for; 0 while not lowered
    u32 header = 0;            ///< slot of the return address
    u32 type_id = 0;           ///< the store's canonical type id
    u32 index = 0;             ///< function index in the instance's module; for a host function 0
    u32 self = 0;              ///< index in store_data::funcs
    u32 param_slots = 0;
    u32 result_slots = 0;
    u32 leaf_bytes = no_leaf;          ///< of a lowered function that neither calls nor computes with floats: its frame
    instance_data* instance = nullptr; ///< null for a host function
    host_function* host = nullptr;     ///< null for a wasm function

    static constexpr u32 no_leaf = ~u32{0};
};

struct engine {
    /// Calls `f`. `slots` holds the arguments (one 64-bit slot each, two for v128; numbers
    /// zero-extended) and has room for max(param_slots, result_slots); on success it holds the
    /// results. On failure returns false and sets `why`.
    bool (*invoke)(store_data& store, func_record& f, u64* slots, error& why);
    /// A call of `f` that has not begun, arguments as for `invoke`. Null: `why` says what is missing.
    void* (*start)(store_data& store, func_record& f, const u64* slots, error& why);
    /// Goes on with a started call until it is done (true) or stops (false, `why` is set). `paused`
    /// says whether a call that stopped can go on.
    bool (*resume)(store_data& store, void* call, error& why, bool& paused);
    /// Gives a started call up; `results`, unless null, gets the results of one that is done.
    void (*finish)(store_data& store, void* call, const func_record& f, u64* results);
    /// Frees what the engine keeps in `store_data::engine_state`.
    void (*release)(store_data& store);
    /// False if the code the compiler made breaks what the engine relies on; null: it relies on nothing.
    bool (*works)() = nullptr;
    /// Calls a leaf whose arguments are in `store_data::ready`, which has room for its frame, and where
    /// its results come. False: it failed, and `leaf_error` has to be asked why at once.
    bool (*call_leaf)(store_data& store, const func_record& f) = nullptr;
    error (*leaf_error)(store_data& store) = nullptr;
    /// Has the store's marker visit every reference that calls hold in their frames. False: memory is out,
    /// and some were not visited. Null: no call holds any.
    bool (*visit_frames)(store_data& store) = nullptr;
    /// Makes a structure or an array as instruction `o` of a constant expression does: `type` is the store's
    /// id, `n` an array's length. Null: the build has none.
    trap (*make_object)(store_data& store, op o, u32 type, u32 n, const u64* slots, u32& made) = nullptr;
    /// Makes a shared memory, as runtime::make_shared; null in a build without feature::threads.
    shared_data* (*make_shared)(const memory_type& t, u64 most, account* sum,
                                std::string_view& limit) noexcept = nullptr;
    /// From now on functions run in plain mode and `o` sees every instruction; null: nobody does, and they run fast
    /// again. False: a call is on its way, or memory is out. Null: the build has no feature::tracing.
    bool (*observe)(store_data& store, observer* o, error& why) noexcept = nullptr;
#if TESSERA_NATIVE
    /// Where the store notes who makes machine code of its functions: null there, nobody does. Returns null if memory
    /// is out. Null: the build has no feature::native.
    exec::native_hook** (*native)(store_data& store) noexcept = nullptr;
#endif
};

/// Who sees each instruction before it is executed.
struct observer {
    /// `call` is the engine's, as of `engine::start`. True: stop there, which only a call may that was started to be
    /// resumed; it then comes to the same instruction again.
    bool (*see)(observer& self, void* call) noexcept;
    /// The store is reset or ends, and with it what was seen; may be null.
    void (*gone)(observer& self) noexcept = nullptr;
};

/// The engine of a build with the features F; exec/ defines it.
template <features F>
const engine& engine_for() noexcept;

} // namespace tessera::runtime
