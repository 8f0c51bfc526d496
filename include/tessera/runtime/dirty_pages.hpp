// SPDX-License-Identifier: MIT
/// @file dirty_pages.hpp
/// Which pages of a store's memories were written to: marks by address, for all memories together.
#pragma once

#include <tessera/runtime/memory.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// A mark for each page of 4 KiB of 64 MiB of addresses; pages farther apart share marks, so that a marked page may not
/// have been written to, and one that is not marked was not.
struct dirty_pages : written_pages {
    static constexpr unsigned page_log2 = 12;
    static constexpr std::size_t page = std::size_t{1} << page_log2, marks = std::size_t{1} << 14;
    u8 marked[marks] = {};

    dirty_pages() noexcept
        : written_pages{[](written_pages& self, const u8* at, u64 n) noexcept {
              static_cast<dirty_pages&>(self).mark_range(at, n);
          }} {}

    /// What a store writes at most; see `reached`.
    static constexpr std::size_t most_bytes = 16;

    static TESSERA_INLINE std::size_t place(std::uintptr_t at) noexcept {
        return std::size_t(at >> page_log2) & (marks - 1);
    }
    static TESSERA_INLINE std::size_t place(const u8* at) noexcept {
        return place(reinterpret_cast<std::uintptr_t>(at));
    }
    /// Before or after a store of at most `most_bytes` at `at`: only the page where it begins.
    TESSERA_INLINE void mark(const u8* at) noexcept { marked[place(at)] = 1; }
    void mark_range(const u8* at, u64 n) noexcept {
        if (n > marks * page) n = marks * page;
        for (u64 i = 0; i < n; i += page) marked[place(at + i)] = 1;
        if (n) marked[place(at + (n - 1))] = 1;
    }
    /// Whether something of the page's worth of bytes from `at` on may have been written to, but for what `reached`
    /// says.
    bool is_marked(const u8* at) const noexcept { return (marked[place(at)] | marked[place(at + (page - 1))]) != 0; }
    /// Whether a store that begins before `at` may have written to the first of these bytes, fewer than `most_bytes`.
    bool reached(const u8* at) const noexcept {
        const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(at);
        return (marked[place(first - 1)] | marked[place(first - (most_bytes - 1))]) != 0;
    }
    void clear() noexcept { std::memset(marked, 0, sizeof marked); }
};

} // namespace tessera::runtime
