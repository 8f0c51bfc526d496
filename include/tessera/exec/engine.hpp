// SPDX-License-Identifier: MIT
/// @file exec/engine.hpp
/// Running functions: the way in from the host, the slow ways between functions, contexts and their
/// pool. `runtime::engine_for<F>` is what a store of the features F gets.
#pragma once

#include <tessera/exec/tiers.hpp>
#include <tessera/exec/trace.hpp>
#include <tessera/exec/unwind.hpp>
#include <tessera/exec/visit_frames.hpp>
#include <tessera/runtime/runnable.hpp>
#include <tessera/util/float_environment.hpp>

namespace tessera::inline TESSERA_ABI::exec {

template <features F>
class machine {
public:
    // ---- one call --------------------------------------------------------------------------------------------------

    /// A context for a call of `f` with the arguments at `slots`, ready for `proceed`. Null: `why`
    /// says what is missing. Goes back with `release`.
    static TESSERA_NOINLINE context* prepare(runtime::store_data& store, runtime::func_record& f, const u64* slots,
                                             error& why) noexcept {
        context* const c = acquire(store);
        if (!c) return why = error(msg::out_of_memory), nullptr;
        u8* at = c->stack;
        if (!c->ensure(at, 8 * u64(f.param_slots > f.result_slots ? f.param_slots : f.result_slots) + 64)) {
            why = error(c->why);
            release(store, c);
            return nullptr;
        }
        copy_slots(c->stack, slots, f.param_slots);
        c->fp = c->stack;
        c->call = {&f, 0, fixed_cells<F>::template at<family::leave>(), 0};
        c->switch_to(nullptr);
        c->pc = c->enter_cells;
        return c;
    }
    /// The same for a function that is lowered, by a context that waits and has the stack for it; null
    /// if that is not so.
    static TESSERA_INLINE context* prepare_at_once(runtime::store_data& store, const runtime::func_record& f,
                                                   const u64* slots) noexcept {
        pool* const all = made_pool(store.engine_state);
        context* const c = all ? all->free : nullptr;
        const u64 frame = f.frame_slots;
        if (TESSERA_UNLIKELY(!c || frame == 0 || 8 * frame > u64(c->stack_end - c->stack))) return nullptr;
        all->free = c->next_free; // `proceed` offers another one
        u8* const fp = c->stack;
        copy_slots(fp, slots, f.param_slots);
        put_pointer(fp + 8 * u64(f.header), fixed_cells<F>::template at<family::leave>());
        store_native<u64>(fp + 8 * u64(f.header) + 8, 0);
        c->fp = fp;
        c->pc = f.entry;
        c->switch_to(f.instance);
        return c;
    }
    static TESSERA_INLINE void copy_slots(void* to, const void* from, u32 n) noexcept {
        // A few by hand: that is less than a call of memcpy.
        const auto one = [&](unsigned i) {
            store_native(static_cast<u8*>(to) + 8 * i, load_native<u64>(static_cast<const u8*>(from) + 8 * i));
        };
        if (n > 3) std::memcpy(to, from, 8 * std::size_t(n));
        else if (n > 0) {
            one(0);
            if (n > 1) one(1);
            if (n > 2) one(2);
        }
    }
    /// Runs until the call is done (true) or stops (false; `why` is set). If it is then paused it can
    /// go on by another `proceed`.
    static TESSERA_NOINLINE bool proceed(runtime::store_data& store, context& c, error& why) noexcept {
        const u32 depth = store.host_depth;
        if (TESSERA_UNLIKELY(depth >= store.limits.host_depth)) {
            why = error(trap::stack_exhausted).set_detail("calls from the host nested too deeply");
            return false;
        }
        if constexpr (F[feature::fuel]) {
            c.take_fuel();
            if (c.paused && c.fuel < 0) { // what came does not pay the debt
                c.give_fuel_back();
                why = error(c.why = trap::out_of_fuel);
                return false;
            }
        }
        store.host_depth = depth + 1;
        c.why = trap::none;
        c.paused = c.host_failed = false;
        c.running = true;
        offer(store);
        {
            const float_environment environment;
            dispatch<F>::run(c);
        }
        c.running = false;
        if constexpr (F[feature::fuel]) c.give_fuel_back();
        store.host_depth = depth;
        return TESSERA_LIKELY(c.why == trap::none) || explain(c, why);
    }
    /// Why a call stopped; false.
    static TESSERA_COLD bool explain(context& c, error& why) noexcept {
        why = c.host_failed ? c.failure : error(c.why);
        if (c.paused && c.why == trap::out_of_memory) why.set_detail("limits::heap_bytes");
        if (c.why == trap::undefined_element || c.why == trap::uninitialized_element) set_number(why, c.index);
        if (!c.paused) add_trace(c, why);
        if (c.paused) c.pc = c.stop_pc;
        return false;
    }
    static void set_number(error& why, u64 n) noexcept {
        char digits[20];
        char* at = digits + sizeof digits;
        do *--at = char('0' + n % 10);
        while (n /= 10);
        why.set_detail({at, std::size_t(digits + sizeof digits - at)});
    }
    /// Says where the call stopped, unless `why` comes from a call further in and says that already.
    static void add_trace(const context& c, error& why) noexcept {
        if (!why.frames().empty()) return;
        describe(why, tracer<F>(c).run());
    }
    static void describe(error& why, backtrace* trace) noexcept {
        if (trace && why.offset() == error::no_offset && !trace->frames.empty()) {
            const trace_frame& innermost = trace->frames[0];
            why.set_offset(innermost.offset).set_position(innermost.line, innermost.column);
        }
        why.set_trace(trace);
    }
    static bool invoke(runtime::store_data& store, runtime::func_record& f, u64* slots, error& why) noexcept {
        if (f.host) {
            runtime::caller who{&store, nullptr};
            return f.host->invoke(*f.host, who, slots, why);
        }
        context* c = prepare_at_once(store, f, slots);
        if (TESSERA_UNLIKELY(!c) && !(c = prepare(store, f, slots, why))) return false;
        const bool done = proceed(store, *c, why);
        if (TESSERA_LIKELY(done)) copy_slots(slots, c->stack, f.result_slots);
        else if (c->paused) add_trace(*c, why); // it will not go on
        release(store, c);
        return done;
    }

