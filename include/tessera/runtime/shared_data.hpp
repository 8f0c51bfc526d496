// SPDX-License-Identifier: MIT
/// @file runtime/shared_data.hpp
/// What a store knows of a shared memory. The rest, runtime/shared_memory.hpp, is part of builds that have
/// feature::threads.
#pragma once

#include <tessera/syntax/types.hpp>

#include <atomic>

namespace tessera::inline TESSERA_ABI::runtime {

struct shared_data;

/// What can be done with shared memories, as a table.
struct shared_calls {
    /// As memory_data::grow.
    bool (*grow)(shared_data&, u64 delta_pages, u64& old_pages) noexcept;
    /// From now on it is counted in no account.
    void (*disown)(shared_data&) noexcept;
    void (*destroy)(shared_data*) noexcept;
    /// As memmove and memset, while other threads access the same bytes.
    void (*copy)(u8* to, const u8* from, u64 n) noexcept;
    void (*fill)(u8* to, u8 value, u64 n) noexcept;
};

/// A memory that several stores and the host use at the same time. It belongs to none of them and ends with
/// its last owner; it never moves.
struct shared_data {
    const shared_calls* calls = nullptr;
    u8* base = nullptr;
    std::atomic<u64> size{0}; ///< bytes; only grows
    std::atomic<u32> owners{1};
    memory_type type;
#if TESSERA_NATIVE
    bool guarded = false; ///< see memory_data
#endif

    u64 pages() const noexcept { return size.load(std::memory_order_acquire) >> type.page_log2; }
    void retain() noexcept { owners.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) calls->destroy(this);
    }
};

/// What the thread of a store sleeps on while its guest waits; runtime/wait_queue.hpp makes it.
struct sleeper_data {
    void (*wake)(sleeper_data&) noexcept = nullptr; ///< lets it look around; for any thread
    void (*destroy)(sleeper_data*) noexcept = nullptr;
};

} // namespace tessera::runtime
