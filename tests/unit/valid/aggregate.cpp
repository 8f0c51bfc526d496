// SPDX-License-Identifier: MIT
#include "from_text.hpp"

using namespace tessera;

namespace {

/// A function with this body in a module that has a type of each kind.
std::string gc_body(const std::string& code) {
    return validated(R"((module
        (type $s (struct (field $n i32) (field $b i8) (field $v (mut i64)) (field $r (ref null $s))))
        (type $strict (struct (field (ref any))))
        (type $a (array (mut i8))) (type $fixed (array i64)) (type $refs (array (mut (ref null $s))))
        (type $wide (array (mut i64))) (type $f (func)) (type $sub (sub (struct (field i32))))
        (type $sub2 (sub $sub (struct (field i32 i32))))
        (elem $e (ref null $s) (ref.null $s)) (elem $funcs func) (data $d "abc")
        (func (local $x (ref null $s)) (local $y (ref null $a)) (local $any anyref) (local $ext externref) (local $i i32)
            (local $exn exnref) (local $fn funcref) (local $l (ref null $refs)) (local $w (ref null $wide)) (local $sb (ref null $sub)) )" +
                     code + "))");
}

} // namespace

TEST_CASE("structures: made, read, written") {
    CHECK(gc_body("(drop (struct.new $s (i32.const 1) (i32.const 2) (i64.const 3) (ref.null $s)))") == "ok");
    CHECK(gc_body("(drop (struct.new $s (i32.const 1) (i32.const 2) (i32.const 3) (ref.null $s)))") ==
          "type mismatch: instruction requires [i64] but stack has [i32]");
    CHECK(gc_body("(drop (struct.new_default $s))") == "ok");
    CHECK(gc_body("(drop (struct.new_default $strict))") == "type mismatch: (ref any) has no default value");
    CHECK(gc_body("(drop (struct.new $a (i32.const 1)))") == "type mismatch: type 2 is not a structure type");
    CHECK(gc_body("(drop (struct.new_default $f))") == "type mismatch: type 6 is not a structure type");
    CHECK(gc_body("(drop (struct.new 99))") == "unknown type: 99");
    CHECK(gc_body("(local.set $i (struct.get $s $n (local.get $x)))") == "ok");
    CHECK(gc_body("(local.set $i (struct.get_s $s $b (local.get $x)))") == "ok");
    CHECK(gc_body("(local.set $i (struct.get_u $s $b (local.get $x)))") == "ok");
    CHECK(gc_body("(drop (struct.get $s $b (local.get $x)))") == "type mismatch: field is packed");
    CHECK(gc_body("(drop (struct.get_s $s $n (local.get $x)))") == "type mismatch: field is unpacked");
    CHECK(gc_body("(drop (struct.get $s 4 (local.get $x)))") == "unknown field: 4");
    CHECK(gc_body("(drop (struct.get $s $n (local.get $any)))") ==
          "type mismatch: instruction requires [(ref null 0)] but stack has [(ref null any)]");
    CHECK(gc_body("(struct.set $s $v (local.get $x) (i64.const 1))") == "ok");
    CHECK(gc_body("(struct.set $s $n (local.get $x) (i32.const 1))") == "immutable field: 0");
    CHECK(gc_body("(struct.set $s 9 (local.get $x) (i32.const 1))") == "unknown field: 9");
    CHECK(gc_body("(struct.set $f 0 (local.get $x) (i32.const 1))") == "type mismatch: type 6 is not a structure type");
}

