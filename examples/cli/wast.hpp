// SPDX-License-Identifier: MIT
// Runs scripts of the specification's test suite.
#pragma once

#include "engine.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cli {

struct wast_options {
    std::vector<std::string> files;
    bool quiet = false; ///< only the last line
};

/// Returns what the process exits with.
int wast(const wast_options& options);

/// How many commands of a script did what they should.
struct script_counts {
    unsigned passed = 0, failed = 0;
};
/// Runs one script, printing each command that fails. It is beside the bodies of the library, in engine.cpp: the reader
/// of scripts is a part that declarations do not have.
script_counts run_script(const std::string& path, std::string_view text, bool quiet);

} // namespace cli
