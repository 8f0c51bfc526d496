// SPDX-License-Identifier: MIT
// Lists what a module consists of.
#pragma once

#include "load.hpp"

namespace cli {

struct inspect_options : module_options {};

/// Returns what the process exits with.
int inspect(const inspect_options& options);

} // namespace cli
