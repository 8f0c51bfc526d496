// SPDX-License-Identifier: MIT
/// @file name_map.hpp
/// From names to numbers: an open-addressing hash map whose every allocation can fail.
#pragma once

#include <tessera/util/vec.hpp>

#include <string_view>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI {

/// A 32-bit hash of a name; good enough that short, similar names spread.
constexpr u32 hash_name(std::string_view name) noexcept {
    u32 h = 0x811c9dc5u;
    for (char c : name) h = (h ^ u8(c)) * 0x01000193u;
    return h ^ h >> 15;
}

/// Maps (owner, name) to a number. The names are not copied: they must live as long as the map or
/// until `clear`. `owner` keeps the names of different things apart, e.g. the fields of two types.
class name_map {
public:
    /// The number of `name`, or null. Valid until the next `add` or `clear`.
    u32* find(std::string_view name, u32 owner = 0) noexcept {
        if (slots_.empty()) return nullptr;
        slot& s = place(name, owner, mixed(name, owner));
        return s.epoch == epoch_ ? &s.value : nullptr;
    }
    /// Puts `name` in with `value` unless it is there; `fresh` tells. False: memory is out.
    [[nodiscard]] bool add(std::string_view name, u32 value, bool& fresh, u32 owner = 0) noexcept {
        if ((used_ + 1) * 2 > slots_.size() && !grow()) return false;
        const u32 hash = mixed(name, owner);
        slot& s = place(name, owner, hash);
        fresh = s.epoch != epoch_;
        if (fresh) {
            s = {name.data(), u32(name.size()), owner, hash, value, epoch_};
            ++used_;
        }
        return true;
    }
    /// Puts `name` in with `value`, or gives it the new value. False: memory is out.
    [[nodiscard]] bool set(std::string_view name, u32 value, u32 owner = 0) noexcept {
        bool fresh = false;
        if (!add(name, value, fresh, owner)) return false;
        if (!fresh) *find(name, owner) = value;
        return true;
    }
    /// Forgets everything; costs nothing.
    void clear() noexcept {
        used_ = 0;
        if (++epoch_ == 0) { // the counter went round: old slots would come alive again
            for (slot& s : slots_) s.epoch = 0;
            epoch_ = 1;
        }
    }
    std::size_t size() const noexcept { return used_; }

private:
    struct slot {
        const char* data = nullptr;
        u32 length = 0;
        u32 owner = 0;
        u32 hash = 0;
        u32 value = 0;
        u32 epoch = 0; ///< the slot counts only if this equals the map's
    };
    static constexpr u32 mixed(std::string_view name, u32 owner) noexcept {
        return (hash_name(name) + owner * 0x9e3779b9u) * 0x85ebca6bu;
    }
    /// The slot of the name, or the free slot where it belongs. At least half of the slots are free.
    slot& place(std::string_view name, u32 owner, u32 hash) noexcept {
        const std::size_t mask = slots_.size() - 1;
        for (std::size_t i = (hash >> 7) & mask;; i = (i + 1) & mask) {
            slot& s = slots_[i];
            if (s.epoch != epoch_) return s;
            if (s.hash == hash && s.owner == owner && std::string_view(s.data, s.length) == name) return s;
        }
    }
    bool grow() noexcept {
        vec<slot> old = std::move(slots_);
        if (!slots_.resize(old.empty() ? 16 : old.size() * 2)) {
            slots_ = std::move(old);
            return false;
        }
        for (const slot& s : old)
            if (s.epoch == epoch_) place({s.data, s.length}, s.owner, s.hash) = s;
        return true;
    }
    vec<slot> slots_; ///< a power of two of them
    std::size_t used_ = 0;
    u32 epoch_ = 1;
};

} // namespace tessera
TESSERA_SMALL_END
