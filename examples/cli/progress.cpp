// SPDX-License-Identifier: MIT
#include "progress.hpp"

#include "system.hpp"

#include <chrono>
#include <cstdio>

cli::progress::progress(const char* doing, const std::string& what, std::size_t bytes) {
    constexpr std::size_t small = 1 << 20;
    if (bytes < small || !errors_are_on_a_terminal()) return;
    thread_ = std::thread([this, doing, what, bytes] {
        std::unique_lock lock(mutex_);
        int seconds = 0;
        while (!ended_.wait_for(lock, std::chrono::seconds(1), [this] { return end_; }))
            std::fprintf(stderr, "\r%s %s (%zu MiB), %d s ", doing, what.c_str(), bytes >> 20, ++seconds);
        if (seconds) std::fprintf(stderr, "\r\x1b[K");
    });
}

cli::progress::~progress() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock(mutex_);
        end_ = true;
    }
    ended_.notify_one();
    thread_.join();
}
