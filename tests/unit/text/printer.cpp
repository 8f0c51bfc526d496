// SPDX-License-Identifier: MIT
#include <tessera/binary/decode.hpp>
#include <tessera/text/parser.hpp>
#include <tessera/text/printer.hpp>

#include "../../equal.hpp"
#include "../module_bytes.hpp"

#include <doctest/doctest.h>

using namespace tessera;
using namespace std::string_literals;

namespace {

constexpr print_options flat{.folded = false}, folded{.folded = true};

module_owner decoded(std::span<const u8> bytes) {
    vec<u8> copy;
    REQUIRE(copy.assign(bytes));
    auto m = binary::decode<everything>(std::move(copy));
    REQUIRE_MESSAGE(m.has_value(), said(m));
    return *m;
}
module_owner parsed(std::string_view source) {
    auto r = text::parse(source);
    INFO(std::string(source));
    REQUIRE_MESSAGE(r.has_value(), said(r));
    return decoded({r->bytes.data(), r->bytes.size()});
}
/// The text of a module, from which the module is made again.
std::string printed(const module_owner& m, print_options options) {
    auto r = text::print(*m, options);
    REQUIRE_MESSAGE(r.has_value(), said(r));
    const std::string source(r->data(), r->size());
    INFO(source);
    CHECK(difference(*m, *parsed(source)) == "");
    return source;
}
std::string printed(std::string_view source, print_options options = flat) {
    const module_owner m = parsed(source);
    for (const bool names : {false, true})
        for (const bool tree : {false, true}) static_cast<void>(printed(m, {.folded = tree, .names = names}));
    return printed(m, options);
}
bool has(const std::string& text, std::string_view part) { return text.find(part) != text.npos; }
/// The body of a function in a module with some types, lines joined.
std::string body(std::string_view code, print_options options = folded) {
    const std::string all = printed(R"((module
        (type $s (struct (field i32 i64))) (type $a (array (mut i8))) (type $none (func)) (type $pair (func (param i32) (result i32 i32)))
        (memory 1) (memory 1) (table 1 funcref) (table 1 externref) (tag (param i32)) (global (mut i32) (i32.const 0)) (elem func) (data "")
        (func $f (type $pair) unreachable)
        (func $it (param i32 i64 f32 v128) )" +
                                        std::string(code) + "))",
                                    options);
    const std::size_t from = all.find("v128)\n", all.find("$it")) + 6,
                      to = all.rfind(options.folded ? ")\n  (data" : "\n  )\n  (data");
    std::string out;
    for (std::size_t i = from; i < to; ++i)
        if (all[i] != ' ' || (!out.empty() && out.back() != ' ')) out += all[i] == '\n' ? ' ' : all[i];
    return out;
}
/// True if the body is printed as it is written here.
bool stays(std::string_view code, print_options options = folded) {
    const std::string b = body(code, options);
    CAPTURE(b);
    CHECK(b == code);
    return b == code;
}

} // namespace

TEST_CASE("printer: a module") {
    constexpr std::string_view source = R"((module $m
  (type $t (;0;) (func (param i32) (result i32)))
  (type (;1;) (func))
  (import "env" "\"\\\t\00λ" (func $imported (;0;) (type 1)))
  (table (;0;) 1 2 funcref)
  (memory $mem (;0;) i64 1)
  (tag (;0;) (type 1))
  (global $g (;0;) (mut i32) (i32.const -1))
  (export "f" (func $f))
  (export "memory" (memory $mem))
  (start $imported)
  (elem (;0;) (i32.const 0) func $f 2)
  (func $f (;1;) (type $t) (param $x i32) (result i32)
    (local i64 i64) (local $y f32)
    local.get $x
    if (;@1;) (result i32)
      i32.const 1
    else
      i32.const 2
    end
  )
  (func (;2;) (type 1)
  )
  (data $d (;0;) (i64.const 8) "a\00\ff\"")
)
)";
    CHECK(printed(source) ==
          std::string(source).replace(source.find("  (func (;2;) (type 1)\n  )"), 26, "  (func (;2;) (type 1))"));
    CHECK(printed("(module)") == "(module)\n");
    CHECK(printed("(module $m)", {.names = false}) ==
          "(module\n  (@custom \"name\" (before first) \"\\00\\02\\01m\")\n)\n");
    CHECK(has(printed(source, folded), R"(
  (func $f (;1;) (type $t) (param $x i32) (result i32)
    (local i64 i64) (local $y f32)
    (if (;@1;) (result i32)
      (local.get $x)
      (then (i32.const 1))
      (else (i32.const 2))))
)"));
}

