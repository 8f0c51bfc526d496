// SPDX-License-Identifier: MIT
/// @file native/fault_table.hpp
/// The accesses to guarded memories in the machine code of a store, and where the thread goes on if one is out of
/// bounds.
#pragma once

#include <tessera/exec/encode.hpp>
#include <tessera/native/emit.hpp>
#include <tessera/native/prim/fault.hpp>

#include <algorithm>

namespace tessera::inline TESSERA_ABI::native {

/// Grows with the code, in the same order, and only while none of it is executed.
class fault_table {
public:
    /// The code that will be told of lies behind `base`; `trap` is what it goes to, see shared_code.
    void begin(const u8* base, const u8* trap) noexcept { base_ = base, trap_ = trap; }

    /// What is accessed in the function `code`, which lies behind all others. False: memory is out, nothing changed.
    [[nodiscard]] bool add(const u8* code, const u8* cells, view<guarded_access> accesses,
                           view<exec::cell_origin> places) noexcept {
        const std::size_t before = accesses_.size();
        if (!functions_.push_back({u64(code - base_), cells, u32(before)})) return false;
        for (const guarded_access& a : accesses)
            if (!accesses_.push_back({a.at, places[a.node].cell}))
                return accesses_.truncate(before), functions_.pop_back(), false;
        return true;
    }

    /// Sends the thread to the trap of the access that failed. False: `f` is no guest's access out of its bounds.
    bool answer(prim::fault& f) const noexcept {
        if (f.address - f.rsi >= runtime::memory_data::guarded_space) return false;
        const function* const fn = last_before(functions_, f.rip - u64(reinterpret_cast<std::uintptr_t>(base_)));
        if (!fn) return false;
        const u64 in_function = f.rip - u64(reinterpret_cast<std::uintptr_t>(base_)) - fn->at;
        const std::size_t end = fn + 1 == functions_.end() ? accesses_.size() : fn[1].first;
        const access* const a = last_before(view<access>(accesses_.data() + fn->first, end - fn->first), in_function);
        // The registers mean what they do in machine code. Whoever lets nobody access a part of a memory that the guest
        // has, has a handler for it. A shared memory may have grown after the access.
        const auto& c = *reinterpret_cast<const exec::context*>(std::uintptr_t(f.rbp));
        if (!a || (!c.memory->shared && f.address - f.rsi < c.memory->size)) return false;
        f.rip = u64(reinterpret_cast<std::uintptr_t>(trap_));
        f.rax = u64(trap::out_of_bounds_memory);
        f.r8 = u64(reinterpret_cast<std::uintptr_t>(fn->cells)) + a->cell;
        return true;
    }

private:
    struct function {
        u64 at = 0; ///< bytes from `base_` on
        const u8* cells = nullptr;
        u32 first = 0; ///< of its accesses
    };
    struct access {
        u32 at = 0;   ///< bytes from where the function begins
        u32 cell = 0; ///< byte offset of its cell
    };
    /// The last of those that begin at `at` or before. Null: none does.
    template <class All>
    static auto last_before(const All& all, u64 at) noexcept -> decltype(all.begin()) {
        const auto next = std::upper_bound(all.begin(), all.end(), at, [](u64 x, const auto& y) { return x < y.at; });
        return next == all.begin() ? nullptr : next - 1;
    }

    const u8* base_ = nullptr;
    const u8* trap_ = nullptr;
    vec<function> functions_;
    vec<access> accesses_;
};

} // namespace tessera::native
