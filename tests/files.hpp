// SPDX-License-Identifier: MIT
// Reads a whole file, for tests, examples and benchmarks.
#pragma once

#include <cstddef>
#include <cstdio>
#include <vector>

/// The bytes of the file at `path`; empty if it cannot be read.
inline std::vector<std::byte> read_file(const char* path) {
    std::vector<std::byte> bytes;
    if (std::FILE* file = std::fopen(path, "rb")) {
        std::byte block[4096];
        while (const std::size_t n = std::fread(block, 1, sizeof block, file))
            bytes.insert(bytes.end(), block, block + n);
        std::fclose(file);
    }
    return bytes;
}
