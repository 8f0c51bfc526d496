// SPDX-License-Identifier: MIT
// Prints an error the way the examples do: its text, where it happened, and who called whom.
#pragma once

#include <tessera/tessera.hpp>

#include <cstdio>

/// Prints `e` to `out` and returns 1, for `return report(…)` in main.
inline int report(const tessera::error& e, std::FILE* out = stdout) {
    std::fprintf(out, "%s", e.message().data());
    if (!e.detail().empty()) std::fprintf(out, ": %s", e.detail().data());
    if (e.line()) std::fprintf(out, " (line %u, column %u)", unsigned(e.line()), unsigned(e.column()));
    else if (e.offset() != e.no_offset)
        std::fprintf(out, " (at byte %llu)", static_cast<unsigned long long>(e.offset()));
    std::fprintf(out, "\n");
    for (const tessera::trace_frame& frame : e.frames()) {
        std::fprintf(out, "    in %s (function %u, ", frame.name[0] ? frame.name : "?", unsigned(frame.func));
        if (frame.line) std::fprintf(out, "line %u)\n", unsigned(frame.line));
        else std::fprintf(out, "byte %u)\n", unsigned(frame.offset));
    }
    if (e.frames_left_out()) std::fprintf(out, "    and %u more in between\n", unsigned(e.frames_left_out()));
    return 1;
}
