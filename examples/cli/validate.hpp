// SPDX-License-Identifier: MIT
// Says whether a module is valid.
#pragma once

#include "load.hpp"

namespace cli {

struct validate_options {
    std::vector<std::string> files;
    tessera::features allowed = tessera::everything;
};

/// Returns what the process exits with.
int validate(const validate_options& options);

} // namespace cli
