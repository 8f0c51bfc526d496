// SPDX-License-Identifier: MIT
/// @file handlers/atomic.hpp
/// Atomic instructions (spec: threads proposal), on operands in consecutive slots. All are safepoints.
///
/// Results are zero-extended and operands cut, so instructions that access as many bytes do the same to
/// slots, whether they are of i32 or of i64: they share a handler.
#pragma once

#include <tessera/exec/access.hpp>
#include <tessera/runtime/shared_memory.hpp>
#include <tessera/util/atomics.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// The instruction whose handler `o` runs: the one of i32 where it accesses no more than 32 bits.
constexpr op atomic_form(op o) noexcept {
    constexpr u16 first = row(op::i32_atomic_load).code;
    const u16 code = row(o).code;
    if (code < first) return o; // notify, wait, fence
    // From there on seven each: of i32 and i64, i32 with 8 and 16 bits, i64 with 8, 16 and 32 bits.
    constexpr u8 back[] = {0, 0, 0, 0, 2, 2, 6};
    return op(u16(o) - back[(code - first) % 7]);
}
static_assert(atomic_form(op::i64_atomic_load32_u) == op::i32_atomic_load &&
              atomic_form(op::i64_atomic_rmw8_cmpxchg_u) == op::i32_atomic_rmw8_cmpxchg_u &&
              atomic_form(op::i64_atomic_rmw_cmpxchg) == op::i64_atomic_rmw_cmpxchg);

/// True for the instructions that may sleep.
constexpr bool is_wait(op o) noexcept { return o == op::memory_atomic_wait32 || o == op::memory_atomic_wait64; }

namespace detail {
template <class Meaning>
struct atomic_meaning;
template <class Value, class Stored>
struct atomic_meaning<mem::atomic<mem::load<Value, Stored>>> {
    static u64 run(u8* at, const u8*) noexcept { return load_atomic<Stored>(at); }
};
template <class Value, class Stored>
struct atomic_meaning<mem::atomic<mem::store<Value, Stored>>> {
    static void run(u8* at, const u8* operands) noexcept { store_atomic(at, Stored(get_slot<u64>(operands))); }
};
template <class Value, class Stored, template <class> class Operation>
struct atomic_meaning<mem::rmw<Value, Stored, Operation>> {
    static u64 run(u8* at, const u8* operands) noexcept {
        const Stored operand = Stored(get_slot<u64>(operands));
        return change_atomic<Stored>(at, [=](Stored x) noexcept { return Operation<Stored>::eval(x, operand); });
    }
};
template <class Value, class Stored>
struct atomic_meaning<mem::compare_exchange<Value, Stored>> {
    static u64 run(u8* at, const u8* operands) noexcept {
        Stored found = Stored(get_slot<u64>(operands));
        static_cast<void>(replace_atomic(at, found, Stored(get_slot<u64>(operands + 8))));
        return found;
    }
};

inline void fence() noexcept {
#if TESSERA_FENCES
    std::atomic_thread_fence(std::memory_order_seq_cst);
#else
    // ThreadSanitizer knows none, and sees guests access memory by atomic accesses alone, which never race.
    alignas(8) u8 any[8] = {};
    change_atomic<u64>(any, [](u64 x) noexcept { return x; });
#endif
}

/// What the thread of the store sleeps on; null when memory is out.
inline runtime::sleeper* sleeper_of(runtime::store_data& store) noexcept {
    runtime::sleeper_data* made = store.sleeper.load(std::memory_order_relaxed);
    if (!made) {
        made = create_in<runtime::sleeper>(store.from, store.from);
        // Whoever interrupts sets the flag and then looks for this; who sleeps looks at the flag after it.
        store.sleeper.store(made);
    }
    return static_cast<runtime::sleeper*>(made);
}

/// memory.atomic.wait. Trapped as `interrupted` or `out_of_fuel` it can be done again, from the beginning.
/// A build with fuel charges a unit for each microsecond.
template <class T>
trap wait(context& ctx, runtime::shared_data& memory, u64 address, u8* operands, u8* result, bool interruptible,
          bool charged) noexcept {
    using outcome = runtime::wait_queue::outcome;
    const T expected = T(get_slot<u64>(operands));
    const i64 timeout = i64(get_slot<u64>(operands + 8));
    u64 ns = timeout < 0 ? condition::never : u64(timeout);
    const u64 paid = u64(ctx.fuel < 0 ? 0 : ctx.fuel);
    const bool limited = charged && paid < ns / 1000;
    if (limited) ns = paid * 1000;
    runtime::sleeper* const me = sleeper_of(*ctx.store);
    if (!me) return trap::out_of_memory;
    const std::atomic<bool>* const stop = interruptible ? ctx.interrupt : nullptr;
    const u64 begin = charged ? monotonic_ns() : 0;
    const u8* const at = memory.base + address;
    const outcome how = static_cast<runtime::shared_object&>(memory).queue().wait(
        address, *me, ns, stop, [=]() noexcept { return load_atomic<T>(at) == expected; });
    if (charged) {
        const u64 cost = (monotonic_ns() - begin) / 1000;
        ctx.fuel -= i64(cost < paid ? cost : paid);
    }
    if (how == outcome::timed_out) {
        if (stop && stop->load(std::memory_order_relaxed)) return trap::interrupted;
        if (limited) return ctx.fuel = -1, trap::out_of_fuel;
    }
    put_slot<u64>(result, u64(how));
    return trap::none;
}
} // namespace detail

