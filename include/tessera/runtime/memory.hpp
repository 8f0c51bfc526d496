// SPDX-License-Identifier: MIT
/// @file runtime/memory.hpp
/// A memory instance (spec: exec/runtime, Memory Instances) and the bulk operations on it.
#pragma once

#include <tessera/runtime/limits.hpp>
#include <tessera/runtime/shared_data.hpp>
#include <tessera/syntax/trap.hpp>
#include <tessera/syntax/types.hpp>
#include <tessera/util/allocator.hpp>
#include <tessera/util/pages.hpp>

#include <initializer_list>
#include <span>
#include <string_view>

namespace tessera::inline TESSERA_ABI::runtime {

/// Who is told what the host writes to a store's memories. What that is stays the engine's, so that a program without
/// feature::dirty_marks has no code of it.
struct written_pages {
    void (*mark)(written_pages& self, const u8* at, u64 n) noexcept;
};

/// Linear memory. `base` may change whenever the memory grows, except for a shared one. It is null
/// while the memory is empty and has never grown. A shared memory has one in each store that uses it,
/// touched by that store's thread alone: its `size` is what the thread last saw.
struct memory_data {
    u8* base = nullptr;
    u64 size = 0;                     ///< bytes; a multiple of the page size
    memory_type type;                 ///< as declared; the current size is the minimum when it is matched as an import
    u64 max_bytes = 0;                ///< the smallest of the declared maximum, the address space and the store's limit
    u64 capacity = 0;                 ///< bytes that may be used; those beyond `size` are zero
    u64 reserved = 0;                 ///< bytes of address space at `base`; 0: `base` was allocated
    account* total = nullptr;         ///< the store's, counted in `size`s; of a shared one, if it is counted there
    shared_data* shared = nullptr;    ///< counted; null for a memory of the store's own
    written_pages* written = nullptr; ///< null where nobody asks what was written to, and for a shared one
    const allocator* from = nullptr;  ///< of `base`, which then is never reserved; null: the macros
    u32 self = 0;                     ///< index in store_data::memories
    bool is_gone = false;             ///< given up: empty for good
#if TESSERA_NATIVE
    /// It never moves, and of `guarded_space` bytes from `base` on none beyond `size` can be accessed. Set before
    /// `allocate`: wanted, which makes it so or clears it.
    bool guarded = false;
#endif

    memory_data() noexcept = default;
    explicit memory_data(const allocator* a) noexcept : from(a) {}
    memory_data(const memory_data&) = delete;
    memory_data& operator=(const memory_data&) = delete;
    ~memory_data() {
        if (shared) {
            if (total) shared->calls->disown(*shared);
            shared->release();
            return;
        }
        give_back(base, reserved, capacity);
        if (total) total->give(size);
    }

    /// The current size in pages.
    u64 pages() const noexcept { return bytes_now() >> type.page_log2; }
    bool is_guarded() const noexcept {
#if TESSERA_NATIVE
        return guarded;
#else
        return false;
#endif
    }
    /// The current size in bytes, which other threads may have changed.
    u64 bytes_now() const noexcept { return shared ? shared->size.load(std::memory_order_acquire) : size; }
    /// True if another thread has made the memory larger than `size` was; it is set.
    bool see_growth() noexcept {
        const u64 before = size;
        size = bytes_now();
        return size != before;
    }
    /// Makes this the store's view of `s`, whose owner it becomes; `sum` is the account it is counted in.
    void show(shared_data& s, account* sum) noexcept {
        shared = &s;
        total = sum;
        base = s.base;
        type = s.type;
        size = bytes_now();
#if TESSERA_NATIVE
        guarded = s.guarded;
#endif
    }

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
#if TESSERA_NATIVE
        guarded = guarded && can_be_guarded(t) && place(guarded_space, bytes);
        if (guarded) return true;
#endif
        // Others may hold the address of a shared memory while it grows: it has room for its maximum at once.
        if (t.shared) return max_bytes == 0 || place(max_bytes, bytes) || place(0, max_bytes);
        return bytes == 0 || place(bytes < small_size ? bytes : reservation(), bytes) || place(0, bytes);
    }

    /// Adds `delta_pages` zero pages (spec: exec/modules, Growing memories); `old_pages` is the size
    /// before. False: a limit is reached or memory is out, nothing changed.
    [[nodiscard]] bool grow(u64 delta_pages, u64& old_pages) noexcept {
        if (shared) {
            const bool grown = shared->calls->grow(*shared, delta_pages, old_pages);
            see_growth();
            return grown;
        }
        old_pages = pages();
        if (delta_pages > (max_bytes - size) >> type.page_log2) return false;
        const u64 more = delta_pages << type.page_log2;
        if (total && !total->take(more)) return false;
        if (size + more > capacity && !commit(size + more) && !move_to(size + more)) {
            if (total) total->give(more);
            return false;
        }
        size += more;
        return true;
    }

    /// From now on it may grow to `most` bytes, as far as its type lets it; never less than it has. Not for a shared
    /// one.
    void set_most(u64 most) noexcept {
        if (shared || is_gone) return;
        max_bytes = most_bytes(type, most);
        if (max_bytes < size) max_bytes = size;
    }

    /// Gives back all it has; it is empty from then on, for good. Not for a shared one, nor while code runs on it.
    void give_up() noexcept {
        give_back(base, reserved, capacity);
        if (total) total->give(size);
        base = nullptr;
        size = capacity = reserved = max_bytes = 0;
        total = nullptr;
        is_gone = true;
#if TESSERA_NATIVE
        guarded = false;
#endif
    }

