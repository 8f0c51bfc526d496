// SPDX-License-Identifier: MIT
/// @file native/prim/posix.hpp
/// Pages for machine code on Linux and other systems with mmap; macOS by its documentation, not tested.
///
/// On macOS a program with the hardened runtime needs the entitlement com.apple.security.cs.allow-jit; without it the
/// pages are refused, which is an answer like any other.
#pragma once

#if defined(__unix__) || defined(__APPLE__)
#include <tessera/config.hpp>

#include <sys/mman.h>

namespace tessera::inline TESSERA_ABI::native::prim {

/// Address space for `bytes` of code, which can neither be written nor executed yet. Null: there is none.
inline void* reserve_code(std::size_t bytes) noexcept {
#if defined(__APPLE__)
    constexpr int flags = MAP_PRIVATE | MAP_ANON | MAP_JIT;
#else
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#endif
    void* const at = mmap(nullptr, bytes, PROT_NONE, flags, -1, 0);
    return at == MAP_FAILED ? nullptr : at;
}
/// Lets whole pages be written and not executed. False: refused.
inline bool let_write(void* at, std::size_t bytes) noexcept { return mprotect(at, bytes, PROT_READ | PROT_WRITE) == 0; }
/// Lets whole pages be executed and not written. False: refused.
inline bool let_execute(void* at, std::size_t bytes) noexcept {
    return mprotect(at, bytes, PROT_READ | PROT_EXEC) == 0;
}
/// Gives back what reserve_code returned.
inline void release_code(void* at, std::size_t bytes) noexcept { static_cast<void>(munmap(at, bytes)); }

} // namespace tessera::native::prim
#endif