TEST_CASE("arrays: made, read, written") {
    CHECK(gc_body("(local.set $y (array.new $a (i32.const 1) (i32.const 5)))") == "ok");
    CHECK(gc_body("(local.set $y (array.new_default $a (i32.const 5)))") == "ok");
    CHECK(gc_body("(local.set $y (array.new_fixed $a 2 (i32.const 5) (i32.const 6)))") == "ok");
    CHECK(gc_body("(local.set $y (array.new_fixed $a 2 (i32.const 5) (i64.const 6)))") ==
          "type mismatch: instruction requires [i32] but stack has [i64]");
    CHECK(gc_body("(drop (array.new $s (i32.const 1) (i32.const 5)))") == "type mismatch: type 0 is not an array type");
    CHECK(gc_body("(drop (array.new_fixed $f 0))") == "type mismatch: type 6 is not an array type");
    CHECK(gc_body("unreachable (array.new_fixed $a 10001) drop") ==
          "implementation limit reached: operands of array.new_fixed");
    CHECK(gc_body("(local.set $y (array.new_data $a $d (i32.const 0) (i32.const 1)))") == "ok");
    CHECK(gc_body("(drop (array.new_data $refs $d (i32.const 0) (i32.const 1)))") ==
          "array type is not numeric or vector");
    CHECK(gc_body("(drop (array.new_data $a 7 (i32.const 0) (i32.const 1)))") == "unknown data segment: 7");
    CHECK(gc_body("(local.set $l (array.new_elem $refs $e (i32.const 0) (i32.const 1)))") == "ok");
    CHECK(gc_body("(drop (array.new_elem $refs $funcs (i32.const 0) (i32.const 1)))") ==
          "type mismatch: element type (ref func) does not match (ref null 0)");
    CHECK(gc_body("(drop (array.new_elem $refs 5 (i32.const 0) (i32.const 1)))") == "unknown elem segment: 5");
    CHECK(gc_body("(local.set $i (array.get_u $a (local.get $y) (i32.const 0)))") == "ok");
    CHECK(gc_body("(local.set $i (array.get_s $a (local.get $y) (i32.const 0)))") == "ok");
    CHECK(gc_body("(local.set $x (array.get $refs (local.get $l) (i32.const 0)))") == "ok");
    CHECK(gc_body("(drop (array.get $a (local.get $y) (i32.const 0)))") == "type mismatch: field is packed");
    CHECK(gc_body("(drop (array.get_u $refs (local.get $l) (i32.const 0)))") == "type mismatch: field is unpacked");
    CHECK(gc_body("(array.set $a (local.get $y) (i32.const 0) (i32.const 1))") == "ok");
    CHECK(gc_body("(array.set $fixed (ref.null $fixed) (i32.const 0) (i64.const 1))") == "immutable array: 3");
    CHECK(gc_body("(local.set $i (array.len (local.get $y)))") == "ok");
    CHECK(gc_body("(drop (array.len (local.get $x)))") ==
          "type mismatch: instruction requires [(ref null array)] but stack has [(ref null 0)]");
}

TEST_CASE("arrays: filled and copied") {
    CHECK(gc_body("(array.fill $a (local.get $y) (i32.const 0) (i32.const 1) (i32.const 2))") == "ok");
    CHECK(gc_body("(array.fill $fixed (ref.null $fixed) (i32.const 0) (i64.const 1) (i32.const 2))") ==
          "immutable array: 3");
    CHECK(gc_body("(array.copy $a $a (local.get $y) (i32.const 0) (local.get $y) (i32.const 0) (i32.const 1))") ==
          "ok");
    CHECK(gc_body(
              "(array.copy $wide $fixed (local.get $w) (i32.const 0) (ref.null $fixed) (i32.const 0) (i32.const 1))") ==
          "ok");
    CHECK(
        gc_body("(array.copy $a $fixed (local.get $y) (i32.const 0) (ref.null $fixed) (i32.const 0) (i32.const 1))") ==
        "array types do not match: i64 does not match i8");
    CHECK(
        gc_body("(array.copy $fixed $a (ref.null $fixed) (i32.const 0) (local.get $y) (i32.const 0) (i32.const 1))") ==
        "immutable array: 3");
    CHECK(gc_body("(array.init_data $a $d (local.get $y) (i32.const 0) (i32.const 0) (i32.const 1))") == "ok");
    CHECK(gc_body("(array.init_data $refs $d (local.get $l) (i32.const 0) (i32.const 0) (i32.const 1))") ==
          "array type is not numeric or vector");
    CHECK(gc_body("(array.init_data $fixed $d (ref.null $fixed) (i32.const 0) (i32.const 0) (i32.const 1))") ==
          "immutable array: 3");
    CHECK(gc_body("(array.init_elem $refs $e (local.get $l) (i32.const 0) (i32.const 0) (i32.const 1))") == "ok");
    CHECK(gc_body("(array.init_elem $a $e (local.get $y) (i32.const 0) (i32.const 0) (i32.const 1))") ==
          "type mismatch: element type (ref null 0) does not match i8");
}

