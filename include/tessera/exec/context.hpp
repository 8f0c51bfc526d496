// SPDX-License-Identifier: MIT
/// @file context.hpp
/// The state of one call into wasm: what handlers pass to each other in registers, what they reach
/// through the context, and the stack that belongs to the call.
///
/// A frame is `[max(parameters, results) | return address, link | locals | temporaries]` in 64-bit
/// slots. The callee's parameters are the caller's topmost temporaries, so nothing is copied. The
/// link is the distance in bytes to the caller's frame: the stack can move when it grows. Nothing of
/// the guest lives on the native stack, so a call can stop at any safepoint and go on later.
#pragma once

#include <tessera/exec/frame_maps.hpp>
#include <tessera/exec/variant.hpp>
#include <tessera/num/vector.hpp>
#include <tessera/runtime/dirty_pages.hpp>
#include <tessera/runtime/store_data.hpp>

namespace tessera::inline TESSERA_ABI::exec {

struct context;
struct native_hook;

template <bool Exists>
struct vector_register_type {
    using type = v128; // never used
};
#if TESSERA_VECTORS
template <>
struct vector_register_type<true> {
    using type = num::vector<u8>;
};
#endif
using vector_register = vector_register_type<has_vector_register>::type;

/// What every handler gets and passes on. Accumulators: r0 integers and references, s0 f32, d0 f64, v0
/// v128; they are dead at every safepoint. Pins of the same classes: p0, sp, dp, vp; see pins.hpp.
struct state {
    const u8* pc; ///< the current cell
    u8* fp;       ///< slot 0 of the current frame
    u8* mem;      ///< base of memory 0 of the current instance
    context* ctx;
    u64 r0;
    u64 p0;
    f64 d0;
    f32 s0;
    f64 dp;
    f32 sp;
    vector_register v0;
    vector_register vp;
};

/// The slow ways out of handlers, one table per build. They take and leave the position in the
/// context, since a state whose address was taken could not be passed on in registers.
struct slow_paths {
    void (*enter)(context*);      ///< the call prepared in context::call
    void (*link)(context*);       ///< the lazy call at context::pc
    void (*make_room)(context*);  ///< the cell at context::pc, which is executed again, needs the heap: needed is set
    void (*indirect)(context*);   ///< the indirect call at context::stop_pc: words, index, call.return_pc are set
    void (*failed)(context*);     ///< a host function that context::call and context::failure tell of
    void (*raise)(context*);      ///< what the throwing cell at context::stop_pc throws: words are set
    bool (*see_growth)(context*); ///< true if a memory has grown since; null where others cannot make it
    void (*trace)(context*);      ///< the trace cell at context::pc; null in a build without feature::tracing
#if TESSERA_NATIVE
    void (*hot)(context*) = nullptr; ///< the tally cell at context::pc, whose count is reached
    /// For machine code: does the special instruction `o` of the cell at `pc`. False: nothing is done, and the cell has
    /// to be executed.
    bool (*special)(context*, u8* fp, const u8* pc, op o) = nullptr;
#endif
};

/// A call about to happen: arguments are at `fp + delta`.
struct pending_call {
    runtime::func_record* callee = nullptr;
    u64 delta = 0; ///< bytes
    const u8* return_pc = nullptr;
    u64 link = 0; ///< bytes from the caller's frame to `fp + delta`
};

struct context {
    // What handlers read.
    u64 memory_size = 0; ///< bytes of memory 0
    u8* stack_end = nullptr;
    u64* globals = nullptr;                       ///< instance->global_slots
    u64* const* imported_globals = nullptr;       ///< instance->imported_cells
    runtime::table_data* const* tables = nullptr; ///< instance->tables
    runtime::instance_data* instance = nullptr;
    const runtime::memory_data* memory = &no_memory; ///< memory 0 of the instance, if there is one
    runtime::func_record* const* funcs = nullptr;    ///< instance->funcs
    runtime::func_record* const* records = nullptr;  ///< store->funcs
    runtime::object_heap* heap = nullptr;
    i64 fuel = 0; ///< below 0: used up, the rest is a debt
    const std::atomic<bool>* interrupt = nullptr;
    // Cells that handlers go to when something is out of the ordinary.
    const u8* stop_cells = nullptr;
    const u8* enter_cells = nullptr;
    const u8* indirect_cells = nullptr;
    const u8* link_cells = nullptr;
    const u8* grow_cells = nullptr;
    const u8* restore_cells = nullptr;
    const u8* bounds_cells = nullptr;
    const u8* room_cells = nullptr;
    const u8* leave_cells = nullptr;
    const u8* land_cells = nullptr;
    const u8* failed_cells = nullptr; ///< after a host function failed
    const slow_paths* slow = nullptr;
    // Where a slow path starts and where it wants to go on.
    const u8* pc = nullptr;
    u8* fp = nullptr;
    u8* mem = nullptr;
    pending_call call;
    u64 needed = 0;                 ///< bytes the stack must hold from `fp` on
    u64 probed = 0;                 ///< the native stack's position, for the self-test
    trap why = trap::none;          ///< why it stopped
    u64 index = 0;                  ///< of the table element that an indirect call or a trap is about
    const u8* words = nullptr;      ///< of an indirect call's cell: frame, table, type; of a throw's
    const u32* land_pins = nullptr; ///< for the land cell: slots to load into the pins, by register_of
    const u8* land_pc = nullptr;    ///< for the land cell: where to go on
    const u8* stop_pc = nullptr;    ///< the cell that stopped it; a pause: the next cell
    bool paused = false;            ///< fuel or interruption: can go on at stop_pc
    bool running = false;           ///< handlers are at work; it cannot be resumed from within
    bool in_host = false;           ///< a host function runs that context::call tells of
    bool host_failed = false;       ///< `failure` is the host function's own error
#if TESSERA_NATIVE
    struct {
        u8* stack = nullptr; ///< the native stack's position where machine code was entered
        u8* limit = nullptr; ///< how deep it may go
        u64 scratch[6] = {}; ///< operands and results of what it calls, and what it puts aside
        const u8* hot_cells = nullptr;
        const runtime::memory_data* const* memories = nullptr; ///< instance->memories
    } native;                                                  ///< for machine code
#endif
    // The stack.
    u8* stack = nullptr;
    u64 stack_limit = 0; ///< bytes the stack may grow to
    runtime::store_data* store = nullptr;
    bool is_seen = false;         ///< while somebody looks whether all calls are known
    context* next = nullptr;      ///< in the store's list of all
    context* next_free = nullptr; ///< in the store's list of those not in use
    error failure{error::unlikely()};
    const allocator* from;  ///< of the stack; null: the macros
    vec<u64> carried{from}; ///< values of an exception that a host function throws
    runtime::caller who;    ///< what host functions are told
    const runtime::memory_data no_memory{};