TEST_CASE("printer: types") {
    const std::string all = printed(R"((module
        (rec (type $list (sub (struct (field $head i32) (field (mut (ref null $list)))))) (type (array i8)))
        (type $more (sub final $list (struct (field i32) (field (mut (ref null $list))) (field $last (ref extern)))))
        (type (func (param anyref eqref i31ref structref arrayref nullref funcref nullfuncref externref nullexternref exnref nullexnref
            (ref any) (ref null $list) v128 i32 i64 f32 f64)))
        (table i64 0 1 (ref $list) (struct.new $list (i32.const 0) (ref.null none)))
        (memory 1 2 shared) (memory 0 65536 (pagesize 1))
        (global (ref null $more) ref.null $more)))");
    CHECK(has(all, "(rec\n    (type $list (;0;) (sub (struct (field $head i32) (field (mut (ref null $list))))))\n    "
                   "(type (;1;) (array i8)))\n"));
    CHECK(has(all, "(type $more (;2;) (sub final $list (struct (field i32) (field (mut (ref null $list))) (field $last "
                   "(ref extern)))))"));
    CHECK(has(all, "(param anyref eqref i31ref structref arrayref nullref funcref nullfuncref externref nullexternref "
                   "exnref nullexnref "
                   "(ref any) (ref null $list) v128 i32 i64 f32 f64)"));
    CHECK(has(all, "(table (;0;) i64 0 1 (ref $list) (struct.new $list (i32.const 0) (ref.null none)))"));
    CHECK(has(all, "(memory (;0;) 1 2 shared)"));
    CHECK(has(all, "(memory (;1;) 0 65536 (pagesize 1))"));
    CHECK(has(all, "(global (;0;) (ref null $more) (ref.null $more))"));
}

TEST_CASE("printer: immediates of each kind") {
    for (std::string_view code :
         {"nop",
          "(br_table 0 (;@0;) 0 (;@0;) (local.get 0))",
          "(drop (call_indirect (type $none)))",
          "(data.drop 0)",
          "(elem.drop 0)",
          "(drop (i32.load (i32.const 0)))",
          "(drop (i64.load16_s 1 offset=8 align=1 (i32.const 0)))",
          "(v128.store16_lane 3 (i32.const 0) (local.get 3))",
          "(v128.store8_lane 1 offset=2 15 (i32.const 0) (local.get 3))",
          "(memory.copy 0 1 (i32.const 0) (i32.const 0) (i32.const 0))",
          "(memory.init 1 0 (i32.const 0) (i32.const 0) (i32.const 0))",
          "(memory.init 0 (i32.const 0) (i32.const 0) (i32.const 0))",
          "(table.init 1 0 (i32.const 0) (i32.const 0) (i32.const 0))",
          "(table.copy (i32.const 0) (i32.const 0) (i32.const 0))",
          "(drop (table.get 1 (i32.const 0)))",
          "(drop (memory.size 1))",
          "(drop (i32.const -2147483648))",
          "(drop (i64.const -9223372036854775808))",
          "(global.set 0 (i32.const 4))",
          "(drop (v128.const i32x4 0x00000001 0xffffffff 0x00000000 0x89abcdef))",
          "(drop (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31 (local.get 3) (local.get 3)))",
          "(drop (i16x8.extract_lane_s 7 (local.get 3)))",
          "(drop (select (result i32) (i32.const 1) (i32.const 2) (local.get 0)))",
          "(drop (ref.null func))",
          "(drop (ref.test (ref i31) (ref.null any)))",
          "(drop (ref.cast anyref (ref.null any)))",
          "(drop (struct.get $s 1 (struct.new_default $s)))",
          "(drop (array.new_fixed $a 2 (i32.const 1) (i32.const 2)))",
          "(drop (array.new_data $a 0 (i32.const 0) (i32.const 0)))",
          "(atomic.fence)",
          "(throw 0 (i32.const 1))",
          "(drop (block (;@1;) (result anyref) (br_on_cast 0 (;@1;) anyref (ref $s) (ref.null none))))",
          "(block $out (try_table (;@2;) (catch_all $out) (catch_all_ref 1 (;@0;)) (nop)))"}) {
        if (code == "nop") CHECK(body("nop", flat) == "nop");
        else if (code.find("call_indirect") != code.npos)
            CHECK(body("(call_indirect (type $none) (local.get 0))") == "(call_indirect (type $none) (local.get 0))");
        else CHECK(stays(code));
    }
}

