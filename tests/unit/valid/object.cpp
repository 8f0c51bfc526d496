// SPDX-License-Identifier: MIT
#include "from_text.hpp"

using namespace tessera;

namespace {

/// A function with this body in a module that has a bit of everything.
template <features F = everything>
std::string object_body(const std::string& code) {
    return validated<F>(R"((module
        (type $f (func)) (type $t (func (param i32) (result i32)))
        (global $mutable (mut i64) (i64.const 0)) (global $constant f32 (f32.const 0))
        (table $funcs 1 funcref) (table $others 1 externref)
        (memory $m 1)
        (elem declare func $declared) (elem $e func $declared) (data $d "abc")
        (func $declared) (func $undeclared)
        (func $it (param $p i32) (local $i i32) (local $l i64) (local $x externref) (local $fn funcref) (local $fr (ref null $f)) )" +
                        code + "))");
}

} // namespace

TEST_CASE("select") {
    CHECK(object_body("(local.set $i (select (i32.const 1) (i32.const 2) (i32.const 0)))") == "ok");
    CHECK(object_body("(drop (select (i32.const 1) (i64.const 2) (i32.const 0)))") ==
          "type mismatch: select of i32 and i64");
    CHECK(object_body("(drop (select (local.get $x) (local.get $x) (i32.const 0)))") ==
          "type mismatch: select of references needs a type");
    CHECK(object_body("(drop (select (result externref) (local.get $x) (local.get $x) (i32.const 0)))") == "ok");
    CHECK(object_body("(drop (select (result) (local.get $x) (local.get $x) (i32.const 0)))") ==
          "invalid result arity");
    CHECK(object_body("(drop (select (result i32 i32) (i32.const 0) (i32.const 0) (i32.const 0)))") ==
          "invalid result arity");
    CHECK(object_body("(drop (select (result (ref 99)) (local.get $x) (local.get $x) (i32.const 0)))") ==
          "unknown type: 99");
    CHECK(object_body("unreachable (i64.const 1) (i32.const 0) select (local.set $l)") ==
          "ok"); // one operand is unknown
    CHECK(object_body("unreachable select (local.set $l)") == "ok");
}

TEST_CASE("variables") {
    CHECK(object_body("(local.set $l (global.get $mutable))") == "ok");
    CHECK(object_body("(global.set $mutable (i64.const 1))") == "ok");
    CHECK(object_body("(global.set $mutable (i32.const 1))") ==
          "type mismatch: instruction requires [i64] but stack has [i32]");
    CHECK(object_body("(global.set $constant (f32.const 1))") == "immutable global: 1");
    CHECK(object_body("(global.set 2 (f32.const 1))") == "unknown global: 2");
    CHECK(object_body("(drop (global.get 2))") == "unknown global: 2");
    CHECK(object_body("(local.set 99 (i32.const 1))") == "unknown local: 99");
    CHECK(object_body("(drop (local.tee $i (i32.const 1)))") == "ok");
    CHECK(object_body("(drop (local.tee $i (i64.const 1)))") ==
          "type mismatch: instruction requires [i32] but stack has [i64]");
}

TEST_CASE("tables") {
    CHECK(object_body("(drop (table.get $others (i32.const 0)))") == "ok");
    CHECK(object_body("(drop (table.get 7 (i32.const 0)))") == "unknown table: 7");
    CHECK(object_body("(table.set $others (i32.const 0) (local.get $x))") == "ok");
    CHECK(object_body("(table.set $funcs (i32.const 0) (local.get $x))") ==
          "type mismatch: instruction requires [(ref null func)] but stack has [(ref null extern)]");
    CHECK(object_body("(drop (table.size $others))") == "ok");
    CHECK(object_body("(drop (table.size 7))") == "unknown table: 7");
    CHECK(object_body("(drop (table.grow $others (local.get $x) (i32.const 1)))") == "ok");
    CHECK(object_body("(table.fill $others (i32.const 0) (local.get $x) (i32.const 1))") == "ok");
    CHECK(object_body("(table.fill 9 (i32.const 0) (local.get $x) (i32.const 1))") == "unknown table: 9");
    CHECK(object_body("(table.copy $others $others (i32.const 0) (i32.const 0) (i32.const 1))") == "ok");
    CHECK(object_body("(table.copy $others $funcs (i32.const 0) (i32.const 0) (i32.const 1))") ==
          "type mismatch: element type (ref null func) does not match (ref null extern)");
    CHECK(object_body("(table.copy $others 8 (i32.const 0) (i32.const 0) (i32.const 1))") == "unknown table: 8");
    CHECK(object_body("(table.init $funcs $e (i32.const 0) (i32.const 0) (i32.const 1))") == "ok");
    CHECK(object_body("(table.init $others $e (i32.const 0) (i32.const 0) (i32.const 1))") ==
          "type mismatch: element type (ref func) does not match (ref null extern)");
    CHECK(object_body("(elem.drop $e)") == "ok");
    CHECK(object_body("(elem.drop 9)") == "unknown elem segment: 9");
    // Between tables of both address types the length is the smaller one.
    const auto copy = [](const std::string& code) {
        return validated("(module (table $a i64 1 funcref) (table $b 1 funcref) (func " + code + "))");
    };
    CHECK(copy("(table.copy $a $b (i64.const 0) (i32.const 0) (i32.const 0))") == "ok");
    CHECK(copy("(table.copy $a $a (i64.const 0) (i64.const 0) (i64.const 0))") == "ok");
    CHECK(copy("(table.copy $a $b (i64.const 0) (i32.const 0) (i64.const 0))") ==
          "type mismatch: instruction requires [i32] but stack has [i64]");
    CHECK(copy("(drop (i64.add (table.size $a) (table.grow $a (ref.null func) (i64.const 1))))") == "ok");
}

