// SPDX-License-Identifier: MIT
/// @file handlers/aggregate.hpp
/// Structures, arrays and casts (spec: exec/instructions, Reference and Aggregate Instructions).
///
/// Fields lie in objects as values lie in a memory, so reading and writing them are loads and stores. What
/// needs the collector goes to the room cell, which makes room and lets the cell be executed again.
#pragma once

#include <tessera/exec/handlers/call.hpp>
#include <tessera/exec/handlers/memory.hpp>
#include <tessera/runtime/aggregate.hpp>

namespace tessera::inline TESSERA_ABI::exec {

namespace detail {
/// Goes to the room cell: for a class of cells, or for the log of overwritten references.
TESSERA_INLINE void need_room(state& s, u64 what) noexcept {
    s.ctx->needed = what;
    s.ctx->pc = s.pc;
    s.pc = s.ctx->room_cells;
}
inline constexpr u64 need_log = runtime::object_heap::classes;

/// While marking goes on, what is about to be overwritten is noted first. False: there is no room for it, and the
/// cell is to be executed again.
TESSERA_INLINE bool note_overwritten(state& s, const u8* at) noexcept {
    if (TESSERA_LIKELY(s.ctx->heap->log(load_le<u32>(at)))) return true;
    need_room(s, need_log);
    return false;
}
/// Whether a reference is of the type in the cell. With flag::reference that is a type there are objects of.
template <u64 Id>
TESSERA_INLINE bool is_of_type(const state& s) noexcept {
    using c = cell<Id>;
    const u32 reference = c::template get<0>(s), wanted = c::template word<0>(s), more = c::template word<1>(s);
    if (reference == 0) return (more & 1) != 0;
    if constexpr ((c::v.flags & flag::reference) != 0)
        return runtime::is_heap_ref(reference) &&
               s.ctx->heap->layouts.matches(s.ctx->heap->type_of(reference), wanted, more >> 1);
    else return runtime::is_of_type(*s.ctx->store, reference, heap_type{wanted});
}
} // namespace detail

template <u64 Id>
struct action<family::struct_new, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        // There are three registers that need not be saved: what can be had again is not kept.
        const u32 made = s.ctx->heap->take_cell(c::template word<2>(s), c::template word<3>(s));
        if (TESSERA_UNLIKELY(made == 0)) return detail::need_room(s, c::template word<2>(s));
        u8* const at = opaque(s.ctx->heap->at(made));
        u8* const slots = opaque(c::slot(s, c::template word<0>(s)));
        store_le<u32>(at, c::template word<1>(s));
        store_le<u32>(at + 4, 0);
        [&]<std::size_t... I>(std::index_sequence<I...>) {
            (store_le<u32>(at + runtime::object_header + 4 * I, get_slot<u32>(slots + 8 * I)), ...);
        }
        (std::make_index_sequence<std::size_t(c::v.code)>{});
        put_slot<u32>(slots, s.ctx->heap->reference_to(at));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::struct_get, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u32 object = c::template get<0>(s);
        if (TESSERA_UNLIKELY(object == 0)) return c::raise(s, trap::null_structure);
        c::put(s, detail::read_memory<c::v.code>(opaque(s.ctx->heap->at(object) + c::template word<0>(s))));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::struct_set, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE u8* field(const state& s) noexcept {
        return s.ctx->heap->at(c::template get<0>(s)) + c::template word<0>(s);
    }
    static TESSERA_INLINE void run(state& s) noexcept {
        if (TESSERA_UNLIKELY(c::template get<0>(s) == 0)) return c::raise(s, trap::null_structure);
        if constexpr ((c::v.flags & flag::reference) != 0)
            if (TESSERA_UNLIKELY(s.ctx->heap->marking()) && !detail::note_overwritten(s, field(s))) return;
        u8* const at = opaque(field(s));
        detail::write_memory<c::v.code>(at, c::template get<1>(s));
        c::next(s);
    }
};

namespace detail {
/// The place of an element, or null with the trap raised.
template <u64 Id>
TESSERA_INLINE u8* element(state& s) noexcept {
    using c = cell<Id>;
    const u32 array = c::template get<0>(s);
    if (TESSERA_UNLIKELY(array == 0)) return c::raise(s, trap::null_array), nullptr;
    u8* const at = opaque(s.ctx->heap->at(array));
    const u64 index = c::template get<1>(s);
    if (TESSERA_UNLIKELY(index >= load_le<u32>(at + 4))) return c::raise(s, trap::out_of_bounds_array), nullptr;
    return at + runtime::object_header + index * sizeof(stored_type<c::v.code>);
}
} // namespace detail

template <u64 Id>
struct action<family::array_get, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u8* const at = detail::element<Id>(s);
        if (!at) return;
        c::put(s, detail::read_memory<c::v.code>(at));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::array_set, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        u8* const found = detail::element<Id>(s);
        if (!found) return;
        u8* const at = opaque(found);
        if constexpr ((c::v.flags & flag::reference) != 0)
            if (TESSERA_UNLIKELY(s.ctx->heap->marking()) && !detail::note_overwritten(s, at)) return;
        detail::write_memory<c::v.code>(at, c::template get<2>(s));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::array_len, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u32 array = c::template get<0>(s);
        if (TESSERA_UNLIKELY(array == 0)) return c::raise(s, trap::null_array);
        c::put(s, load_le<u32>(s.ctx->heap->at(array) + 4));
        c::next(s);
    }
};

template <u64 Id>
struct action<family::ref_test, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        c::put(s, detail::is_of_type<Id>(s) ? 1 : 0);
        c::next(s);
    }
};
template <u64 Id>
struct action<family::ref_cast, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        if (TESSERA_UNLIKELY(!detail::is_of_type<Id>(s))) return c::raise(s, trap::cast_failure);
        c::next(s);
    }
};
template <u64 Id>
struct action<family::make_room, Id> {
    static TESSERA_INLINE void run(state& s) noexcept {
        s.ctx->fp = s.fp;
        s.ctx->mem = s.mem;
        s.ctx->slow->make_room(s.ctx);
        detail::go_on(s);
    }
};

} // namespace tessera::exec
