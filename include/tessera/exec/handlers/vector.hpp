// SPDX-License-Identifier: MIT
/// @file handlers/vector.hpp
/// Handlers that only vectors have; what takes vectors as others take numbers is in numeric.hpp and
/// memory.hpp (spec: exec/instructions, Vector Instructions).
#pragma once

#include <tessera/exec/handlers/numeric.hpp>

namespace tessera::inline TESSERA_ABI::exec {

template <u64 Id>
struct action<family::ternary, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        detail::finish<typename c::keyed>(s, detail::in_profile<Id>(num::sem<c::v.code>::eval(
                                                 c::template get<0>(s), c::template get<1>(s), c::template get<2>(s))));
    }
};
template <u64 Id>
struct action<family::vector_constant, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        c::put(s, c::vector_word(s));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::shuffle, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        c::put(s, detail::meaning<Id>::eval(c::template get<0>(s), c::template get<1>(s), c::vector_word(s)));
        c::next(s);
    }
};
template <u64 Id>
struct action<family::extract_lane, Id> {
    using c = cell<Id>;
    using meaning = num::sem<c::v.code>;
    static TESSERA_INLINE void run(state& s) noexcept {
        using From = typename meaning::from;
        const std::size_t lane = c::template word<0>(s);
        if constexpr (std::endian::native == std::endian::little) { // the lane lies in the frame
            const u8* const at = s.fp + 8 * std::size_t(load_native<u16>(s.pc + c::l.at[0]));
            c::put(s, meaning::of(load_native<From>(at + lane * sizeof(From))));
        } else {
            c::put(s, meaning::eval(c::template get<0>(s), u32(lane)));
        }
        c::next(s);
    }
};
template <u64 Id>
struct action<family::replace_lane, Id> {
    using c = cell<Id>;
    static TESSERA_INLINE void run(state& s) noexcept {
        c::put(s, num::sem<c::v.code>::eval(c::template get<0>(s), c::template get<1>(s), c::template word<0>(s)));
        c::next(s);
    }
};

} // namespace tessera::exec