    explicit context(const allocator* a = nullptr) noexcept : from(a) {}
    context(const context&) = delete;
    context& operator=(const context&) = delete;
    ~context() { give_back(); }

    /// Bytes from the stack's beginning; a number, so that it means something after the stack has moved.
    u64 depth_of(const u8* at) const noexcept {
        return u64(reinterpret_cast<std::uintptr_t>(at) - reinterpret_cast<std::uintptr_t>(stack));
    }

    /// Makes room for `bytes` from `at` on, which points into the stack; moves the stack and `at`
    /// where it must. False: `why` says whether the limit was reached or memory is out.
    [[nodiscard]] bool ensure(u8*& at, u64 bytes) noexcept {
        const u64 used = depth_of(at);
        if (bytes <= u64(stack_end - at)) return true;
        if (used + bytes > stack_limit) return why = trap::stack_exhausted, false;
        u64 size = u64(stack_end - stack) * 2;
        size = size < used + bytes ? used + bytes : size;
        size = size > stack_limit ? stack_limit : size;
        size = (size + 15) & ~u64{15};
        u8* fresh = static_cast<u8*>(allocate_in(from, std::size_t(size)));
        if (!fresh) return why = trap::out_of_memory, false;
        if (stack) std::memcpy(fresh, stack, std::size_t(stack_end - stack));
        give_back();
        stack = fresh;
        stack_end = fresh + size;
        at = fresh + used;
        return true;
    }

