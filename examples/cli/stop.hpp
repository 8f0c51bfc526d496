// SPDX-License-Identifier: MIT
// Stopping the guest from outside: Ctrl-C and --timeout.
#pragma once

#include "engine.hpp"

#include <chrono>

namespace cli {

/// While it lives, the first Ctrl-C interrupts the store, so that the guest ends with a backtrace; the second ends the
/// process. `timeout`, if not 0, does the same when it has passed.
class stopper {
public:
    stopper(store& s, std::chrono::nanoseconds timeout);
    ~stopper();
    stopper(const stopper&) = delete;
    stopper& operator=(const stopper&) = delete;

    /// Whether it was Ctrl-C or the time, once the store was interrupted.
    static bool by_signal() noexcept;
    static bool by_time() noexcept;
};

} // namespace cli
