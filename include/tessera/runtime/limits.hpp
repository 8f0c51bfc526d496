// SPDX-License-Identifier: MIT
/// @file runtime/limits.hpp
/// What a store allows its guests (spec: appendix/implementation, Implementation Limitations).
#pragma once

#include <tessera/util/integers.hpp>

#include <atomic>

namespace tessera::inline TESSERA_ABI {

/// Numbers a store keeps its guests within; set once, when the store is made. Reaching one is an
/// error of kind::exhaustion that names the limit, or the instruction's own failure value (-1 of
/// memory.grow and table.grow).
struct limits {
    u64 memory_bytes = u64{16} << 30;       ///< of one memory; those addressed by i32 end at 4 GiB anyway
    u64 total_memory_bytes = u64{64} << 30; ///< of all memories of the store together
    u64 table_entries = 10'000'000;         ///< of one table
    u64 total_table_entries = 50'000'000;   ///< of all tables of the store together
    u64 heap_bytes = u64{1} << 30;          ///< of structures, arrays and exceptions; at most 4 GiB
    u64 stack_bytes = u64{4} << 20;         ///< of one call's stack
    bool heap_slices = true;     ///< collect in slices, else at once; not a limit, but how pauses are kept short
    u32 host_depth = 48;         ///< nested calls into the guest; each takes 1 to 3 KiB of native stack,
                                 ///< 8 KiB in a loop that is compiled without optimisation
    u32 instances = 100'000;     ///< made by the store in its life
    u32 memories = 100'000;      ///< likewise
    u32 tables = 100'000;        ///< likewise
    u32 functions = 50'000'000;  ///< function records: every function of every instance
    u32 host_objects = 1u << 24; ///< alive at a time, as externref
};

namespace runtime {

/// What is used of a limit that several objects share. A shared memory of the store's may be grown by
/// other threads.
struct account {
    std::atomic<u64> used{0};
    u64 most = ~u64{0};
    /// Takes `n` more; false: that would be more than allowed, nothing changed.
    [[nodiscard]] bool take(u64 n) noexcept {
        u64 before = used.load(std::memory_order_relaxed);
        do
            if (n > most - before) return false;
        while (!used.compare_exchange_weak(before, before + n, std::memory_order_relaxed));
        return true;
    }
    void give(u64 n) noexcept { used.fetch_sub(n, std::memory_order_relaxed); }
};

} // namespace runtime
} // namespace tessera
