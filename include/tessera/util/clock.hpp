// SPDX-License-Identifier: MIT
/// @file clock.hpp
/// A clock that only goes forward. <chrono> would cost every file that includes the library a tenth of a second.
#pragma once

#include <tessera/util/integers.hpp>

#include <ctime>

namespace tessera::inline TESSERA_ABI {

#if defined(_WIN32)
namespace detail {
extern "C" __declspec(dllimport) int __stdcall QueryPerformanceCounter(long long*);
extern "C" __declspec(dllimport) int __stdcall QueryPerformanceFrequency(long long*);
} // namespace detail
#endif

/// Nanoseconds since some time in the past.
inline u64 nanoseconds() noexcept {
#if defined(_WIN32)
    long long count = 0, frequency = 1;
    detail::QueryPerformanceCounter(&count);
    detail::QueryPerformanceFrequency(&frequency);
    return u64(count / frequency) * 1'000'000'000u + u64(count % frequency) * 1'000'000'000u / u64(frequency);
#elif defined(CLOCK_MONOTONIC)
    std::timespec now{};
    clock_gettime(CLOCK_MONOTONIC, &now);
    return u64(now.tv_sec) * 1'000'000'000u + u64(now.tv_nsec);
#else
    return u64(std::clock()) * (1'000'000'000u / u64(CLOCKS_PER_SEC));
#endif
}

} // namespace tessera
