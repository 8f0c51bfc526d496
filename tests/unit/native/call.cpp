// SPDX-License-Identifier: MIT
// Calls from machine code: of the host, through tables and references, and in place of the caller.
#include "guest.hpp"

#include <functional>
#include <string>
#include <vector>

using namespace tessera;
using tessera::i32;
using tessera::i64;
using tessera::u32;
using tessera::u64;

namespace {

constexpr std::string_view of_the_host = R"((module
  (import "host" "next" (func $next (param i32) (result i32)))
  (import "host" "sum" (func $sum (param i32 i64 f32 f64) (result f64)))
  (import "host" "two" (func $two (param i64) (result i64 i32)))
  (import "host" "refuse" (func $refuse (param i32)))
  (import "host" "again" (func $again (param i32) (result i32)))
  (import "host" "more" (func $more))
  (memory (export "memory") 1 4)
  (func (export "loop") (param $n i32) (result i32) (local $x i32)
    (loop $l
      (local.set $x (i32.add (local.get $x) (call $next (local.get $n))))
      (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))
  (func (export "kept") (param $a i32) (param $b i64) (param $c f32) (param $d f64) (result f64)
    (f64.add (f64.add (f64.convert_i64_s (local.get $b)) (local.get $d))
             (f64.add (call $sum (local.get $a) (local.get $b) (local.get $c) (local.get $d))
                      (f64.promote_f32 (local.get $c)))))
  (func (export "both") (param i64) (result i64)
    (i64.add (i64.extend_i32_s (call $two (local.get 0))) (local.get 0)) (i64.add))
  (func (export "refused") (param i32) (result i32)
    (call $refuse (i32.add (local.get 0) (i32.const 1)))
    (local.get 0))
  (func $down (export "down") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (i32.add (i32.const 1) (call $again (i32.sub (local.get 0) (i32.const 1)))))))
  (func $deep (export "deep") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (call $next (i32.const 6)))
      (else (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))))
  (func (export "grown") (result i32)
    (i32.store (i32.const 65532) (i32.const 5))
    (call $more)
    (i32.store (i32.const 65536) (i32.const 7))
    (i32.add (i32.load (i32.const 65532)) (i32.load (i32.const 65536))))
))";

struct hosts {
    imports env;
    store<native_profile>* to = nullptr;
    instance self;

    hosts() {
        REQUIRE(env.define("host", "next", [](i32 x) { return x + 1; }).has_value());
        REQUIRE(env.define("host", "sum", [](i32 a, i64 b, float c, double d) { return a + double(b) + double(c) + d; })
                    .has_value());
        REQUIRE(env.define("host", "two", [](i64 x) { return std::tuple<i64, i32>(x * 3, i32(x) + 1); }).has_value());
        REQUIRE(env.define("host", "refuse",
                           [](i32 x) -> result<void> {
                               if (x > 7) return error(msg::out_of_memory, "too much");
                               return {};
                           })
                    .has_value());
        REQUIRE(env.define("host", "again",
                           [this](i32 x) -> result<i32> {
                               auto down = self.get<i32(i32)>("down");
                               if (!down) return down.error();
                               return (*down)(x);
                           })
                    .has_value());
        REQUIRE(
            env.define("host", "more", [this] { CHECK(self.get<memory>("memory")->grow(1).has_value()); }).has_value());
    }
};

} // namespace

TEST_CASE("machine code calls the host, and values live on across it") {
    for (const bool compiled : {true, false}) {
        hosts h;
        native_guest g(of_the_host, compiled, h.env);
        CHECK(*g.get<i32(i32)>("loop")(1000) == 501500);
        CHECK(*g.get<double(i32, i64, float, double)>("kept")(1, 2, 3.5f, 0.25) == 12.5);
        CHECK(*g.get<i64(i64)>("both")(5) == 26);
    }
}

TEST_CASE("a host function that fails ends the call where it is called") {
    std::vector<u64> seen;
    for (const bool compiled : {true, false}) {
        hosts h;
        native_guest g(of_the_host, compiled, h.env);
        auto refused = g.get<i32(i32)>("refused");
        CHECK(*refused(3) == 3);
        const auto failed = refused(7);
        REQUIRE(!failed.has_value());
        CHECK(failed.error().message() == error(msg::out_of_memory).message());
        CHECK(failed.error().detail() == "too much");
        REQUIRE(failed.error().frames().size() == 2); // the host's and its own
        seen.push_back(failed.error().offset());
        CHECK(*refused(4) == 4);
    }
    CHECK(seen[0] == seen[1]);
}

TEST_CASE("guest and host call each other as deep as the store allows") {
    std::vector<i32> ends;
    for (const bool compiled : {true, false}) {
        hosts h;
        native_guest g(of_the_host, compiled, h.env);
        h.self = g.instance;
        auto down = g.get<i32(i32)>("down");
        CHECK(*down(20) == 20);
        i32 n = 20;
        while (down(n).has_value() && n < 100'000) ++n;
        ends.push_back(n);
        CHECK(*g.get<i32(i32)>("deep")(1000) == 1007); // calls the host where much of the native stack is taken
        CHECK(*down(20) == 20);
    }
    CHECK(ends[0] == ends[1]);
}

TEST_CASE("a memory that a host function makes larger is larger at once") {
    for (const bool compiled : {true, false}) {
        hosts h;
        native_guest g(of_the_host, compiled, h.env);
        h.self = g.instance;
        CHECK(*g.get<i32()>("grown")() == 12);
    }
}

TEST_CASE("imports from other instances are called as well, and handlers catch what they throw") {
    constexpr std::string_view given = R"((module
      (tag $t (export "t") (param i32))
      (func (export "f") (param i32) (result i32)
        (if (i32.gt_u (local.get 0) (i32.const 9)) (then (throw $t (local.get 0))))
        (i32.mul (local.get 0) (i32.const 2)))))";
    constexpr std::string_view taken = R"((module
      (import "other" "t" (tag $t (param i32)))
      (import "other" "f" (func $f (param i32) (result i32)))
      (func (export "run") (param i32) (result i32)
        (block $caught (result i32)
          (try_table (result i32) (catch $t $caught)
            (i32.add (call $f (local.get 0)) (i32.const 100)))
          (return))
        (i32.add (i32.const 1000)))))";
    for (const bool compiled : {true, false}) {
        native_guest g(given, compiled);
        imports env;
        REQUIRE(env.define("other", g.instance).has_value());
        auto mod = tessera::module::parse_text<native_profile>(taken);
        REQUIRE(mod.has_value());
        auto made = g.store.instantiate(*mod, env);
        REQUIRE(made.has_value());
        auto run = *made->get<i32(i32)>("run");
        CHECK(*run(5) == 110);
        CHECK(*run(10) == 1010);
        CHECK(*run(6) == 112);
    }
}

