// SPDX-License-Identifier: MIT
/// @file wasi/native_thread.hpp
/// A thread of the operating system with a stack of a given size. std::thread may throw, and has no such size.
#pragma once

#include <tessera/util/integers.hpp>

#if defined(_WIN32)
#include <process.h> // _beginthreadex
#else
#include <pthread.h>
#endif

namespace tessera::inline TESSERA_ABI::wasi {

#if defined(_WIN32)
namespace detail {
extern "C" __declspec(dllimport) unsigned long __stdcall WaitForSingleObject(void*, unsigned long);
extern "C" __declspec(dllimport) int __stdcall CloseHandle(void*);
} // namespace detail
#endif

/// It must not move while it runs.
class native_thread {
public:
    native_thread() noexcept = default;
    native_thread(const native_thread&) = delete;
    native_thread& operator=(const native_thread&) = delete;

    /// Calls `f(with)` on a new thread with a stack of about `stack` bytes; it must be joined. False: the system has
    /// none to give.
    [[nodiscard]] bool start(void (*f)(void*) noexcept, void* with, std::size_t stack) noexcept {
        f_ = f;
        with_ = with;
#if defined(_WIN32)
        handle_ = _beginthreadex(nullptr, static_cast<unsigned>(stack), &enter, this, 0x10000 /* reserved */, nullptr);
        return handle_ != 0;
#else
        pthread_attr_t how;
        if (pthread_attr_init(&how) != 0) return false;
        const bool made =
            pthread_attr_setstacksize(&how, stack) == 0 && pthread_create(&handle_, &how, &enter, this) == 0;
        static_cast<void>(pthread_attr_destroy(&how));
        return made;
#endif
    }
    /// Waits for its end.
    void join() noexcept {
#if defined(_WIN32)
        void* const handle = reinterpret_cast<void*>(handle_);
        static_cast<void>(detail::WaitForSingleObject(handle, 0xffff'ffff));
        static_cast<void>(detail::CloseHandle(handle));
#else
        static_cast<void>(pthread_join(handle_, nullptr));
#endif
    }

private:
    void (*f_)(void*) noexcept = nullptr;
    void* with_ = nullptr;
#if defined(_WIN32)
    static unsigned __stdcall enter(void* self) noexcept {
        const native_thread& me = *static_cast<native_thread*>(self);
        return me.f_(me.with_), 0;
    }
    std::uintptr_t handle_ = 0;
#else
    static void* enter(void* self) noexcept {
        const native_thread& me = *static_cast<native_thread*>(self);
        return me.f_(me.with_), nullptr;
    }
    pthread_t handle_{};
#endif
};

} // namespace tessera
