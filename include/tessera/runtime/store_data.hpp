// SPDX-License-Identifier: MIT
/// @file runtime/store_data.hpp
/// The store (spec: exec/runtime, Store): owner of everything that instances share.
#pragma once

#include <tessera/runtime/host.hpp>
#include <tessera/runtime/instance.hpp>
#include <tessera/runtime/marking.hpp>
#include <tessera/runtime/roots.hpp>
#include <tessera/valid/match.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

struct slice; // of the floor game/

/// A store. One thread at a time uses it; another one may only set `interrupt` and wake `sleeper`.
struct store_data {
    const allocator given;       ///< by the host; what it is not may be null
    const allocator* const from; ///< the same; null: by the macros
    const runtime::engine* engine = nullptr;
    void* engine_state = nullptr;     ///< the engine's own
    vec<func_record*> funcs{from};    ///< a function reference is an index in here plus one
    valid::type_registry types{from}; ///< type ids that hold for all modules of the store
    tessera::limits limits;
    features built;                              ///< what the engine can run
    u64 fuel = 0;                                ///< what is left; used only with feature::fuel
    u64 fuel_added = 0;                          ///< to it, ever: a slice counts what it got meanwhile
    std::atomic<bool> interrupt{false};          ///< used only with feature::interruption
    std::atomic<sleeper_data*> sleeper{nullptr}; ///< what its thread waits on; null until it first does
    struct {
        u64* slots = nullptr;
        u64 bytes = 0;
    } ready;            ///< the stack of the next call, for `engine::call_leaf`; 0 bytes: it has none
    u32 host_depth = 0; ///< how many calls from the host into the guest are active
    u32 epoch = 1;      ///< counted up by a reset; handles of an earlier one are stale
#if TESSERA_NATIVE
    bool has_guards = false; ///< its memories are guarded if they can be
#endif
    slice* sliced = nullptr; ///< the innermost call that runs and may wait for its host; null: none

    written_pages* written = nullptr; ///< what is told of the host's writes; null: there is nobody
    account memory_total;
    account table_total;

    vec<code_unit*> units{from};
    vec<instance_data*> instances{from};
    vec<memory_data*> memories{from};
    vec<table_data*> tables{from};
    vec<global_data*> globals{from};
    vec<tag_data*> tags{from};
    struct func_block {
        func_record* first;
        std::size_t size;
    };
    vec<func_block> func_blocks{from}; ///< arrays in which the records of `funcs` lie
    vec<host_object> objects{from};    ///< by the index in an externref
    u32 free_object = 0;               ///< index + 1 of the first unused one
    u32 live_objects = 0;

    object_heap heap{types, from}; ///< structures, arrays, exceptions
    object_marker marker{from};
    root_table roots{from};     ///< references the host holds
    vec<u32> temporaries{from}; ///< references that something being made needs

    vec<backtrace*> in_flight{from}; ///< exceptions that are errors the host has, or had; see each_in_flight
    static constexpr std::size_t least_in_flight = 16;
    std::size_t most_in_flight = least_in_flight; ///< how many make `keep` forget those that nobody has

    explicit store_data(const allocator& a = {}) noexcept : given(a), from(a.allocate ? &given : nullptr) {}
    store_data(const store_data&) = delete;
    store_data& operator=(const store_data&) = delete;
    ~store_data() {
        clear();
        if (sleeper_data* const s = sleeper.load(std::memory_order_relaxed)) s->destroy(s);
    }

    /// Frees everything but the limits, the fuel and the choice of the engine. Handles become stale.
    void clear() noexcept;

    /// Keeps what an exception refers to alive as long as somebody has the error. False: memory is out.
    [[nodiscard]] bool keep(backtrace& thrown) noexcept {
        if (in_flight.size() >= most_in_flight) each_in_flight([](const value&) {});
        if (!in_flight.push_back(&thrown)) return false;
        thrown.owners.fetch_add(1, std::memory_order_relaxed);
        return true;
    }
    /// Calls `f(value)` for what exceptions carry that somebody still has; forgets the others.
    template <class Function>
    void each_in_flight(Function f) noexcept {
        std::size_t kept = 0;
        for (backtrace* b : in_flight) {
            if (b->owners.load(std::memory_order_acquire) == 1) {
                destroy(b);
                continue;
            }
            in_flight[kept++] = b;
            for (const value& v : b->thrown.values) f(v);
        }
        in_flight.truncate(kept);
        most_in_flight = 2 * kept + least_in_flight; // the cost of looking is shared by as many new ones
    }
    /// From now on `all` is told what the host writes to memories; the engine's, and gone with its state.
    void tell_writes(written_pages& all) noexcept {
        written = &all;
        for (memory_data* m : memories) m->written = m->shared ? nullptr : &all;
    }
    /// The function behind a reference that is not null.
    func_record& func_of(u32 reference) const noexcept { return *funcs[reference - 1]; }
    /// Frees an array of function records.
    void release(const func_block& b) const noexcept { release_in(from, b.first, b.size * sizeof(func_record)); }
    /// Ends a store that was made in the memory of its allocator; null is allowed.
    static void end(store_data* s) noexcept {
        if (!s) return;
        const allocator last = s->given;
        destroy_in(last.allocate ? &last : nullptr, s);
    }
    /// The reference to a function of this store.
    static u32 ref_of(const func_record& f) noexcept { return f.self + 1; }
};

/// Frees a unit and its share of the module.
inline void destroy_unit(code_unit* u) noexcept {
    module_data* m = u->module;
    destroy_in(u->from, u);
    if (m && m->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(m);
}

inline void store_data::clear() noexcept {
    if (engine && engine->release) engine->release(*this);
    engine_state = nullptr;
    written = nullptr;
    ready = {};
#if TESSERA_NATIVE
    has_guards = false;
#endif
    for (instance_data* i : instances) destroy_in(from, i);
    for (func_record* f : funcs)
        if (f->host) f->host->release();
    for (const func_block& b : func_blocks) release(b);
    for (table_data* t : tables) destroy_in(from, t);
    for (memory_data* m : memories) destroy_in(from, m);
    for (global_data* g : globals) destroy_in(from, g);
    for (tag_data* t : tags) destroy_in(from, t);
    for (code_unit* u : units) destroy_unit(u);
    for (host_object& o : objects)
        if (o.used && o.destroy) o.destroy(from, o.object);
    instances = {};
    funcs = {};
    func_blocks = {};
    tables = {};
    memories = {};
    globals = {};
    tags = {};
    units = {};
    objects = {};
    free_object = live_objects = 0;
    types = {};
    heap.clear();
    marker = object_marker(from);
    roots.clear();
    temporaries = {};
    for (backtrace* b : in_flight)
        if (b->owners.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(b);
    in_flight = {};
    most_in_flight = least_in_flight;
    ++epoch;
}

} // namespace tessera::runtime
TESSERA_SMALL_END
