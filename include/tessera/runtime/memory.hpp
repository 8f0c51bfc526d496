// SPDX-License-Identifier: MIT
/// @file runtime/memory.hpp
/// A memory instance (spec: exec/runtime, Memory Instances) and the bulk operations on it.
#pragma once

#include <tessera/runtime/limits.hpp>
#include <tessera/syntax/trap.hpp>
#include <tessera/syntax/types.hpp>

#include <span>
#include <string_view>

namespace tessera::inline TESSERA_ABI::runtime {

/// Linear memory. `base` may change whenever the memory grows, except for a shared one. It is null
/// while the memory is empty and has never grown.
struct memory_data {
    u8* base = nullptr;
    u64 size = 0;             ///< bytes; a multiple of the page size
    memory_type type;         ///< as declared; the current size is the minimum when it is matched as an import
    u64 max_bytes = 0;        ///< the smallest of the declared maximum, the address space and the store's limit
    u64 capacity = 0;         ///< bytes allocated; those beyond `size` are zero
    account* total = nullptr; ///< the store's, counted in `size`s
    u32 self = 0;             ///< index in store_data::memories

    memory_data() noexcept = default;
    memory_data(const memory_data&) = delete;
    memory_data& operator=(const memory_data&) = delete;
    ~memory_data() {
        TESSERA_DEALLOCATE(base);
        if (total) total->give(size);
    }

    /// The current size in pages.
    u64 pages() const noexcept { return size >> type.page_log2; }

    /// Gives the memory its declared minimum. `most` is the store's limit in bytes for one memory.
    /// On failure returns false; `limit` names the limit that forbids it, empty if memory is out.
    [[nodiscard]] bool allocate(const memory_type& t, u64 most, account* sum, std::string_view& limit) noexcept {
        type = t;
        limit = {};
        max_bytes = most_bytes(t, most);
        const u64 pages_max = max_bytes >> t.page_log2;
        if (t.limits.min > pages_max) return limit = "limits::memory_bytes", false;
        const u64 bytes = t.limits.min << t.page_log2;
        if (sum && !sum->take(bytes)) return limit = "limits::total_memory_bytes", false;
        total = sum;
        size = bytes;
        // Others may hold the address of a shared memory while it grows: it gets its maximum at once.
        const u64 room = t.shared ? max_bytes : bytes;
        if (room == 0) return true;
        base = fresh(room);
        if (!base) return false;
        capacity = room;
        return true;
    }

    /// Adds `delta_pages` zero pages (spec: exec/modules, Growing memories); `old_pages` is the size
    /// before. False: a limit is reached or memory is out, nothing changed.
    [[nodiscard]] bool grow(u64 delta_pages, u64& old_pages) noexcept {
        old_pages = pages();
        if (delta_pages > (max_bytes - size) >> type.page_log2) return false;
        const u64 more = delta_pages << type.page_log2;
        if (total && !total->take(more)) return false;
        if (size + more > capacity && !move_to(size + more)) {
            if (total) total->give(more);
            return false;
        }
        size += more;
        return true;
    }

    /// True if [at, at + n) lies inside.
    bool holds(u64 at, u64 n) const noexcept { return at <= size && n <= size - at; }
    std::span<u8> bytes() const noexcept { return {base, std::size_t(size)}; }

private:
    static u64 most_bytes(const memory_type& t, u64 most) noexcept {
        u64 pages = t.limits.has_max ? t.limits.max : ~u64{0};
        if (!t.limits.is64) {
            // A page count has to fit in an i32.
            const u64 space = t.page_log2 == 0 ? 0xffff'ffffu : (u64{1} << 32) >> t.page_log2;
            pages = pages < space ? pages : space;
        }
        const u64 native = u64(std::size_t(-1) / 2);
        most = most < native ? most : native;
        return pages < most >> t.page_log2 ? pages << t.page_log2 : most >> t.page_log2 << t.page_log2;
    }
    static u8* fresh(u64 bytes) noexcept { return static_cast<u8*>(TESSERA_ALLOCATE_ZEROED(std::size_t(bytes))); }

    bool move_to(u64 needed) noexcept {
        // Half as much again keeps growing page by page linear in all.
        u64 room = capacity + capacity / 2;
        room = room < needed ? needed : room > max_bytes ? max_bytes : room;
        u8* to = fresh(room);
        if (!to && room > needed) to = fresh(room = needed);
        if (!to) return false;
        copy_used(to, base, size);
        TESSERA_DEALLOCATE(base);
        base = to;
        capacity = room;
        return true;
    }
    // Pages that hold only zeros are not written, so those nobody has touched stay free of cost.
    static void copy_used(u8* to, const u8* from, u64 n) noexcept {
        constexpr std::size_t step = 4096;
        static constexpr u8 zeros[step] = {};
        for (; n >= step; n -= step, to += step, from += step)
            if (std::memcmp(from, zeros, step) != 0) std::memcpy(to, from, step);
        if (n) std::memcpy(to, from, std::size_t(n));
    }
};

/// memory.copy: `n` bytes from `s` in `from` to `d` in `to`; the ranges may overlap.
inline trap copy(memory_data& to, u64 d, const memory_data& from, u64 s, u64 n) noexcept {
    if (!to.holds(d, n) || !from.holds(s, n)) return trap::out_of_bounds_memory;
    if (n) std::memmove(to.base + d, from.base + s, std::size_t(n));
    return trap::none;
}
/// memory.fill: `n` bytes of `value` at `d`.
inline trap fill(memory_data& to, u64 d, u8 value, u64 n) noexcept {
    if (!to.holds(d, n)) return trap::out_of_bounds_memory;
    if (n) std::memset(to.base + d, value, std::size_t(n));
    return trap::none;
}
/// memory.init: `n` bytes from `s` in `from` to `d`.
inline trap init(memory_data& to, u64 d, std::span<const u8> from, u64 s, u64 n) noexcept {
    if (!to.holds(d, n) || s > from.size() || n > from.size() - s) return trap::out_of_bounds_memory;
    if (n) std::memcpy(to.base + d, from.data() + s, std::size_t(n));
    return trap::none;
}

} // namespace tessera::runtime
