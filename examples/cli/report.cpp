// SPDX-License-Identifier: MIT
#include "report.hpp"

#include <cinttypes>
#include <cstdio>

namespace {

int length(std::string_view s) { return static_cast<int>(s.size()); }

/// "FILE", or "standard input" for "-".
std::string_view shown(std::string_view file) { return file == "-" ? "standard input" : file; }

/// The function whose body has the byte `offset`; no_index where there is none.
tessera::u32 function_at(const tessera::module& m, std::uint64_t offset) {
    const auto& functions = m.owner()->funcs;
    for (std::size_t i = 0; i < functions.size(); ++i)
        if (functions[i].code.begin <= offset && offset < functions[i].code.end) return static_cast<tessera::u32>(i);
    return tessera::no_index;
}

} // namespace

int cli::report(std::string_view file, std::string_view text) {
    std::fflush(stdout);
    file = shown(file);
    std::fprintf(stderr, "tessera: %.*s: %.*s\n", length(file), file.data(), length(text), text.data());
    return failed;
}

int cli::usage(std::string_view text) {
    std::fprintf(stderr, "tessera: %.*s\nRun with --help for more information.\n", length(text), text.data());
    return wrong_usage;
}

int cli::report(const source& where, const tessera::error& e) {
    std::fflush(stdout);
    const std::string_view file = shown(where.file);
    std::fprintf(stderr, "tessera: %.*s:", length(file), file.data());
    const bool in_text = e.line() != 0;
    if (in_text) std::fprintf(stderr, "%u:%u:", e.line(), e.column());
    else if (e.offset() != e.no_offset)
        std::fprintf(stderr, " at byte %" PRIu64 " (0x%" PRIx64 ")", e.offset(), e.offset());
    if (!in_text && e.offset() != e.no_offset) {
        if (const auto f = where.module && *where.module ? function_at(*where.module, e.offset()) : tessera::no_index;
            f != tessera::no_index) {
            const auto name = where.module->function_name(f);
            std::fprintf(stderr, ", in function %u", f);
            if (!name.empty()) std::fprintf(stderr, " ($%.*s)", length(name), name.data());
        }
        std::fprintf(stderr, ":");
    }
    std::fprintf(stderr, " %s", e.message().data());
    if (!e.detail().empty()) std::fprintf(stderr, ": %s", e.detail().data());
    std::fprintf(stderr, "\n");
    print_backtrace(where, e);
    return failed;
}

void cli::print_backtrace(const source& where, const tessera::error& e) {
    const std::string_view file = shown(where.file);
    unsigned n = 0;
    for (const tessera::trace_frame& frame : e.frames()) {
        if (n == e.frames().size() / 2 && e.frames_left_out())
            std::fprintf(stderr, "      %u frames left out\n", e.frames_left_out());
        std::fprintf(stderr, "  %3u: ", n++);
        if (frame.name[0]) std::fprintf(stderr, "$%s, ", frame.name);
        std::fprintf(stderr, "function %u", frame.func);
        if (frame.line) std::fprintf(stderr, " at %.*s:%u:%u\n", length(file), file.data(), frame.line, frame.column);
        else if (frame.offset) std::fprintf(stderr, " at byte %u (0x%x)\n", frame.offset, frame.offset);
        else std::fprintf(stderr, " of the host\n");
    }
}
