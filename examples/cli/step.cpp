// SPDX-License-Identifier: MIT
#include "step.hpp"

#include "stepper.hpp"
#include "terminal.hpp"

#include <cerrno>
#include <cstdio>

namespace {

/// A line from standard input without its end; false at its end.
bool read_line(std::string& line) {
    line.clear();
    for (;;) {
        errno = 0;
        const int c = std::getc(stdin);
        if (c == '\n') return true;
        if (c != EOF) {
            line += char(c);
            continue;
        }
        if (errno != EINTR) return !line.empty();
        // Ctrl-C at the prompt: what was typed is forgotten.
        std::clearerr(stdin);
        line.clear();
        std::printf("\n> ");
        std::fflush(stdout);
    }
}

} // namespace

int cli::step(const step_options& options) {
    if (options.file == "-") return usage("step reads commands from standard input, so FILE cannot be -");
    auto m = load(options.file, options.allowed);
    if (!m) return failed;
    const auto text = list(*m, options.file);
    if (!text) return failed;
    stepper s(options, *m, *text);
    const bool interactive = is_interactive();
    s.screen().marks = interactive;
    if (int bad = s.start()) return bad;
    bool shows = true; // the place is new
    for (std::string line;;) {
        const std::string message = s.take_message();
        if (interactive) {
            const size now = terminal_size();
            std::printf("%s> ", s.screen().draw(now.rows, now.columns, s.output(), message).c_str());
        } else {
            std::printf("%s", message.c_str());
            if (const std::string at = s.screen().summary(); shows && !at.empty()) std::printf("%s\n", at.c_str());
        }
        std::fflush(stdout);
        if (!read_line(line) || !s.command(line)) break;
        shows = s.has_moved();
    }
    if (interactive) std::printf("\n");
    return done;
}
