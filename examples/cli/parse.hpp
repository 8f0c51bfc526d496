// SPDX-License-Identifier: MIT
// Text to binary.
#pragma once

#include "load.hpp"

namespace cli {

struct parse_options : module_options {
    std::string output; ///< "-" for standard output; empty: the file's name with .wasm
};

/// Returns what the process exits with.
int parse(const parse_options& options);

} // namespace cli
