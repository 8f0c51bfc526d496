// SPDX-License-Identifier: MIT
/// @file print_options.hpp
/// How a module is written as text.
#pragma once

#include <tessera/config.hpp>

namespace tessera::inline TESSERA_ABI {

/// Every combination says the whole module; they differ in how it reads.
struct print_options {
    bool folded = false; ///< operands in parentheses, `(i32.add (local.get 0) (i32.const 1))`, where code allows it
    bool names = true;   ///< identifiers from the name section; else indices, and that section as a custom one
};

} // namespace tessera