TEST_CASE("printer: numbers are read as the same bits") {
    const auto f32_of = [](u32 bits) {
        text::text_output out;
        out.floating<f32>(bits);
        const auto chars = out.take();
        const std::string s(chars.data(), chars.size());
        u32 again = 0;
        CHECK_MESSAGE(text::parse_float<f32>(s, again), s);
        CHECK_MESSAGE(again == bits, s);
        return s;
    };
    CHECK(f32_of(0) == "0");
    CHECK(f32_of(0x80000000) == "-0");
    CHECK(f32_of(0x3dcccccd) == "0.1");
    CHECK(f32_of(0x7f800000) == "inf");
    CHECK(f32_of(0xff800000) == "-inf");
    CHECK(f32_of(0x7fc00000) == "nan");
    CHECK(f32_of(0xffc00000) == "-nan");
    CHECK(f32_of(0x7fa00000) == "nan:0x200000");
    CHECK(f32_of(0x7fffffff) == "nan:0x7fffff");
    CHECK(f32_of(1) == "1e-45");
    u64 state = 88172645463325252u;
    for (int i = 0; i < 20000; ++i) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        static_cast<void>(f32_of(u32(state)));
        text::text_output out;
        out.floating<f64>(state);
        const auto chars = out.take();
        u64 again = 0;
        const std::string s(chars.data(), chars.size());
        REQUIRE_MESSAGE((text::parse_float<f64>(s, again) && again == state), s);
    }
}

TEST_CASE("printer: folding") {
    CHECK(stays("(drop (i32.add (local.get 0) (i32.const 1)))"));
    CHECK(body("local.get 0 nop drop") == "(local.get 0) (nop) drop");
    CHECK(body("i32.const 1 i32.const 2 nop i32.add drop") == "(i32.const 1) (i32.const 2) (nop) i32.add drop");
    // Several values of one call: together they are operands, one at a time they are not.
    CHECK(stays("(drop (i32.add (call $f (local.get 0))))"));
    CHECK(body("(call $f (local.get 0)) drop drop (local.set 0 (i32.const 1))") ==
          "(call $f (local.get 0)) drop drop (local.set 0 (i32.const 1))");
    // After a branch nothing is known of the stack, and what is known again is folded again.
    CHECK(body("unreachable i32.add drop (local.set 0 (i32.const 1))") ==
          "(unreachable) i32.add drop (local.set 0 (i32.const 1))");
    CHECK(body("i32.const 1 br 0 drop") == "(i32.const 1) (br 0 (;@0;)) drop");
    // Parameters of a block are in no parentheses of its own.
    CHECK(body("i32.const 1 block (param i32) drop end") == "(i32.const 1) (block (;@1;) (type 4) (param i32) drop)");
    CHECK(body("i32.const 1 i32.const 2 if (param i32) drop else drop end") ==
          "(i32.const 1) (if (;@1;) (type 4) (param i32) (i32.const 2) (then drop) (else drop))");
    CHECK(body("i32.const 2 nop if nop end") == "(i32.const 2) (nop) (if (;@1;) (then (nop)))");
    // A block in a condition comes before the block of its `if`, whose label it does not see.
    CHECK(stays("(if $b (block $a (result i32) (br $a (i32.const 1))) (then (br $b)) (else (br $b)))"));
    CHECK(stays("(drop (loop $l (result i32) (br_if $l (local.get 0)) (i32.const 1)))"));
    CHECK(body("(try $t (do (nop)) (catch 0 (drop)) (catch_all (rethrow $t)))") ==
          "(try $t (do (nop)) (catch 0 drop) (catch_all (rethrow $t)))");
    CHECK(body("(block $o (try $t (do (nop)) (delegate $o)))") == "(block $o (try $t (do (nop)) (delegate $o)))");
    CHECK(body("(block $o (try $t (do (nop)) (delegate $o)))", flat) == "block $o try $t nop delegate $o end");
    CHECK(body("(drop (br_if 0 (i32.const 7) (local.get 0)))") == "(i32.const 7) (br_if 0 (;@0;) (local.get 0)) drop");
}

