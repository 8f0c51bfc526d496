// SPDX-License-Identifier: MIT
/// @file frame_maps.hpp
/// Which slots of a frame hold references, by the place in the code. Made when a collection first comes to a place,
/// and kept.
#pragma once

#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// What is known of a place.
struct frame_map {
    std::uintptr_t key = 0; ///< 0: none
    u32 func = 0;
    u32 first = 0; ///< in `slots`
    u32 count = 0;
};

class frame_maps {
public:
    frame_maps() noexcept = default;
    explicit frame_maps(const allocator* from) noexcept : table_(from), slots_(from) {}
    /// Null: nothing is known yet.
    const frame_map* find(std::uintptr_t key) const noexcept {
        if (table_.empty()) return nullptr;
        for (std::size_t i = start(key);; i = (i + 1) & (table_.size() - 1)) {
            if (table_[i].key == key) return &table_[i];
            if (table_[i].key == 0) return nullptr;
        }
    }
    view<u32> slots(const frame_map& map) const noexcept { return {slots_.data() + map.first, map.count}; }
    /// Adds what is known of a place. Null: memory is out.
    const frame_map* add(std::uintptr_t key, u32 func, view<u32> slots) noexcept {
        if (2 * (count_ + 1) > table_.size() && !widen()) return nullptr;
        const u32 first = u32(slots_.size());
        if (!slots_.append(slots.data(), slots.size())) return nullptr;
        frame_map& at = place(table_, key);
        at = {key, func, first, u32(slots.size())};
        ++count_;
        return &at;
    }

private:
    std::size_t start(std::uintptr_t key) const noexcept { return hash(key) & (table_.size() - 1); }
    static std::size_t hash(std::uintptr_t key) noexcept { return std::size_t(u64(key) * 0x9e3779b97f4a7c15u >> 20); }
    static frame_map& place(vec<frame_map>& table, std::uintptr_t key) noexcept {
        std::size_t i = hash(key) & (table.size() - 1);
        while (table[i].key != 0) i = (i + 1) & (table.size() - 1);
        return table[i];
    }
    bool widen() noexcept {
        vec<frame_map> wider(table_.from());
        if (!wider.resize(table_.empty() ? 64 : 2 * table_.size())) return false;
        for (const frame_map& m : table_)
            if (m.key != 0) place(wider, m.key) = m;
        table_ = std::move(wider);
        return true;
    }
    vec<frame_map> table_; ///< open addressing, at most half full
    vec<u32> slots_;
    std::size_t count_ = 0;
};

} // namespace tessera::exec
