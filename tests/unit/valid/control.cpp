// SPDX-License-Identifier: MIT
#include "from_text.hpp"

using namespace tessera;

namespace {

/// A function with this body in a module with some functions, tables and tags.
std::string control_body(const std::string& code) {
    return validated(R"((module
        (type $f (func)) (type $t (func (param i32 i64) (result f32))) (type $pair (func (param i32) (result i32 i64)))
        (type $s (struct))
        (table $funcs 1 funcref) (table $others 1 externref) (table $wide i64 1 funcref)
        (tag $none) (tag $some (param i32 i64))
        (elem declare func $f $t)
        (func $f) (func $t (param i32 i64) (result f32) (f32.const 0))
        (func $it (result f32) (local $i i32) (local $e exnref) )" +
                     code + "))");
}

} // namespace

TEST_CASE("control: blocks have parameters and results") {
    CHECK(control_body("(i32.const 1) (block (type $pair) (i64.const 2)) drop drop (f32.const 0)") == "ok");
    CHECK(control_body("(i32.const 1) (loop (type $pair) (br 0)) drop drop (f32.const 0)") ==
          "ok"); // to its parameters
    CHECK(control_body("(i32.const 1) (block (type $pair) (br 0)) drop drop (f32.const 0)") ==
          "type mismatch: instruction requires [i64] but stack has [i32]");
    CHECK(control_body("(block (type $s)) (f32.const 0)") == "type mismatch: type 3 is not a function type");
    CHECK(control_body("(block (result (ref 77)) unreachable) drop (f32.const 0)") == "unknown type: 77");
    CHECK(control_body("(if (result i32) (i32.const 1) (then (i32.const 1))) drop (f32.const 0)") ==
          "type mismatch: block requires [i32] but stack has []");
    CHECK(control_body(
              "(i32.const 3) (if (param i32) (result i32) (i32.const 1) (then (drop) (i32.const 1))) drop (f32.const "
              "0)") == "ok");
}

TEST_CASE("control: calls") {
    CHECK(control_body("(call $t (i32.const 1) (i64.const 2))") == "ok");
    CHECK(control_body("(call $t (i64.const 2) (i32.const 1))") ==
          "type mismatch: instruction requires [i64] but stack has [i32]");
    CHECK(control_body("(call 99)") == "unknown function: 99");
    CHECK(control_body("(call_indirect $funcs (type $t) (i32.const 1) (i64.const 2) (i32.const 0))") == "ok");
    CHECK(control_body("(call_indirect $wide (type $t) (i32.const 1) (i64.const 2) (i64.const 0))") == "ok");
    CHECK(control_body("(call_indirect $others (type $t) (i32.const 1) (i64.const 2) (i32.const 0))") ==
          "type mismatch: instruction requires a table of functions, not of (ref null extern)");
    CHECK(control_body("(call_indirect 9 (type $t) (i32.const 1) (i64.const 2) (i32.const 0))") == "unknown table: 9");
    CHECK(control_body("(call_indirect $funcs (type $s) (i32.const 0)) unreachable") ==
          "type mismatch: type 3 is not a function type");
    CHECK(control_body("(call_ref $t (i32.const 1) (i64.const 2) (ref.func $t))") == "ok");
    CHECK(control_body("(call_ref $s (ref.null $s)) unreachable") == "type mismatch: type 3 is not a function type");
    CHECK(control_body("(call_ref $t (i32.const 1) (i64.const 2) (ref.func $f))") ==
          "type mismatch: instruction requires [(ref null 1)] but stack has [(ref 0)]");
}

