// SPDX-License-Identifier: MIT
// Runs a module: its _start, or an export with arguments of its types.
#pragma once

#include "guest.hpp"

namespace cli {

struct run_options : guest_options {};

/// Returns what the process exits with.
int run(const run_options& options);

} // namespace cli
