// SPDX-License-Identifier: MIT
// What differs between operating systems: terminals, Ctrl-C.
#pragma once

#include <chrono>

namespace cli {

/// True if a person reads standard error.
bool errors_are_on_a_terminal();
/// Leaves line ends as they are in what is read from standard input and written to standard output.
void use_binary_streams();

/// Waiting, on a thread of its own, for Ctrl-C or for time to pass. There is one in a process.
class interrupt_wait {
public:
    enum class reason { interrupt, time, end };
    /// From here on the first Ctrl-C is taken; the second ends the process with `stopped`.
    interrupt_wait();
    ~interrupt_wait();
    interrupt_wait(const interrupt_wait&) = delete;
    interrupt_wait& operator=(const interrupt_wait&) = delete;
    /// Returns when one of the reasons is there; `time` 0 is for ever.
    reason wait(std::chrono::nanoseconds time);
    /// Lets `wait` return with `end`. For another thread than the one that waits.
    void end();
};

} // namespace cli
