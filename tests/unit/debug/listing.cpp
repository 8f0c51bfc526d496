// SPDX-License-Identifier: MIT
// Lines of instructions, in the source and in what is printed.
#include "support.hpp"

using namespace watched;

namespace {

const std::string source = R"((module
  (import "a" "b" (func))
  (func $f (param $x i32) (result i32) (local i64 i64)
    local.get $x ;; a comment
    if (result i32)
      (i32.add (local.get $x) (i32.const 1))
    else
      i32.const 5
    end)
  (func $g
    (drop (call $f (i32.const 2)))))
)";

TEST_CASE("lines of a source") {
    const module m = parse(source);
    const auto list = debug::listing::source(m, source);
    REQUIRE(list);
    CHECK(list->lines() == 11);
    CHECK(list->line(2) == "  (import \"a\" \"b\" (func))");
    CHECK(list->line(11) == "    (drop (call $f (i32.const 2)))))");
    CHECK(list->line(0).empty());
    CHECK(list->line(12).empty());
    const u32 first = *debug::debugger::first_instruction(m, 1);
    CHECK(list->at(first).line == 4);
    CHECK(list->at(first).column == 5);
    CHECK(list->instruction(first) == "local.get $x");
    CHECK(list->instruction(first + 2) == "if (result i32)");
    CHECK(list->at(first + 4).line == 6);
    CHECK(list->instruction(first + 4) == "local.get $x");
    CHECK(list->instruction(first + 8) == "i32.add");
    CHECK(list->on_line(8).offset == first + 10);
    CHECK(list->on_line(1).line == 0);
    CHECK(list->at(0).line == 0);
    CHECK_FALSE(debug::listing::source(*module::parse<profile>(m.bytes()), source));
}

TEST_CASE("lines of what is printed") {
    // Numbers longer than they need be: offsets differ from those of the text's own bytes.
    const u8 bytes[] = {0x00, 0x61, 0x73, 0x6d, 1, 0,    0,    0,  1, 5,    1, 0x60, 0,    1,
                        0x7f, 3,    3,    2,    0, 0,    10,   19, 2, 0x8a, 0, 0,    0x41, 0x81,
                        0,    0x41, 0x82, 0x80, 0, 0x6a, 0x0b, 5,  0, 0x41, 3, 1,    0x0b};
    const auto m = module::parse<profile>(std::span<const u8>(bytes));
    REQUIRE_MESSAGE(m, m.error().message() << " at " << m.error().offset());
    const auto list = debug::listing::print(*m);
    REQUIRE(list);
    const u32 first = *debug::debugger::first_instruction(*m, 0), second = *debug::debugger::first_instruction(*m, 1);
    CHECK(list->instruction(first) == "i32.const 1");
    CHECK(list->instruction(first + 3) == "i32.const 2");
    CHECK(list->instruction(first + 7) == "i32.add");
    CHECK(list->instruction(second) == "i32.const 3");
    CHECK(list->instruction(second + 2) == "nop");
    CHECK(list->at(first + 3).line == list->at(first).line + 1);
    CHECK_FALSE(debug::listing::print(module()));
}

} // namespace
