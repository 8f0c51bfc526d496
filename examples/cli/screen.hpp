// SPDX-License-Identifier: MIT
// What `step` shows: the source around the current instruction, operands, locals, memory, calls.
#pragma once

#include "watched.hpp"

#include <string>
#include <vector>

namespace cli {

/// What of a call is shown, as lines.
class screen {
public:
    /// All must live as long. `title`: the file's name.
    screen(const tessera::debug::debugger& d, const tessera::debug::listing& text, std::string title)
        : debugger_(d), text_(text), title_(std::move(title)) {}

    /// The whole screen, `rows` lines of at most `columns` characters less those of `below`, for a terminal. `output`:
    /// what the guest has written, of which the end is shown.
    std::string draw(unsigned rows, unsigned columns, std::string_view output, const std::string& below) const;
    /// Where the call stands, in one line; empty when it is done.
    std::string summary() const;
    /// `count` lines of the source around where frame `number` is.
    std::vector<std::string> source(unsigned count, tessera::u32 number = 0) const;
    /// The topmost operands and the first locals of frame `number`.
    std::string stack(tessera::u32 number = 0) const;
    std::string locals(tessera::u32 number = 0, tessera::u32 most = 64) const;
    std::string globals() const;
    std::vector<std::string> calls() const;
    /// `count` lines of 16 bytes of memory 0 from `at` on; none without a memory.
    std::vector<std::string> memory(tessera::u64 at, unsigned count) const;

    tessera::u64 shown_memory = 0; ///< the first address that `draw` shows
    tessera::u32 shown_frame = 0;  ///< the frame whose values `draw` shows
    bool marks = false;            ///< the current instruction stands out by an escape sequence

private:
    std::string heading() const;

    const tessera::debug::debugger& debugger_;
    const tessera::debug::listing& text_;
    std::string title_;
};

} // namespace cli
