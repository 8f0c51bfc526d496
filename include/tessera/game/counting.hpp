// SPDX-License-Identifier: MIT
/// @file game/counting.hpp
/// The bodies of game/limits.hpp.
#pragma once

#include <tessera/exec/context.hpp>
#include <tessera/game/limits.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::game {

namespace detail {
/// The contexts of a store, one for each call that runs, waits, or has run.
template <class Each>
void each_context(const runtime::store_data& s, Each each) noexcept {
    const auto* const pool = static_cast<const exec::context_pool*>(s.engine_state);
    for (exec::context* c = pool ? pool->first : nullptr; c; c = c->next) each(*c);
}
} // namespace detail

TESSERA_API consumption consumed(const basic_store& s) noexcept {
    consumption sum;
    const runtime::store_data* const d = s.data();
    if (!d) return sum;
    sum.memory_bytes = d->memory_total.used.load(std::memory_order_relaxed);
    sum.table_entries = d->table_total.used.load(std::memory_order_relaxed);
    sum.heap_bytes = d->heap.figures().bytes_total;
    detail::each_context(*d, [&](const exec::context& c) { sum.stack_bytes += u64(c.stack_end - c.stack); });
    sum.instances = u32(d->instances.size());
    sum.memories = u32(d->memories.size());
    sum.tables = u32(d->tables.size());
    sum.functions = u32(d->funcs.size());
    sum.host_objects = d->live_objects;
    return sum;
}
TESSERA_API consumption consumed(const instance& i) noexcept {
    consumption sum;
    const runtime::instance_data* const d = runtime::access::get(i, &runtime::store_data::instances);
    if (!d) return sum;
    const module_data& m = d->module();
    for (std::size_t n = m.imported_memories; n < d->memories.size(); ++n)
        sum.memory_bytes += d->memories[n]->bytes_now();
    for (std::size_t n = m.imported_tables; n < d->tables.size(); ++n) sum.table_entries += d->tables[n]->size;
    sum.instances = 1;
    sum.memories = u32(d->memories.size()) - m.imported_memories;
    sum.tables = u32(d->tables.size()) - m.imported_tables;
    sum.functions = u32(d->funcs.size()) - m.imported_funcs;
    return sum;
}

TESSERA_API void set_limits(basic_store& s, const limits& to) noexcept {
    runtime::store_data* const d = s.data();
    if (!d) return;
    d->limits = to;
    // An account takes no more than what is below its limit, which must not be below what is taken.
    const auto set = [](runtime::account& a, u64 most) {
        const u64 used = a.used.load(std::memory_order_relaxed);
        a.most = most < used ? used : most;
    };
    set(d->memory_total, to.total_memory_bytes);
    set(d->table_total, to.total_table_entries);
    s.set_heap_bytes(to.heap_bytes);
    for (runtime::memory_data* m : d->memories) m->set_most(to.memory_bytes);
    for (runtime::table_data* t : d->tables) t->set_most(to.table_entries);
    detail::each_context(*d, [&](exec::context& c) { c.stack_limit = to.stack_bytes; });
}
TESSERA_API result<void> set_limit(const memory& m, u64 bytes) noexcept {
    runtime::memory_data* const d = runtime::access::get(m, &runtime::store_data::memories);
    if (!d) return msg::stale_handle;
    if (d->shared) return error(msg::out_of_range, "a shared memory has its room from the beginning");
    d->set_most(bytes);
    return {};
}
TESSERA_API result<void> set_limit(const table& t, u64 entries) noexcept {
    runtime::table_data* const d = runtime::access::get(t, &runtime::store_data::tables);
    if (!d) return msg::stale_handle;
    d->set_most(entries);
    return {};
}

TESSERA_API detail::stopwatch::~stopwatch() {
    if (!from_) return;
    const char* why_not = nullptr;
    const u64 now = monotonic_ns();
    if (call* const running = call::running(*runtime::access::store(from_), why_not))
        running->add_host_ns(now - begin_, now);
}

} // namespace tessera::game
TESSERA_SMALL_END
