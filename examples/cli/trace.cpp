// SPDX-License-Identifier: MIT
#include "trace.hpp"

int cli::trace(const trace_options& options) { return report(options.file, "trace is not built"); }