TEST_CASE("printer: identifiers") {
    const std::string all = printed(R"((module $"the module"
        (type $"a b" (func (param i32 i32)))
        (func $q (@name "\22") (type $"a b") (param $"λ" i32) (param $y (@name "λ") i32))
        (func $x (@name "same")) (func $y (@name "same")) (func $z (@name "same#1"))
        (func $l (block $l (block $l (br $l) (br 1)) (br $l)))
        (export "z" (func $z))))",
                                    folded);
    CHECK(has(all, "(module $\"the module\"\n"));
    CHECK(has(all, "(type $\"a b\" (;0;)"));
    CHECK(has(all, "(func $\"\\\"\" (;0;) (type $\"a b\") (param $\"λ\" i32) (param $\"λ#1\" (@name \"λ\") i32)"));
    CHECK(has(all, "(func $same (;1;)"));
    CHECK(has(all, "(func $same#2 (@name \"same\") (;2;)"));
    CHECK(has(all, "(func $same#1 (;3;)"));
    CHECK(has(all, "(block $l (block $l (br $l) (br 1 (;@1;))) (br $l))"));
    CHECK(has(all, "(export \"z\" (func $same#1))"));
}

TEST_CASE("printer: names that a text cannot say come as the section they are") {
    const auto with = [](std::initializer_list<int> names, std::initializer_list<int> more = {}) {
        module_bytes m;
        m.function({}, {}).raw({0, int(names.size()) + 5, 4, 'n', 'a', 'm', 'e'}).raw(names).raw(more);
        return printed(decoded(m), folded);
    };
    const std::string good = with({1, 4, 1, 0, 1, 'f', 3, 1, 0});
    CHECK(has(good, "$f"));
    CHECK(has(good, "@custom")); // an empty map of labels
    CHECK(!has(with({1, 4, 1, 0, 1, 'f'}), "@custom"));
    CHECK(has(with({}), "@custom"));                                                  // no names at all
    CHECK(has(with({1, 4, 1, 7, 1, 'f'}), "@custom"));                                // no such function
    CHECK(has(with({3, 6, 1, 0, 1, 0, 1, 'l'}), "@custom"));                          // no such block
    CHECK(has(with({2, 6, 1, 0, 1, 0, 1, 'l'}), "@custom"));                          // no such local
    CHECK(has(with({2, 6, 1, 9, 1, 0, 1, 'l'}), "@custom"));                          // nor function
    CHECK(has(with({10, 6, 1, 0, 1, 0, 1, 'l'}), "@custom"));                         // nor field
    CHECK(has(with({1, 4, 1, 0, 1, 0xff}), "@custom"));                               // no UTF-8
    CHECK(has(with({1, 4, 1, 0, 1, 'f'}, {0, 5, 4, 'n', 'a', 'm', 'e'}), "@custom")); // two of them
    CHECK(has(with({1, 4, 1, 0, 1, 'f'}, {0, 2, 1, 'x'}), "(after last)"));
}

