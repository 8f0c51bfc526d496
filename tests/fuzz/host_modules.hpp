// SPDX-License-Identifier: MIT
// The guests of the host fuzzer, as text.
#pragma once

#include <string_view>

namespace fuzz {

inline constexpr std::string_view host_modules[] = {
    // Everything, nothing imported.
    R"((module $all
      (memory (export "memory") 1 4) (data (i32.const 8) "hello") (data $later "later")
      (table (export "table") 4 8 funcref) (elem (i32.const 0) $add $trap)
      (table (export "objects") 2 externref) (elem $many func $add $trap $spin)
      (global (export "global") (mut i32) (i32.const 7)) (global (export "constant") f64 (f64.const 1.5))
      (global (export "object") (mut externref) (ref.null extern)) (global (export "function") (mut funcref) (ref.func $add))
      (global (export "vector") (mut v128) (v128.const i64x2 1 2)) (global (export "wide") i64 (i64.add (i64.const 1) (i64.mul (i64.const 2) (i64.sub (i64.const 5) (i64.const 3)))))
      (global (export "sum") i32 (i32.add (i32.const 1) (i32.mul (i32.const 2) (i32.sub (i32.const 5) (i32.const 3)))))
      (tag (export "tag") (param i32))
      (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func $trap (export "trap") (result i32) (i32.div_s (i32.const 1) (i32.const 0)))
      (func $spin (export "spin") (loop $l (br $l)))
      (func (export "deep") (param i64) (result i64) (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 0)) (else (i64.add (i64.const 1) (call 3 (i64.sub (local.get 0) (i64.const 1)))))))
      (func (export "many") (param i32 i64 f32 f64 externref) (result externref f64 f32 i64 i32) (local.get 4) (local.get 3) (local.get 2) (local.get 1) (local.get 0))
      (func (export "same") (param funcref) (result funcref) (local.get 0))
      (func (export "vectors") (param v128) (result v128) (local.get 0))
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "init") (memory.init $later (i32.const 0) (i32.const 0) (i32.const 5)) (table.init 0 $many (i32.const 0) (i32.const 0) (i32.const 3)))
      (func (export "drop") (data.drop $later) (elem.drop $many))
      (func (export "through") (param i32) (result i32) (call_indirect (param i32 i32) (result i32) (local.get 0) (local.get 0) (local.get 0)))
      (func (export "keep") (param i32 externref) (table.set 1 (local.get 0) (local.get 1)) (global.set 2 (local.get 1)))
      (func (export "count") (param i32) (result i32) (local i32) (loop $l (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if $l (i32.lt_u (local.get 1) (local.get 0)))) (local.get 1))))",
    // Everything imported.
    R"((module $user
      (import "env" "memory" (memory 1)) (import "env" "table" (table 1 funcref)) (import "env" "global" (global $g (mut i32)))
      (import "env" "tag" (tag (param i32)))
      (import "env" "f" (func $f (param i32) (result i32))) (import "env" "text" (func $text (param i32 i32) (result i32)))
      (import "env" "span" (func $span (param i32 i32))) (import "env" "words" (func $words (param i32 i32) (result i64)))
      (import "env" "pointer" (func $pointer (param i32))) (import "env" "object" (func $object (param externref) (result externref)))
      (import "env" "function" (func $function (param funcref) (result funcref)))
      (import "env" "pair" (func $pair (param i64 f64) (result f64 i64))) (import "env" "dynamic" (func $dynamic (param i32 f32 v128) (result v128 f32)))
      (func (export "f") (param i32) (result i32) (call $f (local.get 0)))
      (func (export "text") (param i32 i32) (result i32) (call $text (local.get 0) (local.get 1)))
      (func (export "span") (param i32 i32) (call $span (local.get 0) (local.get 1)))
      (func (export "words") (param i32 i32) (result i64) (call $words (local.get 0) (local.get 1)))
      (func (export "pointer") (param i32) (call $pointer (local.get 0)))
      (func (export "object") (param externref) (result externref) (call $object (local.get 0)))
      (func (export "function") (param funcref) (result funcref) (return_call $function (local.get 0)))
      (func (export "pair") (param i64 f64) (result f64 i64) (call $pair (local.get 0) (local.get 1)))
      (func (export "dynamic") (param i32 f32 v128) (result v128 f32) (call $dynamic (local.get 0) (local.get 1) (local.get 2)))
      (func (export "loop") (param i32) (result i32) (local i32)
        (loop $l (global.set $g (call $f (local.get 1))) (local.set 1 (i32.add (local.get 1) (i32.const 1))) (br_if $l (i32.lt_u (local.get 1) (local.get 0)))) (global.get $g))
      (func (export "any") (param i32) (result i32) (call_indirect (param i32) (result i32) (local.get 0) (local.get 0)))
      (export "memory" (memory 0)) (export "table" (table 0)) (export "global" (global $g)) (export "direct" (func $f))))",
    // The start function calls the host.
    R"((module $starts (import "env" "f" (func $f (param i32) (result i32))) (memory (export "memory") 1)
      (func $s (i32.store (i32.const 0) (call $f (i32.const 3)))) (start $s) (func (export "add") (param i32 i32) (result i32) (local.get 0))))",
    // Segments that do not fit, after one that does.
    R"((module $misfit (import "env" "memory" (memory 1)) (import "env" "table" (table 1 funcref)) (func $f)
      (elem (i32.const 0) $f) (data (i32.const 0) "written") (data (i32.const 65535) "too long")))",
    // 64-bit addresses, pages of a byte, several of each.
    R"((module $wide (memory (export "memory") i64 1 3) (memory (export "bytes") 10 100 (pagesize 1)) (table (export "table") i64 3 9 externref)
      (memory (export "shared") 1 2 shared) (type $t (func (param i32) (result i32))) (table (export "typed") 2 2 (ref null $t))
      (global (export "typed_global") (mut (ref null $t)) (ref.null $t)) (func $id (export "id") (type $t) (local.get 0)) (elem (table 1) (i32.const 0) (ref null $t) (ref.func $id))
      (func (export "typed_function") (param (ref null $t)) (result i32) (call_ref $t (i32.const 1) (local.get 0)))
      (func (export "load") (param i64) (result i32) (i32.load (local.get 0)))
      (func (export "grow") (param i64) (result i64) (memory.grow (local.get 0)))))",
    // Structures, arrays, exceptions.
    R"((module $objects (import "env" "f" (func $f (param i32) (result i32))) (import "env" "any" (func $any (param anyref) (result anyref)))
      (type $s (sub (struct (field (mut i32)) (field (mut anyref)) (field i64))))
      (type $t (sub $s (struct (field (mut i32)) (field (mut anyref)) (field i64) (field (mut i8)) (field (mut v128)))))
      (type $a (array (mut anyref))) (type $b (array (mut i16))) (type $c (array f64))
      (tag $e (export "e") (param anyref i32)) (global $g (export "global") (mut anyref) (ref.null any)) (table (export "objects") 4 anyref)
      (func $make (export "make") (param i32) (result anyref) (local $x anyref)
        (loop $l
          (local.set $x (if (result anyref) (i32.and (local.get 0) (i32.const 1))
            (then (struct.new $s (local.get 0) (local.get $x) (i64.const 3)))
            (else (array.new_fixed $a 3 (local.get $x) (ref.i31 (local.get 0)) (struct.new $t (local.get 0) (local.get $x) (i64.const 5) (i32.const 255) (v128.const i64x2 1 2))))))
          (br_if $l (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 1))) (i32.const 0))))
        (local.get $x))
      (func $walk (export "walk") (param anyref) (result i32)
        (block $s (result (ref $s)) (block $a (result (ref $a))
            (br_on_cast $a anyref (ref $a) (br_on_cast $s anyref (ref $s) (local.get 0))) (drop) (return (i32.const 1)))
          (local.set 0) (return (i32.add (i32.const 2) (call $walk (array.get $a (ref.cast (ref $a) (local.get 0)) (i32.const 0))))))
        (struct.get $s 1) (return_call $walk))
      (func (export "keep_any") (param anyref) (global.set $g (call $any (local.get 0))))
      (func (export "cast") (param anyref i32) (result i32) (struct.get_s $t 3 (ref.cast (ref $t) (local.get 0))))
      (func (export "set") (param anyref anyref) (array.set $a (ref.cast (ref $a) (local.get 0)) (i32.const 2) (local.get 1)))
      (func (export "numbers") (param i32) (result anyref) (array.new $b (i32.const 7) (local.get 0)))
      (func $throw (export "throw") (param anyref i32) (throw $e (local.get 0) (call $f (local.get 1))))
      (func (export "catch") (param anyref i32) (result anyref i32)
        (block $h (result anyref i32) (try_table (catch $e $h) (call $throw (local.get 0) (local.get 1))) (unreachable)))
      (func (export "catch_all") (param anyref i32) (result exnref)
        (block $h (result exnref) (try_table (catch_all_ref $h) (call $throw (local.get 0) (local.get 1))) (unreachable)))))",
    // A memory that others use; what waits does so for a moment.
    R"((module $atomic (import "env" "shared" (memory 1 2 shared))
      (func (export "add") (param i32 i32) (result i32) (i32.atomic.rmw.add (local.get 0) (local.get 1)))
      (func (export "wait") (param i32) (result i32) (memory.atomic.wait32 (local.get 0) (i32.const 0) (i64.const 1000)))
      (func (export "notify") (param i32) (result i32) (memory.atomic.notify (local.get 0) (i32.const 1)))
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))))",
    // More exports than are searched one by one.
    R"((module $exports (func $f (export "a") (export "b") (export "c") (export "d") (export "e") (export "f") (export "g") (export "h") (export "i") (export "j")
      (export "k") (export "l") (export "m") (export "n") (export "o") (export "p") (export "q") (export "r") (param i32) (result i32) (local.get 0))))",
    // Not to be had: memory beyond the limits.
    R"((module $large (memory (export "memory") 1000) (table 100000 funcref)))",
};

