// SPDX-License-Identifier: MIT
/// @file tessera/store.hpp
/// Public door: stores, instances and everything in them.
#pragma once

#include <tessera/config.hpp>

#include <tessera/runtime/api/execution.hpp>
#include <tessera/runtime/api/keepable.hpp>
#include <tessera/runtime/api/store.hpp>

#if TESSERA_BODIES
#include <tessera/exec/engine.hpp>
#endif

namespace tessera::inline TESSERA_ABI {

/// A store for modules that use no feature outside F. Engine options are bits of F too: fuel and
/// interruption exist only where the build has them.
template <features F>
class store : public basic_store {
    static_assert(detail::set_is_complete<detail::first_unmet(F).has, detail::first_unmet(F).lacks>::value);

public:
    explicit store(const tessera::limits& limits = {}) noexcept : basic_store(runtime::engine_for<F>(), F, limits) {}
    /// A store that keeps what it has in memory of `memory`, of which it takes a copy: itself, instances, memories but
    /// shared ones, tables, the heap, lowered code, the stacks of calls and the books of what hosts hold (objects,
    /// roots), objects by make_object too. Not from there is what may outlive the store or is the host's: modules,
    /// imports, host functions, shared memories, errors, executions with their results; nor machine code, what a
    /// debugger, a `rollback` or `save` keeps, and what is needed only while a call of the library lasts. With an
    /// allocator no address space is reserved: a memory that grows beyond its room is copied.
    store(const tessera::limits& limits, const allocator& memory) noexcept
        : basic_store(runtime::engine_for<F>(), F, limits, memory) {}
    explicit store(const allocator& memory) noexcept : store(tessera::limits(), memory) {}

    /// Allows `units` more of execution. What a guest has used up it does not get back by trapping.
    result<void> add_fuel(u64 units) noexcept requires(F[feature::fuel]) {
        if (!data()) return msg::out_of_memory;
        const u64 more = units < ~data()->fuel ? units : ~data()->fuel;
        data()->fuel += more;
        data()->fuel_added += more;
        return {};
    }
    /// What is left; calls that run out of it fail with "out of fuel".
    u64 fuel() const noexcept requires(F[feature::fuel]) { return data() ? data()->fuel : 0; }
    /// Stops the call that is running, or else the next one, with "interrupted". The one member that
    /// another thread may call.
    void interrupt() noexcept requires(F[feature::interruption]) {
        if (!data()) return;
        data()->interrupt.store(true);
        if constexpr (F[feature::threads])
            if (runtime::sleeper_data* const s = data()->sleeper.load()) s->wake(*s);
    }
};

} // namespace tessera

#include <tessera/undef.hpp>
