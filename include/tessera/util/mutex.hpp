// SPDX-License-Identifier: MIT
/// @file mutex.hpp
/// What a thread waits on, from the operating system. The standard's std::mutex may throw, and with
/// std::condition_variable costs every user who includes the header a fifth of a second.
#pragma once

#include <tessera/util/clock.hpp>

#if defined(_WIN32)
// Declared here, as <windows.h> does, which brings a thousand macros.
struct _RTL_SRWLOCK;
struct _RTL_CONDITION_VARIABLE;
#elif defined(__unix__) || defined(__APPLE__)
#include <pthread.h>
#else
#include <atomic>
#endif

namespace tessera::inline TESSERA_ABI {

#if defined(_WIN32)
namespace detail {
using windows_lock = ::_RTL_SRWLOCK;
using windows_condition = ::_RTL_CONDITION_VARIABLE;
extern "C" __declspec(dllimport) void __stdcall AcquireSRWLockExclusive(windows_lock*);
extern "C" __declspec(dllimport) void __stdcall ReleaseSRWLockExclusive(windows_lock*);
extern "C" __declspec(dllimport) int __stdcall SleepConditionVariableSRW(windows_condition*, windows_lock*,
                                                                         unsigned long, unsigned long);
extern "C" __declspec(dllimport) void __stdcall WakeConditionVariable(windows_condition*);
} // namespace detail
#endif

/// A lock; it is not recursive.
class mutex {
public:
    mutex() noexcept = default;
    mutex(const mutex&) = delete;
    mutex& operator=(const mutex&) = delete;
#if defined(_WIN32)
    void lock() noexcept { detail::AcquireSRWLockExclusive(native()); }
    void unlock() noexcept { detail::ReleaseSRWLockExclusive(native()); }

private:
    friend class condition;
    detail::windows_lock* native() noexcept { return reinterpret_cast<detail::windows_lock*>(&lock_); }
    void* lock_ = nullptr; // that is all of it, in every version of the system
#elif defined(__unix__) || defined(__APPLE__)
    ~mutex() { static_cast<void>(pthread_mutex_destroy(&lock_)); }
    void lock() noexcept { static_cast<void>(pthread_mutex_lock(&lock_)); }
    void unlock() noexcept { static_cast<void>(pthread_mutex_unlock(&lock_)); }

private:
    friend class condition;
    pthread_mutex_t lock_ = PTHREAD_MUTEX_INITIALIZER;
#else
    void lock() noexcept {
        while (locked_.exchange(true, std::memory_order_acquire)) {
        }
    }
    void unlock() noexcept { locked_.store(false, std::memory_order_release); }

private:
    friend class condition;
    std::atomic<bool> locked_{false};
#endif
};

/// Holds a mutex as long as it lives.
class locked {
public:
    explicit locked(mutex& m) noexcept : m_(m) { m_.lock(); }
    ~locked() { m_.unlock(); }
    locked(const locked&) = delete;
    locked& operator=(const locked&) = delete;

private:
    mutex& m_;
};

/// Where one thread sleeps until another wakes it. It may wake for no reason.
class condition {
public:
    condition(const condition&) = delete;
    condition& operator=(const condition&) = delete;
    static constexpr u64 never = ~u64{0};

#if defined(_WIN32)
    condition() noexcept = default;
    void wake() noexcept { detail::WakeConditionVariable(native()); }
    /// Gives `m` up, which the caller holds, and takes it again when it was woken or `ns` have passed.
    void sleep(mutex& m, u64 ns) noexcept {
        const u64 ms = ns / 1'000'000 + 1;
        constexpr u64 most = 0xffff'fffe, infinite = 0xffff'ffff;
        const u64 wanted = ns == never ? infinite : ms < most ? ms : most;
        static_cast<void>(
            detail::SleepConditionVariableSRW(native(), m.native(), static_cast<unsigned long>(wanted), 0));
    }

private:
    detail::windows_condition* native() noexcept { return reinterpret_cast<detail::windows_condition*>(&sleeper_); }
    void* sleeper_ = nullptr;
#elif defined(__unix__) || defined(__APPLE__)
    condition() noexcept {
#if defined(__APPLE__)
        static_cast<void>(pthread_cond_init(&sleeper_, nullptr));
#else
        pthread_condattr_t how;
        static_cast<void>(pthread_condattr_init(&how));
        static_cast<void>(pthread_condattr_setclock(&how, CLOCK_MONOTONIC));
        static_cast<void>(pthread_cond_init(&sleeper_, &how));
        static_cast<void>(pthread_condattr_destroy(&how));
#endif
    }
    ~condition() { static_cast<void>(pthread_cond_destroy(&sleeper_)); }
    void wake() noexcept { static_cast<void>(pthread_cond_signal(&sleeper_)); }
    /// Gives `m` up, which the caller holds, and takes it again when it was woken or `ns` have passed.
    void sleep(mutex& m, u64 ns) noexcept {
        if (ns == never) return static_cast<void>(pthread_cond_wait(&sleeper_, &m.lock_));
        constexpr u64 second = 1'000'000'000, most = u64{86'400} * second; // a day fits every time_t
        ns = ns < most ? ns : most;
        timespec t{};
#if defined(__APPLE__)
        t.tv_sec = decltype(t.tv_sec)(ns / second);
        t.tv_nsec = decltype(t.tv_nsec)(ns % second);
        static_cast<void>(pthread_cond_timedwait_relative_np(&sleeper_, &m.lock_, &t));
#else
        const u64 until = monotonic_ns() + ns;
        t.tv_sec = decltype(t.tv_sec)(until / second);
        t.tv_nsec = decltype(t.tv_nsec)(until % second);
        static_cast<void>(pthread_cond_timedwait(&sleeper_, &m.lock_, &t));
#endif
    }

private:
    pthread_cond_t sleeper_;
#else
    condition() noexcept = default;
    void wake() noexcept { static_cast<void>(this); }
    void sleep(mutex& m, u64) noexcept { m.unlock(), m.lock(); }
#endif
};

} // namespace tessera
