// SPDX-License-Identifier: MIT
// Loops compute the same with locals in registers, whatever makes a pin stale, and wherever a call is stopped.
#include "support.hpp"

using tessera::f32;
using tessera::f64;
using tessera::i32;
using tessera::u32;
using tessera::u64;

namespace {

/// Runs "f" of `text` at once, and again with one unit of fuel more at a time.
template <class R, class... A>
R stepped(const std::string& text, A... args) {
    guests::guest whole(text);
    const R expected = guests::must(whole.get<R(A...)>("f")(args...));

    auto mod = tessera::module::parse_text<guests::profile>(text);
    REQUIRE(mod);
    tessera::store<guests::profile> store;
    auto instance = store.instantiate(*mod);
    REQUIRE(instance);
    auto f = instance->template get<R(A...)>("f");
    REQUIRE(f);
    auto run = f->start(args...);
    REQUIRE(run);
    u32 stops = 0;
    while (!run->resume()) {
        REQUIRE(run->paused());
        REQUIRE(++stops < 100'000);
        REQUIRE(store.add_fuel(1));
    }
    CHECK(stops > 3);
    CHECK(guests::must(run->template get<R>()) == expected);
    return expected;
}

} // namespace

TEST_CASE("pins: sums of every class, stopped at every back edge") {
    CHECK(stepped<i32>(R"((module (func (export "f") (param $n i32) (result i32) (local $x i32)
        (loop $l
            (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 31)) (local.get $n)))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))))",
                       20) != 0);
    CHECK(stepped<f64>(R"((module (func (export "f") (param $n i32) (result f64) (local $x f64)
        (loop $l
            (local.set $x (f64.add (f64.mul (local.get $x) (f64.const 0.5)) (f64.convert_i32_s (local.get $n))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))))",
                       20) > 1);
    CHECK(stepped<f32>(R"((module (func (export "f") (param $n i32) (result f32) (local $x f32)
        (loop $l
            (local.set $x (f32.neg (f32.add (f32.mul (local.get $x) (f32.const 0.5)) (f32.convert_i32_s (local.get $n)))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))))",
                       20) != 0);
    CHECK(stepped<u64>(R"((module (func (export "f") (param $n i32) (result i64) (local $x i64)
        (loop $l
            (local.set $x (i64.xor (i64.shr_u (local.get $x) (i64.const 3)) (i64.mul (local.get $x) (i64.const 77))))
            (local.set $x (i64.add (local.get $x) (i64.extend_i32_u (local.get $n))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))))",
                       20) != 0);
}

TEST_CASE("pins: callees with pins of their own, in nested loops, stopped everywhere") {
    CHECK(stepped<i32>(R"((module
        (memory 1)
        (func $inner (param $n i32) (result i32) (local $x i32)
            (loop $l
                (local.set $x (i32.add (local.get $x) (i32.mul (local.get $n) (local.get $n))))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $x))
        (func (export "f") (param $n i32) (result i32) (local $x i32) (local $i i32)
            (loop $outer
                (local.set $i (i32.const 4))
                (loop $l
                    (local.set $x (i32.add (local.get $x) (i32.mul (local.get $i) (local.get $i))))
                    (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $x))
                    (local.set $x (i32.xor (local.get $x) (call $inner (local.get $i))))
                    (local.set $x (i32.add (local.get $x) (i32.load (i32.shl (local.get $i) (i32.const 2)))))
                    (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
                (local.set $x (i32.rotl (local.get $x) (local.get $n)))
                (local.set $x (i32.add (local.get $x) (memory.grow (i32.const 0))))
                (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $x))))",
                       5) != 0);
}

TEST_CASE("pins: loops with several ways back and out") {
    CHECK(stepped<i32>(R"((module (func (export "f") (param $n i32) (result i32) (local $x i32)
        (block $out
            (loop $l
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $out (i32.eqz (local.get $n)))
                (block $b (block $a
                    (br_table $a $b $l (i32.and (local.get $n) (i32.const 3))))
                    (local.set $x (i32.add (local.get $x) (local.get $n)))
                    (br $l))
                (local.set $x (i32.mul (i32.add (local.get $x) (local.get $n)) (i32.const 3)))
                (br $l)))
        (i32.add (local.get $x) (local.get $n)))))",
                       40) != 0);
}

TEST_CASE("pins: vectors, whose register a call, another handler or a landing takes, stopped everywhere") {
    // Sums of the lanes, so that the result is a number: f of n is what a loop over scalars gives.
    constexpr const char* text = R"((module
        (memory 1)
        (tag $e)
        (func $other (param $n i32) (result v128) (local $y v128)
            (loop $l
                (local.set $y (i32x4.add (local.get $y) (i32x4.splat (local.get $n))))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $y))
        (func $throws (param $n i32) (if (i32.and (local.get $n) (i32.const 1)) (then (throw $e))))
        (func (export "f") (param $n i32) (result i32) (local $x v128) (local $y v128) (local $m i32)
            (loop $l
                (local.set $x (i32x4.add (local.get $x) (i32x4.splat (local.get $n))))
                (local.set $y (v128.xor (local.get $x) (local.get $y)))
                (local.set $x (i32x4.add (local.get $x) (local.get $x)))
                (v128.store (i32.const 16) (local.get $x))
                (local.set $m (i32.const 3))
                (loop $inner
                    (local.set $x (i16x8.add (v128.xor (local.get $x) (local.get $y)) (local.get $x)))
                    (br_if $inner (local.tee $m (i32.sub (local.get $m) (i32.const 1)))))
                (block $caught
                    (try_table (catch $e $caught)
                        (local.set $x (i32x4.replace_lane 1 (local.get $x) (local.get $n)))
                        (call $throws (local.get $n))
                        (local.set $x (i32x4.add (local.get $x) (call $other (local.get $n))))))
                (local.set $x (i32x4.add (local.get $x) (v128.load (i32.const 16))))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i32.add (i32.add (i32x4.extract_lane 0 (local.get $x)) (i32x4.extract_lane 1 (local.get $x)))
                     (i32.add (i32x4.extract_lane 2 (local.get $x)) (i32x4.extract_lane 3 (local.get $y))))))
    )";
    // The same on numbers: lanes 0, 2 and 3 are alike, and lane 1 is not.
    u32 x[2] = {}, y[2] = {};
    const auto add_halves = [](u32 a, u32 b) { return ((a + b) & 0xffffu) | (((a >> 16) + (b >> 16)) << 16); };
    for (u32 n = 6; n != 0; --n) {
        u32 kept[2];
        for (int i = 0; i < 2; ++i) {
            x[i] += n;
            y[i] ^= x[i];
            x[i] += x[i];
            kept[i] = x[i];
            for (int m = 0; m < 3; ++m) x[i] = add_halves(x[i] ^ y[i], x[i]);
        }
        x[1] = n;
        for (int i = 0; i < 2; ++i) x[i] += (n % 2 ? 0 : n * (n + 1) / 2) + kept[i];
    }
    CHECK(u32(stepped<i32>(text, 6)) == x[0] + x[1] + x[0] + y[0]);
}
