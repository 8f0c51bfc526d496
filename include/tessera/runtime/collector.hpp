// SPDX-License-Identifier: MIT
/// @file collector.hpp
/// New objects, and when and from where the heap is marked.
///
/// Marking begins with everything that refers to objects from outside of them: frames of calls, globals, tables,
/// element segments, what the host holds. It then goes on in slices, each by somebody who allocates, and what was
/// reachable when it began gets marked: references that are overwritten are shaded.
#pragma once

#include <tessera/runtime/store_data.hpp>
#include <tessera/util/clock.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// Before `reference` in an object is overwritten, or an object goes that may be the last to have it.
TESSERA_INLINE void shade(store_data& s, u32 reference) noexcept {
    if (TESSERA_UNLIKELY(s.heap.marking())) s.marker.visit(s.heap, reference);
}

/// Visits all roots. False: memory is out.
inline bool visit_roots(store_data& s) noexcept {
    if (s.engine && s.engine->visit_frames && !s.engine->visit_frames(s)) return false;
    const valid::type_space types = s.types.space();
    const auto visit = [&](u32 reference) { s.marker.visit(s.heap, reference); };
    for (const global_data* g : s.globals)
        if (is_traced(types, g->type.type)) visit(u32(g->cell[0]));
    for (const table_data* t : s.tables)
        if (is_traced(types, t->type.element))
            for (u64 i = 0; i < t->size; ++i) visit(t->items[i]);
    for (const instance_data* i : s.instances) {
        const module_data& m = i->module();
        for (std::size_t e = 0; e < i->elems.size(); ++e)
            if (!i->elems[e].empty() && is_traced({&m.types, nullptr}, m.elems[e].type))
                for (u32 reference : i->elems[e]) visit(reference);
    }
    for (const root_table::place& p : s.roots.all()) visit(p.reference);
    for (u32 reference : s.temporaries) visit(reference);
    s.each_in_flight([&](const value& v) {
        if (is_traced(types, v.type)) visit(u32(v.bits));
    });
    return true;
}

/// Begins marking. False: memory for it is out.
inline bool begin_collection(store_data& s) noexcept {
    s.marker.begin();
    s.heap.begin_marking();
    if (visit_roots(s)) return true;
    s.heap.cancel_marking();
    s.heap.budget = s.heap.since() + object_heap::least_budget; // tries again later
    return false;
}
inline void end_collection(store_data& s) noexcept {
    s.heap.end_marking();
    const u64 live = s.heap.statistics.bytes_live;
    s.heap.budget = live > object_heap::least_budget ? live : object_heap::least_budget;
}
/// Empties the log of overwritten references.
inline TESSERA_NOINLINE void empty_log(store_data& s) noexcept {
    s.heap.empty_log([&](u32 reference) { s.marker.visit(s.heap, reference); });
}
/// Measures a pause of the guest.
class pause_timer {
public:
    explicit pause_timer(heap_statistics& to) noexcept : to_(to), begin_(monotonic_ns()) {}
    ~pause_timer() {
        const u64 time = monotonic_ns() - begin_;
        to_.total_pause += time;
        if (time > to_.longest_pause) to_.longest_pause = time;
    }
    pause_timer(const pause_timer&) = delete;
    pause_timer& operator=(const pause_timer&) = delete;

private:
    heap_statistics& to_;
    u64 begin_;
};
/// A collection from beginning to end, or the rest of the one that goes on. False: memory for it is out, and nothing
/// is freed.
inline TESSERA_NOINLINE bool collect(store_data& s) noexcept {
    const pause_timer timer(s.heap.statistics);
    if (!s.heap.marking() && !begin_collection(s)) return false;
    empty_log(s);
    s.marker.run(s.heap, ~u64{0});
    end_collection(s);
    return true;
}
/// What a collection needs of somebody who allocates: to begin, or to go on for a while.
inline void collect_some(store_data& s) noexcept {
    if (s.heap.single) return static_cast<void>(collect(s));
    if (!s.heap.marking()) {
        if (s.heap.since() < s.heap.budget) return;
        if (!s.limits.heap_slices) return static_cast<void>(collect(s));
        const pause_timer timer(s.heap.statistics);
        if (begin_collection(s)) s.heap.worked = s.heap.since();
        return;
    }
    // Marking has to end before as much was handed out as is alive: an object and its references for every 16 bytes.
    constexpr u64 least = 16 * 1024, most_units = 32 * 1024;
    const u64 bytes = s.heap.since() - s.heap.worked;
    if (bytes < least) return;
    s.heap.worked = s.heap.since();
    const pause_timer timer(s.heap.statistics);
    empty_log(s);
    const u64 units = bytes / 4;
    if (s.marker.run(s.heap, units < most_units ? units : most_units)) end_collection(s);
}

/// A new object of `type`, which the heap's layouts know; its fields are not set, and must be before the next
/// allocation. `length` is an array's, or the index of an exception's tag. 0: the heap is full. References in
/// slots that are known to the engine, and in `temporaries`, stay alive.
inline TESSERA_NOINLINE u32 new_object(store_data& s, u32 type, u32 length) noexcept {
    const object_type& t = s.heap.layouts[type];
    const u64 bytes = t.form == composite::array ? object_heap::array_bytes(t, length) : t.size;
    const u32 at_hand = s.heap.take_at_once(bytes, type, length);
    if (at_hand != 0) return at_hand;
    collect_some(s);
    u32 made = s.heap.take_slowly(bytes, type, length);
    // Twice: what a collection leaves that had begun before can be garbage since.
    for (int tries = 0; made == 0 && tries < 2 && collect(s); ++tries) made = s.heap.take_slowly(bytes, type, length);
    return made;
}
/// Makes sure that the heap has free cells of a class, if need be by a collection. False: it is full.
inline TESSERA_NOINLINE bool make_room(store_data& s, u32 cls) noexcept {
    collect_some(s);
    for (int tries = 0; !s.heap.has_room(cls); ++tries)
        if (tries == 2 || !collect(s)) return false;
    return true;
}

} // namespace tessera::runtime
TESSERA_SMALL_END
