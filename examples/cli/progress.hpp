// SPDX-License-Identifier: MIT
// What takes longer than a second says so on a terminal.
#pragma once

#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

namespace cli {

/// While it lives: after a second a line on standard error that counts the seconds, if that is a terminal. Nothing for
/// what is small, since a thread costs more than that takes.
class progress {
public:
    progress(const char* doing, const std::string& what, std::size_t bytes);
    ~progress();
    progress(const progress&) = delete;
    progress& operator=(const progress&) = delete;

private:
    std::mutex mutex_;
    std::condition_variable ended_;
    bool end_ = false;
    std::thread thread_;
};

} // namespace cli