/// Names to ask for; most of them are there.
inline constexpr std::string_view host_names[] = {"memory",
                                                  "table",
                                                  "global",
                                                  "add",
                                                  "f",
                                                  "text",
                                                  "span",
                                                  "words",
                                                  "pointer",
                                                  "object",
                                                  "function",
                                                  "pair",
                                                  "dynamic",
                                                  "loop",
                                                  "any",
                                                  "trap",
                                                  "spin",
                                                  "deep",
                                                  "many",
                                                  "same",
                                                  "vectors",
                                                  "grow",
                                                  "init",
                                                  "drop",
                                                  "count",
                                                  "keep",
                                                  "tag",
                                                  "vector",
                                                  "constant",
                                                  "objects",
                                                  "id",
                                                  "shared",
                                                  "load",
                                                  "typed",
                                                  "typed_global",
                                                  "typed_function",
                                                  "make",
                                                  "walk",
                                                  "keep_any",
                                                  "cast",
                                                  "set",
                                                  "numbers",
                                                  "throw",
                                                  "catch",
                                                  "catch_all",
                                                  "e",
                                                  "wait",
                                                  "notify",
                                                  "direct",
                                                  "through",
                                                  "bytes",
                                                  "env",
                                                  "",
                                                  "no such name",
                                                  "wide",
                                                  "sum"};

} // namespace fuzz
