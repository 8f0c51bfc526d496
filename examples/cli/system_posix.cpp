// SPDX-License-Identifier: MIT
#ifndef _WIN32

#include "report.hpp"
#include "system.hpp"

#include <atomic>
#include <cerrno>
#include <csignal>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

namespace {

// A handler may do little: it writes a byte to a pipe, and the thread that waits reads it.
int pipe_ends[2] = {-1, -1};
std::atomic<int> times_pressed{0};

void write_byte(char byte) {
    const int before = errno;
    if (::write(pipe_ends[1], &byte, 1) != 1) {
    } // the pipe is full: the reader will wake up anyway
    errno = before;
}
extern "C" void on_signal(int) {
    if (times_pressed.fetch_add(1) > 0) ::_exit(cli::stopped);
    write_byte('i');
}

} // namespace

bool cli::errors_are_on_a_terminal() { return ::isatty(STDERR_FILENO) == 1; }
void cli::use_binary_streams() {}

cli::interrupt_wait::interrupt_wait() {
    if (::pipe(pipe_ends) != 0) return;
    for (int end : pipe_ends) ::fcntl(end, F_SETFD, FD_CLOEXEC);
    struct sigaction action {};
    action.sa_handler = &on_signal; // without SA_RESTART: what blocks returns
    ::sigaction(SIGINT, &action, nullptr);
}
cli::interrupt_wait::~interrupt_wait() {
    std::signal(SIGINT, SIG_DFL);
    for (int& end : pipe_ends) ::close(std::exchange(end, -1));
}
cli::interrupt_wait::reason cli::interrupt_wait::wait(std::chrono::nanoseconds time) {
    using clock = std::chrono::steady_clock;
    const bool for_ever = time.count() == 0;
    const auto until = for_ever ? clock::time_point::max() : clock::now() + time;
    for (;;) {
        int most = -1;
        if (!for_ever) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
            if (left <= 0) return reason::time;
            most = static_cast<int>(left < 1'000'000 ? left : 1'000'000);
        }
        pollfd from{pipe_ends[0], POLLIN, 0};
        if (::poll(&from, 1, most) != 1) continue;
        char byte = 0;
        if (::read(pipe_ends[0], &byte, 1) == 1) return byte == 'i' ? reason::interrupt : reason::end;
    }
}
void cli::interrupt_wait::end() { write_byte('e'); }

#endif
