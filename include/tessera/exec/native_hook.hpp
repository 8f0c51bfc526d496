// SPDX-License-Identifier: MIT
/// @file native_hook.hpp
/// What the engine knows of whoever makes machine code of functions: native/, a floor higher.
#pragma once

#include <tessera/exec/encode.hpp>

#if TESSERA_NATIVE
namespace tessera::inline TESSERA_ABI::exec {

struct native_hook {
    /// How often control comes to a function or round a loop before the function is compiled. 0: it is when it is first
    /// called.
    u32 threshold = 0;
    /// Null: nothing is compiled.
    ///
    /// Function `index` of `unit` was lowered, in slot form, to `ir` and to `code`; `cells` says where its nodes are.
    /// If it gets machine code, handlers in its cells are replaced by it. `handlers`: labels where exceptions are
    /// caught.
    void (*compile)(native_hook& self, runtime::code_unit& unit, u32 index, u8* code, const function_ir& ir,
                    view<cell_origin> cells, view<u32> handlers) noexcept = nullptr;
    /// Whether function `ir` is likely to be faster as machine code; if not, nothing counts how often it runs.
    bool (*gains)(native_hook& self, const runtime::code_unit& unit, const function_ir& ir) noexcept = nullptr;
    /// What the handler of a tally cell is replaced by. Null: the function has no machine code, or was compiled when it
    /// was first called.
    const u8* (*way_in)(native_hook& self, const runtime::code_unit& unit, u32 index, u32 number) noexcept = nullptr;
    /// From now on tally cell `cell` of `unit` leads to `way`.
    void (*lead)(native_hook& self, const runtime::code_unit& unit, u8* cell, const u8* way) noexcept = nullptr;
    /// The code of `unit` relies on guard pages and was to be entered where there are none. No cell leads to it from
    /// now on, and what is compiled of `unit` relies on nothing.
    void (*forbid_guards)(native_hook& self, const runtime::code_unit& unit) noexcept = nullptr;
    /// All cells are about to be freed: functions are lowered again when they are called.
    void (*forget)(native_hook& self) noexcept = nullptr;
    void (*destroy)(native_hook* self) noexcept = nullptr;
};

} // namespace tessera::exec
#endif
