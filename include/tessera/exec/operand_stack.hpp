// SPDX-License-Identifier: MIT
/// @file operand_stack.hpp
/// The operand stack while a function is lowered. An entry is a temporary in its own slot, or a local
/// or a constant that nobody has had to copy yet: `local.get` and constants cost nothing until used.
#pragma once

#include <tessera/syntax/types.hpp>
#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::exec {

enum class held : u8 { temp, local, constant };

struct entry {
    held how = held::temp;
    val_type type;
    u32 slot = 0;         ///< the slot of this height, where the value lies if it is a temp
    u32 def = no_index;   ///< temp: the node that made it, no_index if several did
    u32 local = 0;        ///< local: its index
    u32 older = no_index; ///< local: the next lower entry that holds the same local
    u64 value = 0;        ///< constant: as in a slot
};

/// A stack of entries that knows, for each local, which entries hold it.
class operand_stack {
public:
    /// Starts a function with `locals` locals; the temporaries begin at slot `base`.
    [[nodiscard]] bool start(u32 locals, u32 base) noexcept {
        entries_.clear();
        heads_.clear();
        if (!heads_.resize(locals)) return false;
        for (u32& h : heads_) h = no_index;
        base_ = highest_ = base;
        settled_ = 0;
        return true;
    }
    u32 size() const noexcept { return u32(entries_.size()); }
    entry& operator[](u32 i) noexcept { return entries_[i]; }
    entry& top(u32 down = 0) noexcept { return entries_[entries_.size() - 1 - down]; }
    /// The slot the next entry gets.
    u32 next_slot() const noexcept {
        return entries_.empty() ? base_ : entries_.back().slot + entries_.back().type.slots();
    }
    /// One more than the highest slot in use so far.
    u32 highest() const noexcept { return highest_; }
    void reach(u32 slot) noexcept { highest_ = slot > highest_ ? slot : highest_; }

    [[nodiscard]] bool push_temp(val_type t, u32 def) noexcept {
        return push({held::temp, t, next_slot(), def, 0, no_index, 0});
    }
    [[nodiscard]] bool push_constant(val_type t, u64 value) noexcept {
        return push({held::constant, t, next_slot(), no_index, 0, no_index, value});
    }
    [[nodiscard]] bool push_local(val_type t, u32 local) noexcept {
        if (!push({held::local, t, next_slot(), no_index, local, heads_[local], 0})) return false;
        heads_[local] = size() - 1;
        return true;
    }
    entry pop() noexcept {
        const entry e = entries_.back();
        if (e.how == held::local) heads_[e.local] = e.older;
        entries_.pop_back();
        settled_ = settled_ < size() ? settled_ : size();
        return e;
    }
    void shrink(u32 size) noexcept {
        while (entries_.size() > size) pop();
    }
    /// The topmost entry that holds `local`, no_index if none does.
    u32 holder(u32 local) const noexcept { return heads_[local]; }
    /// The topmost entry that holds a local became a temp. Entries of one local settle from the top down.
    void settle(u32 i) noexcept {
        entry& e = entries_[i];
        if (e.how == held::local) {
            u32* link = &heads_[e.local];
            while (*link != i) link = &entries_[*link].older;
            *link = e.older;
        }
        e.how = held::temp;
        e.def = no_index;
    }
    /// Entries below this are temps already.
    u32 settled() const noexcept { return settled_; }
    void set_settled(u32 n) noexcept { settled_ = n; }

private:
    bool push(entry e) noexcept {
        reach(e.slot + e.type.slots());
        return entries_.push_back(e);
    }
    vec<entry> entries_;
    vec<u32> heads_;
    u32 base_ = 0;
    u32 highest_ = 0;
    u32 settled_ = 0;
};

} // namespace tessera::exec
