// SPDX-License-Identifier: MIT
/// @file game/object_table.hpp
/// Objects of the host that guests know by a number, which means nothing once the object is gone.
#pragma once

#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::game {

/// A number for a guest: a place in the low 20 bits, above it how often the place has been used, counted from 1. 0 is
/// no object. A number that is guessed may be that of another object of the same table, never of something else.
using object_id = u32;

/// Objects of type T, which must be movable without throwing, by number. The table owns them. A place is given out anew
/// when what was in it is gone, with another number; after 4,095 times no more. At most 2^20 objects at a time.
template <class T>
class object_table {
public:
    object_table() noexcept = default;
    object_table(const object_table&) = delete;
    object_table& operator=(const object_table&) = delete;
    object_table(object_table&&) noexcept = default;
    object_table& operator=(object_table&&) noexcept = default;

    /// Takes an object; its number. 0: the table is full, or memory is out.
    object_id add(T object) noexcept {
        u32 at = first_free_;
        if (at != none) {
            first_free_ = places_[at].next_free;
        } else {
            at = u32(places_.size());
            if (at > place_mask || !places_.push_back({})) return 0;
        }
        place& p = places_[at];
        p.object = std::move(object);
        p.used = true;
        ++size_;
        return at | p.turn << place_bits;
    }
    /// The object of that number, null if there is none, or no more. Good until the next `add` or `remove`.
    T* find(object_id id) noexcept {
        const u32 at = id & place_mask;
        if (at >= places_.size() || !places_[at].used || places_[at].turn != id >> place_bits) return nullptr;
        return &places_[at].object;
    }
    /// Takes the object out; false if there is none of that number.
    bool remove(object_id id) noexcept {
        T* const gone = find(id);
        if (!gone) return false;
        const u32 at = id & place_mask;
        place& p = places_[at];
        *gone = T();
        p.used = false;
        --size_;
        if (p.turn++ == most_turns) return true; // its numbers are used up
        p.next_free = first_free_;
        first_free_ = at;
        return true;
    }
    /// How many there are.
    u32 size() const noexcept { return size_; }

private:
    static constexpr u32 place_bits = 20, place_mask = (u32{1} << place_bits) - 1, none = ~u32{0};
    static constexpr u32 most_turns = (u32{1} << (32 - place_bits)) - 1;
    struct place {
        T object{};
        u32 turn = 1;
        u32 next_free = none;
        bool used = false;
    };
    vec<place> places_;
    u32 first_free_ = none;
    u32 size_ = 0;
};

} // namespace tessera::game
