// SPDX-License-Identifier: MIT
// Stopping the guest from outside: Ctrl-C and --timeout.
#pragma once

#include "engine.hpp"
#include "system.hpp"

#include <atomic>
#include <thread>

namespace cli {

/// While it lives, Ctrl-C interrupts a process, and so does the passing of `timeout`, if that is not 0: the call that
/// runs ends with trap::interrupted and a backtrace.
class stopper {
public:
    stopper(process& p, std::chrono::nanoseconds timeout)
        : thread_([this, &p, timeout] {
              reason_ = wait_.wait(timeout);
              if (reason_ != interrupt_wait::reason::end) p.interrupt();
          }) {}
    ~stopper() {
        wait_.end();
        thread_.join();
    }
    stopper(const stopper&) = delete;
    stopper& operator=(const stopper&) = delete;

    /// Why the process was interrupted; `end` if it was not.
    interrupt_wait::reason reason() const { return reason_; }

private:
    interrupt_wait wait_;
    std::atomic<interrupt_wait::reason> reason_{interrupt_wait::reason::end};
    std::thread thread_; // last: it uses the others
};

} // namespace cli
