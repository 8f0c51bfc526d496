// SPDX-License-Identifier: MIT
/// @file runtime/objects.hpp
/// Host objects that guests hold as externref.
#pragma once

#include <tessera/runtime/store_data.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// An address that stands for the type T, in place of RTTI.
template <class T>
inline constexpr char type_mark = 0;

/// A host object's reference: bits 0 and 1 are 2, its index is above.
constexpr u32 object_ref(u32 index) noexcept { return index << 2 | 2; }
constexpr bool is_object_ref(u32 reference) noexcept { return (reference & 3) == 2; }

/// Gives `o` a place in the store and sets `reference`. On failure returns false; `over_limit`
/// tells a limit from memory that is out.
inline bool add_object(store_data& s, const host_object& o, u32& reference, bool& over_limit) noexcept {
    over_limit = s.live_objects >= s.limits.host_objects || s.objects.size() >= (u32{1} << 30);
    if (over_limit) return false;
    u32 index = 0;
    if (s.free_object) {
        index = s.free_object - 1;
        s.free_object = s.objects[index].next_free;
        s.objects[index] = o;
    } else {
        index = u32(s.objects.size());
        if (!s.objects.push_back(o)) return false;
    }
    s.objects[index].used = true;
    ++s.live_objects;
    reference = object_ref(index);
    return true;
}

/// The place behind a reference, null if there is no object.
inline host_object* object_of(store_data& s, u32 reference) noexcept {
    if (!is_object_ref(reference) || reference >> 2 >= s.objects.size()) return nullptr;
    host_object& o = s.objects[reference >> 2];
    return o.used ? &o : nullptr;
}

/// The object behind a reference if it is a T, else null.
template <class T>
T* object_as(store_data& s, u32 reference) noexcept {
    const host_object* o = object_of(s, reference);
    return o && o->type == &type_mark<T> ? static_cast<T*>(o->object) : nullptr;
}

/// Destroys the object behind a reference; its place is used again. False if there is none.
inline bool drop_object(store_data& s, u32 reference) noexcept {
    host_object* o = object_of(s, reference);
    if (!o) return false;
    const host_object was = *o;
    *o = {};
    o->next_free = s.free_object;
    s.free_object = (reference >> 2) + 1;
    --s.live_objects;
    if (was.destroy) was.destroy(s.from, was.object);
    return true;
}

} // namespace tessera::runtime