TEST_CASE("memories") {
    CHECK(object_body("(memory.fill (i32.const 0) (i32.const 0) (i32.const 0))") == "ok");
    CHECK(object_body("(memory.fill 1 (i32.const 0) (i32.const 0) (i32.const 0))") == "unknown memory: 1");
    CHECK(object_body("(memory.copy (i32.const 0) (i32.const 0) (i32.const 0))") == "ok");
    CHECK(object_body("(memory.copy 0 3 (i32.const 0) (i32.const 0) (i32.const 0))") == "unknown memory: 3");
    CHECK(object_body("(memory.init $d (i32.const 0) (i32.const 0) (i32.const 0))") == "ok");
    CHECK(object_body("(memory.init 4 (i32.const 0) (i32.const 0) (i32.const 0))") == "unknown data segment: 4");
    CHECK(object_body("(data.drop 4)") == "unknown data segment: 4");
    CHECK(object_body("(drop (memory.grow (memory.size)))") == "ok");
    CHECK(object_body("(drop (memory.grow 2 (i32.const 0)))") == "unknown memory: 2");
    CHECK(object_body("(drop (i32.load 2 (i32.const 0)))") == "unknown memory: 2");
    const auto wide = [](const std::string& code) {
        return validated("(module (memory $a i64 1) (memory $b 1) (func " + code + "))");
    };
    CHECK(wide("(memory.copy $a $b (i64.const 0) (i32.const 0) (i32.const 0))") == "ok");
    CHECK(wide("(memory.copy $b $a (i64.const 0) (i64.const 0) (i32.const 0))") ==
          "type mismatch: instruction requires [i32] but stack has [i64]");
    CHECK(wide("(memory.fill $a (i64.const 0) (i32.const 0) (i64.const 0))") == "ok");
    CHECK(wide("(drop (i32.load $a offset=0x1_0000_0000 (i64.const 0)))") == "ok");
    CHECK(wide("(drop (i32.load $b offset=0x1_0000_0000 (i32.const 0)))") == "offset out of range");
}

TEST_CASE("references") {
    CHECK(object_body("(drop (ref.is_null (local.get $x)))") == "ok");
    CHECK(object_body("(drop (ref.is_null (i32.const 1)))").substr(0, 13) == "type mismatch");
    CHECK(object_body("(drop (ref.null 99))") == "unknown type: 99");
    CHECK(object_body("(local.set $fr (ref.func $declared))") == "ok");
    CHECK(object_body("(drop (ref.func $undeclared))") == "undeclared function reference: 1");
    CHECK(object_body("(drop (ref.func 99))") == "unknown function: 99");
    CHECK(object_body("(call_ref $f (ref.as_non_null (local.get $fr)))") == "ok");
    CHECK(object_body("(drop (ref.as_non_null (i32.const 1)))").substr(0, 13) == "type mismatch");
    CHECK(object_body("(block $b (br_on_null $b (local.get $fr)) (call_ref $f))") == "ok");
    CHECK(object_body("(br_on_null 5 (local.get $fr)) drop") == "unknown label: 5");
    CHECK(object_body("(block $b (result (ref $f)) (br_on_non_null $b (local.get $fr)) (unreachable)) (call_ref $f)") ==
          "ok");
    CHECK(object_body("(block $b (br_on_non_null $b (local.get $fr)))") ==
          "type mismatch: label requires [] but stack has [(ref null 0)]");
    CHECK(object_body("(block $b (result externref) (br_on_non_null $b (local.get $fr)) (unreachable)) drop") ==
          "type mismatch: label requires [(ref null extern)] but stack has [(ref null 0)]");
    CHECK(object_body("(br_on_non_null 5 (local.get $fr))") == "unknown label: 5");
}

TEST_CASE("constant expressions") {
    const auto global = [](const std::string& type, const std::string& code) {
        return validated(
            "(module (type $f (func)) (import \"m\" \"g\" (global $g i32)) (import \"m\" \"h\" (global $h (mut i32)))"
            "(func $func) (global " +
            type + " " + code + "))");
    };
    CHECK(global("i32", "(i32.mul (global.get $g) (i32.sub (i32.const 1) (i32.const 2)))") == "ok");
    CHECK(global("i64", "(i64.mul (i64.add (i64.const 1) (i64.const 2)) (i64.sub (i64.const 1) (i64.const 2)))") ==
          "ok");
    CHECK(global("i32", "(global.get $h)") == "constant expression required: mutable global");
    CHECK(global("i32", "(i32.div_s (i32.const 1) (i32.const 1))") == "constant expression required: i32.div_s");
    CHECK(global("(ref $f)", "(ref.func $func)") == "ok");
    CHECK(global("(ref $f)", "(ref.func 9)") == "unknown function: 9");
    CHECK(global("anyref", "(ref.i31 (i32.const 1))") == "ok");
    CHECK(global("externref", "(extern.convert_any (ref.i31 (i32.const 1)))") == "ok");
    CHECK(global("v128", "(v128.const i32x4 1 2 3 4)") == "ok");
    CHECK(global("i32", "(i64.const 1)") == "type mismatch: instruction requires [i32] but stack has [i64]");
    CHECK(validated<wasm_2_0>("(module (global i32 (i32.add (i32.const 1) (i32.const 2))))") ==
          "constant expression required: i32.add needs extended-const");
}
