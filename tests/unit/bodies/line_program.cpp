// SPDX-License-Identifier: MIT
// Line tables written by hand, and broken ones.
#include <tessera/debug.hpp>
#include <tessera/tessera.hpp>

#include "../../files.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <string>
#include <vector>

namespace {

using namespace tessera;

module with_lines(int version) {
    auto mod = module::parse<everything>(
        read_file((TESSERA_TESTS "/unit/debug/guests/lines" + std::to_string(version) + ".wasm").c_str()));
    REQUIRE(mod);
    return *mod;
}

/// Bytes of a line table, written by hand.
struct table {
    std::vector<u8> bytes;
    table& byte(unsigned b) { return bytes.push_back(u8(b)), *this; }
    table& word(u32 v) {
        for (int i = 0; i < 4; ++i) byte(v >> (8 * i) & 0xff);
        return *this;
    }
    table& text(const char* t) {
        bytes.insert(bytes.end(), t, t + std::strlen(t) + 1);
        return *this;
    }
};
/// One unit of version 4 with one file, whose program is `program`.
std::vector<u8> unit4(const std::vector<u8>& program, unsigned line_range = 14) {
    table head;
    head.byte(1).byte(1).byte(1).byte(0xfb).byte(line_range).byte(13);
    for (int n : {0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1}) head.byte(unsigned(n));
    head.text("src").text("").text("a.c").byte(1).byte(0).byte(0).byte(0);
    table all;
    all.word(u32(2 + 4 + head.bytes.size() + program.size())).byte(4).byte(0).word(u32(head.bytes.size()));
    all.bytes.insert(all.bytes.end(), head.bytes.begin(), head.bytes.end());
    all.bytes.insert(all.bytes.end(), program.begin(), program.end());
    return all.bytes;
}
debug::source_line look(const std::vector<u8>& line, u64 address, const std::vector<u8>& strings = {}) {
    debug::detail::line_query q{address, {}};
    const debug::line_sections from{line, strings, {}};
    debug::detail::line_reader(from, {&q, 1}).run();
    return q.found;
}

} // namespace

TEST_CASE("a line program is read as the standard says") {
    // Sets the address to 0x10, line 5 column 3; a special opcode: 3 bytes and 1 line on; the end 4 bytes on.
    const std::vector<u8> program = {0, 5, 2, 0x10, 0, 0, 0, 3, 4, 5, 3, 1, u8(13 + 5 + 1 + 14 * 3), 2, 4, 0, 1, 1};
    const auto line = unit4(program);
    CHECK_FALSE(look(line, 0xf));
    CHECK(look(line, 0x10).line == 5);
    CHECK(look(line, 0x12).column == 3);
    CHECK(look(line, 0x13).line == 6);
    CHECK(look(line, 0x16).line == 6);
    CHECK_FALSE(look(line, 0x17));
    CHECK(look(line, 0x10).directory == "src");
    CHECK(look(line, 0x10).file == "a.c");
    // const_add_pc: (255 - 13) / 14 = 17 bytes; fixed_advance_pc; an opcode that is passed over.
    CHECK(look(unit4({0, 5, 2, 0x10, 0, 0, 0, 1, 8, 3, 1, 1, 9, 2, 0, 12, 99, 0, 1, 1}), 0x20).line == 1);
    CHECK(look(unit4({0, 5, 2, 0x10, 0, 0, 0, 1, 8, 3, 1, 1, 9, 2, 0, 12, 99, 0, 1, 1}), 0x21).line == 2);
    CHECK_FALSE(look(unit4({0, 5, 2, 0x10, 0, 0, 0, 1, 8, 3, 1, 1, 9, 2, 0, 12, 99, 0, 1, 1}), 0x23));
    // Code that the linker has left out lies at 0.
    CHECK_FALSE(look(unit4({0, 5, 2, 0, 0, 0, 0, 1, 2, 99, 0, 1, 1}), 0x10));
    // Another unit goes on where this one ends; what cannot be read is passed over.
    auto two = unit4(program, 0);
    const auto second = unit4(program);
    two.insert(two.end(), second.begin(), second.end());
    CHECK(look(two, 0x10).line == 5);
    CHECK(look(unit4({0, 5, 2, 0x10, 0, 0, 0, 4, 9, 1, 2, 9, 0, 1, 1}), 0x10).file.empty());
}

TEST_CASE("no bytes make a line table do harm") {
    const module mod = with_lines(5);
    const auto line = mod.custom_section(".debug_line"), strings = mod.custom_section(".debug_line_str");
    REQUIRE(line.size() > 100);
    const std::vector<u8> whole(line.begin(), line.end()), text(strings.begin(), strings.end());
    const module older = with_lines(4);
    const auto four = older.custom_section(".debug_line");
    u32 seed = 1;
    for (const auto& from : {whole, std::vector<u8>(four.begin(), four.end())}) {
        for (std::size_t n = 0; n <= from.size(); ++n) // cut off anywhere; a copy of the very size, for sanitizers
            look(std::vector<u8>(from.begin(), from.begin() + std::ptrdiff_t(n)), 0x20, text);
        for (int i = 0; i < 20'000; ++i) {
            auto changed = from;
            for (int k = 0; k < 1 + i % 4; ++k) {
                seed = seed * 1664525 + 1013904223;
                changed[(seed >> 8) % changed.size()] = u8(seed >> 24);
            }
            look(changed, (seed >> 4) % 64, text);
        }
    }
}