/// Does `O` on slots from `slots` on; not inlined, so that the handler's variables stay in registers.
template <op O, u8 Flags>
TESSERA_NOINLINE trap do_atomic(context& ctx, u8* slots, u32 memory, u64 offset) noexcept {
    if constexpr (O == op::atomic_fence) {
        detail::fence();
    } else {
        constexpr u64 size = u64{1} << natural_align[u16(O)];
        const runtime::memory_data& m = *ctx.instance->memories[memory];
        const u64 at = get_slot<u64>(slots) + offset;
        if (at < offset || !m.holds(at, size)) return trap::out_of_bounds_memory;
        if (at % size != 0) return trap::unaligned_atomic;
        u8* const operands = slots + 8;
        if constexpr (O == op::memory_atomic_notify) {
            u32 woken = 0;
            if (m.shared) {
                auto& shared = static_cast<runtime::shared_object&>(*m.shared);
                woken = shared.queue().notify(at, u32(get_slot<u64>(operands)));
            }
            put_slot<u64>(slots, woken);
        } else if constexpr (is_wait(O)) {
            if (!m.shared) return trap::expected_shared_memory;
            return detail::wait<bits_of_size<size>>(ctx, *m.shared, at, operands, slots, (Flags & flag::interrupt) != 0,
                                                    (Flags & flag::fuel) != 0);
        } else {
            using meaning = detail::atomic_meaning<num::sem<O>>;
            if constexpr ((Flags & flag::marks) != 0) static_cast<marking_context&>(ctx).dirty->mark(m.base + at);
            if constexpr (row(O).type.result_count) put_slot<u64>(slots, meaning::run(m.base + at, operands));
            else meaning::run(m.base + at, operands);
        }
    }
    return trap::none;
}

template <u64 Id>
struct action<family::atomic, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const trap why = do_atomic<c::v.code, c::v.flags>(*s.ctx, c::slot(s, c::template word<0>(s)),
                                                          c::template word<1>(s), c::template wide<0>(s));
        if (TESSERA_UNLIKELY(why != trap::none)) {
            if (is_wait(c::v.code) && (why == trap::interrupted || why == trap::out_of_fuel))
                return c::pause(s, why, s.pc);
            return c::raise(s, why);
        }
        c::next(s);
    }
};

} // namespace tessera::exec
