// SPDX-License-Identifier: MIT
/// @file unwind.hpp
/// Who catches an exception (spec: exec/instructions, throw_ref). First a walk that changes nothing: the
/// frame of the call's innermost clause that fits. Then the exception's values go straight from where they
/// are to that frame; an object is made of it only if the clause asks for a reference.
#pragma once

#include <tessera/exec/frames.hpp>
#include <tessera/runtime/exception.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// An exception on its way.
struct thrown {
    const runtime::tag_data* tag = nullptr;
    const u64* slots = nullptr; ///< its values, which may lie on the call's stack
    u32 count = 0;              ///< of slots
    u32 reference = 0;          ///< if it has one already
    bool described = false;     ///< context::failure is its error, with a backtrace
};

/// Walks from `at` outward to the frame that catches exceptions of `tag`; the clause, null if there is none.
inline const runtime::catch_clause* find_catch(const context& c, const runtime::tag_data& tag, frame& at) noexcept {
    for (; at.find(); at.to_caller(c)) {
        const runtime::code_unit& unit = *at.instance->unit;
        const runtime::func_code& code = unit.funcs[at.func];
        if (code.catches == 0) continue;
        const runtime::catch_table& table = *unit.catch_tables[code.catches - 1];
        for (u32 r = table.region_at(u32(at.pc - code.cells)); r != no_index; r = table.regions[r].outward)
            for (u32 i = table.regions[r].first; i != no_index; i = table.clauses[i].next) {
                const runtime::catch_clause& clause = table.clauses[i];
                if (clause.tag == no_index || at.instance->tags[clause.tag] == &tag) return &clause;
            }
    }
    return nullptr;
}

/// Frees the exceptions of the store that no call, global, table or segment has a reference to.
inline TESSERA_COLD void free_unused_exceptions(const context& current) noexcept {
    runtime::store_data& store = *current.store;
    runtime::exception_heap& heap = store.exceptions;
    const context_pool& all = *static_cast<context_pool*>(store.engine_state);
    for (const context* c = all.first; c; c = c->next) {
        u64 end = u64(c->stack_end - c->stack); // of those that wait for a host function
        if (c == &current || c->paused) {
            frame at = frame::of(*c);
            end = at.find() ? c->depth_of(at.fp) + 8 * u64(at.instance->unit->funcs[at.func].frame_slots) : 0;
        } else if (!c->running) { // not begun, or not in use
            end = c->pc == c->enter_cells ? 8 * u64(c->call.callee->param_slots) : 0;
        }
        heap.mark(reinterpret_cast<const u64*>(c->stack), end / 8);
        heap.mark(c->carried.data(), c->carried.size());
    }
    for (const runtime::global_data* g : store.globals) heap.mark(g->cell[0]);
    for (const runtime::table_data* t : store.tables)
        if (store.types.matches(t->type.element, t_exnref))
            for (u64 i = 0; i < t->size; ++i) heap.mark(t->items[i]);
    for (const runtime::instance_data* i : store.instances)
        for (const vec<u32>& segment : i->elems)
            for (const u32 item : segment) heap.mark(item);
    heap.sweep();
}

/// Writes what `clause` asks for into the frame at `fp`. False: memory is out.
inline bool hand_over(context& c, const thrown& x, const runtime::catch_clause& clause, u8* fp) noexcept {
    u32 reference = 0;
    if (clause.reference != no_index && clause.wants_reference) {
        const u64 most = c.store->limits.exception_bytes;
        reference = x.reference;
        if (!reference && c.store->exceptions.is_due(x.count, most)) free_unused_exceptions(c);
        if (!reference) reference = c.store->exceptions.make(*x.tag, x.slots, x.count, most);
        if (reference == 0) return false;
    }
    if (clause.values != no_index) std::memmove(fp + 8 * u64(clause.values), x.slots, 8 * std::size_t(x.count));
    if (clause.copy != no_index)
        std::memcpy(fp + 8 * u64(clause.copy), fp + 8 * u64(clause.values), 8 * std::size_t(x.count));
    if (clause.reference != no_index) put_slot<u64>(fp + 8 * u64(clause.reference), reference);
    return true;
}

} // namespace tessera::exec
