// SPDX-License-Identifier: MIT
/// @file native/prim/faults_none.hpp
/// Faults on a system or a processor that is not known: nobody hears of them.
#pragma once

#include <tessera/native/prim/fault.hpp>

namespace tessera::inline TESSERA_ABI::native::prim {

/// As in faults_posix.hpp.
template <fault_answer>
struct fault_hooks {
    static constexpr unsigned levels = 0;
    static bool install(unsigned) noexcept { return false; }
    static bool is_first(unsigned) noexcept { return false; }
    static void remove(unsigned) noexcept {}
};

} // namespace tessera::native::prim
