// SPDX-License-Identifier: MIT
#include "validate.hpp"

#include "report.hpp"

int cli::validate(const validate_options& options) {
    int status = done;
    for (const std::string& file : options.files)
        if (!load(file, options.allowed)) status = failed;
    return status;
}
