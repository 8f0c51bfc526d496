// SPDX-License-Identifier: MIT
#include "terminal.hpp"

#ifdef _WIN32
#include <io.h>
#include <windows.h>

bool cli::is_interactive() { return _isatty(0) != 0 && _isatty(1) != 0; }
cli::size cli::terminal_size() {
    CONSOLE_SCREEN_BUFFER_INFO info;
    if (!GetConsoleScreenBufferInfo(GetStdHandle(STD_OUTPUT_HANDLE), &info)) return {};
    return {unsigned(info.srWindow.Bottom - info.srWindow.Top + 1),
            unsigned(info.srWindow.Right - info.srWindow.Left + 1)};
}
#else
#include <sys/ioctl.h>
#include <unistd.h>

bool cli::is_interactive() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }
cli::size cli::terminal_size() {
    winsize w{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &w) != 0 || w.ws_row == 0 || w.ws_col == 0) return {};
    return {w.ws_row, w.ws_col};
}
#endif
