// SPDX-License-Identifier: MIT
/// @file debug/instructions.hpp
/// Where the instructions of a function are.
#pragma once

#include <tessera/binary/instruction.hpp>
#include <tessera/syntax/module.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::debug::detail {

/// Calls `each(in)` for the instructions of a body, its final `end` too, until that returns false. `bytes`: of the
/// module. Stops early where the bytes are no instructions.
template <class Each>
void each_instruction(std::span<const u8> bytes, byte_range body, Each each) noexcept {
    const u8* const base = bytes.data();
    binary::instruction_reader<everything> reader(base, cursor(base + body.begin, base + body.end));
    u32 groups = 0;
    if (!reader.leb_u32(groups)) return;
    for (; groups; --groups) {
        u32 count = 0;
        val_type t;
        if (!reader.leb_u32(count) || !reader.type(t)) return;
    }
    for (binary::instruction in; !reader.done();)
        if (!reader.next(in) || !each(in)) return;
}
/// The same for function `func` of a module; nothing for an imported one.
template <class Each>
void each_instruction(const module_data& m, u32 func, Each each) noexcept {
    if (func < m.imported_funcs || func >= m.funcs.size()) return;
    each_instruction(m.bytes, m.funcs[func].code, each);
}
/// The function whose body holds the byte `offset`; no_index if none does.
inline u32 function_around(const module_data& m, u32 offset) noexcept {
    for (u32 i = m.imported_funcs; i < m.funcs.size(); ++i)
        if (offset >= m.funcs[i].code.begin && offset < m.funcs[i].code.end) return i;
    return no_index;
}
/// True if an instruction begins at byte `offset`.
inline bool is_instruction(const module_data& m, u32 offset) noexcept {
    bool found = false;
    each_instruction(m, function_around(m, offset), [&](const binary::instruction& in) {
        found = in.offset == offset;
        return in.offset < offset;
    });
    return found;
}

} // namespace tessera::debug::detail
TESSERA_SMALL_END
