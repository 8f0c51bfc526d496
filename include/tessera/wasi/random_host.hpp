// SPDX-License-Identifier: MIT
/// @file wasi/random_host.hpp
/// The system's random bytes, and those of a seed.
#pragma once

#include <tessera/wasi/random.hpp>

#if !defined(_WIN32)
#include <unistd.h>
#if defined(__APPLE__)
#include <sys/random.h>
#endif
#endif

namespace tessera::inline TESSERA_ABI::wasi {

#if defined(_WIN32)
namespace detail {
/// RtlGenRandom of advapi32.dll, under the name it is exported by.
extern "C" __declspec(dllimport) unsigned char __stdcall SystemFunction036(void*, unsigned long);
} // namespace detail
#endif

class host_random final : public random_source {
public:
    error_number fill(u8* to, std::size_t n) noexcept override {
        constexpr std::size_t most = 256; // what getentropy gives at once
        while (n != 0) {
            const std::size_t now = n < most ? n : most;
#if defined(_WIN32)
            const bool ok = detail::SystemFunction036(to, static_cast<unsigned long>(now)) != 0;
#else
            const bool ok = getentropy(to, now) == 0;
#endif
            if (!ok) return error_number::io;
            to += now;
            n -= now;
        }
        return error_number::success;
    }
};

/// SplitMix64 (Steele, Lea, Flood 2014): a counter, and a mixing of its bits; so threads need no lock.
class seeded final : public random_source {
public:
    explicit seeded(u64 seed) noexcept : counter_(seed) {}
    error_number fill(u8* to, std::size_t n) noexcept override {
        for (std::size_t done = 0; done < n; done += 8) {
            u8 word[8];
            store_le<u64>(word, next());
            std::memcpy(to + done, word, n - done < 8 ? n - done : 8);
        }
        return error_number::success;
    }

private:
    u64 next() noexcept {
        constexpr u64 step = 0x9e37'79b9'7f4a'7c15;
        u64 x = counter_.fetch_add(step, std::memory_order_relaxed) + step;
        x = (x ^ x >> 30) * 0xbf58'476d'1ce4'e5b9;
        x = (x ^ x >> 27) * 0x94d0'49bb'1331'11eb;
        return x ^ x >> 31;
    }
    std::atomic<u64> counter_;
};

TESSERA_API random_owner system_random() noexcept { return random_owner(create<host_random>()); }
TESSERA_API random_owner seeded_random(u64 seed) noexcept { return random_owner(create<seeded>(seed)); }

} // namespace tessera
