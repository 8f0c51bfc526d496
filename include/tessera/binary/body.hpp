// SPDX-License-Identifier: MIT
/// @file body.hpp
/// Function bodies: local declarations, and reading a body for its form only (spec: binary/modules,
/// Code Section).
#pragma once

#include <tessera/binary/limits.hpp>
#include <tessera/binary/nesting.hpp>

namespace tessera::inline TESSERA_ABI::binary {

/// Reads one local declaration and adds it to `total`.
[[nodiscard]] inline TESSERA_NOINLINE bool local_declaration(immediate_reader& in, const u8* where, u32& n, val_type& t,
                                                             u64& total) noexcept {
    if (!in.leb_u32(n) || !in.type(t)) return false;
    total += n;
    return !(total >> 32) || in.fail(msg::too_many_locals, where);
}
/// Reads the local declarations at the start of a function body and calls `each(count, type)`, which
/// returns false where memory is out, for every one. `params` counts towards the limit. False:
/// `in.error()` says why.
template <class Each>
[[nodiscard]] bool local_declarations(immediate_reader& in, u32 params, const module_limits& limits,
                                      Each each) noexcept {
    const u8* where = in.at();
    u32 entries = 0;
    if (!in.leb_u32(entries)) return false;
    u64 total = params;
    for (; entries > 0; --entries) {
        u32 n = 0;
        val_type t;
        if (!local_declaration(in, where, n, t, total)) return false;
        // The limit is checked last: a number of locals that no module can have is malformed.
        if (total <= limits.locals && !each(n, t)) return in.fail_memory();
    }
    return total <= limits.locals || in.fail(msg::limit_reached, where, "locals of a function");
}

/// Checks that an instruction that needs the data count section is in a module that has one (spec:
/// binary/modules, Data Count Section).
[[nodiscard]] inline bool data_count_suffices(const instruction& in, const module_data& m, reader& error_to) noexcept {
    if (m.has_data_count) return true;
    switch (in.immediate) {
    case imm::data_memory:
    case imm::data:
    case imm::type_data: return error_to.fail(msg::data_count_required, m.bytes.data() + in.offset);
    default: return true;
    }
}

/// Looks for what is malformed in the function bodies of a module, without validating them. False:
/// there is something, and `why` is set to it. For errors only: bodies are read again.
template <features F>
[[nodiscard]] TESSERA_COLD bool bodies_well_formed(const module_data& m, const module_limits& limits,
                                                   error& why) noexcept {
    const u8* base = m.bytes.data();
    instruction_reader<F> code(base, {});
    code.module_ends(base + m.bytes.size());
    instruction in;
    nesting open;
    for (const func_def& f : m.funcs) {
        if (f.code.empty() && f.code.begin == 0) continue; // imported, or not reached by the decoder
        code.restart(cursor(base + f.code.begin, base + f.code.end));
        open.start();
        bool ok = local_declarations(code, 0, limits, [](u32, val_type) { return true; });
        while (ok && !open.done())
            ok = code.next(in) && open.step(in.code, code, in.offset) && data_count_suffices(in, m, code);
        if (ok && !code.done()) ok = code.fail(msg::section_size_mismatch, code.at());
        if (ok) continue;
        why = code.error();
        return false;
    }
    return true;
}

} // namespace tessera::binary
