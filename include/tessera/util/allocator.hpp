// SPDX-License-Identifier: MIT
/// @file allocator.hpp
/// Memory from where a host wants it, in place of the macros of config.hpp.
#pragma once

#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI {

/// Where a store gets memory from; see store's constructor for what that is. One without `allocate` stands for the
/// macros TESSERA_ALLOCATE and TESSERA_DEALLOCATE. Stores that run on different threads may have the same one only if
/// it allows that; else it is called by the store's thread alone, and never from within itself.
struct allocator {
    /// Room for `bytes` bytes, more than none, aligned as malloc does; null when there is none, which becomes an error
    /// of the call that needed it. It does not throw.
    void* (*allocate)(void* self, std::size_t bytes) noexcept = nullptr;
    /// Takes back what `allocate` gave for as many bytes; `at` is not null.
    void (*release)(void* self, void* at, std::size_t bytes) noexcept = nullptr;
    /// What the two get to know.
    void* self = nullptr;
};

/// Room for `bytes` bytes from an allocator, or if `from` is null by the macros; null: there is none.
TESSERA_NOINLINE inline void* allocate_in(const allocator* from, std::size_t bytes) noexcept {
    return from ? from->allocate(from->self, bytes) : TESSERA_ALLOCATE(bytes);
}
/// The same, all zeros.
TESSERA_NOINLINE inline void* allocate_zeroed_in(const allocator* from, std::size_t bytes) noexcept {
    if (!from) return TESSERA_ALLOCATE_ZEROED(bytes);
    void* const at = from->allocate(from->self, bytes);
    if (at) std::memset(at, 0, bytes);
    return at;
}
/// Gives back what one of these two gave for as many bytes; null is allowed.
TESSERA_NOINLINE inline void release_in(const allocator* from, void* at, std::size_t bytes) noexcept {
    if (!from) TESSERA_DEALLOCATE(at);
    else if (at) from->release(from->self, at, bytes);
}

} // namespace tessera
