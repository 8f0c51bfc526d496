// SPDX-License-Identifier: MIT
/// @file catch_table.hpp
/// Where a function catches exceptions. Looked at when one is thrown, with the address of the throw or
/// of the call it came through; code that does not throw does not know of it.
#pragma once

#include <tessera/syntax/types.hpp>
#include <tessera/util/partition.hpp>
#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// One clause. Places in the code are labels while a function is lowered and byte offsets in its cells
/// afterwards, here and in catch_region; slots are of the frame, no_index where there is none.
struct catch_clause {
    u32 tag = no_index;          ///< tag index, no_index: every exception
    u32 target = 0;              ///< where to go on
    u32 next = no_index;         ///< the clause to try after this one
    u32 values = no_index;       ///< first slot of what the exception carries
    u32 copy = no_index;         ///< the same once more
    u32 reference = no_index;    ///< slot of the exception's reference
    bool wants_reference = true; ///< else `reference` becomes null
    bool goes_back = false;      ///< to the beginning of a loop, which is a safepoint:
    u32 landing = 0;             ///< where a call goes on that was stopped there
    u32 cost = 0;                ///< and what it pays
    /// Slots whose copies registers hold at `target`, see pins.hpp.
    u32 pins[4] = {no_index, no_index, no_index, no_index};
};

/// The code that clauses are for. Regions are in the order of their beginnings, one that lies in another
/// after it.
struct catch_region {
    u32 begin = 0;
    u32 end = 0;
    u32 parent = no_index;  ///< the region around it
    u32 outward = no_index; ///< where the search goes on if no clause fits: `parent`, but for a delegate
    u32 first = no_index;   ///< clause
};

struct catch_table {
    vec<catch_region> regions;
    vec<catch_clause> clauses;

    catch_table() noexcept = default;
    explicit catch_table(const allocator* from) noexcept : regions(from), clauses(from) {}
    /// Becomes a copy. False: memory is out.
    [[nodiscard]] bool assign(const catch_table& other) noexcept {
        return regions.assign({other.regions.data(), other.regions.size()}) &&
               clauses.assign({other.clauses.data(), other.clauses.size()});
    }
    void clear() noexcept {
        regions.clear();
        clauses.clear();
    }
    /// The innermost region around byte offset `at`, no_index if there is none.
    u32 region_at(u32 at) const noexcept {
        u32 found = u32(partition(regions.size(), [&](std::size_t i) { return regions[i].begin <= at; })) - 1;
        while (found != no_index && at >= regions[found].end) found = regions[found].parent;
        return found;
    }
};

} // namespace tessera::runtime
