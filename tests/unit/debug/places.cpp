// SPDX-License-Identifier: MIT
// Errors name module, function and line of the source.
#include "support.hpp"

#include "../../files.hpp"

#include <cstring>

namespace {

using namespace tessera;

module with_lines(int version) {
    auto mod = module::parse<watched::profile>(
        read_file((TESSERA_TESTS "/unit/debug/guests/lines" + std::to_string(version) + ".wasm").c_str()));
    REQUIRE(mod);
    return *mod;
}
std::string text_of(const store<watched::profile>& s, const error& e) {
    const auto text = debug::describe(s, e);
    REQUIRE(text);
    return {text->data(), text->size()};
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

TEST_CASE("a trap of a module with a line table names the lines of the calls") {
    for (int version : {4, 5}) {
        CAPTURE(version);
        const module mod = with_lines(version);
        store<watched::profile> s;
        REQUIRE(s.add_fuel(1'000'000));
        auto made = s.instantiate(mod);
        REQUIRE(made);
        const auto run = made->get<int(int, int)>("run");
        REQUIRE(run);
        CHECK(*(*run)(3, 2) == 18);
        auto divided = (*run)(3, 0);
        REQUIRE_FALSE(divided);
        auto places = debug::places(s, divided.error());
        REQUIRE(places);
        REQUIRE(places->size() == 2);
        const debug::place& inner = (*places)[0];
        CHECK(inner.function == "quotient");
        CHECK(inner.source.file == "lines.c");
        CHECK(inner.source.line == 7);
        CHECK(inner.source.column == 18);
        CHECK(inner.instance == 0);
        CHECK(inner.offset == divided.error().offset());
        CHECK((*places)[1].source.line == 12);
        CHECK((*places)[1].source.column == 12);
        CHECK((*places)[1].function == "run");
        auto trapped = (*run)(0x7777, 1);
        REQUIRE_FALSE(trapped);
        const std::string text = text_of(s, trapped.error());
        CAPTURE(text);
        CHECK(text.find("unreachable\n  in square of instance 0, ./lines.h:3:22, byte 0x") == 0);
        CHECK(text.find("\n  from run of instance 0, ") != text.npos);
        CHECK(text.find("lines.c:11:15, byte 0x") != text.npos);
        CHECK_FALSE(debug::line_of(mod, 0));
        CHECK(debug::line_of(mod, inner.offset).line == 7);
    }
}

TEST_CASE("without a line table the names of the name section remain") {
    auto mod = module::parse_text<watched::profile>("(module $coins (import \"env\" \"f\" (func $host))\n"
                                                    "(func $inner (call $host))\n"
                                                    "(func (export \"run\")\n  (call $inner)))");
    REQUIRE(mod);
    auto again = module::parse<watched::profile>(mod->bytes());
    REQUIRE(again);
    store<watched::profile> s;
    REQUIRE(s.add_fuel(1'000'000));
    imports env;
    env.define("env", "f", []() -> result<void> { return error(trap::host).set_detail("no\ncoins"); });
    auto from_text = s.instantiate(*mod, env), from_bytes = s.instantiate(*again, env);
    REQUIRE(from_text);
    REQUIRE(from_bytes);
    auto a = (*from_text->get<void()>("run"))(), b = (*from_bytes->get<void()>("run"))();
    REQUIRE_FALSE(a);
    REQUIRE_FALSE(b);
    const std::string with_positions = text_of(s, a.error()), without = text_of(s, b.error());
    CHECK(with_positions.find("host trap: no?coins\n  in host function\n  from inner of coins, line 2:15, byte 0x") ==
          0);
    CHECK(without.find("host trap: no?coins\n  in host function\n  from inner of coins, byte 0x") == 0);
    CHECK(without.find("\n  from run of coins, byte 0x") != without.npos);
    // An error of a store that was reset, or of another one, names what is there, or nothing.
    REQUIRE(s.reset());
    CHECK(text_of(s, b.error()).find("\n  from inner of instance 1, byte 0x") != std::string::npos);
}

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
