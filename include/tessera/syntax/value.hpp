// SPDX-License-Identifier: MIT
/// @file value.hpp
/// Values: v128, references, and a value of a type known at run time.
#pragma once

#include <tessera/syntax/types.hpp>

namespace tessera::inline TESSERA_ABI {

/// 16 bytes, lane 0 first, little-endian within a lane on every host.
struct v128 {
    alignas(16) u8 bytes[16] = {};
    friend constexpr bool operator==(const v128&, const v128&) noexcept = default;
};

/// A reference in its final form: 32 bits, position-independent. 0 is null. In the any and extern
/// hierarchies: lowest bit set: i31; bits 0 and 1 equal to 2: index of a host object; else an
/// 8-aligned heap offset. In the func hierarchy: index + 1 of the store's function record.
struct ref {
    u32 bits = 0;
    constexpr bool is_null() const noexcept { return bits == 0; }
    friend constexpr bool operator==(ref, ref) noexcept = default;
};

/// A value whose type is known at run time; used by tools and by untyped calls. A number is stored
/// zero-extended, a float as its bits, a reference as its 32 bits.
struct value {
    val_type type;
    u64 bits = 0;
    u64 high = 0; ///< upper half of a v128

    static constexpr value i32(u32 v) noexcept { return {t_i32, v, 0}; }
    static constexpr value i64(u64 v) noexcept { return {t_i64, v, 0}; }
    static constexpr value f32(tessera::f32 v) noexcept { return {t_f32, std::bit_cast<u32>(v), 0}; }
    static constexpr value f64(tessera::f64 v) noexcept { return {t_f64, std::bit_cast<u64>(v), 0}; }
    static constexpr value reference(val_type t, tessera::ref r) noexcept { return {t, r.bits, 0}; }
    constexpr u32 as_u32() const noexcept { return u32(bits); }
    constexpr u64 as_u64() const noexcept { return bits; }
    constexpr tessera::f32 as_f32() const noexcept { return std::bit_cast<tessera::f32>(u32(bits)); }
    constexpr tessera::f64 as_f64() const noexcept { return std::bit_cast<tessera::f64>(bits); }
    constexpr tessera::ref as_ref() const noexcept { return {u32(bits)}; }
    friend constexpr bool operator==(const value&, const value&) noexcept = default;
};

} // namespace tessera
