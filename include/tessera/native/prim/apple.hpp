// SPDX-License-Identifier: MIT
/// @file native/prim/apple.hpp
/// Pages for machine code on macOS. Written by the documentation, not tested.
///
/// A program with the hardened runtime needs the entitlement com.apple.security.cs.allow-jit; without it the pages
/// are refused, which is an answer like any other.
#pragma once

#if defined(__APPLE__)
#include <tessera/config.hpp>

#include <sys/mman.h>

namespace tessera::inline TESSERA_ABI::native::prim {

/// As in posix.hpp.
inline void* reserve_code(std::size_t bytes) noexcept {
    void* const at = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANON | MAP_JIT, -1, 0);
    return at == MAP_FAILED ? nullptr : at;
}
inline bool let_write(void* at, std::size_t bytes) noexcept { return mprotect(at, bytes, PROT_READ | PROT_WRITE) == 0; }
inline bool let_execute(void* at, std::size_t bytes) noexcept {
    return mprotect(at, bytes, PROT_READ | PROT_EXEC) == 0;
}
inline void release_code(void* at, std::size_t bytes) noexcept { static_cast<void>(munmap(at, bytes)); }

} // namespace tessera::native::prim
#endif