constexpr std::string_view in_place = R"((module
  (type $step (func (param i64 i64) (result i64)))
  (table $t 3 funcref)
  (elem (i32.const 0) $down $down)
  (elem declare func $down $wide)
  (func $down (export "down") (param i64 i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (return (local.get 1))))
    (return_call $down (i64.sub (local.get 0) (i64.const 1)) (i64.add (local.get 1) (local.get 0))))
  (func $even (export "even") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 1))))
    (return_call $odd (i32.sub (local.get 0) (i32.const 1)) (i32.const 0) (i32.const 0) (i32.const 0)))
  (func $odd (param i32 i32 i32 i32) (result i32) (local i64 i64 i64 i64)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (return_call $even (i32.sub (local.get 0) (i32.const 1))))
  (func (export "through") (param i64 i32) (result i64)
    (return_call_indirect $t (type $step) (local.get 0) (i64.const 0) (local.get 1)))
  (func (export "referred") (param i64) (result i64)
    (return_call_ref $step (local.get 0) (i64.const 0) (ref.func $down)))
  (func (export "called") (param i64 i32) (result i64)
    (i64.add (i64.const 1) (call_ref $step (local.get 0) (i64.const 0)
      (if (result (ref null $step)) (local.get 1) (then (ref.func $down)) (else (ref.null $step))))))
  (func $wide (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64) (result i64)
    (if (i64.eqz (local.get 0)) (then (return (local.get 19))))
    (return_call $wide (i64.sub (local.get 0) (i64.const 1)) (local.get 19) (local.get 1) (local.get 2) (local.get 3)
      (local.get 4) (local.get 5) (local.get 6) (local.get 7) (local.get 8) (local.get 9) (local.get 10)
      (local.get 11) (local.get 12) (local.get 13) (local.get 14) (local.get 15) (local.get 16) (local.get 17)
      (local.get 18)))
  (func (export "wide") (param i64) (result i64)
    (return_call $wide (local.get 0) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5)
      (i64.const 6) (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11) (i64.const 12)
      (i64.const 13) (i64.const 14) (i64.const 15) (i64.const 16) (i64.const 17) (i64.const 18) (i64.const 19)))
  (func $grow (param i32) (result i32) (i32.add (i32.const 1) (call $tail (local.get 0))))
  (func $tail (export "tail") (param i32) (result i32)
    (if (i32.eqz (local.get 0)) (then (return (i32.const 0))))
    (return_call $grow (i32.sub (local.get 0) (i32.const 1))))
))";

TEST_CASE("calls in place of the caller take no stack, through tables and references too") {
    for (const bool compiled : {true, false}) {
        native_guest g(in_place, compiled);
        CHECK(*g.get<i64(i64, i64)>("down")(1'000'000, 0) == 500'000'500'000);
        CHECK(*g.get<i32(i32)>("even")(100'001) == 0);
        CHECK(*g.get<i32(i32)>("even")(100'002) == 1);
        CHECK(*g.get<i64(i64, i32)>("through")(1000, 1) == 500'500);
        CHECK(*g.get<i64(i64)>("referred")(1000) == 500'500);
        CHECK(*g.get<i64(i64, i32)>("called")(1000, 1) == 500'501);
        CHECK(*g.get<i64(i64)>("wide")(0) == 19);
        CHECK(*g.get<i64(i64)>("wide")(1000) == *native_guest(in_place, false).get<i64(i64)>("wide")(1000));
    }
}

TEST_CASE("traps of such calls have their reason and offset, and an exhausted stack is found at the same call") {
    native_guest compiled(in_place, true), interpreted(in_place, false);
    const auto same = [](const auto& a, const auto& b, trap why) {
        REQUIRE((!a.has_value() && !b.has_value()));
        CHECK(a.error().why() == why);
        CHECK(b.error().why() == why);
        CHECK(a.error().offset() == b.error().offset());
        CHECK(a.error().frames().size() == b.error().frames().size());
        CHECK(a.error().frames_left_out() == b.error().frames_left_out());
    };
    const auto each = [&](auto call, trap why) { same(call(compiled), call(interpreted), why); };
    each([](native_guest& g) { return g.get<i64(i64, i32)>("through")(1, 2); }, trap::uninitialized_element);
    each([](native_guest& g) { return g.get<i64(i64, i32)>("through")(1, 3); }, trap::undefined_element);
    each([](native_guest& g) { return g.get<i64(i64, i32)>("called")(1, 0); }, trap::null_function);
    each([](native_guest& g) { return g.get<i32(i32)>("tail")(1 << 30); }, trap::stack_exhausted);
    CHECK(*compiled.get<i32(i32)>("tail")(100) == 100);
}