TEST_CASE("control: tail calls return what the function returns") {
    CHECK(control_body("(return_call $t (i32.const 1) (i64.const 2))") == "ok");
    CHECK(control_body("(return_call $f)") == "type mismatch: function requires [f32] but callee returns []");
    CHECK(control_body("(return_call_indirect $funcs (type $t) (i32.const 1) (i64.const 2) (i32.const 0))") == "ok");
    CHECK(control_body("(return_call_indirect $funcs (type $f) (i32.const 0))") ==
          "type mismatch: function requires [f32] but callee returns []");
    CHECK(control_body("(return_call_ref $t (i32.const 1) (i64.const 2) (ref.func $t))") == "ok");
    CHECK(control_body("(return_call_ref $f (ref.func $f))") ==
          "type mismatch: function requires [f32] but callee returns []");
    CHECK(control_body("(return (f32.const 1)) drop drop (f32.const 0)") == "ok"); // what follows is not reached
    CHECK(control_body("(return (i32.const 1))") == "type mismatch: instruction requires [f32] but stack has [i32]");
}

TEST_CASE("control: branches") {
    CHECK(control_body("(block $b (result i32) (br_if $b (i32.const 1) (local.get $i))) drop (f32.const 0)") == "ok");
    CHECK(control_body("(block $b (result i32) (br_if $b (local.get $i)) (i32.const 1)) drop (f32.const 0)") ==
          "type mismatch: instruction requires [i32] but stack has []");
    CHECK(control_body("(br_if 9 (local.get $i)) (f32.const 0)") == "unknown label: 9");
    CHECK(control_body("(block (block (br_table 0 1 0 1 (local.get $i)))) (f32.const 0)") == "ok");
    CHECK(control_body("(block (block (br_table 0 9 (local.get $i)))) (f32.const 0)") == "unknown label: 9");
    CHECK(control_body("(block (block (result f32) (br_table 0 1 (f32.const 1) (local.get $i))) drop) (f32.const 0)") ==
          "type mismatch: labels of br_table differ in arity");
    CHECK(control_body("(block (result i32) (br_table 0 1 (i32.const 1) (local.get $i))) drop (f32.const 0)") ==
          "type mismatch: block requires [f32] but stack has [i32]");
    module_limits few;
    few.br_table = 2;
    CHECK(validated("(func (param i32) (br_table 0 0 0 (local.get 0)))", few) == "ok");
    CHECK(validated("(func (param i32) (br_table 0 0 0 0 (local.get 0)))", few) ==
          "implementation limit reached: labels of a br_table");
}

TEST_CASE("control: exceptions") {
    CHECK(control_body("(throw $some (i32.const 1) (i64.const 2))") == "ok");
    CHECK(control_body("(throw $some (i64.const 2))") == "type mismatch: instruction requires [i32] but stack has []");
    CHECK(control_body("(throw 9)") == "unknown tag: 9");
    CHECK(control_body("(throw_ref (local.get $e))") == "ok");
    CHECK(control_body("(throw_ref (i32.const 0))") ==
          "type mismatch: instruction requires [(ref null exn)] but stack has [i32]");
    CHECK(control_body("(block $b (try_table (catch $none $b) (catch_all $b))) (f32.const 0)") == "ok");
    CHECK(control_body("(block $b (result i32 i64 exnref) (try_table (catch_ref $some $b)) unreachable) drop drop drop "
                       "(f32.const 0)") == "ok");
    CHECK(control_body("(block $b (result exnref) (try_table (catch_all_ref $b)) unreachable) drop (f32.const 0)") ==
          "ok");
    CHECK(control_body("(block $b (try_table (catch_all_ref $b))) (f32.const 0)") ==
          "type mismatch: label requires [] but catch clause gives [] and exnref");
    CHECK(control_body("(block $b (try_table (catch $some $b))) (f32.const 0)") ==
          "type mismatch: label requires [] but catch clause gives [i32 i64]");
    CHECK(control_body("(block $b (try_table (catch 9 $b))) (f32.const 0)") == "unknown tag: 9");
    CHECK(control_body("(try_table (catch_all 9)) (f32.const 0)") == "unknown label: 9");
    CHECK(control_body("(try_table (type $s)) (f32.const 0)") == "type mismatch: type 3 is not a function type");
}
