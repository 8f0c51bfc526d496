// SPDX-License-Identifier: MIT
// Whether there is a terminal, and how large it is.
#pragma once

namespace cli {

/// True if commands come from a terminal and what is printed goes to one.
bool is_interactive();

struct size {
    unsigned rows = 24;
    unsigned columns = 80;
};
size terminal_size();

} // namespace cli
