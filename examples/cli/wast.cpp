// SPDX-License-Identifier: MIT
#include "wast.hpp"

#include "load.hpp"
#include "report.hpp"

#include <cstdio>

int cli::wast(const wast_options& options) {
    script_counts total;
    for (const std::string& file : options.files) {
        tessera::vec<tessera::u8> bytes;
        if (!read_file(file, bytes)) {
            ++total.failed;
            continue;
        }
        const script_counts one =
            run_script(file, {reinterpret_cast<const char*>(bytes.data()), bytes.size()}, options.quiet);
        if (!options.quiet) std::printf("%s: %u passed, %u failed\n", file.c_str(), one.passed, one.failed);
        std::fflush(stdout);
        total.passed += one.passed;
        total.failed += one.failed;
    }
    std::printf("%u passed, %u failed\n", total.passed, total.failed);
    return total.failed == 0 ? done : failed;
}
