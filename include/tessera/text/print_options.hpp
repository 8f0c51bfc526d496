// SPDX-License-Identifier: MIT
/// @file print_options.hpp
/// How a module is written as text.
#pragma once

#include <tessera/config.hpp>

namespace tessera::inline TESSERA_ABI {

/// Every combination says the whole module.
struct print_options {
    bool folded = false; ///< operands in parentheses, `(i32.add (local.get 0) (i32.const 1))`, where code allows it
    bool names = true;   ///< identifiers from the name section; else indices, and that section as a custom one
    /// A small module can have a large text: a long name counts each time it is used.
    std::uint32_t most_characters = 0xffff'fffe;
};

} // namespace tessera
