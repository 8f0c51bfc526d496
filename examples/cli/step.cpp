// SPDX-License-Identifier: MIT
#include "step.hpp"

int cli::step(const step_options& options) { return report(options.file, "step is not built"); }
