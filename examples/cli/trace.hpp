// SPDX-License-Identifier: MIT
// Prints every instruction of a guest with its operands and results, on standard error.
#pragma once

#include "guest.hpp"

namespace cli {

struct trace_options : guest_options {
    std::vector<std::string> functions; ///< --function: names or indices; empty: all
};

/// Returns what the process exits with.
int trace(const trace_options& options);

} // namespace cli
