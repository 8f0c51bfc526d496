// SPDX-License-Identifier: MIT
/// @file exception_object.hpp
/// Exceptions that references mean (spec: exec/runtime, Exception Instances): objects of the heap, whose length is
/// the place of their tag. One is made only where a clause asks for a reference.
#pragma once

#include <tessera/runtime/aggregate.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// A reference to a new exception with the values in `slots`; 0: memory is out or the heap is full.
inline u32 new_exception(store_data& s, const tag_data& tag, const u64* slots) noexcept {
    if (!s.heap.layouts.add(tag.type_id)) return 0;
    const view<val_type> types = s.types.types().params(tag.type_id);
    const std::size_t before = s.temporaries.size();
    const u64* from = slots;
    for (val_type t : types) {
        if (is_traced(s.types.space(), t) && !s.temporaries.push_back(u32(*from)))
            return s.temporaries.truncate(before), 0;
        from += t.slots();
    }
    const u32 made = new_object(s, tag.type_id, tag.self);
    s.temporaries.truncate(before);
    if (made == 0) return 0;
    u32 i = 0;
    for (val_type t : types) {
        put_stored(s.heap.at(made) + s.heap.layouts.offset(tag.type_id, i++), t, slots);
        slots += t.slots();
    }
    return made;
}
/// The tag of an exception, and its values as slots. False: memory is out.
inline bool exception_values(const store_data& s, u32 reference, tag_data*& tag, vec<u64>& slots) noexcept {
    tag = s.tags[s.heap.length_of(reference)];
    slots.clear();
    u32 i = 0;
    for (val_type t : s.types.types().params(tag->type_id)) {
        u64 value[2] = {};
        get_stored(s.heap.at(reference) + s.heap.layouts.offset(tag->type_id, i++), t, false, value);
        if (!slots.append(value, t.slots())) return false;
    }
    return true;
}

} // namespace tessera::runtime
TESSERA_SMALL_END
