// SPDX-License-Identifier: MIT
/// @file handlers/call.hpp
/// Calls and returns (spec: exec/instructions, Function Calls).
///
/// A call to a lowered function of the same instance, or to an imported one of the host, is made on the
/// spot. Every other one is written down in context::call and goes to the enter cell, whose handler may
/// lower, call the host or change the instance. A tail call first moves its arguments to the bottom of
/// the frame and hands on the return address and link of the frame it replaces.
#pragma once

#include <tessera/exec/access.hpp>

namespace tessera::inline TESSERA_ABI::exec {

namespace detail {
/// True if the stack reaches `bytes` beyond the frame; else it grows and the cell is executed again.
TESSERA_INLINE bool has_room(state& s, u64 bytes) noexcept {
    const u64 left = u64(s.ctx->stack_end - s.fp);
    if (TESSERA_LIKELY(bytes <= left)) return true;
    s.ctx->needed = bytes;
    s.ctx->pc = s.pc;
    s.pc = s.ctx->grow_cells;
    return false;
}
/// Goes on in lowered code. `header` is where the new frame keeps the way back.
TESSERA_INLINE void enter_frame(state& s, u64 delta, u8* header, const u8* entry, const u8* return_pc,
                                u64 link) noexcept {
    put_pointer(header, return_pc);
    store_native<u64>(header + 8, link);
    s.fp += delta;
    s.pc = entry;
}
/// Writes down a call for the enter cell.
TESSERA_INLINE void prepare(state& s, runtime::func_record* callee, u64 delta, const u8* return_pc, u64 link) noexcept {
    s.ctx->call = {callee, delta, return_pc, link};
    s.ctx->stop_pc = s.pc;
    s.pc = s.ctx->enter_cells;
}
/// The call of `callee` if nothing about it is out of the ordinary.
TESSERA_INLINE bool call_at_once(state& s, const runtime::func_record* callee, u64 delta,
                                 const u8* return_pc) noexcept {
    const u64 frame = callee->frame_slots;
    if (callee->instance != s.ctx->instance || frame == 0 || delta + 8 * frame > u64(s.ctx->stack_end - s.fp))
        return false;
    enter_frame(s, delta, s.fp + delta + 8 * u64(callee->header), callee->entry, return_pc, delta);
    return true;
}
TESSERA_INLINE void call_record(state& s, runtime::func_record* callee, u64 delta, const u8* return_pc) noexcept {
    if (TESSERA_UNLIKELY(!call_at_once(s, callee, delta, return_pc))) prepare(s, callee, delta, return_pc, delta);
}
/// A host function failed: writes down the call, which stops if that is no exception somebody catches.
inline TESSERA_COLD void fail_in_host(context* ctx, runtime::func_record* callee, u64 delta,
                                      const u8* return_pc) noexcept {
    ctx->call = {callee, delta, return_pc, delta};
    ctx->stop_pc = nullptr;
    ctx->host_failed = true;
    ctx->why = trap::host;
}
/// What call_indirect finds: the function, or null with a trap.
TESSERA_INLINE runtime::func_record* indirect_callee(const state& s, u32 table, u64 index, u32 type_id,
                                                     trap& why) noexcept {
    const runtime::table_data& t = *s.ctx->instance->tables[table];
    if (TESSERA_UNLIKELY(index >= t.size)) return s.ctx->index = index, why = trap::undefined_element, nullptr;
    const u32 reference = t.items[index];
    if (TESSERA_UNLIKELY(reference == 0)) return s.ctx->index = index, why = trap::uninitialized_element, nullptr;
    runtime::func_record* const callee = s.ctx->records[reference - 1];
    if (TESSERA_UNLIKELY(callee->type_id != type_id) && !s.ctx->store->types.matches(callee->type_id, type_id))
        return why = trap::indirect_call_type, nullptr;
    return callee;
}
/// The end of a tail call: arguments of `count` slots at `from` move down, then the call is entered.
template <u64 Id>
TESSERA_INLINE void tail_call_record(state& s, runtime::func_record* callee) noexcept {
    using c = cell<Id>;
    u8* const header = s.fp + c::template word<2>(s);
    const u8* const return_pc = get_pointer<const u8>(header);
    const u64 link = load_native<u64>(header + 8);
    std::memmove(s.fp, c::slot(s, c::template word<0>(s)), 8 * std::size_t(c::template word<1>(s)));
    prepare(s, callee, 0, return_pc, link);
}
} // namespace detail

template <u64 Id>
struct action<family::call, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        if (!detail::has_room(s, c::template word<1>(s))) return;
        const u64 delta = c::template word<0>(s);
        detail::enter_frame(s, delta, s.fp + c::template word<2>(s), get_pointer<const u8>(s.pc + c::l.wides),
                            s.pc + c::l.size, delta);
    }
};
template <u64 Id>
struct action<family::call_lazy, Id> {
    static TESSERA_INLINE void run(state& s) noexcept {
        s.ctx->pc = s.pc;
        s.pc = s.ctx->link_cells;
    }
};
template <u64 Id>
struct action<family::call_record, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE runtime::func_record* find(const state& s) noexcept {
        return s.ctx->funcs[c::template word<1>(s)];
    }
    /// The frame of the caller has room for arguments and results. Each value that must survive the
    /// call costs a register that is saved: so accumulators and pins, which do not, are cleared, and
    /// place, frame and, if the host failed, the function are read again.
    static TESSERA_INLINE void run(state& s) noexcept {
        constexpr bool fuel = (c::v.flags & flag::fuel) != 0;
        context* const ctx = s.ctx;
        ctx->stop_pc = s.pc; // where the collector begins to look at frames
        ctx->fp = s.fp;
        runtime::func_record* const callee = find(s);
        if (TESSERA_LIKELY(callee->host != nullptr)) {
            if constexpr (fuel) ctx->give_fuel_back();
            u64* const slots = reinterpret_cast<u64*>(s.fp + c::template word<0>(s));
            const bool done = callee->host->invoke(*callee->host, ctx->who, slots, ctx->failure);
            s.pc = ctx->stop_pc;
            if constexpr (fuel) ctx->take_fuel();
            if (TESSERA_UNLIKELY(!done)) {
                detail::fail_in_host(ctx, find(s), c::template word<0>(s), s.pc + c::l.size);
                s.pc = ctx->failed_cells;
            } else {
                s.pc += c::l.size;
            }
            ctx->refresh();
        } else {
            detail::prepare(s, callee, c::template word<0>(s), s.pc + c::l.size, c::template word<0>(s));
        }
        s = {s.pc, ctx->fp, ctx->mem, ctx, 0, 0, 0, 0, 0, 0, vector_register{}, vector_register{}};
    }
};
/// The short way: a function of the very type, lowered, of the same instance. Everything else, traps
/// too, is decided by slow_paths::indirect, so that little has to be kept in registers here.
template <u64 Id>
struct action<family::call_indirect, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const runtime::table_data& t = *s.ctx->tables[c::template word<1>(s)];
        const u64 index = c::template get<0>(s);
        s.ctx->index = index; // already here, since it would take a register until it is known who needs it
        if (TESSERA_LIKELY(index < t.size))
            if (const u32 reference = t.items[index]; TESSERA_LIKELY(reference != 0)) {
                const runtime::func_record* const callee = s.ctx->records[reference - 1];
                if (TESSERA_LIKELY(callee->type_id == c::template word<2>(s) &&
                                   detail::call_at_once(s, callee, c::template word<0>(s), s.pc + c::l.size)))
                    return;
            }
        s.ctx->words = s.pc + c::l.words;
        s.ctx->call.return_pc = s.pc + c::l.size;
        s.ctx->stop_pc = s.pc;
        s.pc = s.ctx->indirect_cells;
    }
};
template <u64 Id>
struct action<family::call_ref, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u64 reference = c::template get<0>(s);
        if (TESSERA_UNLIKELY(reference == 0)) return c::raise(s, trap::null_function);
        detail::call_record(s, s.ctx->records[reference - 1], c::template word<0>(s), s.pc + c::l.size);
    }
};

