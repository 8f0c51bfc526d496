// SPDX-License-Identifier: MIT
/// @file save/frame_point.hpp
/// A place in a function where a call can stand, and what is in its frame there.
#pragma once

#include <tessera/syntax/types.hpp>

namespace tessera::inline TESSERA_ABI::saving {

/// A value of a frame and where it is.
struct frame_value {
    val_type type;            ///< of the module
    u32 slot = 0;             ///< where it lies
    bool is_constant = false; ///< in the code: it lies nowhere
    bool is_dead = false;     ///< never read again, and its slot may be another one's already
    u64 value[2] = {};        ///< of a constant
    bool is_unread = false;   ///< never read again, and its slot may hold anything
};

/// A place and the frame there.
struct frame_point {
    u32 offset = no_index; ///< of the instruction that comes next, or of the call, in the module's bytes
    u32 cell = 0;          ///< byte offset in the function's code: where it goes on, or where the call returns to
    u32 arguments = 0;     ///< of a call: byte offset of the first one in the frame
    u32 results = 0;       ///< of a call: type index of what is called
    vec<frame_value> locals;
    vec<frame_value> operands; ///< of a call: without what it takes
};

/// Points that were looked up, by two words that name them to who looked.
class point_cache {
    struct entry {
        const void* where = nullptr;
        u64 what = 0;
        frame_point* point = nullptr; ///< null: none
    };

public:
    point_cache() noexcept = default;
    point_cache(const point_cache&) = delete;
    point_cache& operator=(const point_cache&) = delete;
    ~point_cache() {
        for (entry& e : table_) destroy(e.point);
    }
    const frame_point* find(const void* where, u64 what) const noexcept {
        return table_.empty() ? nullptr : table_[place(table_, where, what)].point;
    }
    /// Null: memory is out.
    const frame_point* add(const void* where, u64 what, frame_point&& made) noexcept {
        if (2 * (count_ + 1) > table_.size() && !widen()) return nullptr;
        frame_point* const point = create<frame_point>(std::move(made));
        if (!point) return nullptr;
        table_[place(table_, where, what)] = {where, what, point};
        ++count_;
        return point;
    }
    /// Counts the code that is looked at to find points: that many different ones are in a state that somebody made up
    /// to take long. False: it is too much.
    [[nodiscard]] bool pay(u64 code_bytes) noexcept { return (paid_ += code_bytes) <= most_paid; }

private:
    static std::size_t place(const vec<entry>& table, const void* where, u64 what) noexcept {
        const u64 hash = (u64(reinterpret_cast<std::uintptr_t>(where)) ^ what << 20) * 0x9e3779b97f4a7c15u >> 20;
        std::size_t i = std::size_t(hash) & (table.size() - 1);
        while (table[i].point && (table[i].where != where || table[i].what != what)) i = (i + 1) & (table.size() - 1);
        return i;
    }
    bool widen() noexcept {
        vec<entry> wider;
        if (!wider.resize(table_.empty() ? 64 : 2 * table_.size())) return false;
        for (const entry& e : table_)
            if (e.point) wider[place(wider, e.where, e.what)] = e;
        table_ = std::move(wider);
        return true;
    }
    static constexpr u64 most_paid = u64{256} << 20;
    vec<entry> table_; ///< open addressing, at most half full
    std::size_t count_ = 0;
    u64 paid_ = 0;
};

} // namespace tessera::saving