    /// A leaf cannot call the host, so its context need not leave the pool, nor the call be counted. And
    /// it does without a float_environment, which some processors take as long to read as this takes.
    static bool call_leaf(runtime::store_data& store, const runtime::func_record& f) noexcept {
        context& c = *made_pool(store.engine_state)->free;
        u8* const fp = c.stack;
        u8* const header = fp + 8 * u64(f.header);
        put_pointer(header, fixed_cells<F>::template at<family::leave>());
        store_native<u64>(header + 8, 0);
        if (TESSERA_UNLIKELY(c.instance != f.instance)) return call_leaf_elsewhere(store, f);
        c.refresh_memory(); // it knows no other functions
        if constexpr (F[feature::fuel]) c.take_fuel();
        dispatch<F>::run(c, f.entry, fp);
        if constexpr (F[feature::fuel]) c.give_fuel_back();
        return c.why == trap::none;
    }
    static TESSERA_NOINLINE bool call_leaf_elsewhere(runtime::store_data& store,
                                                     const runtime::func_record& f) noexcept {
        made_pool(store.engine_state)->free->switch_to(f.instance);
        return call_leaf(store, f);
    }
    static TESSERA_COLD error leaf_error(runtime::store_data& store) noexcept {
        context& c = *made_pool(store.engine_state)->free;
        error why{error::unlikely()};
        explain(c, why);
        if (c.paused) add_trace(c, why); // it will not go on
        renew(c);
        return why;
    }

    static void* start(runtime::store_data& store, runtime::func_record& f, const u64* slots, error& why) noexcept {
        return prepare(store, f, slots, why);
    }
    static bool resume(runtime::store_data& store, void* call, error& why, bool& paused) noexcept {
        context& c = *static_cast<context*>(call);
        if (c.running) return why = error(msg::already_running), paused = true, false;
        c.refresh(); // the host may have grown a memory while the call waited
        const bool done = proceed(store, c, why);
        paused = c.paused;
        return done;
    }
    static void finish(runtime::store_data& store, void* call, const runtime::func_record& f, u64* results) noexcept {
        context* const c = static_cast<context*>(call);
        if (results) copy_slots(results, c->stack, f.result_slots);
        release(store, c);
    }