template <u64 Id>
struct action<family::return_, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u8* const header = s.fp + c::template word<0>(s);
        const u64 link = load_native<u64>(header + 8);
        if constexpr (c::v.at[0] != loc::none) {
            const auto value = c::template get<0>(s);
            s.pc = get_pointer<const u8>(header);
            put_slot<typename c::template type<0>>(s.fp, value);
        } else {
            s.pc = get_pointer<const u8>(header);
        }
        s.fp -= link;
    }
};

template <u64 Id>
struct action<family::return_call, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        // First, since a frame that is half moved could not be called again after the stack has grown.
        if (!detail::has_room(s, c::template word<3>(s))) return;
        const u8* const header = s.fp + c::template word<2>(s);
        const u8* const return_pc = get_pointer<const u8>(header);
        const u64 link = load_native<u64>(header + 8);
        std::memmove(s.fp, c::slot(s, c::template word<0>(s)), 8 * std::size_t(c::template word<1>(s)));
        detail::enter_frame(s, 0, s.fp + c::template word<4>(s), get_pointer<const u8>(s.pc + c::l.wides), return_pc,
                            link);
    }
};
template <u64 Id>
struct action<family::return_call_lazy, Id> : action<family::call_lazy, Id> {};
template <u64 Id>
struct action<family::return_call_record, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        detail::tail_call_record<Id>(s, s.ctx->instance->funcs[c::template word<3>(s)]);
    }
};
template <u64 Id>
struct action<family::return_call_indirect, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        trap why = trap::none;
        runtime::func_record* const callee =
            detail::indirect_callee(s, c::template word<3>(s), c::template get<0>(s), c::template word<4>(s), why);
        if (TESSERA_UNLIKELY(!callee)) return c::raise(s, why);
        detail::tail_call_record<Id>(s, callee);
    }
};
template <u64 Id>
struct action<family::return_call_ref, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u64 reference = c::template get<0>(s);
        if (TESSERA_UNLIKELY(reference == 0)) return c::raise(s, trap::null_function);
        detail::tail_call_record<Id>(s, s.ctx->records[reference - 1]);
    }
};

