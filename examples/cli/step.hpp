// SPDX-License-Identifier: MIT
// An interactive stepper in the terminal.
#pragma once

#include "guest.hpp"

namespace cli {

struct step_options : guest_options {};

/// Returns what the process exits with.
int step(const step_options& options);

} // namespace cli
