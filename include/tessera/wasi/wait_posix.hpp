// SPDX-License-Identifier: MIT
/// @file wasi/wait_posix.hpp
/// Sleeping until descriptors are ready, on POSIX.
#pragma once

#include <tessera/wasi/wait.hpp>

#if !defined(_WIN32)
#include <poll.h>
#include <time.h>

namespace tessera::inline TESSERA_ABI::wasi {

TESSERA_API bool nap(awaited* those, std::size_t n, u64 ns) noexcept {
    constexpr std::size_t few = 8;
    constexpr u64 second = 1'000'000'000, longest = u64{86'400} * second; // a day fits every time_t
    pollfd here[few];
    vec<pollfd> many;
    pollfd* all = here;
    if (n > few) {
        if (many.resize(n)) all = many.data();
        else n = few; // the others are asked when these nap no longer
    }
    for (std::size_t i = 0; i < n; ++i)
        all[i] = {int(those[i].handle), those[i].what == eventtype::fd_write ? short(POLLOUT) : short(POLLIN), 0};
    if (n > few && all == here) ns = ns < short_nap ? ns : short_nap;
    ns = ns < longest ? ns : longest;
    timespec t{};
    t.tv_sec = decltype(t.tv_sec)(ns / second);
    t.tv_nsec = decltype(t.tv_nsec)(ns % second);
#if defined(__linux__)
    const int woken = ppoll(all, nfds_t(n), &t, nullptr);
#else
    if (n == 0) return static_cast<void>(nanosleep(&t, nullptr)), false;
    const int woken = ::poll(all, nfds_t(n), int(ns / 1'000'000 + (ns % 1'000'000 != 0)));
#endif
    if (woken <= 0) return false;
    for (std::size_t i = 0; i < n; ++i) those[i].ready = all[i].revents != 0;
    return true;
}

} // namespace tessera
#endif