    /// True if [at, at + n) lies inside.
    bool holds(u64 at, u64 n) const noexcept {
        const u64 all = bytes_now();
        return at <= all && n <= all - at;
    }
    std::span<u8> bytes() const noexcept { return {base, std::size_t(size)}; }
    /// The host writes `n` bytes at `at`, or hands them out to be written; they are inside.
    void note_write(const u8* at, u64 n) const noexcept {
        if (TESSERA_UNLIKELY(written != nullptr)) written->mark(*written, at, n);
    }

    /// Any address and offset of 32 bits and what is accessed there lie within.
    static constexpr u64 guarded_space = (u64{8} << 30) + 64 * 1024;
    /// Only these can be: addresses have 32 bits, and the size is a multiple of every system's pages.
    static constexpr bool can_be_guarded(const memory_type& t) noexcept {
        return !t.limits.is64 && t.page_log2 == 16 && sizeof(void*) > 4;
    }

private:
    /// What address space is counted in: no system has larger pages, and Windows reserves in such.
    static constexpr u64 unit = 64 * 1024;
    /// A memory that starts with less gets what it starts with, and a reservation when it first grows: most of
    /// the small ones never do, and a range of its own costs each of them page tables.
    static constexpr u64 small_size = 1024 * 1024;
    /// The most that is reserved for what may never be used.
    static constexpr u64 most_reserved = sizeof(void*) > 4 ? u64{4} << 30 : u64{64} << 20;
    /// Growing page by page asks the system once for so many bytes.
    static constexpr u64 commit_step = 1024 * 1024;

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
    static u64 whole_units(u64 bytes) noexcept { return (bytes + unit - 1) / unit * unit; }
    /// How much address space to ask for, for all the growing to come.
    u64 reservation() const noexcept { return whole_units(max_bytes < most_reserved ? max_bytes : most_reserved); }

    /// Finds room for `usable` bytes in `space` bytes of address space of their own, which must be a unit at
    /// least, or where `space` is 0 allocates them. What was there stays the caller's to give back.
    bool place(u64 space, u64 usable) noexcept {
        u8* at = nullptr;
        u64 committed = usable;
        if (space == 0) {
            at = static_cast<u8*>(allocate_zeroed_in(from, std::size_t(usable)));
        } else {
#if TESSERA_RESERVES
            if (from || space < unit || space > std::size_t(-1) / 2 || usable > space) return false;
            space = whole_units(space);
            committed = whole_units(usable);
            at = static_cast<u8*>(TESSERA_RESERVE(std::size_t(space), std::size_t(committed)));
#endif
        }
        if (!at) return false;
        base = at;
        capacity = committed;
        reserved = space;
        return true;
    }
    void give_back(u8* at, u64 space, u64 room) const noexcept {
#if TESSERA_RESERVES
        if (space != 0) {
            TESSERA_RELEASE(at, std::size_t(space));
            return;
        }
#else
        static_cast<void>(space);
#endif
        release_in(from, at, std::size_t(room));
    }
    /// Makes `needed` bytes usable where the memory is.
    bool commit(u64 needed) noexcept {
#if TESSERA_RESERVES
        if (needed > reserved) return false;
        const u64 step = (needed + commit_step - 1) / commit_step * commit_step;
        const u64 ahead = step < reserved ? step : reserved;
        for (u64 to : {is_guarded() ? whole_units(needed) : ahead, whole_units(needed)}) {
            if (!TESSERA_COMMIT(base + capacity, std::size_t(to - capacity))) continue;
            capacity = to;
            return true;
        }
#else
        static_cast<void>(needed);
#endif
        return false;
    }
    bool move_to(u64 needed) noexcept {
        if (type.shared || is_guarded()) return false;
        u8* const old = base;
        const u64 space = reserved, had = capacity;
        // Half as much again keeps growing page by page linear in all.
        u64 room = capacity + capacity / 2;
        room = room < needed ? needed : room > max_bytes ? max_bytes : room;
        if (!place(reservation(), needed) && !place(room, needed) && !place(0, room) && !place(0, needed)) return false;
        copy_used(base, old, size);
        give_back(old, space, had);
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

/// Copies `n` bytes between places of which one is in `m`; they may overlap.
inline void copy_bytes(const memory_data& m, u8* to, const u8* from, u64 n) noexcept {
    if (n == 0) return;
    if (m.shared) m.shared->calls->copy(to, from, n);
    else std::memmove(to, from, std::size_t(n));
}

/// memory.copy: `n` bytes from `s` in `from` to `d` in `to`; the ranges may overlap.
inline trap copy(memory_data& to, u64 d, const memory_data& from, u64 s, u64 n) noexcept {
    if (!to.holds(d, n) || !from.holds(s, n)) return trap::out_of_bounds_memory;
    copy_bytes(to.shared ? to : from, to.base + d, from.base + s, n);
    return trap::none;
}
/// memory.fill: `n` bytes of `value` at `d`.
inline trap fill(memory_data& to, u64 d, u8 value, u64 n) noexcept {
    if (!to.holds(d, n)) return trap::out_of_bounds_memory;
    if (to.shared) to.shared->calls->fill(to.base + d, value, n);
    else if (n) std::memset(to.base + d, value, std::size_t(n));
    return trap::none;
}
/// memory.init: `n` bytes from `s` in `from` to `d`.
inline trap init(memory_data& to, u64 d, std::span<const u8> from, u64 s, u64 n) noexcept {
    if (!to.holds(d, n) || s > from.size() || n > from.size() - s) return trap::out_of_bounds_memory;
    copy_bytes(to, to.base + d, from.data() + s, n);
    return trap::none;
}

} // namespace tessera::runtime
