// SPDX-License-Identifier: MIT
#include <tessera/text/script.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace tessera;
using text::command_kind;
using text::pattern_kind;

namespace {

text::script parse(std::string_view source) {
    auto r = text::parse_script(source);
    if (!r) INFO(r.error().message() << " " << r.error().detail());
    REQUIRE(r.has_value());
    return std::move(*r);
}
std::string refusal(std::string_view source) {
    auto r = text::parse_script(source);
    REQUIRE(!r);
    return std::string(r.error().message()) + " " + std::string(r.error().detail());
}

} // namespace

TEST_CASE("script: modules") {
    const char* source =
        "(module $a (func))\n(module binary \"\\00asm\" \"\\01\\00\\00\\00\")\n(module $q quote \"(func\" \" nop)\")\n"
        "(module definition $d (func (export \"f\")))\n(module instance $i $d)\n(module instance $d)\n(module (func $f "
        "$f))";
    const auto s = parse(source);
    REQUIRE(s.commands.size() == 7);
    REQUIRE(s.modules.size() == 5);
    CHECK(s.commands[0].id == "a");
    CHECK(s.modules[0].form == text::module_form::text);
    CHECK(s.commands[1].line == 2);
    CHECK(s.modules[1].form == text::module_form::binary);
    CHECK(s.modules[1].content->bytes.size() == 8);
    CHECK(s.modules[2].form == text::module_form::quote);
    CHECK(s.modules[2].content.has_value());
    CHECK(s.commands[3].kind == command_kind::module_definition);
    CHECK(s.commands[4].kind == command_kind::module_instance);
    CHECK(s.commands[4].id == "i");
    CHECK(s.commands[4].name == "d");
    CHECK(s.commands[5].id == "");
    CHECK(s.commands[5].name == "d");
    // A malformed module is an error of the command, at its place.
    REQUIRE(!s.modules[4].content);
    CHECK(s.modules[4].content.error().line() == 7);
}

TEST_CASE("script: a file may be one module's fields") {
    const auto s = parse("(func) (memory 0) (func (export \"f\"))");
    REQUIRE(s.commands.size() == 1);
    CHECK(s.modules[0].content.has_value());
}

TEST_CASE("script: actions and results") {
    const auto s = parse(
        "(invoke \"f\") (invoke $m \"f\" (i32.const -1) (i64.const 2) (f32.const -0) (ref.null func) (ref.extern 7) "
        "(ref.host 3))"
        "(get $m \"g\") (register \"name\" $m) (register \"name\")"
        "(assert_return (invoke \"f\") (f32.const nan:canonical) (f64.const nan:arithmetic) (f64.const 1.5))"
        "(assert_return (get \"g\") (ref.null) (ref.func) (ref.extern) (ref.extern 1) (ref.struct) (ref.null any) "
        "(ref.i31))"
        "(assert_return (invoke \"v\") (v128.const i32x4 1 2 3 4) (v128.const f32x4 nan:canonical 1 nan:arithmetic -0)"
        " (either (v128.const f64x2 1 2) (i32.const 2)) (v128.const f64x2 2 nan:canonical))");
    REQUIRE(s.commands.size() == 8);
    CHECK(s.commands[0].kind == command_kind::invoke);
    CHECK(s.commands[0].name == "f");
    CHECK(s.commands[1].id == "m");
    REQUIRE(s.commands[1].arguments.count == 6);
    const text::pattern* p = s.patterns.data() + s.commands[1].arguments.first;
    CHECK((p[0].kind == pattern_kind::i32 && p[0].low == 0xffffffff));
    CHECK((p[1].kind == pattern_kind::i64 && p[1].low == 2));
    CHECK((p[2].kind == pattern_kind::f32 && p[2].low == 0x80000000));
    CHECK((p[3].kind == pattern_kind::ref_null && p[3].exact && p[3].heap == heap_type::abstract(code::func)));
    CHECK((p[4].kind == pattern_kind::ref_extern && p[4].exact && p[4].low == 7));
    CHECK((p[5].kind == pattern_kind::ref_host && p[5].low == 3));
    CHECK(s.commands[2].kind == command_kind::get);
    CHECK((s.commands[3].kind == command_kind::register_ && s.commands[3].id == "m" && s.commands[4].id == ""));
    p = s.patterns.data() + s.commands[5].results.first;
    REQUIRE(s.commands[5].results.count == 3);
    CHECK(p[0].nans[0] == text::nan_pattern::canonical);
    CHECK(p[1].nans[0] == text::nan_pattern::arithmetic);
    CHECK((p[2].nans[0] == text::nan_pattern::none && p[2].low == std::bit_cast<u64>(1.5)));
    p = s.patterns.data() + s.commands[6].results.first;
    CHECK((s.commands[6].is_get && s.commands[6].results.count == 7));
    CHECK((!p[0].exact && !p[1].exact && !p[2].exact && p[3].exact && p[4].kind == pattern_kind::ref_struct &&
           p[5].exact));
    p = s.patterns.data() + s.commands[7].results.first;
    REQUIRE(s.commands[7].results.count == 4);
    CHECK((p[0].low == 0x0000000200000001 && p[0].high == 0x0000000400000003 && p[0].float_lanes == 0));
    CHECK((p[1].float_lanes == 4 && p[1].nans[0] == text::nan_pattern::canonical &&
           p[1].nans[2] == text::nan_pattern::arithmetic));
    CHECK((p[1].low == 0x3f80000000000000 && p[1].high == 0x8000000000000000));
    CHECK((p[2].kind == pattern_kind::either && p[2].count == 2));
    CHECK((p[3].low == std::bit_cast<u64>(2.0) && p[3].nans[1] == text::nan_pattern::canonical));
    CHECK(refusal("(invoke \"f\" (f32.const nan:canonical))") == "unexpected token nan:canonical");
}

