// SPDX-License-Identifier: MIT
// The list of the kernels: what to call and what it returns.
#pragma once

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

/// A row of kernels.txt: run(work, seed) of NAME.wasm is `result`, and run(small, seed) `small_result`.
struct kernel {
    std::string name, group;
    std::uint32_t work = 0, seed = 0, result = 0, small = 0, small_result = 0;
};

/// The rows of kernels.txt in `folder`; none if it cannot be read.
inline std::vector<kernel> read_kernels(const std::string& folder) {
    std::vector<kernel> kernels;
    std::ifstream list(folder + "/kernels.txt");
    for (std::string line; std::getline(list, line);) {
        kernel k;
        if (!line.empty() && line[0] != '#' &&
            std::istringstream(line) >> k.name >> k.group >> k.work >> k.seed >> k.result >> k.small >> k.small_result)
            kernels.push_back(k);
    }
    return kernels;
}
