// SPDX-License-Identifier: MIT
/// @file frames.hpp
/// Walking over the frames of a call, innermost first. Frames hold no more than return addresses and
/// distances; the function behind an address is looked up in the lowered code.
#pragma once

#include <tessera/exec/context.hpp>

#include <algorithm>

namespace tessera::inline TESSERA_ABI::exec {

/// Where in `unit` the cells are that hold `pc`; function no_index if there are none. Puts what was lowered since the
/// last call into order first.
inline runtime::code_place function_at(runtime::code_unit& unit, const u8* pc) noexcept {
    using runtime::code_place;
    vec<code_place>& places = unit.places;
    const auto after = [](const u8* p, const code_place& b) { return std::less<>()(p, b.cells); };
    constexpr std::size_t few = 16; // are put in one by one
    if (places.size() - unit.sorted > few) {
        // Sorting by a heap is less code than std::sort.
        const auto before = [](const code_place& a, const code_place& b) { return std::less<>()(a.cells, b.cells); };
        std::make_heap(places.begin(), places.end(), before);
        std::sort_heap(places.begin(), places.end(), before);
        unit.sorted = places.size();
    }
    for (; unit.sorted < places.size(); ++unit.sorted) {
        code_place* const at = places.begin() + unit.sorted;
        std::rotate(std::upper_bound(places.begin(), at, at->cells, after), at, at + 1);
    }
    const code_place* const next = std::upper_bound(places.begin(), places.end(), pc, after);
    if (next == places.begin()) return {nullptr, no_index};
    const code_place& found = next[-1];
    return pc < found.cells + unit.code_of(found).size ? found : code_place{nullptr, no_index};
}

/// A frame. `pc` lies in the cell that runs or calls; the walk is over when it is null.
struct frame {
    const u8* pc = nullptr;
    u8* fp = nullptr;
    runtime::instance_data* instance = nullptr;
    u32 func = no_index; ///< set by `find`
#if TESSERA_NATIVE
    u32 compiled = 0; ///< see runtime::code_place
#endif

    /// The frame of a call that has stopped at `stop_pc`, or that of its caller if that is null: it then
    /// stopped on the way into context::call.
    static frame of(const context& c) noexcept {
        frame f{c.stop_pc, c.fp, c.instance};
        if (!c.stop_pc) f.leave(c, c.call.return_pc, c.call.link, c.fp + c.call.delta);
        return f;
    }
    /// Looks the function up; false at the end of the walk.
    bool find() noexcept {
        const runtime::code_place at =
            pc && instance ? function_at(*instance->unit, pc) : runtime::code_place{nullptr, no_index};
        func = at.func;
#if TESSERA_NATIVE
        compiled = at.compiled;
#endif
        return func != no_index;
    }
    /// Of a frame that was found.
    const runtime::func_code& code() const noexcept {
#if TESSERA_NATIVE
        return instance->unit->code_of({nullptr, func, compiled});
#else
        return instance->unit->funcs[func];
#endif
    }
    /// From a frame that was found to its caller.
    void to_caller(const context& c) noexcept {
        const u8* const header = fp + 8 * u64(instance->unit->funcs[func].header);
        leave(c, get_pointer<const u8>(header), load_native<u64>(header + 8), fp);
    }

private:
    void leave(const context& c, const u8* return_pc, u64 link, u8* base) noexcept {
        fp = base - link;
        if (return_pc == c.restore_cells) {
            const u8* const bridge = fp - 24;
            return_pc = get_pointer<const u8>(bridge);
            fp = base - link - 24 - (load_native<u64>(bridge + 8) & ((u64{1} << 40) - 1));
            instance = get_pointer<runtime::instance_data>(bridge + 16);
        }
        // The call lies just before the place it returns to.
        pc = return_pc == c.leave_cells ? nullptr : return_pc - 1;
    }
};

} // namespace tessera::exec
