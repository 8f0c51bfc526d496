// SPDX-License-Identifier: MIT
/// @file handlers/numeric.hpp
/// Handlers of what computes on operands alone: the meanings of num/ between operand locations.
#pragma once

#include <tessera/exec/access.hpp>
#include <tessera/num/instruction_set.hpp>

namespace tessera::inline TESSERA_ABI::exec {

namespace detail {
template <class C, class R>
TESSERA_INLINE void finish(state& s, R r) noexcept {
    if constexpr ((C::v.flags & flag::canonical) != 0 && std::is_floating_point_v<R>) r = num::canonicalized(r);
    C::put(s, r);
    C::next(s);
}
template <class C, class R>
TESSERA_INLINE void finish(state& s, checked<R> r) noexcept {
    if (TESSERA_UNLIKELY(r.why != trap::none)) return C::raise(s, r.why);
    C::put(s, r.value);
    C::next(s);
}
/// What the handler computes: its instruction's meaning, or that by an instruction of some processors.
template <u64 Id>
using meaning = std::conditional_t<(variant::unpack(Id).flags & flag::instruction) != 0,
                                   num::by_instruction<variant::unpack(Id).code>, num::sem<variant::unpack(Id).code>>;
/// The vector `r` as the profile wants it: NaNs canonical in lanes of floats.
template <u64 Id, class R>
TESSERA_INLINE R in_profile(R r) noexcept {
    constexpr variant v = variant::unpack(Id);
    if constexpr (std::is_same_v<R, v128> && (v.flags & flag::canonical) != 0)
        return num::lanes<num::canonical<typename num::sem<v.code>::lane_type>>::eval(r);
    else return r;
}
} // namespace detail

template <u64 Id>
struct action<family::unary, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        detail::finish<typename c::keyed>(s, detail::in_profile<Id>(detail::meaning<Id>::eval(c::template get<0>(s))));
    }
};
template <u64 Id>
struct action<family::binary, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        detail::finish<typename c::keyed>(
            s, detail::in_profile<Id>(detail::meaning<Id>::eval(c::template get<0>(s), c::template get<1>(s))));
    }
};
template <u64 Id>
struct action<family::move, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        c::put(s, c::template get<0>(s));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::constant, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        c::put(s, c::template wide<0>(s));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::select, Id> {
    using c = cell<Id>;
    using T = typename c::template type<3>;
    static TESSERA_INLINE void run(state& s) noexcept {
        const bool condition = c::template get<2>(s) != 0;
        if constexpr (c::v.at[0] == loc::slot && c::v.at[1] == loc::slot) {
            // The address is chosen, not the value: no branch to mispredict, whatever the class.
            static_assert(c::l.at[1] == c::l.at[0] + 2);
            const std::size_t at = load_native<u16>(s.pc + c::l.at[0] + 2 * std::size_t(!condition));
            c::put(s, get_slot<T>(s.fp + 8 * at));
        } else {
            const T a = c::template get<0>(s), b = c::template get<1>(s);
            c::put(s, condition ? a : b);
        }
        c::next(s);
    }
};

} // namespace tessera::exec
