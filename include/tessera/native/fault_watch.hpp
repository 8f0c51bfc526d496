// SPDX-License-Identifier: MIT
/// @file native/fault_watch.hpp
/// The process' faults: those of machine code are answered by its store's table, all others go on to whoever was there
/// before.
///
/// A thread that executes the code of a store keeps it from ending and its place in the list from changing. So what a
/// fault finds there is either its own and whole, or of no interest.
#pragma once

#include <tessera/native/fault_table.hpp>
#if defined(_WIN32) && defined(__x86_64__)
#include <tessera/native/prim/faults_windows.hpp>
#elif defined(__x86_64__) && (defined(__linux__) || defined(__APPLE__))
#include <tessera/native/prim/faults_posix.hpp>
#else
#include <tessera/native/prim/faults_none.hpp>
#endif

#include <atomic>

namespace tessera::inline TESSERA_ABI::native {

namespace detail {
/// Code that is watched. Its version is odd while it changes.
struct watched_code {
    std::atomic<u64> version{0}, begin{0}, size{0};
    std::atomic<const fault_table*> table{nullptr};

    void set(u64 code, u64 bytes, const fault_table* t) noexcept {
        const u64 v = version.load(std::memory_order_relaxed);
        version.store(v + 1, std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_release);
        begin.store(code, std::memory_order_relaxed);
        size.store(bytes, std::memory_order_relaxed);
        table.store(t, std::memory_order_relaxed);
        version.store(v + 2, std::memory_order_release);
    }
    /// The table if `rip` lies here. One that changes meanwhile is not that of the code at `rip`.
    const fault_table* find(u64 rip) const noexcept {
        const u64 v = version.load(std::memory_order_acquire);
        const u64 from = begin.load(std::memory_order_relaxed), bytes = size.load(std::memory_order_relaxed);
        const fault_table* const t = table.load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        return v % 2 == 0 && version.load(std::memory_order_relaxed) == v && rip - from < bytes ? t : nullptr;
    }
};
} // namespace detail

class fault_watch {
public:
    /// Answers faults of the `size` bytes of code at `code` by `table` from now on. False: the system lets nobody do
    /// so, or too many are watched.
    static bool add(const u8* code, u64 size, const fault_table& table) noexcept {
        const holder hold;
        u32 n = 0;
        while (n < most && watched[n].table.load(std::memory_order_relaxed)) ++n;
        if (n == most || (users == 0 && !install())) return false;
        ++users;
        watched[n].set(u64(reinterpret_cast<std::uintptr_t>(code)), size, &table);
        if (n >= used.load(std::memory_order_relaxed)) used.store(n + 1, std::memory_order_release);
        return true;
    }
    static void remove(const fault_table& table) noexcept {
        const holder hold;
        for (detail::watched_code& r : watched)
            if (r.table.load(std::memory_order_relaxed) == &table) {
                r.set(0, 0, nullptr);
                if (--users == 0 && hooks::is_first(installed - 1)) hooks::remove(--installed);
                return;
            }
    }

private:
    static bool answer(prim::fault& f) noexcept {
        const u32 n = used.load(std::memory_order_acquire);
        for (u32 i = 0; i < n; ++i)
            if (const fault_table* const t = watched[i].find(f.rip)) return t->answer(f);
        return false;
    }
    using hooks = prim::fault_hooks<&fault_watch::answer>;

    static bool install() noexcept {
        if (installed != 0 && hooks::is_first(installed - 1)) return true;
        // One of ours that lies below somebody else's is left alone: it may be what that one calls.
        if (installed >= hooks::levels || !hooks::install(installed)) return false;
        return ++installed, true;
    }

    /// Held while the list changes. It has no destructor, since stores may end after everything else.
    struct holder {
        holder() noexcept {
            while (busy.exchange(true, std::memory_order_acquire)) {
            }
        }
        ~holder() { busy.store(false, std::memory_order_release); }
        holder(const holder&) = delete;
        holder& operator=(const holder&) = delete;
    };

    static constexpr u32 most = 1024; ///< stores
    static inline constinit detail::watched_code watched[most] = {};
    static inline constinit std::atomic<u32> used{0}; ///< the others have never been
    static inline constinit std::atomic<bool> busy{false};
    static inline u32 users = 0;
    static inline unsigned installed = 0; ///< levels of hooks
};

} // namespace tessera::native
