// SPDX-License-Identifier: MIT
/// @file clock.hpp
/// A clock that only goes forward. <chrono> would cost every file that includes the library a tenth of a second.
#pragma once

#include <tessera/util/integers.hpp>

#if defined(_WIN32)
union _LARGE_INTEGER; // as <windows.h> names it
#elif defined(__unix__) || defined(__APPLE__)
#include <time.h>
#else
#include <chrono>
#endif

namespace tessera::inline TESSERA_ABI {

#if defined(_WIN32)
namespace detail {
using windows_count = ::_LARGE_INTEGER;
extern "C" __declspec(dllimport) int __stdcall QueryPerformanceCounter(windows_count*);
extern "C" __declspec(dllimport) int __stdcall QueryPerformanceFrequency(windows_count*);
} // namespace detail
#endif

/// Nanoseconds since some time in the past; they never go backwards.
inline u64 monotonic_ns() noexcept {
#if defined(_WIN32)
    long long count = 0, frequency = 0;
    static_cast<void>(detail::QueryPerformanceCounter(reinterpret_cast<detail::windows_count*>(&count)));
    static_cast<void>(detail::QueryPerformanceFrequency(reinterpret_cast<detail::windows_count*>(&frequency)));
    constexpr u64 second = 1'000'000'000;
    const u64 n = u64(count), each = u64(frequency > 0 ? frequency : 1);
    return n / each * second + n % each * second / each;
#elif defined(__unix__) || defined(__APPLE__)
    timespec t{};
    static_cast<void>(clock_gettime(CLOCK_MONOTONIC, &t));
    return u64(t.tv_sec) * 1'000'000'000 + u64(t.tv_nsec);
#else
    return u64(std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1));
#endif
}

} // namespace tessera
