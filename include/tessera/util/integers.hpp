// SPDX-License-Identifier: MIT
/// @file integers.hpp
/// The number types by their WebAssembly names, and little-endian access to unaligned bytes.
#pragma once

#include <tessera/config.hpp>

#include <bit>
#include <cstring>
#include <limits>
#include <type_traits>

namespace tessera::inline TESSERA_ABI {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using f32 = float;
using f64 = double;
static_assert(std::numeric_limits<f32>::is_iec559 && std::numeric_limits<f64>::is_iec559);

/// The unsigned integer of `Bytes` bytes.
template <std::size_t Bytes>
using bits_of_size =
    std::conditional_t<Bytes == 1, u8, std::conditional_t<Bytes == 2, u16, std::conditional_t<Bytes == 4, u32, u64>>>;

/// The same bits as another type. std::bit_cast takes a reference: where it is not inlined, unoptimised
/// under a sanitizer, the address of a handler's local escapes and the handler cannot end in a jump.
template <class To, class From>
TESSERA_INLINE constexpr To bits_as(From value) noexcept {
    static_assert(sizeof(To) == sizeof(From));
    return __builtin_bit_cast(To, value);
}

/// The same value, of which the compiler does not know where it comes from: it is not computed again, nor kept
/// in parts, which saves handlers a register.
template <class T>
TESSERA_INLINE T opaque(T value) noexcept {
#if defined(__GNUC__) || defined(__clang__)
    __asm__("" : "+r"(value));
#endif
    return value;
}

/// Reads a T in little-endian byte order from `at`, which need not be aligned.
template <class T>
TESSERA_INLINE T load_le(const void* at) noexcept {
    static_assert(std::is_arithmetic_v<T>);
    bits_of_size<sizeof(T)> raw;
    std::memcpy(&raw, at, sizeof raw);
    if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) {
        bits_of_size<sizeof(T)> swapped = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i)
            swapped = bits_of_size<sizeof(T)>(swapped << 8 | (raw >> (8 * i) & 0xff));
        raw = swapped;
    }
    return bits_as<T>(raw);
}

/// Writes a T in little-endian byte order to `at`, which need not be aligned.
template <class T>
TESSERA_INLINE void store_le(void* at, T value) noexcept {
    static_assert(std::is_arithmetic_v<T>);
    auto raw = bits_as<bits_of_size<sizeof(T)>>(value);
    if constexpr (std::endian::native == std::endian::big && sizeof(T) > 1) {
        bits_of_size<sizeof(T)> swapped = 0;
        for (std::size_t i = 0; i < sizeof(T); ++i)
            swapped = bits_of_size<sizeof(T)>(swapped << 8 | (raw >> (8 * i) & 0xff));
        raw = swapped;
    }
    std::memcpy(at, &raw, sizeof raw);
}

} // namespace tessera