TEST_CASE("script: assertions") {
    const auto s = parse("(assert_trap (invoke \"f\") \"unreachable\") (assert_trap (module (func)) \"x\") "
                         "(assert_exhaustion (invoke \"f\") \"y\")"
                         "(assert_malformed (module quote \"(func\") \"unexpected token\") (assert_invalid (module) "
                         "\"z\") (assert_unlinkable (module) \"u\")"
                         "(assert_exception (invoke \"f\")) (assert_malformed_custom (module quote \"(@custom)\") "
                         "\"c\") (assert_invalid_custom (module) \"d\")");
    REQUIRE(s.commands.size() == 9);
    const command_kind kinds[] = {command_kind::assert_trap,          command_kind::assert_trap,
                                  command_kind::assert_exhaustion,    command_kind::assert_malformed,
                                  command_kind::assert_invalid,       command_kind::assert_unlinkable,
                                  command_kind::assert_exception,     command_kind::assert_malformed_custom,
                                  command_kind::assert_invalid_custom};
    for (std::size_t i = 0; i < 9; ++i) CHECK(s.commands[i].kind == kinds[i]);
    CHECK(s.commands[0].expected == "unreachable");
    CHECK(s.commands[0].module == no_index);
    CHECK(s.commands[1].module == 0);
    CHECK(!s.modules[1].content);
    CHECK(text::command_names[std::size_t(s.commands[8].kind)] == "assert_invalid_custom");
}

TEST_CASE("script: threads") {
    const auto s = parse("(module $M) (thread $T1 (shared (module $M) (module $N)) (register \"m\" $M) (thread $T2 "
                         "(invoke \"f\")) (wait $T2)) (wait $T1)");
    REQUIRE(s.commands.size() == 7);
    CHECK((s.commands[1].kind == command_kind::thread && s.commands[1].id == "T1" && s.commands[1].end == 6));
    REQUIRE(s.commands[1].shared.count == 2);
    CHECK(s.ids[s.commands[1].shared.first + 1] == "N");
    CHECK((s.commands[3].kind == command_kind::thread && s.commands[3].end == 5));
    CHECK((s.commands[6].kind == command_kind::wait && s.commands[6].id == "T1"));
    CHECK(refusal("(thread $T (invoke \"f\")") == "unexpected token end of text");
}

TEST_CASE("script: annotations anywhere") {
    const auto s = parse("((@a) module (@a) $m (@a) (@a) ((@a) func (@a) $f (@a))) (module (@name \"x\") (func)) ((@b) "
                         "assert_return (invoke (@c) \"f\"))");
    REQUIRE(s.commands.size() == 3);
    CHECK(s.modules[0].content.has_value());
    CHECK(s.modules[1].content.has_value());
}

TEST_CASE("script: malformed scripts") {
    CHECK(refusal("(nonsense)") == "unknown operator nonsense");
    CHECK(refusal("(module) x") == "unknown operator x");
    CHECK(refusal("(assert_return)") == "unexpected token )");
    CHECK(refusal("(assert_return (func))") == "unexpected token func");
    CHECK(refusal("(module") == "unexpected token end of text");
    CHECK(refusal("(module binary \"") == "unclosed string ");
}

TEST_CASE("script: references as results") {
    const auto s =
        parse("(assert_return (invoke \"f\" (ref.null) (ref.null any) (ref.extern 1) (ref.host 2)) (ref.func) (ref.eq) "
              "(ref.i31) (ref.any) (ref.struct) (ref.array) (ref.exn) (ref.extern) (ref.null func) (ref.extern 7))");
    REQUIRE(s.commands.size() == 1);
    const text::command& c = s.commands[0];
    REQUIRE(c.results.count == 10);
    const pattern_kind kinds[] = {pattern_kind::ref_func,  pattern_kind::ref_eq,     pattern_kind::ref_i31,
                                  pattern_kind::ref_any,   pattern_kind::ref_struct, pattern_kind::ref_array,
                                  pattern_kind::ref_exn,   pattern_kind::ref_extern, pattern_kind::ref_null,
                                  pattern_kind::ref_extern};
    for (u32 i = 0; i < 10; ++i) CHECK(s.patterns[c.results.first + i].kind == kinds[i]);
    CHECK(s.patterns[c.results.first + 8].heap == heap_type::abstract(code::func));
    CHECK(s.patterns[c.results.first + 9].low == 7);
    CHECK(!s.patterns[c.results.first + 7].exact);
    CHECK(s.patterns[c.results.first + 9].exact);
    CHECK(refusal("(assert_return (invoke \"f\") (ref.test))") == "unexpected token ref.test");
    CHECK(refusal("(assert_return (invoke \"f\") (func))") == "unexpected token func");
    CHECK(refusal("(assert_return (invoke \"f\") (i32.add))") == "unexpected token i32.add");
    CHECK(refusal("(assert_return (invoke \"f\") (\"x\"))") == "unexpected token \"x\"");
}

TEST_CASE("script: a module of fields only may be malformed, and modules that do not start") {
    const auto s = parse("(func) (memory) (func)");
    REQUIRE(s.modules.size() == 1);
    REQUIRE(!s.modules[0].content);
    CHECK(s.modules[0].content.error().message() == "unexpected token");
    const auto t = parse("(assert_uninstantiable (module (func)) \"unreachable\")");
    REQUIRE(t.commands.size() == 1);
    CHECK(t.commands[0].kind == command_kind::assert_uninstantiable);
    CHECK(t.commands[0].expected == "unreachable");
    CHECK(refusal("(module) (param)") == "unexpected token param");
    CHECK(refusal("(module) (\"x\")") == "unexpected token \"x\"");
}