TEST_CASE("printer: custom sections and branch hints") {
    const std::string all =
        printed(R"((module (@custom "a" (before first) "1\ff") (type (func)) (@custom "b" (after type))
        (func (type 0) i32.const 0 (@metadata.code.branch_hint "\01") if end (@metadata.code.branch_hint "\00") (br_if 0 (i32.const 0)))
        (@custom "λ" (before code)) (@custom "end" (after last) "x")))");
    CHECK(has(all, "(@custom \"a\" (before first) \"1\\ff\")\n"));
    CHECK(has(all, "(@custom \"b\" (after type) \"\")\n"));
    CHECK(has(all, "(@custom \"end\" (after code) \"x\")\n"));
    CHECK(has(all, "(@metadata.code.branch_hint \"\\01\") if (;@1;)\n"));
    CHECK(has(all, "(@metadata.code.branch_hint \"\\00\") br_if 0 (;@0;)\n"));
    CHECK(has(all, "(@custom \"λ\" (after func) \"\")\n"));
    const std::string long_data = printed("(data \"" + std::string(100, 'x') + "\")");
    CHECK(has(long_data, "(data (;0;)\n    \"" + std::string(64, 'x') + "\"\n    \"" + std::string(36, 'x') + "\")"));
}

TEST_CASE("printer: nesting is not limited by the stack") {
    std::string source = "(func (param i32) ";
    for (int i = 0; i < 50000; ++i) source += "block local.get 0 if ";
    for (int i = 0; i < 50000; ++i) source += "end end ";
    source += "local.get 0 ";
    for (int i = 0; i < 50000; ++i) source += "i32.eqz ";
    CHECK(printed(source + "drop)").size() > source.size());
}

TEST_CASE("printer: the length is limited") {
    const module_owner m =
        parsed("(module (func $f (block $b (br $b))) (func (call $f)) (data \"0123456789\") (type (struct)))");
    for (print_options o : {flat, folded}) {
        const u32 whole = u32(printed(m, o).size());
        for (o.most_characters = 0; o.most_characters < whole; ++o.most_characters) {
            CAPTURE(o.most_characters);
            CHECK(said(text::print(*m, o)) == "implementation limit reached: characters of a text");
        }
        CHECK(said(text::print(*m, o)) == "ok");
    }
}

TEST_CASE("printer: what is not a module") {
    const auto refused = [](std::initializer_list<int> code, print_options options) {
        return said(
            text::print(*decoded(module_bytes().section(1, {1, 0x60, 0, 0}).section(3, {1, 0}).body(code)), options));
    };
    for (const print_options o : {flat, folded}) {
        CHECK(refused({0xff}, o) == "illegal opcode: ff");
        CHECK(refused({0x02, 0x40}, o) == "unexpected end of section or function");
        CHECK(refused({0x0b}, o) == "section size mismatch");
        CHECK(refused({0x05}, o) == "END opcode expected: else");
        // Indices that are not there are no matter of the form.
        CHECK(refused({0x10, 99,   0x0c, 99,   0x20, 99, 0xfb, 2, 9, 9,    0x11, 9,
                       9,    0x02, 9,    0x0b, 0x08, 9,  0xfb, 0, 9, 0xfb, 1,    0},
                      o) == "ok");
    }
}

TEST_CASE("printer: imports of each kind") {
    const std::string all = printed(R"((module (type $f (func (param i32)))
        (import "a" "func" (func $g (type $f))) (import "a" "table" (table $t 1 2 externref)) (import "a" "memory" (memory $m i64 1))
        (import "a" "constant" (global $c v128)) (import "a" "variable" (global (mut (ref null $f)))) (import "a" "tag" (tag $e (type $f)))))");
    CHECK(has(all, "(import \"a\" \"func\" (func $g (;0;) (type $f) (param i32)))\n"));
    CHECK(has(all, "(import \"a\" \"table\" (table $t (;0;) 1 2 externref))\n"));
    CHECK(has(all, "(import \"a\" \"memory\" (memory $m (;0;) i64 1))\n"));
    CHECK(has(all, "(import \"a\" \"constant\" (global $c (;0;) v128))\n"));
    CHECK(has(all, "(import \"a\" \"variable\" (global (;1;) (mut (ref null $f))))\n"));
    CHECK(has(all, "(import \"a\" \"tag\" (tag $e (;0;) (type $f) (param i32)))\n"));
}