TEST_CASE("casts stay within a hierarchy") {
    CHECK(gc_body("(drop (ref.cast (ref $s) (local.get $any)))") == "ok");
    CHECK(gc_body("(drop (ref.test (ref null $f) (local.get $fn)))") == "ok");
    CHECK(gc_body("(drop (ref.cast nullfuncref (local.get $fn)))") == "ok");
    CHECK(gc_body("(drop (ref.cast nullexternref (local.get $ext)))") == "ok");
    CHECK(gc_body("(drop (ref.test (ref extern) (local.get $ext)))") == "ok");
    CHECK(gc_body("(drop (ref.test (ref exn) (local.get $exn)))") == "ok");
    CHECK(gc_body("(drop (ref.cast nullexnref (local.get $exn)))") == "ok");
    CHECK(gc_body("(drop (ref.test (ref noexn) (local.get $ext)))") ==
          "type mismatch: instruction requires [(ref null exn)] but stack has [(ref null extern)]");
    CHECK(gc_body("(drop (ref.cast (ref $s) (local.get $fn)))") ==
          "type mismatch: instruction requires [(ref null any)] but stack has [(ref null func)]");
    CHECK(gc_body("(drop (ref.test (ref 77) (local.get $any)))") == "unknown type: 77");
    CHECK(gc_body("(drop (ref.eq (local.get $x) (ref.i31 (i32.const 1))))") == "ok");
    CHECK(gc_body("(drop (ref.eq (local.get $x) (local.get $any)))") ==
          "type mismatch: instruction requires [(ref null eq)] but stack has [(ref null any)]");
    CHECK(gc_body("(local.set $i (i31.get_s (ref.i31 (i32.const 1))))") == "ok");
    CHECK(gc_body("(drop (i31.get_u (local.get $any)))") ==
          "type mismatch: instruction requires [(ref null i31)] but stack has [(ref null any)]");
    CHECK(gc_body("(local.set $ext (extern.convert_any (local.get $x)))") == "ok");
    CHECK(gc_body("(local.set $any (any.convert_extern (local.get $ext)))") == "ok");
    CHECK(gc_body("unreachable any.convert_extern (ref.cast (ref any)) drop") == "ok");
    CHECK(gc_body("(drop (any.convert_extern (local.get $any)))") ==
          "type mismatch: instruction requires [(ref null extern)] but stack has [(ref null any)]");
    CHECK(gc_body("(drop (extern.convert_any (local.get $exn)))") ==
          "type mismatch: instruction requires [(ref null any)] but stack has [(ref null exn)]");
}

TEST_CASE("branches on casts") {
    CHECK(
        gc_body(
            "(block $b (result (ref $s)) (drop (br_on_cast $b anyref (ref $s) (local.get $any))) unreachable) drop") ==
        "ok");
    // What falls through is null, or is not: the target takes the nulls if it is nullable.
    CHECK(gc_body("(block $b (result (ref null $s)) (br_on_cast $b anyref (ref null $s) (local.get $any)) "
                  "(ref.as_non_null) (drop) (unreachable)) drop") == "ok");
    CHECK(gc_body("(block $b (result (ref any)) (br_on_cast_fail $b anyref (ref null $s) (local.get $any)) "
                  "(local.set $x) (unreachable)) drop") == "ok");
    CHECK(gc_body("(block $b (result anyref) (br_on_cast_fail $b anyref (ref $s) (local.get $any)) (local.set $x) "
                  "(ref.null any)) drop") == "ok");
    CHECK(gc_body(
              "(block $b (result (ref any)) (br_on_cast_fail $b anyref (ref $s) (local.get $any)) unreachable) drop") ==
          "type mismatch: label requires [(ref any)] but cast gives [(ref null any)]");
    CHECK(gc_body("(block $b (br_on_cast $b anyref (ref $s) (local.get $any)) drop)") ==
          "type mismatch: label requires [] but cast gives [(ref 0)]");
    CHECK(
        gc_body("(block $b (result (ref $s)) (br_on_cast $b (ref null $s) anyref (local.get $x)) unreachable) drop") ==
        "type mismatch: (ref null any) does not match (ref null 0)");
    CHECK(gc_body("(br_on_cast 7 anyref (ref $s) (local.get $any)) drop") == "unknown label: 7");
    CHECK(gc_body("(block $b (result (ref 99)) (br_on_cast $b anyref (ref $s) (local.get $any)) unreachable) drop") ==
          "unknown type: 99");
    CHECK(gc_body("(block $b (result (ref $s)) (br_on_cast $b anyref (ref 99) (local.get $any)) unreachable) drop") ==
          "unknown type: 99");
    CHECK(gc_body("(block $b (result i32 (ref $sub2)) (br_on_cast $b (ref null $sub) (ref $sub2) (i32.const 1) "
                  "(local.get $sb)) (drop) (drop) (unreachable)) drop drop") == "ok");
}
