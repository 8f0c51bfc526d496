// SPDX-License-Identifier: MIT
/// @file roots.hpp
/// References that the host holds: what they refer to stays alive.
#pragma once

#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// Places for references, each with a count of how often it was used, so that a place given up is known.
class root_table {
public:
    struct place {
        u32 reference = 0;
        u32 turn = 0;
        u32 next_free = 0; ///< while unused: index + 1 of the next unused one
    };
    explicit root_table(const allocator* from) noexcept : places_(from) {}
    /// A place for `reference`; its index is in `index`. False: memory is out.
    [[nodiscard]] bool add(u32 reference, u32& index) noexcept {
        if (free_) {
            index = free_ - 1;
            free_ = places_[index].next_free;
            places_[index].reference = reference;
            return true;
        }
        index = u32(places_.size());
        return places_.push_back({reference, 0, 0});
    }
    void remove(u32 index) noexcept {
        places_[index] = {0, places_[index].turn + 1, free_};
        free_ = index + 1;
    }
    place& operator[](u32 index) noexcept { return places_[index]; }
    view<place> all() const noexcept { return {places_.data(), places_.size()}; }
    void clear() noexcept {
        places_ = {};
        free_ = 0;
    }

private:
    vec<place> places_;
    u32 free_ = 0;
};

} // namespace tessera::runtime