TEST_CASE("printer: segments of each kind") {
    const std::string all = printed(
        R"((module (table $t 9 funcref) (table $u 9 (ref null struct)) (memory $m 1) (memory $n 1) (type (array i16)) (func $f)
        (elem declare func $f) (elem (table $u) (i32.const 2) (ref null struct) (ref.null struct)) (elem $p funcref (ref.func $f) (item ref.null func))
        (data (memory $n) (i32.const 3) "x") (data $d "passive")
        (elem (offset i32.const 1 i32.const 2 i32.add) $f) (global (ref i31) i32.const 1 ref.i31)))");
    CHECK(has(all, "(elem (;0;) declare func $f)\n"));
    CHECK(has(all, "(elem (;1;) (table $u) (i32.const 2) structref (ref.null struct))\n"));
    CHECK(has(all, "(elem $p (;2;) funcref (ref.func $f) (ref.null func))\n"));
    CHECK(has(all, "(data (;0;) (memory $n) (i32.const 3) \"x\")\n"));
    CHECK(has(all, "(data $d (;1;) \"passive\")\n"));
    CHECK(has(all, "(elem (;3;) (i32.add (i32.const 1) (i32.const 2)) func $f)\n"));
    CHECK(has(all, "(array i16)"));
    // A line for each 16 items; what is not one tree gets the word around it.
    std::string items, expressions;
    for (int i = 0; i < 40; ++i) items += " $f", expressions += " (item unreachable ref.null func)";
    const std::string many = printed("(module (func $f) (memory 1) (elem func" + items + ") (elem funcref" +
                                         expressions + ") (data (offset i32.const 1 i32.const 2 nop i32.add) \"y\"))",
                                     folded);
    CHECK(has(many, "$f $f\n    $f"));
    CHECK(has(many, " (item (unreachable) (ref.null func))"));
    CHECK(has(many, "(offset (i32.const 1) (i32.const 2) (nop) i32.add)"));
}

TEST_CASE("printer: operands of instructions on structures, arrays, references and calls") {
    for (std::string_view code :
         {"(table.set 1 (i32.const 0) (ref.null extern))",
          "(struct.set $s 1 (struct.new_default $s) (i64.const 2))",
          "(drop (struct.new $s (i32.const 1) (i64.const 2)))",
          "(drop (array.new_elem $a 0 (i32.const 0) (i32.const 1)))",
          "(array.fill $a (ref.null $a) (i32.const 0) (i32.const 1) (i32.const 2))",
          "(array.init_data $a 0 (ref.null $a) (i32.const 0) (i32.const 0) (i32.const 1))",
          "(array.init_elem $a 0 (ref.null $a) (i32.const 0) (i32.const 0) (i32.const 1))",
          "(array.copy $a $a (ref.null $a) (i32.const 0) (ref.null $a) (i32.const 0) (i32.const 1))",
          "(array.set $a (ref.null $a) (i32.const 0) (i32.const 1))",
          "(drop (i31.get_s (ref.i31 (i32.const 3))))",
          "(return_call $it (i32.const 0) (i64.const 0) (f32.const 0) (local.get 3))",
          "(return_call_indirect (type $none) (i32.const 0))",
          "(return_call_ref $none (ref.null $none))",
          "(call_ref $none (ref.null $none))",
          "(throw_ref (ref.null exn))",
          "(drop (table.grow 1 (ref.null extern) (i32.const 1)))",
          "(table.fill 1 (i32.const 0) (ref.null extern) (i32.const 1))",
          "(drop (ref.eq (ref.null eq) (ref.null eq)))",
          "(block $b (drop (br_on_null $b (ref.null func))))",
          "(drop (block $b (result (ref func)) (br_on_non_null $b (ref.null func)) (unreachable)))",
          "(drop (block $b (result anyref) (br_on_cast_fail $b anyref (ref $s) (ref.null any))))"}) {
        CAPTURE(code);
        // Operands stand inside of what takes them: the text is the one that was written.
        CHECK(stays(code));
    }
}
