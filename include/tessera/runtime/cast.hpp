// SPDX-License-Identifier: MIT
/// @file cast.hpp
/// What references are at run time (spec: exec/instructions, ref.test), and whether the host may give them.
#pragma once

#include <tessera/runtime/store_data.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// True if a reference that is not null is of heap type `h`, by the store's ids and within its hierarchy.
inline bool is_of_type(const store_data& s, u32 reference, heap_type h) noexcept {
    if (h.is_index()) {
        if (s.types.types()[h.index()].form == composite::func)
            return s.types.matches(s.func_of(reference).type_id, h.index());
        return is_heap_ref(reference) && s.types.matches(s.heap.type_of(reference), h.index());
    }
    const auto has_form = [&](composite form) {
        return is_heap_ref(reference) && s.heap.layouts[s.heap.type_of(reference)].form == form;
    };
    switch (h.byte_code()) {
    case code::eq: return (reference & 3) != 2;
    case code::i31: return (reference & 1) != 0;
    case code::struct_: return has_form(composite::struct_);
    case code::array: return has_form(composite::array);
    case code::none:
    case code::nofunc:
    case code::noextern:
    case code::noexn: return false;
    default: return true;
    }
}

/// True if the host may put `reference` where a value of reference type `t` is wanted: it means something in this
/// store, now, and is of the type. It stays alive even if marking goes on.
inline bool accept_reference(store_data& s, u32 reference, val_type t) noexcept {
    if (reference == 0) return t.is_nullable();
    const u8 top = valid::top_of(s.types.space(), t.heap());
    if (top == code::func) return reference <= s.funcs.size() && is_of_type(s, reference, t.heap());
    if (!is_heap_ref(reference)) return top != code::exn && is_of_type(s, reference, t.heap());
    if (!s.heap.is_object(reference)) return false;
    const bool exception = s.heap.layouts[s.heap.type_of(reference)].form == composite::func;
    if (exception != (top == code::exn) || !is_of_type(s, reference, t.heap())) return false;
    if (s.heap.marking()) s.marker.visit(s.heap, reference);
    return true;
}

} // namespace tessera::runtime
TESSERA_SMALL_END
