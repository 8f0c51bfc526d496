// SPDX-License-Identifier: MIT
/// @file handlers/control.hpp
/// Branches, ranges of slots, safepoints (spec: exec/instructions, Control Instructions).
#pragma once

#include <tessera/exec/access.hpp>

namespace tessera::inline TESSERA_ABI::exec {

template <u64 Id>
struct action<family::br, Id> {
    static TESSERA_INLINE void run(state& s) noexcept { cell<Id>::jump(s); }
};
template <u64 Id>
struct action<family::br_compare, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        constexpr bool negated = (c::v.flags & flag::negated) != 0;
        const bool taken = (num::sem<c::v.code>::eval(c::template get<0>(s), c::template get<1>(s)) != 0) != negated;
        if (taken) c::jump(s);
        else c::next(s);
    }
};
template <u64 Id>
struct action<family::latch, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        using T = typename c::template type<0>;
        u8* const at = s.fp + 8 * std::size_t(load_native<u16>(s.pc + c::l.at[0]));
        const T step = T(i64(i32(c::template word<0>(s))));
        T a;
        if constexpr (c::v.at[0] == loc::pin) {
            a = T(T(s.p0) + step);
            s.p0 = a;
        } else {
            a = T(get_slot<T>(at) + step);
        }
        put_slot<T>(at, a);
        if (num::sem<c::v.code>::eval(a, c::template get<1>(s)) != 0) c::jump(s);
        else c::next(s);
    }
};
template <u64 Id>
struct action<family::pins, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        if constexpr (c::v.at[0] != loc::none) s.p0 = c::template get<0>(s);
        if constexpr (c::v.at[1] != loc::none) s.sp = c::template get<1>(s);
        if constexpr (c::v.at[2] != loc::none) s.dp = c::template get<2>(s);
        if constexpr (c::v.at[3] != loc::none) s.vp = bits_as<vector_register>(c::template get<3>(s));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::br_table, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u32 most = c::template word<0>(s); // the default target is the last one
        u32 index = c::template get<0>(s);
        index = index < most ? index : most;
        s.pc += load_native<i32>(s.pc + c::l.size + 4 * u64(index));
    }
};
template <u64 Id>
struct action<family::entry, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const u8* const next = s.pc + c::l.size;
        if constexpr ((c::v.flags & flag::fuel) != 0) {
            s.ctx->fuel -= c::template word<0>(s);
            if (TESSERA_UNLIKELY(s.ctx->fuel < 0)) return c::pause(s, trap::out_of_fuel, next);
        }
        if constexpr ((c::v.flags & flag::interrupt) != 0)
            if (TESSERA_UNLIKELY(s.ctx->interrupt->load(std::memory_order_relaxed)))
                return c::pause(s, trap::interrupted, next);
        s.pc = next;
    }
};
template <u64 Id>
struct action<family::unreachable, Id> {
    static TESSERA_INLINE void run(state& s) noexcept { cell<Id>::raise(s, trap::unreachable); }
};
template <u64 Id>
struct action<family::null_check, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        if (TESSERA_UNLIKELY(c::template get<0>(s) == 0)) return c::raise(s, trap(c::template word<0>(s)));
        c::next(s);
    }
};

template <u64 Id>
struct action<family::zero_range, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        u8* at = c::slot(s, c::template word<0>(s));
        for (u32 n = c::template word<1>(s); n; --n, at += 8) store_native<u64>(at, 0);
        c::next(s);
    }
};
template <u64 Id>
struct action<family::zero_few, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        u8* const at = c::slot(s, c::template word<0>(s));
        static_assert(few_slots == 8);
        store_native(at, v128{}); // no loop, which would become a call
        store_native(at + 16, v128{});
        store_native(at + 32, v128{});
        store_native(at + 48, v128{});
        c::next(s);
    }
};
template <u64 Id>
struct action<family::move_range, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        std::memmove(c::slot(s, c::template word<0>(s)), c::slot(s, c::template word<1>(s)),
                     8 * std::size_t(c::template word<2>(s)));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::move_wide, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        put_slot<u64>(c::slot(s, c::template word<0>(s)), get_slot<u64>(c::slot(s, c::template word<1>(s))));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::probe, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
#if defined(__GNUC__) || defined(__clang__)
        s.ctx->needed = s.ctx->probed;
        s.ctx->probed = u64(reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)));
#endif
        c::next(s);
    }
};

} // namespace tessera::exec
