// SPDX-License-Identifier: MIT
/// @file wasi/clocks_host.hpp
/// The host's clocks, and clocks that stand still.
#pragma once

#include <tessera/util/mutex.hpp>
#include <tessera/wasi/clocks.hpp>
#include <tessera/wasi/realtime.hpp>

#if !defined(_WIN32)
#include <time.h>
#endif

namespace tessera::inline TESSERA_ABI::wasi {

class host_clocks final : public clock_source {
public:
    outcome<timestamp> now(clockid id) noexcept override {
        if (id > clockid::thread_cputime_id) return error_number::inval;
        if (id == clockid::monotonic) return monotonic_ns();
        if (id == clockid::realtime) return realtime_ns();
#if defined(_WIN32)
        return error_number::notsup;
#else
        timespec t{};
        if (clock_gettime(native(id), &t) != 0) return error_number::notsup;
        return of(t);
#endif
    }
    outcome<timestamp> resolution(clockid id) noexcept override {
        auto t = now(id);
        if (!t) return t;
#if defined(_WIN32)
        return timestamp{100};
#else
        timespec tick{};
        if (clock_getres(native(id), &tick) != 0) return error_number::notsup;
        return of(tick) ? of(tick) : timestamp{1};
#endif
    }
    bool skip(clockid, timestamp) noexcept override { return false; }

private:
#if !defined(_WIN32)
    static timestamp of(const timespec& t) noexcept {
        return t.tv_sec < 0 ? 0 : u64(t.tv_sec) * 1'000'000'000 + u64(t.tv_nsec);
    }
    static clockid_t native(clockid id) noexcept {
        switch (id) {
        case clockid::realtime: return CLOCK_REALTIME;
        case clockid::process_cputime_id: return CLOCK_PROCESS_CPUTIME_ID;
        case clockid::thread_cputime_id: return CLOCK_THREAD_CPUTIME_ID;
        case clockid::monotonic: break;
        }
        return CLOCK_MONOTONIC;
    }
#endif
};

class still_clocks final : public clock_source {
public:
    explicit still_clocks(timestamp start) noexcept : now_(start) {}
    outcome<timestamp> now(clockid id) noexcept override {
        if (id > clockid::thread_cputime_id) return error_number::inval;
        return now_.load(std::memory_order_relaxed);
    }
    bool skip(clockid, timestamp until) noexcept override {
        u64 before = now_.load(std::memory_order_relaxed);
        while (before < until && !now_.compare_exchange_weak(before, until, std::memory_order_relaxed)) {
        }
        return true;
    }

private:
    std::atomic<timestamp> now_;
};

TESSERA_API clock_owner real_clocks() noexcept { return clock_owner(create<host_clocks>()); }
TESSERA_API clock_owner fixed_clocks(timestamp start) noexcept { return clock_owner(create<still_clocks>(start)); }

} // namespace tessera