    void give_back() const noexcept { release_in(from, stack, std::size_t(stack_end - stack)); }
    /// Makes `i` the current instance; null: none.
    void switch_to(runtime::instance_data* i) noexcept {
        instance = i;
        who.instance = i;
        funcs = i ? i->funcs.data() : nullptr;
        globals = i ? i->global_slots.data() : nullptr;
        imported_globals = i ? i->imported_cells.data() : nullptr;
        tables = i ? i->tables.data() : nullptr;
        memory = i && !i->memories.empty() ? i->memories[0] : &no_memory;
#if TESSERA_NATIVE
        native.memories = i ? i->memories.data() : nullptr;
#endif
        refresh();
    }
    /// Reads again what a host function or a slow path may have changed: other instances may have
    /// come to the store, and the memory may have grown.
    TESSERA_INLINE void refresh() noexcept {
        records = store->funcs.data();
        refresh_memory();
    }
    TESSERA_INLINE void refresh_memory() noexcept {
        mem = memory->base;
        memory_size = memory->size;
    }

    /// A call counts the fuel of the store down and gives back what it has not used; a debt stays with
    /// the call.
    void take_fuel() noexcept { fuel += i64(store->fuel < most_fuel ? store->fuel : most_fuel); }
    void give_fuel_back() noexcept {
        const u64 kept = store->fuel > most_fuel ? store->fuel - most_fuel : 0; // what a call cannot count
        store->fuel = kept + (fuel > 0 ? u64(fuel) : 0);
        if (fuel > 0) fuel = 0;
    }
    static constexpr u64 most_fuel = ~u64{0} >> 2;
};

/// Of a build with feature::dirty_marks.
struct marking_context : context {
    using context::context;
    runtime::dirty_pages* dirty = nullptr;
};

/// The contexts of a store; what store_data::engine_state points at.
struct context_pool {
    context* first = nullptr; ///< of all
    context* free = nullptr;  ///< of those not in use
    u32 forgotten = 0;        ///< how often all cells were freed
    frame_maps maps;
#if TESSERA_NATIVE
    native_hook* native = nullptr; ///< what compiles functions; null: nothing does
#endif
};
/// The same with marks of the pages that were written to.
template <class Pool>
struct marked_pool : Pool {
    runtime::dirty_pages dirty;
};

// ---- slots ---------------------------------------------------------------------------------------------------------

/// Reads and writes of values in the frame; 64 bits always, but for f32, which takes the low half, and v128, which
/// takes two slots.
inline constexpr unsigned low_half = std::endian::native == std::endian::big ? 4 : 0;

template <class T>
TESSERA_INLINE T load_native(const u8* at) noexcept {
    T v;
    std::memcpy(&v, at, sizeof v);
    return v;
}
template <class T>
TESSERA_INLINE void store_native(u8* at, T v) noexcept {
    std::memcpy(at, &v, sizeof v);
}
template <class T>
TESSERA_INLINE T get_slot(const u8* at) noexcept {
    if constexpr (std::is_same_v<T, v128> && std::endian::native == std::endian::little) return load_native<v128>(at);
    else if constexpr (std::is_same_v<T, v128>) return num::of_halves(load_native<u64>(at), load_native<u64>(at + 8));
    else if constexpr (std::is_same_v<T, f32>) return load_native<f32>(at + low_half);
    else if constexpr (std::is_same_v<T, f64>) return load_native<f64>(at);
    else return T(load_native<u64>(at));
}
template <class T>
TESSERA_INLINE void put_slot(u8* at, T v) noexcept {
    if constexpr (std::is_same_v<T, v128> && std::endian::native == std::endian::little) store_native(at, v);
    else if constexpr (std::is_same_v<T, v128>)
        store_native(at, num::lane<u64>(v, 0)), store_native(at + 8, num::lane<u64>(v, 1));
    else if constexpr (std::is_same_v<T, f32>) store_native<f32>(at + low_half, v);
    else if constexpr (std::is_same_v<T, f64>) store_native<f64>(at, v);
    else store_native<u64>(at, u64(v));
}
/// An address in a slot, of code or of an object.
template <class T>
TESSERA_INLINE T* get_pointer(const u8* at) noexcept {
    return load_native<T*>(at);
}
template <class T>
TESSERA_INLINE void put_pointer(u8* at, T* p) noexcept {
    store_native<T*>(at, p);
}

} // namespace tessera::exec
