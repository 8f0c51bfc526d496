// SPDX-License-Identifier: MIT
// What the command says when something is wrong, and the number it then exits with.
#pragma once

#include "engine.hpp"

#include <string>
#include <string_view>

namespace cli {

/// What the command exits with; a guest that ends itself (proc_exit) chooses its own number.
enum status : int {
    done = 0,
    failed = 1,      ///< a file cannot be read or written, a module is refused, a script has failures
    wrong_usage = 2, ///< the command line is wrong
    timed_out = 124, ///< --timeout passed, as timeout(1) says it
    stopped = 130,   ///< Ctrl-C, as shells say it
    trapped = 134,   ///< a trap, an exception nobody caught, or a limit; as wasmtime says it
};

/// Where an error's position counts: the name of a file, and of a module the functions in it.
struct source {
    std::string_view file;
    const tessera::module* module = nullptr; ///< null where there is none yet
};

/// Prints "tessera: FILE:LINE:COLUMN: text" or "tessera: FILE: at byte N (0xN): text", and the backtrace of a trap.
/// Returns `failed`.
int report(const source& where, const tessera::error& e);
/// Prints "tessera: FILE: text" and returns `failed`.
int report(std::string_view file, std::string_view text);
/// Prints "tessera: text", points at --help, and returns `wrong_usage`.
int usage(std::string_view text);
/// Prints the frames of `e`, innermost first, one a line.
void print_backtrace(const source& where, const tessera::error& e);

} // namespace cli
