// SPDX-License-Identifier: MIT
/// @file native/prim/windows.hpp
/// Pages for machine code on Windows. Declared here and not by <windows.h>, which brings a thousand macros.
#pragma once

#if defined(_WIN32)
#include <tessera/util/pages.hpp>

namespace tessera::inline TESSERA_ABI::native::prim {

extern "C" __declspec(dllimport) int __stdcall VirtualProtect(void*, tessera::detail::windows_size, unsigned long,
                                                              unsigned long*);

namespace detail {
inline constexpr unsigned long reserve = 0x2000, commit = 0x1000, no_access = 1, read_write = 4, execute_read = 0x20;
} // namespace detail

/// As in posix.hpp.
inline void* reserve_code(std::size_t bytes) noexcept {
    return tessera::detail::VirtualAlloc(nullptr, bytes, detail::reserve, detail::no_access);
}
inline bool let_write(void* at, std::size_t bytes) noexcept {
    unsigned long before = 0; // pages that are committed already keep their protection
    return tessera::detail::VirtualAlloc(at, bytes, detail::commit, detail::read_write) != nullptr &&
           VirtualProtect(at, bytes, detail::read_write, &before) != 0;
}
inline bool let_execute(void* at, std::size_t bytes) noexcept {
    unsigned long before = 0;
    return VirtualProtect(at, bytes, detail::execute_read, &before) != 0;
}
inline void release_code(void* at, std::size_t bytes) noexcept { release_pages(at, bytes); }

} // namespace tessera::native::prim
#endif
