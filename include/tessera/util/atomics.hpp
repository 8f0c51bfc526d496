// SPDX-License-Identifier: MIT
/// @file atomics.hpp
/// Sequentially consistent operations on aligned bytes in little-endian order. T is an unsigned integer.
#pragma once

#include <tessera/util/integers.hpp>

#if defined(_MSC_VER) && !defined(__clang__)
#include <atomic>
#endif

namespace tessera::inline TESSERA_ABI {

namespace detail {
/// A number as it lies in memory, or one from there; the bytes are swapped on big-endian machines.
template <class T>
TESSERA_INLINE T little_endian(T value) noexcept {
    if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) {
        T swapped = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i) swapped = T(swapped << 8 | (value >> (8 * i) & 0xff));
        return swapped;
    } else {
        return value;
    }
}
#if !(defined(_MSC_VER) && !defined(__clang__))
template <class T>
struct __attribute__((may_alias)) atomic_place {
    T value;
};
#endif
} // namespace detail

template <class T>
inline T load_atomic(const u8* at) noexcept {
#if defined(_MSC_VER) && !defined(__clang__)
    return detail::little_endian(std::atomic_ref<T>(*reinterpret_cast<T*>(const_cast<u8*>(at))).load());
#else
    const auto& place = *reinterpret_cast<const detail::atomic_place<T>*>(at);
    return detail::little_endian(__atomic_load_n(&place.value, __ATOMIC_SEQ_CST));
#endif
}
template <class T>
inline void store_atomic(u8* at, T value) noexcept {
#if defined(_MSC_VER) && !defined(__clang__)
    std::atomic_ref<T>(*reinterpret_cast<T*>(at)).store(detail::little_endian(value));
#else
    auto& place = *reinterpret_cast<detail::atomic_place<T>*>(at);
    __atomic_store_n(&place.value, detail::little_endian(value), __ATOMIC_SEQ_CST);
#endif
}
/// Stores `fresh` if `expected` lies there; else sets `expected` to what does, and returns false.
template <class T>
inline bool replace_atomic(u8* at, T& expected, T fresh) noexcept {
    T raw = detail::little_endian(expected);
#if defined(_MSC_VER) && !defined(__clang__)
    const bool done =
        std::atomic_ref<T>(*reinterpret_cast<T*>(at)).compare_exchange_strong(raw, detail::little_endian(fresh));
#else
    auto& place = *reinterpret_cast<detail::atomic_place<T>*>(at);
    const bool done = __atomic_compare_exchange_n(&place.value, &raw, detail::little_endian(fresh), false,
                                                  __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
#endif
    expected = detail::little_endian(raw);
    return done;
}
/// Stores what `change` makes of what lies there, in one step; returns what lay there.
template <class T, class Change>
inline T change_atomic(u8* at, Change change) noexcept {
    T before = load_atomic<T>(at);
    while (!replace_atomic(at, before, T(change(before)))) {
    }
    return before;
}

} // namespace tessera
