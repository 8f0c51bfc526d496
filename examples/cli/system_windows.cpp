// SPDX-License-Identifier: MIT
#ifdef _WIN32

#include "report.hpp"
#include "system.hpp"

#include <atomic>
#include <cstdio>

#include <fcntl.h>
#include <io.h>
#include <windows.h>

namespace {

HANDLE interrupted = nullptr, ended = nullptr;
std::atomic<int> times_pressed{0};

BOOL WINAPI on_key(DWORD key) {
    if (key != CTRL_C_EVENT) return FALSE;
    if (times_pressed.fetch_add(1) > 0) ::ExitProcess(cli::stopped);
    return ::SetEvent(interrupted);
}

} // namespace

bool cli::errors_are_on_a_terminal() { return ::_isatty(::_fileno(stderr)) != 0; }
void cli::use_binary_streams() {
    ::_setmode(::_fileno(stdin), _O_BINARY);
    ::_setmode(::_fileno(stdout), _O_BINARY);
}

cli::interrupt_wait::interrupt_wait() {
    interrupted = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);
    ended = ::CreateEventW(nullptr, FALSE, FALSE, nullptr);
    ::SetConsoleCtrlHandler(&on_key, TRUE);
}
cli::interrupt_wait::~interrupt_wait() {
    ::SetConsoleCtrlHandler(&on_key, FALSE);
    ::CloseHandle(interrupted);
    ::CloseHandle(ended);
}
cli::interrupt_wait::reason cli::interrupt_wait::wait(std::chrono::nanoseconds time) {
    using clock = std::chrono::steady_clock;
    const bool for_ever = time.count() == 0;
    const auto until = for_ever ? clock::time_point::max() : clock::now() + time;
    const HANDLE events[] = {interrupted, ended};
    for (;;) {
        DWORD most = INFINITE;
        if (!for_ever) {
            const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - clock::now()).count();
            if (left <= 0) return reason::time;
            most = static_cast<DWORD>(left < 1'000'000 ? left : 1'000'000);
        }
        const DWORD which = ::WaitForMultipleObjects(2, events, FALSE, most);
        if (which != WAIT_TIMEOUT) return which == WAIT_OBJECT_0 ? reason::interrupt : reason::end;
    }
}
void cli::interrupt_wait::end() { ::SetEvent(ended); }

#endif
