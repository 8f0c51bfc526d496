// SPDX-License-Identifier: MIT
/// @file native_hook.hpp
/// What the engine knows of whoever makes machine code of functions: native/, a floor higher.
#pragma once

#include <tessera/exec/encode.hpp>

namespace tessera::inline TESSERA_ABI::exec {

struct native_hook {
    /// Null: nothing is compiled.
    ///
    /// Function `index` of `unit` was lowered, in slot form, to `ir`; `cells` says where its nodes are. If it gets
    /// machine code, handlers in its cells are replaced by it. `handlers`: labels where exceptions are caught.
    void (*compile)(native_hook& self, runtime::code_unit& unit, u32 index, const function_ir& ir,
                    view<cell_origin> cells, view<u32> handlers) noexcept = nullptr;
    /// All cells are about to be freed: functions are lowered again when they are called.
    void (*forget)(native_hook& self) noexcept = nullptr;
    void (*destroy)(native_hook* self) noexcept = nullptr;
};

} // namespace tessera::exec
