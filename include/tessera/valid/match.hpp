// SPDX-License-Identifier: MIT
/// @file match.hpp
/// When one external type may stand for another (spec: valid/matching, External Types).
#pragma once

#include <tessera/valid/registry.hpp>

namespace tessera::inline TESSERA_ABI::valid {

/// True if limits of `size` now and the maximum of `actual` match `wanted` (spec: valid/matching, Limits).
constexpr bool matches(const limits_type& actual, u64 size, const limits_type& wanted) noexcept {
    return actual.is64 == wanted.is64 && size >= wanted.min &&
           (!wanted.has_max || (actual.has_max && actual.max <= wanted.max));
}

/// True if each of two value types matches the other.
inline bool same(const type_space& space, val_type a, val_type b) noexcept {
    return a == b || (matches(space, a, b) && matches(space, b, a));
}

/// True if a memory of type `actual` with `size` pages can be given where `wanted` is asked for.
constexpr bool matches(const memory_type& actual, u64 size, const memory_type& wanted) noexcept {
    return actual.shared == wanted.shared && actual.page_log2 == wanted.page_log2 &&
           matches(actual.limits, size, wanted.limits);
}
/// The same for tables; both element types belong to `space`.
inline bool matches(const type_space& space, const table_type& actual, u64 size, const table_type& wanted) noexcept {
    return matches(actual.limits, size, wanted.limits) && same(space, actual.element, wanted.element);
}
/// The same for globals: the types of mutable ones must be equal.
inline bool matches(const type_space& space, const global_type& actual, const global_type& wanted) noexcept {
    if (actual.mutable_ != wanted.mutable_) return false;
    return wanted.mutable_ ? same(space, actual.type, wanted.type) : matches(space, actual.type, wanted.type);
}
/// The same for tags: equal function types.
inline bool tag_matches(const type_space& space, u32 actual, u32 wanted) noexcept {
    return space.id(actual) == space.id(wanted);
}

} // namespace tessera::valid
