// SPDX-License-Identifier: MIT
/// @file runtime/table.hpp
/// A table instance (spec: exec/runtime, Table Instances) and the bulk operations on it.
#pragma once

#include <tessera/runtime/limits.hpp>
#include <tessera/syntax/trap.hpp>
#include <tessera/syntax/types.hpp>
#include <tessera/util/allocator.hpp>

#include <span>
#include <string_view>

namespace tessera::inline TESSERA_ABI::runtime {

/// A table: `items` holds references in their 32-bit form, 0 for null; it may move when the table grows.
struct table_data {
    u32* items = nullptr;
    u64 size = 0;                    ///< entries
    table_type type;                 ///< as declared; a type index in `type.element` is the store's type id
    u64 max = 0;                     ///< the smallest of the declared maximum, the address space and the store's limit
    u64 capacity = 0;                ///< entries allocated
    account* total = nullptr;        ///< the store's, counted in `size`s
    const allocator* from = nullptr; ///< of `items`; null: the macros
    u32 self = 0;                    ///< index in store_data::tables

    table_data() noexcept = default;
    explicit table_data(const allocator* a) noexcept : from(a) {}
    table_data(const table_data&) = delete;
    table_data& operator=(const table_data&) = delete;
    ~table_data() {
        give_back();
        if (total) total->give(size);
    }

    /// Gives the table its declared minimum of entries, all `value`. `most` is the store's limit for
    /// one table. On failure returns false; `limit` names the limit that forbids it, empty if memory is out.
    [[nodiscard]] bool allocate(const table_type& t, u32 value, u64 most, account* sum,
                                std::string_view& limit) noexcept {
        type = t;
        limit = {};
        set_most(most);
        if (t.limits.min > max) return limit = "limits::table_entries", false;
        if (sum && !sum->take(t.limits.min)) return limit = "limits::total_table_entries", false;
        total = sum;
        size = t.limits.min;
        if (size == 0) return true;
        items = fresh(size);
        if (!items) return false;
        capacity = size;
        set(0, size, value);
        return true;
    }

    /// Adds `delta` entries, all `value` (spec: exec/modules, Growing tables); `old` is the size
    /// before. False: a limit is reached or memory is out, nothing changed.
    [[nodiscard]] bool grow(u64 delta, u32 value, u64& old) noexcept {
        old = size;
        if (delta > max - size) return false;
        if (total && !total->take(delta)) return false;
        if (size + delta > capacity && !move_to(size + delta)) {
            if (total) total->give(delta);
            return false;
        }
        set(size, delta, value);
        size += delta;
        return true;
    }

    /// From now on it may grow to `most` entries, as far as its type lets it; never less than it has.
    void set_most(u64 most) noexcept {
        const u64 space = type.limits.is64 ? ~u64{0} >> 3 : 0xffff'ffffu;
        max = type.limits.has_max && type.limits.max < space ? type.limits.max : space;
        max = max < most ? max : most;
        if (max < size) max = size;
    }

    /// True if entries [at, at + n) exist.
    bool holds(u64 at, u64 n) const noexcept { return at <= size && n <= size - at; }

    /// Writes `value` to `n` entries from `at` on; the range must lie within the capacity, and be
    /// zero where it lies beyond `size`.
    void set(u64 at, u64 n, u32 value) noexcept {
        if (value == 0 && at >= size) return;
        if (value == 0 && n) std::memset(items + at, 0, std::size_t(n) * sizeof(u32));
        else
            for (u64 i = 0; i < n; ++i) items[at + i] = value;
    }

private:
    u32* fresh(u64 n) const noexcept {
        if (n > std::size_t(-1) / 2 / sizeof(u32)) return nullptr;
        return static_cast<u32*>(allocate_zeroed_in(from, std::size_t(n) * sizeof(u32)));
    }
    void give_back() const noexcept { release_in(from, items, std::size_t(capacity) * sizeof(u32)); }
    bool move_to(u64 needed) noexcept {
        u64 room = capacity + capacity / 2;
        room = room < needed ? needed : room > max ? max : room;
        u32* to = fresh(room);
        if (!to && room > needed) to = fresh(room = needed);
        if (!to) return false;
        if (size) std::memcpy(to, items, std::size_t(size) * sizeof(u32));
        give_back();
        items = to;
        capacity = room;
        return true;
    }
};

/// table.copy: `n` entries from `s` in `from` to `d` in `to`; the ranges may overlap.
inline trap copy(table_data& to, u64 d, const table_data& from, u64 s, u64 n) noexcept {
    if (!to.holds(d, n) || !from.holds(s, n)) return trap::out_of_bounds_table;
    if (n) std::memmove(to.items + d, from.items + s, std::size_t(n) * sizeof(u32));
    return trap::none;
}
/// table.fill: `n` entries of `value` at `d`.
inline trap fill(table_data& to, u64 d, u32 value, u64 n) noexcept {
    if (!to.holds(d, n)) return trap::out_of_bounds_table;
    to.set(d, n, value);
    return trap::none;
}
/// table.init: `n` references from `s` in `from` to `d`.
inline trap init(table_data& to, u64 d, view<u32> from, u64 s, u64 n) noexcept {
    if (!to.holds(d, n) || s > from.size() || n > from.size() - s) return trap::out_of_bounds_table;
    if (n) std::memcpy(to.items + d, from.data() + s, std::size_t(n) * sizeof(u32));
    return trap::none;
}

} // namespace tessera::runtime
