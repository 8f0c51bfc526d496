// SPDX-License-Identifier: MIT
/// @file collector.hpp
/// New objects, and when and from where the heap is marked.
///
/// Marking begins with everything that refers to objects from outside of them: frames of calls, globals, tables,
/// element segments, what the host holds. It then goes on in slices, each by somebody who allocates, and what was
/// reachable when it began gets marked: references that are overwritten are shaded.
#pragma once

#include <tessera/runtime/store_data.hpp>

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
    return true;
}

/// A collection from beginning to end. False: memory for it is out, and nothing is freed.
inline bool collect(store_data& s) noexcept {
    s.marker.begin();
    s.heap.begin_marking();
    if (!visit_roots(s)) return s.heap.cancel_marking(), false;
    s.marker.run(s.heap, ~u64{0});
    s.heap.end_marking();
    return true;
}

/// A new object of `type`, which the heap's layouts know; its fields are not set, and must be before the next
/// allocation. `length` is an array's, or the index of an exception's tag. 0: the heap is full. References in
/// slots that are known to the engine, and in `temporaries`, stay alive.
inline TESSERA_NOINLINE u32 new_object(store_data& s, u32 type, u32 length) noexcept {
    const object_type& t = s.heap.layouts[type];
    const u64 bytes = t.form == composite::array ? object_heap::array_bytes(t, length) : t.size;
    return s.heap.take_slowly(bytes, type, length);
}
/// Makes sure that the heap has free cells of a class, if need be by a collection. False: it is full.
inline TESSERA_NOINLINE bool make_room(store_data& s, u32 cls) noexcept { return s.heap.has_room(cls); }
/// Empties the log of overwritten references.
inline TESSERA_NOINLINE void empty_log(store_data& s) noexcept {
    s.heap.empty_log([&](u32 reference) { s.marker.visit(s.heap, reference); });
}

} // namespace tessera::runtime
TESSERA_SMALL_END