    /// The marks of the pages that guests have written to; null: memory is out.
    static runtime::dirty_pages* dirty_pages(runtime::store_data& store) noexcept requires(F[feature::dirty_marks]) {
        pool* const all = pool_of(store);
        return all ? &all->dirty : nullptr;
    }
    /// How many calls run or wait.
    static u32 calls_of(const runtime::store_data& store) noexcept {
        const pool* const all = made_pool(store.engine_state);
        u32 used = 0;
        for (const context* c = all ? all->first : nullptr; c; c = c->next) ++used;
        for (const context* c = all ? all->free : nullptr; c; c = c->next_free) --used;
        return used;
    }

    // ---- contexts --------------------------------------------------------------------------------------------------

    static TESSERA_NOINLINE context* acquire(runtime::store_data& store) noexcept {
        pool* const all = pool_of(store);
        if (!all) return nullptr;
        store.ready = {};
        context* c = all->free;
        if (c) {
            all->free = c->next_free;
        } else {
            c = create_in<context_type>(store.from, store.from);
            if (!c) return nullptr;
            if constexpr (F[feature::dirty_marks]) static_cast<marking_context*>(c)->dirty = &all->dirty;
            c->next = all->first;
            all->first = c;
            c->store = &store;
            c->who.store = &store;
            c->stack_limit = store.limits.stack_bytes;
            c->interrupt = &store.interrupt;
            c->stop_cells = fixed_cells<F>::template at<family::stop>();
            c->enter_cells = fixed_cells<F>::template at<family::enter>();
            c->indirect_cells = fixed_cells<F>::template at<family::indirect>();
            c->link_cells = fixed_cells<F>::template at<family::link>();
            c->grow_cells = fixed_cells<F>::template at<family::grow_stack>();
            c->restore_cells = fixed_cells<F>::template at<family::restore>();
            c->bounds_cells = fixed_cells<F>::template at<family::out_of_bounds>();
            if constexpr (F[feature::gc]) c->room_cells = fixed_cells<F>::template at<family::make_room>();
            c->heap = &store.heap;
            c->leave_cells = fixed_cells<F>::template at<family::leave>();
            c->failed_cells = c->stop_cells;
            if constexpr (F[feature::exceptions]) {
                c->land_cells = fixed_cells<F>::template at<family::land>();
                c->failed_cells = fixed_cells<F>::template at<family::failed>();
            }
            c->slow = &slow;
#if TESSERA_NATIVE
            if constexpr (F[feature::native]) c->native.hot_cells = fixed_cells<F>::template at<family::hot>();
#endif
        }
        if (!c->stack) {
            u8* at = nullptr;
            const u64 first = c->stack_limit < first_stack ? c->stack_limit : first_stack;
            if (!c->ensure(at, first)) return release(store, c), nullptr;
        }
        return c;
    }
    /// Makes `c` as good as new, but for its stack and instance.
    static void renew(context& c) noexcept {
        if (TESSERA_UNLIKELY(c.host_failed)) c.failure = error(error::unlikely());
        c.fuel = 0;
        c.why = trap::none;
        c.paused = c.host_failed = false;
        c.pc = nullptr;
    }
    static void release(runtime::store_data& store, context* c) noexcept {
        renew(*c);
        pool* const all = made_pool(store.engine_state);
        c->next_free = all->free;
        all->free = c;
        offer(store);
    }
    static void release_all(runtime::store_data& store) noexcept {
        pool* const all = made_pool(store.engine_state);
        if constexpr (F[feature::tracing])
            if (all && all->observer && all->observer->gone) all->observer->gone(*all->observer);
        while (all && all->first)
            destroy_in(store.from, static_cast<context_type*>(std::exchange(all->first, all->first->next)));
#if TESSERA_NATIVE
        if (all && all->native) all->native->destroy(all->native);
#endif
        destroy_in(store.from, all);
        store.engine_state = nullptr;
        store.ready = {};
    }
    /// Lets the host write arguments to the stack of the context that is next.
    static void offer(runtime::store_data& store) noexcept {
        constexpr u64 most = runtime::func_record::no_leaf - 1; // which is not room for that
        const context* const c = made_pool(store.engine_state)->free;
        store.ready = {};
        if (!c || store.host_depth >= store.limits.host_depth) return;
        const u64 bytes = u64(c->stack_end - c->stack);
        store.ready = {reinterpret_cast<u64*>(c->stack), bytes < most ? bytes : most};
    }

    // ---- slow paths ------------------------------------------------------------------------------------------------

