// SPDX-License-Identifier: MIT
/// @file wasi/realtime.hpp
/// The time of day.
#pragma once

#include <tessera/wasi/types.hpp>

#if defined(_WIN32)
struct _FILETIME; // as <windows.h> names it
#else
#include <time.h>
#endif

namespace tessera::inline TESSERA_ABI::wasi {

#if defined(_WIN32)
using windows_time = ::_FILETIME;
extern "C" __declspec(dllimport) void __stdcall GetSystemTimeAsFileTime(windows_time*);
/// Of 100 ns each, from 1601, where Windows begins to count, to 1970.
inline constexpr u64 windows_epoch = 116'444'736'000'000'000;
#endif

/// Nanoseconds since 1970-01-01 00:00 UTC.
inline timestamp realtime_ns() noexcept {
#if defined(_WIN32)
    u64 t = 0;
    GetSystemTimeAsFileTime(reinterpret_cast<windows_time*>(&t));
    return t > windows_epoch ? (t - windows_epoch) * 100 : 0;
#else
    timespec t{};
    static_cast<void>(timespec_get(&t, TIME_UTC));
    return t.tv_sec < 0 ? 0 : u64(t.tv_sec) * 1'000'000'000 + u64(t.tv_nsec);
#endif
}

} // namespace tessera