namespace detail {
/// Takes over where a slow path wants to go on.
TESSERA_INLINE void go_on(state& s) noexcept {
    s.pc = s.ctx->pc;
    s.fp = s.ctx->fp;
    s.mem = s.ctx->mem;
}
/// A handler that is a slow path.
template <void (*slow_paths::*Way)(context*)>
struct slow_action {
    static TESSERA_INLINE void run(state& s) noexcept {
        s.ctx->fp = s.fp;
        s.ctx->mem = s.mem;
        (s.ctx->slow->*Way)(s.ctx);
        go_on(s);
    }
};
} // namespace detail

template <u64 Id>
struct action<family::enter, Id> : detail::slow_action<&slow_paths::enter> {};
template <u64 Id>
struct action<family::indirect, Id> : detail::slow_action<&slow_paths::indirect> {};
template <u64 Id>
struct action<family::link, Id> : detail::slow_action<&slow_paths::link> {};
namespace detail {
inline TESSERA_COLD void grow_stack(context* ctx) noexcept {
    if (ctx->ensure(ctx->fp, ctx->needed)) return; // and again to the call
    ctx->stop_pc = ctx->pc;
    ctx->pc = ctx->stop_cells;
}
/// Return into another instance: three slots below the frame hold what a return needs.
inline TESSERA_COLD void restore(context* ctx) noexcept {
    u8* const bridge = ctx->fp - 24;
    const u8* const return_pc = get_pointer<const u8>(bridge);
    const u64 packed = load_native<u64>(bridge + 8);
    runtime::instance_data* const instance = get_pointer<runtime::instance_data>(bridge + 16);
    std::memmove(bridge, ctx->fp, 8 * std::size_t(packed >> 40));
    ctx->fp = bridge - (packed & ((u64{1} << 40) - 1));
    ctx->pc = return_pc;
    ctx->switch_to(instance);
}
} // namespace detail
template <u64 Id>
struct action<family::grow_stack, Id> {
    static TESSERA_INLINE void run(state& s) noexcept {
        s.ctx->fp = s.fp;
        s.ctx->mem = s.mem;
        detail::grow_stack(s.ctx);
        detail::go_on(s);
    }
};
template <u64 Id>
struct action<family::restore, Id> {
    static TESSERA_INLINE void run(state& s) noexcept {
        s.ctx->fp = s.fp;
        detail::restore(s.ctx);
        detail::go_on(s);
    }
};

} // namespace tessera::exec
