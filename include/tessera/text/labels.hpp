// SPDX-License-Identifier: MIT
/// @file text/labels.hpp
/// The labels around an instruction (spec: text/conventions, Contexts).
#pragma once

#include <tessera/syntax/types.hpp>
#include <tessera/util/name_map.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// A stack of names, and for each name the innermost label that has it.
class label_stack {
public:
    /// Opens a label; `name` may be empty and must stay. False: memory is out.
    [[nodiscard]] bool push(std::string_view name) noexcept {
        entry e{name, 0};
        if (!name.empty()) {
            if (const u32* outer = places_.find(name)) e.shadowed = *outer;
            if (!places_.set(name, size() + 1)) return false;
        }
        return entries_.push_back(e);
    }
    void pop() noexcept {
        const entry& e = entries_.back();
        if (!e.name.empty()) *places_.find(e.name) = e.shadowed;
        entries_.pop_back();
    }
    u32 size() const noexcept { return u32(entries_.size()); }
    void clear() noexcept {
        entries_.clear();
        places_.clear();
    }
    /// The relative index of the innermost label `name`. False: there is none.
    [[nodiscard]] bool find(std::string_view name, u32& out) noexcept {
        const u32* place = places_.find(name);
        if (!place || *place == 0) return false;
        out = size() - *place;
        return true;
    }
    /// The name of the label with that relative index; empty if it has none or a label further in hides it.
    std::string_view visible_name(u32 index) noexcept {
        u32 innermost = 0;
        if (index >= size()) return {};
        const std::string_view name = entries_[size() - 1 - index].name;
        return !name.empty() && find(name, innermost) && innermost == index ? name : std::string_view();
    }

private:
    struct entry {
        std::string_view name;
        u32 shadowed = 0; ///< what places_ held for the name before, 0 for nothing
    };
    vec<entry> entries_;
    name_map places_; ///< the label's place in entries_ plus one
};

} // namespace tessera::text
TESSERA_SMALL_END
