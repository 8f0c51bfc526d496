// SPDX-License-Identifier: MIT
/// @file handlers/memory.hpp
/// Loads, stores, globals (spec: exec/instructions, Memory Instructions).
///
/// The narrow form keeps `offset + size` in the cell, so one addition and one comparison bound the
/// access; it is chosen only where that sum fits 32 bits, the address has 32 bits and the memory is
/// memory 0. Everything else takes the wide form, which checks for carries.
///
/// A shared memory is accessed by the same handlers where a racy access is free, else in the wide form with
/// flag::shared. It may be larger than it was when its size was last looked at, so an access beyond that
/// looks again before it traps.
#pragma once

#include <tessera/exec/access.hpp>
#include <tessera/util/racy.hpp>

namespace tessera::inline TESSERA_ABI::exec {

namespace detail {
template <op O>
using stored_type = typename num::sem<O>::stored;
template <op O>
using value_type = typename num::sem<O>::value;

template <op O, u8 Flags = 0>
TESSERA_INLINE value_type<O> read_memory(const u8* at) noexcept {
    using From = stored_type<O>;
    From raw;
    if constexpr (racy_is_free || (Flags & flag::shared) != 0) raw = load_racy<From>(at);
    else if constexpr (std::is_same_v<From, v128>) raw = load_native<v128>(at); // bytes, in the order of both
    else raw = load_le<From>(at);
    return num::sem<O>::of(raw);
}
template <op O, u8 Flags = 0>
TESSERA_INLINE void write_memory(u8* at, value_type<O> value) noexcept {
    using As = stored_type<O>;
    if constexpr (racy_is_free || (Flags & flag::shared) != 0) store_racy<As>(at, As(value));
    else if constexpr (std::is_same_v<As, v128>) store_native(at, value);
    else store_le<As>(at, As(value));
}
/// Marks what the cell writes to, in a build that has marks.
template <u64 Id>
TESSERA_INLINE void mark(const state& s, const u8* at) noexcept {
    using c = cell<Id>;
    if constexpr ((c::v.flags & flag::marks) != 0) static_cast<marking_context*>(s.ctx)->dirty->mark(at);
}
template <u64 Id>
TESSERA_INLINE void load_from(state& s, u64 end) noexcept {
    using c = cell<Id>;
    if (TESSERA_UNLIKELY(end > s.ctx->memory_size)) return c::out_of_bounds(s);
    c::put(s, read_memory<c::v.code>(s.mem + (end - sizeof(stored_type<c::v.code>))));
    c::next(s);
}
/// The address of `size` bytes at `address + offset` of a memory of any kind; null if out of bounds.
TESSERA_INLINE u8* wide_address(const state& s, u32 memory, u64 address, u64 offset, u64 size) noexcept {
    const runtime::memory_data& m = *s.ctx->instance->memories[memory];
    const u64 at = address + offset;
    if (at < address || at > m.size || size > m.size - at) return nullptr;
    return m.base + at;
}
} // namespace detail

template <u64 Id>
struct action<family::load, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        if constexpr (c::v.at[0] == loc::imm)
            detail::load_from<Id>(s, u64(c::template word<0>(s))); // the address is in the word
        else detail::load_from<Id>(s, u64(c::template get<0>(s)) + c::template word<0>(s));
    }
};
template <u64 Id>
struct action<family::load_indexed, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u32 index = c::template get<1>(s) << (c::v.flags >> flag::shift);
        const u32 address = c::template get<0>(s) + index; // wraps, as i32.add does
        detail::load_from<Id>(s, u64(address) + c::template word<0>(s));
    }
};
template <u64 Id>
struct action<family::store, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        u64 end = c::template word<0>(s);
        if constexpr (c::v.at[0] != loc::imm) end += c::template get<0>(s);
        const auto value = c::template get<1>(s);
        if (TESSERA_UNLIKELY(end > s.ctx->memory_size)) return c::out_of_bounds(s);
        detail::write_memory<c::v.code>(s.mem + (end - sizeof(detail::stored_type<c::v.code>)), value);
        detail::mark<Id>(s, s.mem + (end - sizeof(detail::stored_type<c::v.code>)));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::load_wide, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u8* at = detail::wide_address(s, c::template word<0>(s), c::template get<0>(s), c::template wide<0>(s),
                                            sizeof(detail::stored_type<c::v.code>));
        if (TESSERA_UNLIKELY(!at)) return c::out_of_bounds(s);
        c::put(s, detail::read_memory<c::v.code, c::v.flags>(at));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::store_wide, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        u8* at = detail::wide_address(s, c::template word<0>(s), c::template get<0>(s), c::template wide<0>(s),
                                      sizeof(detail::stored_type<c::v.code>));
        if (TESSERA_UNLIKELY(!at)) return c::out_of_bounds(s);
        detail::write_memory<c::v.code, c::v.flags>(at, c::template get<1>(s));
        detail::mark<Id>(s, at);
        c::next(s);
    }
};
/// Where an access goes that is out of bounds: back, if another thread has made a memory larger.
template <u64 Id>
struct action<family::out_of_bounds, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        s.pc = s.ctx->stop_pc;
        if (!s.ctx->slow->see_growth || !s.ctx->slow->see_growth(s.ctx)) c::raise(s, trap::out_of_bounds_memory);
    }
};

namespace detail {
/// The slots of the global in the cell.
template <u64 Id>
TESSERA_INLINE u8* global_slots(const state& s) noexcept {
    using c = cell<Id>;
    if constexpr (c::v.fam == family::imported_get || c::v.fam == family::imported_set)
        return reinterpret_cast<u8*>(s.ctx->imported_globals[c::template word<0>(s)]);
    else return reinterpret_cast<u8*>(s.ctx->globals) + c::template word<0>(s);
}
} // namespace detail
template <u64 Id>
struct action<family::global_get, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        c::put(s, get_slot<typename c::template type<3>>(detail::global_slots<Id>(s)));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::imported_get, Id> : action<family::global_get, Id> {};
template <u64 Id>
struct action<family::global_set, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        put_slot<typename c::template type<0>>(detail::global_slots<Id>(s), c::template get<0>(s));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::imported_set, Id> : action<family::global_set, Id> {};

} // namespace tessera::exec