    /// Makes sure function `index` of `unit` is lowered, and valid. False: `c` stops with the reason.
    static bool lower(context* c, runtime::code_unit& unit, u32 index) noexcept {
        if (unit.funcs[index].cells) return true;
        if (unit.module->lazy && !validate(*c->store, *unit.module, index, c->failure)) {
            c->host_failed = true;
            return stop(c, trap::host), false;
        }
        if constexpr (F[feature::tracing])
            if (pool_of(*c->store)->plain)
                return lower_plain(*pool_of(*c->store), unit, index) || (stop(c, trap::out_of_memory), false);
#if TESSERA_NATIVE
        if constexpr (F[feature::native])
            if (native_hook* const native = pool_of(*c->store)->native; native && native->compile)
                return tiers<F, machine>::lower(*native, unit, index) || (stop(c, trap::out_of_memory), false);
#endif
        function_ir ir;
        if (lowering<F>(ir, unit).run(index) && encode(ir, unit, index)) return true;
        return stop(c, trap::out_of_memory), false;
    }
#if TESSERA_NATIVE
    /// Makes the cells of `ir`, which are those of function `index`; in slot form of a function that was lowered before
    /// if `compiled` says where they go, see runtime::code_place.
    static bool encode(function_ir& ir, runtime::code_unit& unit, u32 index, u32 compiled = 0) noexcept {
#else
    static bool encode(function_ir& ir, runtime::code_unit& unit, u32 index) noexcept {
#endif
        encoder<F> to(ir);
        runtime::func_code code;
        if (!to.run(unit, code)) return false;
        if (!unit.places.push_back({code.cells, index})) return unit.release(code), false;
#if TESSERA_NATIVE
        unit.places.back().compiled = compiled;
#endif
        if (F[feature::exceptions] && !ir.catches.regions.empty()) {
            to.resolve(ir.catches);
            runtime::catch_table* const table = create_in<runtime::catch_table>(unit.from, unit.from);
            if (!table || !table->assign(ir.catches) || !unit.catch_tables.push_back(table)) {
                destroy_in(unit.from, table);
                unit.places.pop_back();
                unit.release(code);
                return false;
            }
            code.catches = u32(unit.catch_tables.size()) & 0x7fff'ffff;
        }
        code.leaf = is_leaf(ir);
#if TESSERA_NATIVE
        if (compiled) {
            unit.compiled[compiled - 1] = code;
            return true;
        }
#endif
        unit.funcs[index] = code;
        return true;
    }
#if TESSERA_NATIVE
    /// See runtime::engine::native.
    static native_hook** native_of(runtime::store_data& store) noexcept {
        pool* const all = pool_of(store);
        return all ? &all->native : nullptr;
    }
#endif
    /// What was left to be checked of a function when its module was loaded and instantiated.
    static TESSERA_COLD bool validate(const runtime::store_data& store, const module_data& m, u32 index,
                                      error& why) noexcept {
        body_facts facts;
        if (!m.lazy->validate(m, index, facts, why)) return false;
        if (store.built.contains(facts.used)) return true;
        why = runtime::not_runnable(store.built, facts.used);
        return false;
    }
    static bool is_leaf(const function_ir& ir) noexcept {
        for (const node& n : ir.nodes)
            if (!is_leaf(n.v)) return false;
        return true;
    }
    /// True for what neither calls, nor allocates, nor computes with floats.
    static constexpr bool is_leaf(const variant& v) noexcept {
        switch (v.fam) {
        case family::unary:
        case family::binary:
        case family::br_compare:
            for (unsigned k : {0u, 3u})
                if (v.at[k] != loc::none && operand_class(v, k) >= cls::f32) return false;
            return true;
        case family::move:
        case family::constant:
        case family::select:
        case family::load:
        case family::load_indexed:
        case family::store:
        case family::load_wide:
        case family::store_wide:
        case family::global_get:
        case family::global_set:
        case family::imported_get:
        case family::imported_set:
        case family::br:
        case family::latch:
        case family::br_table:
        case family::return_:
        case family::zero_range:
        case family::zero_few:
        case family::move_range:
        case family::move_wide:
        case family::entry:
        case family::unreachable:
        case family::null_check:
        case family::struct_get:
        case family::array_get:
        case family::array_len:
        case family::ref_test:
        case family::ref_cast:
#if TESSERA_NATIVE
        case family::tally:
#endif
        case family::pins: return true;
        default: return false;
        }
    }
    static TESSERA_COLD void stop(context* c, trap why) noexcept {
        c->why = why;
        c->pc = c->stop_cells;
    }
    static TESSERA_NOINLINE void enter(context* c) noexcept {
        runtime::func_record& f = *c->call.callee;
        if (f.host) return call_host(c, f);
        c->stop_pc = nullptr;
        runtime::code_unit& unit = *f.instance->unit;
        if (!lower(c, unit, f.index)) return;
        const runtime::func_code& code = unit.funcs[f.index];
        f.entry = code.cells;
        f.frame_slots = code.frame_slots;
        f.header = code.header;
        constexpr u32 most = runtime::func_record::no_leaf / 8;
        f.leaf_bytes = code.leaf && code.frame_slots < most ? 8 * code.frame_slots : runtime::func_record::no_leaf;
        const bool other = f.instance != c->instance;
        const bool bridge = other && c->instance && c->call.return_pc != c->restore_cells;
        u8* at = c->fp + c->call.delta;
        if (!make_room(c, at, 8 * u64(code.frame_slots) + (bridge ? 24 : 0))) return;
        const u8* return_pc = c->call.return_pc;
        u64 link = c->call.link;
        if (bridge) {
            std::memmove(at + 24, at, 8 * std::size_t(f.param_slots));
            put_pointer(at, return_pc);
            store_native<u64>(at + 8, link | u64(f.result_slots) << 40);
            put_pointer(at + 16, c->instance);
            at += 24;
            return_pc = c->restore_cells;
            link = 0;
        }
        put_pointer(at + 8 * u64(code.header), return_pc);
        store_native<u64>(at + 8 * u64(code.header) + 8, link);
        c->fp = at;
        c->pc = code.cells;
        if (other) c->switch_to(f.instance);
    }
    static TESSERA_NOINLINE void indirect(context* c) noexcept {
        const u64 delta = load_native<u32>(c->words);
        const u32 type = load_native<u32>(c->words + 8);
        const runtime::table_data& t = *c->tables[load_native<u32>(c->words + 4)];
        if (c->index >= t.size) return stop(c, trap::undefined_element);
        const u32 reference = t.items[c->index];
        if (reference == 0) return stop(c, trap::uninitialized_element);
        runtime::func_record* const callee = c->records[reference - 1];
        if (callee->type_id != type && !c->store->types.matches(callee->type_id, type))
            return stop(c, trap::indirect_call_type);
        c->call = {callee, delta, c->call.return_pc, delta};
        enter(c);
    }
    /// `bytes` of stack from `at` on; moves `at` and the frame with the stack.
    static bool make_room(context* c, u8*& at, u64 bytes) noexcept {
        const u64 frame = c->depth_of(c->fp);
        const bool there = c->ensure(at, bytes);
        c->fp = c->stack + frame;
        if (!there) c->pc = c->stop_cells;
        return there;
    }
    static TESSERA_NOINLINE void call_host(context* c, runtime::func_record& f) noexcept {
        c->stop_pc = nullptr;
        u8* at = c->fp + c->call.delta;
        if (!make_room(c, at, 8 * u64(f.param_slots > f.result_slots ? f.param_slots : f.result_slots))) return;
        const pending_call call = c->call;
        if constexpr (F[feature::fuel]) c->give_fuel_back();
        c->in_host = true;
        const bool done = f.host->invoke(*f.host, c->who, reinterpret_cast<u64*>(at), c->failure);
        c->in_host = false;
        if constexpr (F[feature::fuel]) c->take_fuel();
        c->refresh();
        c->call = call;
        if (!done) {
            c->host_failed = true;
            c->why = trap::host;
            c->pc = c->failed_cells;
            return;
        }
        c->pc = call.return_pc;
        c->fp = at - call.link;
    }
    /// Looks whether another thread has made a memory of the instance larger.
    static TESSERA_COLD bool see_growth(context* c) noexcept {
        bool any = false;
        for (runtime::memory_data* m : c->instance->memories) any |= m->see_growth();
        c->refresh_memory();
        return any;
    }

    // ---- exceptions ------------------------------------------------------------------------------------------------

    /// The exception of the cell at `c->stop_pc`.
    static TESSERA_NOINLINE void raise(context* c) noexcept {
        const u8* const at = c->fp + 8 * u64(load_native<u32>(c->words));
        const u32 tag = load_native<u32>(c->words + 4);
        if (tag != no_index) return unwind(c, thrown_by(*c, *c->instance->tags[tag], at));
        const u32 reference = get_slot<u32>(at);
        if (reference == 0) return stop(c, trap::null_exception);
        runtime::tag_data* thrown_tag = nullptr;
        if (!runtime::exception_values(*c->store, reference, thrown_tag, c->carried))
            return stop(c, trap::out_of_memory);
        thrown x = thrown_by(*c, *thrown_tag, c->carried.data());
        x.reference = reference;
        unwind(c, x);
    }
    static thrown thrown_by(const context& c, const runtime::tag_data& tag, const void* slots) noexcept {
        return {&tag, static_cast<const u64*>(slots), runtime::slots_of(c.store->types.types().params(tag.type_id))};
    }
    /// After a host function returned `c->failure`: stops if that is no exception that somebody catches.
    static TESSERA_COLD void failed(context* c) noexcept {
        const runtime::tag_data* const tag = runtime::tag_of(*c->store, c->failure);
        if (!tag) return stop(c, trap::host);
        c->host_failed = false;
        c->why = trap::none;
        c->carried.clear();
        for (const value& v : c->failure.payload())
            if (!c->carried.push_back(v.bits) || (v.type.slots() > 1 && !c->carried.push_back(v.high)))
                return stop(c, trap::out_of_memory);
        thrown x = thrown_by(*c, *tag, c->carried.data());
        x.described = !c->failure.frames().empty();
        unwind(c, x);
        c->carried.clear();
        if (!c->host_failed) c->failure = error(error::unlikely()); // is caught
    }
    static TESSERA_NOINLINE void unwind(context* c, const thrown& x) noexcept {
        frame at = frame::of(*c);
        const runtime::catch_clause* const clause = find_catch(*c, *x.tag, at);
        if (!clause) return uncaught(c, x);
        if (!hand_over(*c, x, *clause, at.fp)) return stop(c, trap::out_of_memory);
        const u8* const cells = at.code().cells;
        c->fp = at.fp;
        if (at.instance != c->instance) c->switch_to(at.instance);
        if (clause->goes_back && !pay(c, *clause)) {
            c->stop_pc = cells + clause->landing;
            c->paused = true;
            c->pc = c->stop_cells;
            return;
        }
        c->pc = cells + clause->target;
        for (const u32 pin : clause->pins)
            if (pin != no_index) {
                c->land_pc = c->pc;
                c->land_pins = clause->pins;
                c->pc = c->land_cells;
                return;
            }
    }
    /// Pays for a back edge. False: the call stops there.
    static bool pay(context* c, [[maybe_unused]] const runtime::catch_clause& clause) noexcept {
        if constexpr (F[feature::fuel])
            if ((c->fuel -= clause.cost) < 0) return c->why = trap::out_of_fuel, false;
        if constexpr (F[feature::interruption])
            if (c->interrupt->load(std::memory_order_relaxed)) return c->why = trap::interrupted, false;
        return true;
    }
    /// Nobody in this call catches `x`: its caller gets it as an error. One that came through further calls
    /// says already where it is from.
    static TESSERA_COLD void uncaught(context* c, const thrown& x) noexcept {
        if (!x.described) {
            backtrace* const trace = tracer<F>(*c).run();
            if (!trace || !runtime::note_exception(*c->store, *x.tag, x.slots, *trace)) {
                destroy(trace);
                return stop(c, trap::out_of_memory);
            }
            c->failure = error(trap::uncaught_exception);
            describe(c->failure, trace);
        }
        c->host_failed = true;
        stop(c, trap::host);
    }
    /// Makes the lazy call at `c->pc` a call; it is then executed again.
    static TESSERA_COLD void link(context* c) noexcept {
        constexpr variant lazy{family::call_lazy, 0, op::nop, {}}, made{family::call, 0, op::nop, {}};
        constexpr variant lazy_tail{family::return_call_lazy, 0, op::nop, {}},
            made_tail{family::return_call, 0, op::nop, {}};
        constexpr layout l = layout_of(made), t = layout_of(made_tail);
        static_assert(layout_of(lazy).size == l.size && layout_of(lazy_tail).size == t.size);
        u8* const cell = const_cast<u8*>(c->pc); // the unit's own, see runtime/unit.hpp
        const bool tail = F[feature::tail_call] && load_native<handler>(cell) == dispatch<F>::find(lazy_tail);
        const u32 index = load_native<u32>(cell + (tail ? t.words + 12 : l.words + 4));
        runtime::code_unit& unit = *c->instance->unit;
        const u8* const here = c->pc;
        if (!lower(c, unit, index)) {
            c->stop_pc = here;
            return;
        }
        const runtime::func_code& code = unit.funcs[index];
        const u32 first = tail ? t.words + 12u : l.words + 4u;
        const u32 delta = tail ? 0 : load_native<u32>(cell + l.words);
        store_native<u32>(cell + first, delta + 8 * code.frame_slots);
        store_native<u32>(cell + first + 4, delta + 8 * code.header);
        put_pointer(cell + (tail ? t.wides : l.wides), static_cast<const u8*>(code.cells));
        store_native(cell, dispatch<F>::find(tail ? made_tail : made));
    }

    // ---- the heap --------------------------------------------------------------------------------------------------

    /// Makes room for the cell at `c->pc`, which is then executed again.
    static TESSERA_COLD void make_heap_room(context* c) noexcept {
        if (c->needed == detail::need_log) return runtime::empty_log(*c->store);
        c->stop_pc = c->pc;
        if (runtime::make_room(*c->store, u32(c->needed))) return;
        c->why = trap::out_of_memory; // the host may make the limit larger
        c->paused = true;
        c->pc = c->stop_cells;
    }
    static constexpr auto visit_frames = [] {
        if constexpr (has_heap(F)) return &frame_visitor<F>::run;
        else return nullptr;
    }();
    /// Makes a structure or an array as a constant expression says.
    static trap make_object(runtime::store_data& store, op o, u32 type, u32 n, const u64* slots, u32& made) noexcept {
        switch (o) {
        case op::struct_new: return runtime::new_struct(store, type, slots, made);
        case op::struct_new_default: return runtime::new_struct(store, type, nullptr, made);
        case op::array_new: return runtime::new_array(store, type, n, slots, made);
        case op::array_new_default: return runtime::new_array(store, type, n, nullptr, made);
        default: return runtime::new_array_of(store, type, n, slots, made);
        }
    }

    // ---- plain mode ------------------------------------------------------------------------------------------------

    static TESSERA_COLD bool lower_plain(traced_pool& all, runtime::code_unit& unit, u32 index) noexcept {
        plain_map* const known = create<plain_map>();
        if (!known || !all.known.push_back(known)) return destroy(known), false;
        const u32 number = u32(all.known.size()) - 1;
        known->unit = &unit;
        function_ir ir;
        if (!lowering<F>(ir, unit, known).run(index)) return false;
        vec<cell_origin> cells;
        if (!encoder<F>(ir).origins(cells)) return false;
        for (u32 i = 0; i < ir.nodes.size(); ++i)
            if (node& n = ir.nodes[i]; n.v.fam == family::trace) {
                n.words[0] = number;
                known->points[n.words[1]].cell = cells[i].cell;
            }
        if (!encode(ir, unit, index)) return false;
        const std::uintptr_t key = reinterpret_cast<std::uintptr_t>(unit.funcs[index].cells);
        return all.by_cells.add(key, number, {}) != nullptr;
    }
    /// Shows the instruction behind the trace cell at `c->pc` to the observer.
    static TESSERA_COLD void trace(context* c) noexcept {
        constexpr layout l = layout_of(variant{family::trace, 0, op::nop, {}});
        runtime::observer* const o = pool_of(*c->store)->observer;
        c->stop_pc = c->pc;
        if constexpr (F[feature::fuel]) c->give_fuel_back();
        const bool stops = o && o->see(*o, c);
        if constexpr (F[feature::fuel]) c->take_fuel();
        c->refresh(); // whoever looked on may have let something grow
        if (stops) {
            c->why = trap::interrupted;
            c->paused = true;
            c->pc = c->stop_cells;
        } else {
            c->pc = c->stop_pc + l.size;
        }
    }
    /// See runtime::engine::observe.
    static TESSERA_COLD bool observe(runtime::store_data& store, runtime::observer* o, error& why) noexcept {
        pool* const all = pool_of(store);
        if (!all) return why = error(msg::out_of_memory), false;
        u32 used = 0;
        for (const context* c = all->first; c; c = c->next) ++used;
        for (const context* c = all->free; c; c = c->next_free) --used;
        if (used != 0 || store.host_depth != 0) {
            if (o) return why = error(msg::already_running), false;
            all->observer = nullptr; // what runs stays as it is
            return true;
        }
        if (o && all->observer && all->observer->gone) all->observer->gone(*all->observer);
        all->observer = o;
        all->plain = o != nullptr;
        all->forget();
        ++all->forgotten;
#if TESSERA_NATIVE
        if (all->native) all->native->forget(*all->native);
#endif
        for (runtime::code_unit* unit : store.units) unit->drop_code(); // it is lowered again when it is called
        for (runtime::func_record* f : store.funcs) {
            if (!f->instance) continue;
            f->entry = nullptr;
            f->frame_slots = f->header = 0;
            f->leaf_bytes = runtime::func_record::no_leaf;
        }
        return true;
    }

    // ---- self-test -------------------------------------------------------------------------------------------------

    /// True if handlers really jump: a thousand of them in a row must not use native stack.
    static TESSERA_COLD bool self_test() noexcept {
#if TESSERA_TAIL_CALLS
        constexpr variant idle{family::move, 0, class_code(cls::i64), {loc::slot, loc::none, loc::none, loc::slot}};
        constexpr u32 count = 1000, size = layout_of(idle).size;
        static_assert(size == 16);
        alignas(8) u8 cells[16 * 3 + count * size];
        u8* at = cells;
        const auto put = [&](const variant& v, u32 bytes) {
            std::memset(at, 0, bytes);
            store_native(at, dispatch<F>::find(v));
            at += bytes;
        };
        put({family::probe, 0, op::nop, {}}, 8);
        for (u32 i = 0; i < count; ++i) put(idle, size);
        put({family::probe, 0, op::nop, {}}, 8);
        put({family::leave, 0, op::nop, {}}, 8);
        context c;
        alignas(8) u8 slots[16] = {};
        c.pc = cells;
        c.fp = slots;
        dispatch<F>::run(c);
        const u64 used = c.probed > c.needed ? c.probed - c.needed : c.needed - c.probed;
        return used < 4096;
#else
        return true;
#endif
    }

private:
    using plain_pool = std::conditional_t<F[feature::tracing], traced_pool, context_pool>;
    using pool = std::conditional_t<F[feature::dirty_marks], marked_pool<plain_pool>, plain_pool>;
    using context_type = std::conditional_t<F[feature::dirty_marks], marking_context, context>;
    static pool* made_pool(void* p) noexcept { return static_cast<pool*>(static_cast<context_pool*>(p)); }
    static pool* pool_of(runtime::store_data& store) noexcept {
        if (!store.engine_state) {
            pool* const made = create_in<pool>(store.from);
            if (made) made->maps = frame_maps(store.from);
            store.engine_state = static_cast<context_pool*>(made);
            if constexpr (F[feature::dirty_marks])
                if (made) store.tell_writes(made->dirty);
        }
        return made_pool(store.engine_state);
    }

    static constexpr u64 first_stack = 8 * 1024; // a call that waits shall cost less than 16 KiB
    static constexpr slow_paths slow = [] {
        slow_paths all{&enter, &link, nullptr, &indirect, nullptr, nullptr, nullptr, nullptr};
        if constexpr (F[feature::gc]) all.make_room = &make_heap_room;
        if constexpr (F[feature::exceptions]) all.failed = &failed, all.raise = &raise;
        if constexpr (F[feature::threads]) all.see_growth = &see_growth;
        if constexpr (F[feature::tracing]) all.trace = &trace;
#if TESSERA_NATIVE
        if constexpr (F[feature::native]) all.hot = &tiers<F, machine>::hot, all.special = &tiers<F, machine>::special;
#endif
        return all;
    }();
};

} // namespace tessera::exec

namespace tessera::inline TESSERA_ABI::runtime {

template <features F>
const engine& engine_for() noexcept {
    using machine = exec::machine<F>;
    static constexpr engine made = [] {
        engine e{&machine::invoke,      &machine::start,     &machine::resume,    &machine::finish,
                 &machine::release_all, &machine::self_test, &machine::call_leaf, &machine::leaf_error};
        e.visit_frames = machine::visit_frames;
        if constexpr (F[feature::gc]) e.make_object = &machine::make_object;
        if constexpr (F[feature::threads]) e.make_shared = &make_shared;
        if constexpr (F[feature::tracing]) e.observe = &machine::observe;
#if TESSERA_NATIVE
        if constexpr (F[feature::native]) e.native = &machine::native_of;
#endif
        return e;
    }();
    return made;
}

} // namespace tessera::runtime
