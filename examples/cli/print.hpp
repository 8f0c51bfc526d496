// SPDX-License-Identifier: MIT
// Binary, or text, to text.
#pragma once

#include "load.hpp"

namespace cli {

struct print_options : module_options {
    std::string output = "-"; ///< "-" for standard output
    bool folded = false;
    bool names = true; ///< identifiers from the name section
};

/// Returns what the process exits with.
int print(const print_options& options);

} // namespace cli
