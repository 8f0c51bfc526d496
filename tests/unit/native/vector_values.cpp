// SPDX-License-Identifier: MIT
// Vectors that are in registers while calls, branches, exceptions, pauses and the interpreter come between.
#include "native/profile.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace tessera;
using tessera::i32;
using tessera::i64;
using tessera::u64;

// Each export takes a number and gives one that depends on all bytes of the vectors it had.
constexpr std::string_view programs = R"((module
  (func $host (import "host" "twice") (param i32) (result i32))
  (memory 1) (table 1 funcref) (tag $e (param v128 i32)) (global $g (mut v128) (v128.const i64x2 7 9))
  (type $vv (func (param v128 v128) (result v128)))
  (table $t funcref (elem $sum))

  (func $mix (param $v v128) (result i64)
    (i64.add (i64x2.extract_lane 0 (local.get $v)) (i64.mul (i64.const 1000003) (i64x2.extract_lane 1 (local.get $v)))))
  (func $both (param i32) (result v128)
    (i64x2.replace_lane 1 (i64x2.splat (i64.extend_i32_u (local.get 0)))
      (i64.mul (i64.extend_i32_u (local.get 0)) (i64.const 0x1_0001_0001))))
  (func $sum (param v128 v128) (result v128) (i64x2.add (local.get 0) (i8x16.add (local.get 1) (local.get 0))))
  ;; Fills slots that others find their locals in.
  (func $dirty (param i32) (result i32) (local v128 v128 v128 f64)
    (local.set 1 (i8x16.splat (local.get 0)))
    (local.set 2 (v128.not (local.get 1)))
    (local.set 3 (i64x2.sub (local.get 1) (local.get 2)))
    (local.set 4 (f64.const 1.5))
    (if (local.get 0) (then (return (call $dirty (i32.sub (local.get 0) (i32.const 1))))))
    (i32.add (i32x4.extract_lane 3 (i32x4.add (local.get 3) (local.get 2)))
      (i32.add (i32.trunc_f64_s (local.get 4)) (i32x4.extract_lane 2 (local.get 1)))))

  (func (export "across calls") (param i32) (result i64) (local $a v128) (local $f f64) (local $b v128) (local $n i32)
    (local.set $a (call $both (local.get 0)))
    (local.set $b (i64x2.mul (local.get $a) (local.get $a)))
    (local.set $f (f64.convert_i32_u (local.get 0)))
    (local.set $n (i32.const 5))
    (loop
      (local.set $a (call $sum (local.get $a) (local.get $b)))
      (drop (call $dirty (i32.const 3)))
      (local.set $b (v128.xor (local.get $b) (call_indirect $t (type $vv) (local.get $b) (local.get $a) (i32.const 0))))
      (drop (call $host (local.get $n)))
      (local.set $f (f64.mul (local.get $f) (f64.const 0.5)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i64.add (call $mix (v128.xor (local.get $a) (local.get $b))) (i64.reinterpret_f64 (local.get $f))))

  (func (export "on the stack") (param i32) (result i64)
    (call $both (local.get 0))
    (call $both (i32.add (local.get 0) (i32.const 1)))
    (call $host (local.get 0))
    (drop)
    (call $dirty (i32.const 2))
    (drop)
    (call $sum)
    (call $both (local.get 0))
    (i64x2.sub)
    (call $mix))

  ;; The same slots for numbers and vectors, one slot apart.
  (func (export "in each other's slots") (param $p i32) (result i64) (local $i i32) (local $r i64) (local $v v128)
    (local.set $i (i32.const 20))
    (loop $l
      (i64.const 3)
      (if (result i64) (i32.and (local.get $i) (i32.const 1))
        (then
          (i64.add (i64.const 17) (i64.extend_i32_u (local.get $i)))
          (call $both (local.get $i))
          (if (param v128) (result v128) (i32.and (local.get $i) (i32.const 2))
            (then (call $both (local.get $p)) (v128.xor)) (else (call $both (i32.const 9)) (i64x2.add)))
          (local.set $v)
          (drop (call $dirty (local.get $p))))
        (else
          (call $both (local.get $i))
          (f64.convert_i32_u (local.get $i))
          (if (param f64) (result f64) (i32.and (local.get $i) (i32.const 2))
            (then (f64.add (f64.const 1))) (else (drop (call $dirty (i32.const 1))) (f64.mul (f64.const 3))))
          (i64.trunc_f64_s)
          (local.set $r)
          (local.set $v)
          (i64.add (local.get $r) (i64.const 1))))
      (i64.add)
      (local.set $r (i64.add (i64.mul (local.get $r) (i64.const 31))))
      (local.set $r (i64.add (local.get $r) (call $mix (local.get $v))))
      (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
    (local.get $r))

  ;; A slot of the stack that nothing is written to, since a local's value is not copied there.
  (func (export "and then numbers behind them") (param i32) (result i64) (local $n i32) (local $r i64) (local $v v128)
    (local.set $n (i32.const 9))
    (local.set $v (call $both (local.get 0)))
    (loop
      (if (result v128) (i32.and (local.get $n) (i32.const 1))
        (then (i64x2.add (local.get $v) (local.get $v))) (else (i64x2.splat (local.get $r))))
      (local.set $v (i8x16.add (local.get $v)))
      (local.get $r)
      (i64.mul (i64.extend_i32_u (local.get $n)) (i64.const 31))
      (table.fill 0 (i32.const 0) (ref.null func) (i32.const 1))
      (local.set $r (i64.sub))
      (local.set $r (i64.add (local.get $r) (call $mix (local.get $v))))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $r))

  (func (export "carried by branches") (param i32) (result i64) (local $n i32)
    (local.set $n (i32.const 30))
    (call $both (local.get 0))
    (f32.convert_i32_u (local.get 0))
    (loop $l (param v128 f32) (result v128 f32)
      (f32.add (f32.const 0.25))
      (block $b (param v128 f32) (result v128 f32)
        (br_if $b (i32.eqz (i32.and (local.get $n) (i32.const 3))))
        (i32.trunc_f32_u) (i32x4.splat) (i32x4.add) (f32.const 8)
        (br_table $b $b (local.get $n)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (i32.reinterpret_f32) (i32x4.splat) (v128.xor)
    (call $mix))

  (func (export "more than there are registers") (param i32) (result i64)
    (local v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 v128 i32)
    (local.set 1 (call $both (local.get 0)))
    (local.set 19 (i32.const 9))
    (loop
      (local.set 2 (i64x2.mul (local.get 1) (local.get 18)))
      (local.set 3 (i32x4.mul (local.get 2) (local.get 1)))
      (local.set 4 (i16x8.mul (local.get 3) (local.get 2)))
      (local.set 5 (i8x16.shl (local.get 4) (local.get 19)))
      (local.set 6 (i64x2.shr_s (local.get 5) (local.get 19)))
      (local.set 7 (i8x16.popcnt (local.get 6)))
      (local.set 8 (i64x2.gt_s (local.get 7) (local.get 1)))
      (local.set 9 (v128.bitselect (local.get 8) (local.get 7) (local.get 6)))
      (local.set 10 (i8x16.swizzle (local.get 9) (local.get 3)))
      (local.set 11 (i8x16.shuffle 1 31 2 30 3 29 4 28 5 27 6 26 7 25 8 24 (local.get 10) (local.get 1)))
      (local.set 12 (i8x16.sub (local.get 11) (local.get 2)))
      (local.set 13 (i16x8.extend_high_i8x16_s (local.get 12)))
      (local.set 14 (i64x2.extmul_high_i32x4_u (local.get 13) (local.get 12)))
      (local.set 15 (i64x2.abs (v128.xor (local.get 14) (local.get 1))))
      (local.set 16 (i8x16.max_u (local.get 15) (local.get 3)))
      (local.set 17 (i32x4.trunc_sat_f32x4_u (f32x4.convert_i32x4_u (local.get 16))))
      (local.set 18 (i64x2.add (local.get 17) (i64x2.add (local.get 10) (i64x2.add (local.get 5) (local.get 9)))))
      (local.set 1 (i64x2.add (local.get 18) (i64x2.add (local.get 14) (i64x2.add (local.get 4) (local.get 2)))))
      (br_if 0 (local.tee 19 (i32.sub (local.get 19) (i32.const 1)))))
    (call $mix (v128.xor (local.get 1) (v128.xor (local.get 18) (v128.xor (local.get 7) (local.get 13))))))

  (func (export "with the interpreter between") (param i32) (result i64) (local $v v128) (local $w v128) (local $n i32)
    (local.set $v (call $both (local.get 0)))
    (local.set $n (i32.const 12))
    (loop
      (local.set $w (i32x4.add (local.get $w) (local.get $v)))
      (table.fill 0 (i32.const 0) (ref.null func) (i32.const 1))
      (i32x4.add (local.get $v) (local.get $v))
      (table.fill 0 (i32.const 0) (ref.null func) (i32.const 0))
      (local.set $v (i8x16.sub (local.get $w)))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $mix (v128.xor (local.get $v) (local.get $w))))

  (func $throw (param v128 i32) (throw $e (local.get 0) (i32.add (local.get 1) (i32.const 1))))
  (func (export "through exceptions") (param i32) (result i64) (local $v v128) (local $n i32)
    (local.set $v (call $both (local.get 0)))
    (local.set $n (i32.const 6))
    (loop $l
      (block $caught (result v128 i32)
        (try_table (catch $e $caught)
          (local.set $v (i16x8.add (local.get $v) (i16x8.splat (local.get $n))))
          (call $throw (i8x16.neg (local.get $v)) (local.get $n)))
        (unreachable))
      (i32x4.splat) (v128.xor)
      (local.set $v (i64x2.add (local.get $v)))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $mix (local.get $v)))

  (func $tail (param v128 v128 i32) (result v128 i32 v128)
    (if (i32.eqz (local.get 2)) (then (return (local.get 1) (i32.const 77) (local.get 0))))
    (return_call $tail (i64x2.add (local.get 1) (local.get 0)) (local.get 0) (i32.sub (local.get 2) (i32.const 1))))
  (func (export "through tail calls") (param i32) (result i64) (local $v v128) (local $n i32)
    (call $tail (call $both (local.get 0)) (v128.const i32x4 1 2 3 4) (i32.const 9))
    (local.set $v) (local.set $n)
    (call $mix (i64x2.add (i32x4.add (i32x4.splat (local.get $n))) (local.get $v))))

  (func (export "that are 0 at first") (param i32) (result i64) (local $v v128) (local $n i32) (local $w v128)
    (drop (call $dirty (i32.const 4)))
    (local.set $v (call $fresh (local.get 0)))
    (loop
      (local.set $w (i64x2.add (local.get $w) (call $fresh (local.get $n))))
      (br_if 0 (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 5))))
    (call $mix (i8x16.add (local.get $v) (local.get $w))))
  (func $fresh (param i32) (result v128) (local v128 v128 f64 v128)
    (if (i32.and (local.get 0) (i32.const 1)) (then (local.set 2 (i32x4.splat (local.get 0)))))
    (loop
      (local.set 1 (i64x2.add (local.get 1) (i64x2.add (local.get 2) (local.get 4))))
      (br_if 0 (i32.gt_s (local.tee 0 (i32.sub (local.get 0) (i32.const 3))) (i32.const 0))))
    (local.get 1))

  ;; The first access of several looks as far as all of them, and leaves if that is too far.
  (func (export "at the end of memory") (param i32) (result i64) (local $v v128) (local $w v128) (local $a i32) (local $n i32)
    (local.set $n (i32.const 12))
    (local.set $a (i32.const 65488))
    (v128.store (i32.const 65504) (call $both (local.get 0)))
    (loop
      (local.set $v (i64x2.add (local.get $v) (v128.load (local.get $a))))
      (i8x16.add (v128.load (local.get $a)) (local.get $v))
      (if (param v128) (i32.and (local.get $n) (i32.const 1))
        (then (local.set $w) (v128.store offset=16 (local.get $a) (i64x2.add (local.get $w) (v128.const i64x2 5 6))))
        (else (local.set $v (i64x2.add (v128.load offset=16 (local.get $a))))
              (i64.store offset=24 (local.get $a) (i64x2.extract_lane 1 (local.get $v)))))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $mix (local.get $v)))

  (func (export "in globals and lanes of memory") (param i32) (result i64) (local $n i32) (local $v v128)
    (local.set $n (i32.const 16))
    (local.set $v (call $both (local.get 0)))
    (loop
      (global.set $g (i64x2.add (global.get $g) (local.get $v)))
      (v128.store32_lane 2 (i32.const 100) (global.get $g))
      (local.set $v (v128.load16_lane 5 (i32.const 101) (local.get $v)))
      (local.set $v (f64x2.replace_lane 0 (local.get $v) (f64.load (i32.const 100))))
      (local.set $v (f32x4.replace_lane 3 (local.get $v) (f32x4.extract_lane 1 (local.get $v))))
      (local.set $v (select (local.get $v) (v128.load8_splat (i32.const 102)) (i32.and (local.get $n) (i32.const 5))))
      (br_if 0 (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $mix (v128.xor (local.get $v) (global.get $g))))
))";

constexpr const char* names[] = {"across calls",
                                 "on the stack",
                                 "in each other's slots",
                                 "and then numbers behind them",
                                 "carried by branches",
                                 "more than there are registers",
                                 "with the interpreter between",
                                 "through exceptions",
                                 "through tail calls",
                                 "that are 0 at first",
                                 "at the end of memory",
                                 "in globals and lanes of memory"};

} // namespace

TEST_CASE("vectors are what they are in the interpreter") {
    auto mod = tessera::module::parse_text<native_profile>(programs);
    REQUIRE_MESSAGE(mod.has_value(), mod.error().message());
    imports env;
    env.define("host", "twice", [](i32 n) { return 2 * n; });
    const auto results = [&](const native_options* options) {
        tessera::store<native_profile> s;
        REQUIRE(s.add_fuel(~u64{0}).has_value());
        if (options) REQUIRE(enable_native(s, *options).has_value());
        auto in = s.instantiate(*mod, env);
        REQUIRE(in.has_value());
        std::vector<i64> all;
        for (const char* const name : names)
            for (const i32 n : {0, 1, 3, 200, 255}) {
                auto f = in->get<i64(i32)>(name);
                REQUIRE(f.has_value());
                const auto result = (*f)(n);
                REQUIRE_MESSAGE(result.has_value(), std::string(name), ": ", result.error().message());
                all.push_back(*result);
            }
        if (options && TESSERA_TAIL_CALLS) CHECK(native_counters_of(s).functions > 15);
        return all;
    };
    const std::vector<i64> expected = results(nullptr);
    for (const tessera::u32 threshold : {0u, 1u, 5u})
        for (const bool avx : {false, true})
            for (const u64 blinding : {u64{0}, u64{5}}) {
                const native_options options{.threshold = threshold, .all = true, .blinding = blinding, .avx = avx};
                const std::vector<i64> got = results(&options);
                for (std::size_t i = 0; i < got.size(); ++i)
                    CHECK_MESSAGE(got[i] == expected[i], std::string(names[i / 5]), ", ", threshold,
                                  std::string(avx ? " with AVX" : " with SSE"));
            }
}
