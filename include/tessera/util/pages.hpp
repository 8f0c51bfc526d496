// SPDX-License-Identifier: MIT
/// @file util/pages.hpp
/// Address space in pages of the operating system: reserved first, usable when committed. What
/// TESSERA_RESERVE, TESSERA_COMMIT and TESSERA_RELEASE are where the user has set no allocator.
#pragma once

#include <tessera/config.hpp>

#if defined(_WIN32)
// Declared here and not by <windows.h>, which brings a thousand macros.
#elif defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#endif

namespace tessera::inline TESSERA_ABI {

#if defined(_WIN32)
namespace detail {
#if defined(_WIN64)
using windows_size = unsigned long long;
#else
using windows_size = unsigned long;
#endif
extern "C" __declspec(dllimport) void* __stdcall VirtualAlloc(void*, windows_size, unsigned long, unsigned long);
extern "C" __declspec(dllimport) int __stdcall VirtualFree(void*, windows_size, unsigned long);
} // namespace detail
#endif

/// Makes `bytes` at `at`, inside what `reserve_pages` returned, usable; they are zero until written.
/// Bytes that are usable already may be among them, and keep what they hold. False: memory is out.
inline bool commit_pages(void* at, std::size_t bytes) noexcept {
#if defined(_WIN32)
    constexpr unsigned long commit = 0x1000, read_write = 4;
    return bytes == 0 || detail::VirtualAlloc(at, bytes, commit, read_write) != nullptr;
#elif defined(MAP_ANONYMOUS) || defined(MAP_ANON)
    return bytes == 0 || mprotect(at, bytes, PROT_READ | PROT_WRITE) == 0;
#else
    static_cast<void>(at);
    return bytes == 0;
#endif
}
/// Gives back all that `reserve_pages` returned for `bytes`.
inline void release_pages(void* at, std::size_t bytes) noexcept {
#if defined(_WIN32)
    constexpr unsigned long release = 0x8000;
    static_cast<void>(bytes);
    static_cast<void>(detail::VirtualFree(at, 0, release));
#elif defined(MAP_ANONYMOUS) || defined(MAP_ANON)
    static_cast<void>(munmap(at, bytes));
#else
    static_cast<void>(at);
    static_cast<void>(bytes);
#endif
}
/// Reserves `bytes` of address space, more than none, of which the first `usable` are committed. Null
/// where there is no such room or no way to get it.
inline void* reserve_pages(std::size_t bytes, std::size_t usable) noexcept {
#if defined(_WIN32)
    constexpr unsigned long reserve = 0x2000, no_access = 1;
    void* const at = detail::VirtualAlloc(nullptr, bytes, reserve, no_access);
    if (at && !commit_pages(at, usable)) return release_pages(at, bytes), nullptr;
    return at;
#elif defined(MAP_ANONYMOUS) || defined(MAP_ANON)
#if defined(MAP_ANONYMOUS)
    constexpr int flags = MAP_PRIVATE | MAP_ANONYMOUS;
#else
    constexpr int flags = MAP_PRIVATE | MAP_ANON;
#endif
    void* const at = mmap(nullptr, bytes, usable == bytes ? PROT_READ | PROT_WRITE : PROT_NONE, flags, -1, 0);
    if (at == MAP_FAILED) return nullptr;
    if (usable != bytes && !commit_pages(at, usable)) return release_pages(at, bytes), nullptr;
    return at;
#else
    static_cast<void>(bytes);
    static_cast<void>(usable);
    return nullptr;
#endif
}

} // namespace tessera
