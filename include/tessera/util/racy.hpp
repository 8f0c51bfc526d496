// SPDX-License-Identifier: MIT
/// @file racy.hpp
/// Accesses to bytes that other threads may read and write at the same time, at any alignment, which
/// would be undefined behaviour as ordinary ones. Bytes are in little-endian order.
///
/// Where the interpreter's handlers jump and the processor has it, an access is one instruction that the
/// compiler does not look into: as fast as an ordinary one, so that all memories are accessed like that.
/// Elsewhere it is a relaxed atomic access if it is aligned, else one for each byte. An aligned one of the
/// processor's word or less is never seen half done.
#pragma once

#include <tessera/util/integers.hpp>

#if defined(_MSC_VER) && !defined(__clang__)
#include <atomic>
#endif

#if TESSERA_TAIL_CALLS && (defined(__x86_64__) || (defined(__aarch64__) && !defined(__AARCH64EB__)))
#define TESSERA_RACY_INSTRUCTION 1
#else
#define TESSERA_RACY_INSTRUCTION 0
#endif

namespace tessera::inline TESSERA_ABI {

/// True if a racy access costs no more than an ordinary one.
inline constexpr bool racy_is_free = TESSERA_RACY_INSTRUCTION;

namespace detail {
#if TESSERA_RACY_INSTRUCTION

/// Bytes an instruction accesses, whatever was put there as.
template <class T>
struct racy_place {
    u8 value[sizeof(T)];
};

/// 16 bytes in a register.
using racy_vector = u8 __attribute__((vector_size(16)));

/// `v`, whose upper bits are zero already: told to the compiler, since it would make them so again.
template <class T>
TESSERA_INLINE T narrowed(u64 v) noexcept {
    if (v > T(~T{0})) __builtin_unreachable();
    return T(v);
}

template <class T>
TESSERA_INLINE T load_racy_raw(const u8* at) noexcept {
    const auto& place = *reinterpret_cast<const racy_place<T>*>(at);
#if defined(__x86_64__)
    if constexpr (sizeof(T) == 16) {
        racy_vector v;
#if defined(__AVX__)
        __asm__("vmovdqu {%1, %0|%0, %1}" : "=x"(v) : "m"(place.value));
#else
        __asm__("movdqu {%1, %0|%0, %1}" : "=x"(v) : "m"(place.value));
#endif
        return bits_as<T>(v);
    } else if constexpr (std::is_same_v<T, f32> || std::is_same_v<T, f64>) {
        T v;
#if defined(__AVX__)
        if constexpr (sizeof(T) == 4) __asm__("vmovss {%1, %0|%0, %1}" : "=x"(v) : "m"(place.value));
        else __asm__("vmovsd {%1, %0|%0, %1}" : "=x"(v) : "m"(place.value));
#else
        if constexpr (sizeof(T) == 4) __asm__("movss {%1, %0|%0, %1}" : "=x"(v) : "m"(place.value));
        else __asm__("movsd {%1, %0|%0, %1}" : "=x"(v) : "m"(place.value));
#endif
        return v;
    } else {
        u64 v;
        if constexpr (sizeof(T) == 1) __asm__("movz{bl|x} {%1, %k0|%k0, %1}" : "=r"(v) : "m"(place.value));
        else if constexpr (sizeof(T) == 2) __asm__("movz{wl|x} {%1, %k0|%k0, %1}" : "=r"(v) : "m"(place.value));
        else if constexpr (sizeof(T) == 4) __asm__("mov{l|} {%1, %k0|%k0, %1}" : "=r"(v) : "m"(place.value));
        else __asm__("mov{q|} {%1, %0|%0, %1}" : "=r"(v) : "m"(place.value));
        return narrowed<T>(v);
    }
#else
    if constexpr (sizeof(T) == 16) {
        racy_vector v;
        __asm__("ldr %q0, %1" : "=w"(v) : "Q"(place.value));
        return bits_as<T>(v);
    } else if constexpr (std::is_same_v<T, f32> || std::is_same_v<T, f64>) {
        T v;
        if constexpr (sizeof(T) == 4) __asm__("ldr %s0, %1" : "=w"(v) : "Q"(place.value));
        else __asm__("ldr %d0, %1" : "=w"(v) : "Q"(place.value));
        return v;
    } else {
        u64 v;
        if constexpr (sizeof(T) == 1) __asm__("ldrb %w0, %1" : "=r"(v) : "Q"(place.value));
        else if constexpr (sizeof(T) == 2) __asm__("ldrh %w0, %1" : "=r"(v) : "Q"(place.value));
        else if constexpr (sizeof(T) == 4) __asm__("ldr %w0, %1" : "=r"(v) : "Q"(place.value));
        else __asm__("ldr %0, %1" : "=r"(v) : "Q"(place.value));
        return narrowed<T>(v);
    }
#endif
}
template <class T>
TESSERA_INLINE void store_racy_raw(u8* at, T value) noexcept {
    auto& place = *reinterpret_cast<racy_place<T>*>(at);
#if defined(__x86_64__)
    if constexpr (sizeof(T) == 16) {
#if defined(__AVX__)
        __asm__("vmovdqu {%1, %0|%0, %1}" : "=m"(place.value) : "x"(bits_as<racy_vector>(value)));
#else
        __asm__("movdqu {%1, %0|%0, %1}" : "=m"(place.value) : "x"(bits_as<racy_vector>(value)));
#endif
    } else if constexpr (std::is_same_v<T, f32> || std::is_same_v<T, f64>) {
#if defined(__AVX__)
        if constexpr (sizeof(T) == 4) __asm__("vmovss {%1, %0|%0, %1}" : "=m"(place.value) : "x"(value));
        else __asm__("vmovsd {%1, %0|%0, %1}" : "=m"(place.value) : "x"(value));
#else
        if constexpr (sizeof(T) == 4) __asm__("movss {%1, %0|%0, %1}" : "=m"(place.value) : "x"(value));
        else __asm__("movsd {%1, %0|%0, %1}" : "=m"(place.value) : "x"(value));
#endif
    } else if constexpr (sizeof(T) == 1) __asm__("mov{b|} {%1, %0|%0, %1}" : "=m"(place.value) : "q"(value));
    else if constexpr (sizeof(T) == 2) __asm__("mov{w|} {%1, %0|%0, %1}" : "=m"(place.value) : "r"(value));
    else if constexpr (sizeof(T) == 4) __asm__("mov{l|} {%1, %0|%0, %1}" : "=m"(place.value) : "r"(value));
    else __asm__("mov{q|} {%1, %0|%0, %1}" : "=m"(place.value) : "r"(value));
#else
    if constexpr (sizeof(T) == 16) __asm__("str %q1, %0" : "=Q"(place.value) : "w"(bits_as<racy_vector>(value)));
    else if constexpr (std::is_same_v<T, f32>) __asm__("str %s1, %0" : "=Q"(place.value) : "w"(value));
    else if constexpr (std::is_same_v<T, f64>) __asm__("str %d1, %0" : "=Q"(place.value) : "w"(value));
    else if constexpr (sizeof(T) == 1) __asm__("strb %w1, %0" : "=Q"(place.value) : "r"(value));
    else if constexpr (sizeof(T) == 2) __asm__("strh %w1, %0" : "=Q"(place.value) : "r"(value));
    else if constexpr (sizeof(T) == 4) __asm__("str %w1, %0" : "=Q"(place.value) : "r"(value));
    else __asm__("str %1, %0" : "=Q"(place.value) : "r"(value));
#endif
}

#else

// U is an unsigned integer, `at` aligned for it.
#if defined(_MSC_VER) && !defined(__clang__)
template <class U>
inline U load_relaxed(const u8* at) noexcept {
    return std::atomic_ref<U>(*reinterpret_cast<U*>(const_cast<u8*>(at))).load(std::memory_order_relaxed);
}
template <class U>
inline void store_relaxed(u8* at, U value) noexcept {
    std::atomic_ref<U>(*reinterpret_cast<U*>(at)).store(value, std::memory_order_relaxed);
}
#else
template <class U>
struct __attribute__((may_alias)) aliased {
    U value;
};
template <class U>
inline U load_relaxed(const u8* at) noexcept {
    return __atomic_load_n(&reinterpret_cast<const aliased<U>*>(at)->value, __ATOMIC_RELAXED);
}
template <class U>
inline void store_relaxed(u8* at, U value) noexcept {
    __atomic_store_n(&reinterpret_cast<aliased<U>*>(at)->value, value, __ATOMIC_RELAXED);
}
#endif

template <class Step>
inline bool is_aligned_for(const u8* at) noexcept {
    return reinterpret_cast<std::uintptr_t>(at) % sizeof(Step) == 0;
}
/// What an aligned access goes by: all at once, or in words of the processor.
template <class T>
using racy_step = bits_of_size<(sizeof(T) < sizeof(void*) ? sizeof(T) : sizeof(void*))>;

template <class T>
inline T load_racy_raw(const u8* at) noexcept {
    using step = racy_step<T>;
    u8 raw[sizeof(T)];
    if (is_aligned_for<step>(at)) {
        for (std::size_t i = 0; i < sizeof(T); i += sizeof(step)) {
            const step part = load_relaxed<step>(at + i);
            std::memcpy(raw + i, &part, sizeof part);
        }
    } else {
        for (std::size_t i = 0; i < sizeof(T); ++i) raw[i] = load_relaxed<u8>(at + i);
    }
    if constexpr (std::is_arithmetic_v<T>) {
        return load_le<T>(raw);
    } else {
        T value;
        std::memcpy(&value, raw, sizeof raw);
        return value;
    }
}
template <class T>
inline void store_racy_raw(u8* at, T value) noexcept {
    using step = racy_step<T>;
    u8 raw[sizeof(T)];
    if constexpr (std::is_arithmetic_v<T>) store_le(raw, value);
    else std::memcpy(raw, &value, sizeof raw);
    if (is_aligned_for<step>(at)) {
        for (std::size_t i = 0; i < sizeof(T); i += sizeof(step)) {
            step part;
            std::memcpy(&part, raw + i, sizeof part);
            store_relaxed<step>(at + i, part);
        }
    } else {
        for (std::size_t i = 0; i < sizeof(T); ++i) store_relaxed<u8>(at + i, raw[i]);
    }
}

#endif
} // namespace detail

/// Reads a T, a number or 16 bytes in their order in memory, from bytes that others may write.
template <class T>
TESSERA_INLINE T load_racy(const u8* at) noexcept {
    if constexpr (std::is_integral_v<T>) return T(detail::load_racy_raw<bits_of_size<sizeof(T)>>(at));
    else return detail::load_racy_raw<T>(at);
}
/// Writes a T, a number or 16 bytes, to bytes that others may read and write.
template <class T>
TESSERA_INLINE void store_racy(u8* at, T value) noexcept {
    if constexpr (std::is_integral_v<T>) detail::store_racy_raw(at, bits_of_size<sizeof(T)>(value));
    else detail::store_racy_raw(at, value);
}

/// Copies `n` bytes, of which others may access any; the ranges may overlap. Where both addresses are
/// multiples of a power of two up to the word, parts of that size are copied in one step.
inline void copy_racy(u8* to, const u8* from, u64 n) noexcept {
    const auto step = [&]<class T>(T, u64 at) { store_racy<T>(to + at, load_racy<T>(from + at)); };
    if (to <= from || to >= from + n) {
        u64 at = 0;
        for (; n - at >= 8; at += 8) step(u64(), at);
        if (n & 4) step(u32(), at), at += 4;
        if (n & 2) step(u16(), at), at += 2;
        if (n & 1) step(u8(), at);
    } else {
        for (; n >= 8; n -= 8) step(u64(), n - 8);
        for (; n > 0; --n) step(u8(), n - 1);
    }
}
/// Fills `n` bytes, of which others may access any.
inline void fill_racy(u8* to, u8 value, u64 n) noexcept {
    const u64 eight = value * 0x0101010101010101u;
    for (; n >= 8; n -= 8, to += 8) store_racy(to, eight);
    for (; n > 0; --n, ++to) store_racy(to, value);
}

} // namespace tessera

#undef TESSERA_RACY_INSTRUCTION
