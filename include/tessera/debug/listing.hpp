// SPDX-License-Identifier: MIT
/// @file debug/listing.hpp
/// The text of a module with the line of each instruction.
#pragma once

#include <tessera/runtime/api/module.hpp>
#include <tessera/util/partition.hpp>

namespace tessera::inline TESSERA_ABI::debug {

/// A text, from which the module came or as it is printed, and where in it instructions are.
class listing {
public:
    /// Where an instruction is: lines and columns are counted from 1.
    struct place {
        u32 offset = 0; ///< in the module's bytes
        u32 line = 0;
        u32 column = 0;
    };

    /// Prints the module, one instruction a line. Fails as module::to_text.
    static result<listing> print(const tessera::module& m) noexcept;
    /// The text that the module was parsed from. Fails with msg::out_of_memory, and msg::out_of_range for a module
    /// that came from no text.
    static result<listing> source(const tessera::module& m, std::string_view text) noexcept;

    u32 lines() const noexcept { return u32(starts_.size()); }
    /// A line without its end; empty beyond the last one.
    std::string_view line(u32 number) const noexcept {
        if (number == 0 || number > starts_.size()) return {};
        const std::size_t from = starts_[number - 1];
        std::size_t to = number < starts_.size() ? starts_[number] - 1u : text_.size();
        while (to > from && (text_[to - 1] == '\r' || text_[to - 1] == '\n')) --to;
        return {text_.data() + from, to - from};
    }
    /// The instruction at or before byte `offset` of the module; line 0 if there is none.
    place at(u32 offset) const noexcept {
        const std::size_t n = partition(places_.size(), [&](std::size_t i) { return places_[i].offset <= offset; });
        return n ? places_[n - 1] : place();
    }
    /// The first instruction that begins on line `number`; line 0 if none does.
    place on_line(u32 number) const noexcept {
        for (const place& p : places_)
            if (p.line == number) return p;
        return {};
    }
    /// The text of the instruction at byte `offset`, from its first character to the end of the line or to where
    /// what is in it ends.
    std::string_view instruction(u32 offset) const noexcept {
        const place p = at(offset);
        const std::string_view all = line(p.line);
        if (p.column == 0 || p.column > all.size()) return {};
        std::size_t from = p.column - 1, to = from;
        for (int depth = 0; to < all.size(); ++to) {
            if (all[to] == ';' && to + 1 < all.size() && all[to + 1] == ';') break;
            if (all[to] == '(') {
                // An operand, in folded text. What belongs to the instruction has no instructions in it.
                if (is_operand(all.substr(to + 1))) break;
                ++depth;
            }
            if (all[to] == ')' && depth-- == 0) break;
        }
        while (to > from && all[to - 1] == ' ') --to;
        return all.substr(from, to - from);
    }

private:
    static bool is_operand(std::string_view word) noexcept {
        for (std::string_view own : {"type", "param", "result", "catch", "ref null", "ref ", ";", "@"})
            if (word.substr(0, own.size()) == own) return false;
        return true;
    }
    [[nodiscard]] bool take(std::string_view text) noexcept;

    vec<char> text_;
    vec<u32> starts_;
    vec<place> places_; ///< in the order of offsets
};

} // namespace tessera::debug
