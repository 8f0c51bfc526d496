// SPDX-License-Identifier: MIT
#include "screen.hpp"

#include "values.hpp"

#include <algorithm>
#include <cstdio>

namespace {

using tessera::u32;
using tessera::u64;
using tessera::u8;
using tessera::debug::frame;

constexpr const char *reverse = "\x1b[7m", *plain = "\x1b[0m", *clear = "\x1b[H\x1b[2J";

std::string hex(u64 n, int digits) {
    char text[24];
    std::snprintf(text, sizeof text, "0x%0*llx", digits, static_cast<unsigned long long>(n));
    return text;
}
/// The first `columns` characters; escape sequences have no width, bytes of UTF-8 but the first neither.
std::string cut(const std::string& line, unsigned columns) {
    std::string made;
    unsigned used = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\x1b') {
            while (i < line.size() && line[i] != 'm') made += line[i++];
            if (i < line.size()) made += line[i];
            continue;
        }
        const bool starts = (u8(line[i]) & 0xc0) != 0x80;
        if (starts && used == columns) continue; // a sequence that ends the marking may follow
        if (starts) ++used;
        if (used <= columns) made += u8(line[i]) < ' ' ? ' ' : line[i];
    }
    return made;
}

} // namespace

std::string cli::screen::heading() const {
    const frame f = debugger_.at(0);
    std::string text = title_ + "  after " + std::to_string(debugger_.count()) + " instructions";
    if (!f) return text;
    return text + ", in " + function_name(f.module(), f.function()) + " at byte " + hex(f.offset(), 1);
}

std::string cli::screen::summary() const {
    const frame f = debugger_.at(0);
    if (!f) return {};
    const auto place = text_.at(f.offset());
    const auto instruction = text_.instruction(f.offset());
    std::string text = std::to_string(debugger_.count()) + "  " + function_name(f.module(), f.function()) + "  " +
                       hex(f.offset(), 1) + "  line " + std::to_string(place.line) + "  ";
    text += instruction.empty() ? std::string(f.instruction()) : harmless(instruction);
    return text + "  " + stack() + "  " + locals();
}

std::vector<std::string> cli::screen::source(unsigned count, u32 number) const {
    std::vector<std::string> lines;
    const frame f = debugger_.at(number);
    const auto here = f ? text_.at(f.offset()) : tessera::debug::listing::place();
    u32 from = here.line > count / 2 ? here.line - count / 2 : 1;
    if (from + count > text_.lines()) from = text_.lines() > count ? text_.lines() - count + 1 : 1;
    for (u32 n = from; n < from + count && n <= text_.lines(); ++n) {
        std::string line = harmless(text_.line(n));
        if (marks && n == here.line && here.column && here.column <= line.size()) {
            const std::size_t length = std::max<std::size_t>(text_.instruction(f.offset()).size(), 1);
            line.insert(std::min(here.column - 1 + length, line.size()), plain).insert(here.column - 1, reverse);
        }
        bool breaks = false;
        for (const auto& b : debugger_.breakpoints()) breaks |= text_.at(b.offset).line == n;
        char head[24];
        std::snprintf(head, sizeof head, "%c%c%5u  ", breaks ? '*' : ' ', n == here.line ? '>' : ' ', n);
        lines.push_back(head + line);
    }
    return lines;
}

std::string cli::screen::stack(u32 number) const {
    constexpr u32 most = 64;
    const frame f = debugger_.at(number);
    const u32 first = f.operands() > most ? f.operands() - most : 0;
    std::string text = first ? "stack [... " : "stack [";
    for (u32 i = first; i < f.operands(); ++i) text += (i > first ? " " : "") + to_text(*f.operand(i));
    return text + "]";
}
std::string cli::screen::locals(u32 number, u32 most) const {
    const frame f = debugger_.at(number);
    std::string text = "locals";
    for (u32 i = 0; i < std::min(f.locals(), most); ++i) text += "  " + std::to_string(i) + ": " + to_text(*f.local(i));
    return f.locals() > most ? text + "  ..." : text;
}
std::string cli::screen::globals() const {
    const frame f = debugger_.at(0);
    std::string text = "globals";
    for (u32 i = 0;; ++i) {
        const auto g = f.global(i);
        if (!g) return text;
        text += "  " + std::to_string(i) + ": " + to_text(g->get());
    }
}
std::vector<std::string> cli::screen::calls() const {
    std::vector<std::string> lines;
    constexpr u32 most = 64;
    const u32 count = debugger_.frames();
    for (u32 i = 0; i < std::min(count, most); ++i) {
        const frame f = debugger_.at(i);
        lines.push_back("#" + std::to_string(i) + "  " + function_name(f.module(), f.function()) + " at byte " +
                        hex(f.offset(), 1) + ", line " + std::to_string(text_.at(f.offset()).line));
    }
    if (count > most) lines.push_back("and " + std::to_string(count - most) + " more");
    return lines;
}
std::vector<std::string> cli::screen::memory(u64 at, unsigned count) const {
    std::vector<std::string> lines;
    const auto m = debugger_.at(0).memory(0);
    for (unsigned i = 0; m && i < count; ++i, at += 16) {
        std::string line = hex(at, 8) + " ", text;
        for (u64 k = 0; k < 16; ++k) {
            const auto byte = m->load<u8>(at + k);
            char two[8];
            std::snprintf(two, sizeof two, k == 8 ? "  %02x" : " %02x", byte ? *byte : 0u);
            line += byte ? two : k == 8 ? "   --" : " --";
            text += byte && *byte >= ' ' && *byte < 0x7f ? char(*byte) : '.';
        }
        lines.push_back(line + "  " + text);
    }
    return lines;
}

std::string cli::screen::draw(unsigned rows, unsigned columns, std::string_view output,
                              const std::string& below) const {
    std::vector<std::string> panel{"", stack(shown_frame), locals(shown_frame)};
    for (std::string& line : memory(shown_memory, 4)) panel.push_back(line);
    std::string chain = "calls";
    constexpr u32 most_calls = 12;
    const u32 frames = debugger_.frames();
    for (u32 i = 0; i < frames && i < most_calls; ++i) {
        const frame f = debugger_.at(i);
        chain += (i ? " < " : " ") + function_name(f.module(), f.function());
    }
    if (frames > most_calls) chain += " < ...";
    panel.push_back(chain);
    constexpr std::size_t most_output = 3, enough = 4096;
    const auto written = lines_of(output.substr(output.size() > enough ? output.size() - enough : 0));
    for (std::size_t i = written.size() > most_output ? written.size() - most_output : 0; i < written.size(); ++i)
        panel.push_back("output " + written[i]);
    panel.push_back("");
    const auto lines_below = unsigned(std::count(below.begin(), below.end(), '\n'));
    const auto taken = 2 + unsigned(panel.size()) + lines_below; // the heading and the prompt
    std::string text = clear;
    text += reverse + cut(heading() + std::string(columns, ' '), columns) + plain + "\n";
    for (const std::string& line : source(rows > taken + 3 ? rows - taken : 3, shown_frame))
        text += cut(line, columns) + "\n";
    for (const std::string& line : panel) text += cut(line, columns) + "\n";
    return text + below;
}
