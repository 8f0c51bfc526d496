// SPDX-License-Identifier: MIT
/// @file wasi/wait_windows.hpp
/// Sleeping, on Windows. It has no way to wait for all that nodes stand for, so one looks again each millisecond.
#pragma once

#include <tessera/wasi/wait.hpp>

#if defined(_WIN32)

namespace tessera::inline TESSERA_ABI::wasi {

namespace detail {
extern "C" __declspec(dllimport) void __stdcall Sleep(unsigned long);
} // namespace detail

TESSERA_API bool nap(awaited*, std::size_t n, u64 ns) noexcept {
    constexpr u64 ms = 1'000'000, longest = 86'400'000;
    if (n != 0 && ns > short_nap) ns = short_nap;
    const u64 wanted = ns / ms + (ns % ms != 0);
    detail::Sleep(static_cast<unsigned long>(wanted < longest ? wanted : longest));
    return false;
}

} // namespace tessera
#endif
