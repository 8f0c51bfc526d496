// SPDX-License-Identifier: MIT
/// @file unwind.hpp
/// Who catches an exception (spec: exec/instructions, throw_ref). First a walk that changes nothing: the
/// frame of the call's innermost clause that fits. Then the exception's values go straight from where they
/// are to that frame; an object is made of it only if the clause asks for a reference.
#pragma once

#include <tessera/exec/frames.hpp>
#include <tessera/runtime/exception.hpp>
#include <tessera/runtime/exception_object.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// An exception on its way.
struct thrown {
    const runtime::tag_data* tag = nullptr;
    const u64* slots = nullptr; ///< its values, which may lie on the call's stack
    u32 count = 0;              ///< of slots
    u32 reference = 0;          ///< if it has one already
    bool described = false;     ///< context::failure is its error, with a backtrace
};

/// Walks from `at` outward to the frame that catches exceptions of `tag`; the clause, null if there is none.
inline const runtime::catch_clause* find_catch(const context& c, const runtime::tag_data& tag, frame& at) noexcept {
    for (; at.find(); at.to_caller(c)) {
        const runtime::code_unit& unit = *at.instance->unit;
        const runtime::func_code& code = at.code();
        if (code.catches == 0) continue;
        const runtime::catch_table& table = *unit.catch_tables[code.catches - 1];
        for (u32 r = table.region_at(u32(at.pc - code.cells)); r != no_index; r = table.regions[r].outward)
            for (u32 i = table.regions[r].first; i != no_index; i = table.clauses[i].next) {
                const runtime::catch_clause& clause = table.clauses[i];
                if (clause.tag == no_index || at.instance->tags[clause.tag] == &tag) return &clause;
            }
    }
    return nullptr;
}

/// Writes what `clause` asks for into the frame at `fp`. False: memory is out.
inline bool hand_over(context& c, const thrown& x, const runtime::catch_clause& clause, u8* fp) noexcept {
    u32 reference = 0;
    if (clause.reference != no_index && clause.wants_reference) {
        reference = x.reference;
        if (!reference) reference = runtime::new_exception(*c.store, *x.tag, x.slots);
        if (reference == 0) return false;
    }
    if (clause.values != no_index) std::memmove(fp + 8 * u64(clause.values), x.slots, 8 * std::size_t(x.count));
    if (clause.copy != no_index)
        std::memcpy(fp + 8 * u64(clause.copy), fp + 8 * u64(clause.values), 8 * std::size_t(x.count));
    if (clause.reference != no_index) put_slot<u64>(fp + 8 * u64(clause.reference), reference);
    return true;
}

} // namespace tessera::exec
