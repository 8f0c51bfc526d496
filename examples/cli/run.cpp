// SPDX-License-Identifier: MIT
#include "run.hpp"

int cli::run(const run_options& options) {
    guest g(options);
    if (int bad = g.prepare()) return bad;
    if (int bad = g.instantiate()) return bad;
    return g.call();
}
