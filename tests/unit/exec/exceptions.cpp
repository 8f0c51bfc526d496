// SPDX-License-Identifier: MIT
// Exceptions: who catches them, through which frames, with what values, and what a host sees of them.
#include "support.hpp"

#include <algorithm>
#include <vector>

using guests::guest;
using guests::must;
using guests::profile;
using tessera::f32;
using tessera::f64;
using tessera::i32;
using tessera::i64;
using tessera::kind;
using tessera::trap;
using tessera::u32;
using tessera::u64;
using tessera::value;

namespace {

/// An instance of `text` in the store of `g`, with what `g` exports under "m".
tessera::instance beside(guest& g, const std::string& text) {
    auto mod = tessera::module::parse_text<profile>(text);
    REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << " line " << mod.error().line());
    tessera::imports env;
    env.define("m", g.instance);
    auto made = g.store.instantiate(*mod, env);
    REQUIRE(made);
    return *made;
}

constexpr const char* throwing = R"((module
    (tag $e (export "e") (param i32 i64 f32 f64))
    (tag $other (export "other"))
    (func (export "throw") (param i32 i64 f32 f64)
        (throw $e (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
    (func $deep (export "deep") (param i32)
        (if (local.get 0)
            (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
            (else (throw $e (i32.const 1) (i64.const 2) (f32.const 3) (f64.const 4)))))
))";

} // namespace

TEST_CASE("the host sees tag, values and place of an exception that nobody catches") {
    guest g(throwing);
    const auto e = must(g.instance.get<tessera::tag>("e")), other = must(g.instance.get<tessera::tag>("other"));
    const auto r = g.get<void(i32, i64, f32, f64)>("throw")(-7, i64{1} << 40, 1.5f, -2.25);
    REQUIRE(!r);
    CHECK(r.error().kind() == kind::exception);
    CHECK(r.error().message() == "uncaught exception");
    CHECK(g.store.tag_of(r.error()) == e);
    CHECK(e.is_tag_of(r.error()));
    CHECK_FALSE(other.is_tag_of(r.error()));
    const auto values = r.error().payload();
    REQUIRE(values.size() == 4);
    CHECK(values[0] == value::i32(u32(-7)));
    CHECK(values[1] == value::i64(u64{1} << 40));
    CHECK(values[2] == value::f32(1.5f));
    CHECK(values[3] == value::f64(-2.25));
    REQUIRE(r.error().frames().size() == 1);
    CHECK(std::string_view(r.error().frames()[0].name) == "throw");
    CHECK(r.error().line() == 5);

    const auto deep = g.get<void(i32)>("deep")(1000);
    REQUIRE(!deep);
    CHECK(deep.error().frames().size() == 128);
    CHECK(deep.error().frames_left_out() == 1001 - 128);

    SUBCASE("an error of another kind has none") {
        const tessera::error none(trap::unreachable);
        CHECK(none.payload().empty());
        CHECK_FALSE(g.store.tag_of(none));
        CHECK_FALSE(e.is_tag_of(none));
    }
    SUBCASE("its tag is of no other store, and none after a reset") {
        guest another(throwing);
        CHECK_FALSE(another.store.tag_of(r.error()));
        REQUIRE(g.store.reset());
        CHECK_FALSE(g.store.tag_of(r.error()));
    }
}

TEST_CASE("a host function throws, and the guest catches values and references") {
    tessera::imports env;
    tessera::tag thrown;
    int calls = 0;
    env.define("env", "fail", [&](i32 n) -> tessera::result<i32> {
        ++calls;
        if (n < 0) return thrown.exception(n, 2.5);
        return n;
    });
    tessera::store<profile> store;
    REQUIRE(store.add_fuel(1'000'000));
    const tessera::val_type params[] = {tessera::t_i32, tessera::t_f64};
    thrown = must(store.make_tag(params));
    env.define("env", "e", thrown);
    const auto mod = must(tessera::module::parse_text<profile>(R"((module
        (import "env" "fail" (func $fail (param i32) (result i32)))
        (import "env" "e" (tag $e (param i32 f64)))
        (import "env" "e" (tag $same (param i32 f64)))
        (tag $mine (param i32 f64))
        (func (export "catch") (param i32) (result i32 f64)
            (block $h (result i32 f64)
                (try_table (catch $mine $h) (catch $same $h)
                    (return (call $fail (local.get 0)) (f64.const 0)))
                (unreachable)))
        (func $again (param i32) (result i32)
            (block $h (result i32 f64 exnref)
                (try_table (catch_ref $e $h) (return (call $fail (local.get 0))))
                (unreachable))
            (throw_ref))
        (func (export "again") (param i32) (result i32 f64)
            (block $h (result i32 f64)
                (try_table (catch $e $h) (return (call $again (local.get 0)) (f64.const 0)))
                (unreachable)))
        (func (export "tail") (param i32) (result i32 f64)
            (block $h (result i32 f64)
                (try_table (catch $e $h) (return (call $tail (local.get 0)) (f64.const 0)))
                (unreachable)))
        (func $tail (param i32) (result i32) (return_call $fail (local.get 0)))
        (func (export "through") (param i32) (result i32) (call $fail (local.get 0)))
    ))"));
    const auto inst = must(store.instantiate(mod, env));
    for (const char* name : {"catch", "again", "tail"}) {
        CAPTURE(name);
        const auto f = must(inst.get<std::tuple<i32, f64>(i32)>(name));
        CHECK(must(f(7)) == std::tuple{7, 0.0});
        CHECK(must(f(-7)) == std::tuple{-7, 2.5});
    }
    CHECK(calls == 6);
    const auto r = must(inst.get<i32(i32)>("through"))(-3);
    REQUIRE(!r);
    CHECK(thrown.is_tag_of(r.error()));
    REQUIRE(r.error().payload().size() == 2);
    CHECK(r.error().payload()[0] == value::i32(u32(-3)));
    REQUIRE(r.error().frames().size() == 2);
    CHECK(std::string_view(r.error().frames()[0].name) == "host function");
    CHECK(std::string_view(r.error().frames()[1].name) == "through");

    SUBCASE("what does not fit the tag is an error of use") {
        CHECK(thrown.exception(1).is(tessera::msg::wrong_type));
        CHECK(thrown.exception(1, 2).is(tessera::msg::wrong_type));
        CHECK(tessera::tag().exception(1, 2.0).is(tessera::msg::stale_handle));
    }
}

TEST_CASE("an exception passes through a host function that calls the guest again") {
    tessera::imports env;
    bool hold_back = false;
    env.define("env", "call", [&](tessera::caller& c, i32 n) -> tessera::result<i32> {
        auto f = c.get<i32(i32)>("outer");
        if (!f) return f.error();
        const auto r = (*f)(n);
        if (!r && !hold_back) return r.error();
        return r ? *r : -1;
    });
    const guest g(R"((module
        (import "env" "call" (func $call (param i32) (result i32)))
        (tag $e (param i32))
        (func (export "outer") (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (throw $e (i32.const 42))))
            (call $call (i32.sub (local.get 0) (i32.const 1))))
        (func (export "caught") (param i32) (result i32)
            (block $h (result i32)
                (try_table (catch $e $h) (return (call $call (local.get 0))))
                (unreachable)))
    ))",
                  env);
    CHECK(must(g.get<i32(i32)>("caught")(0)) == 42);
    CHECK(must(g.get<i32(i32)>("caught")(5)) == 42);
    const auto r = g.get<i32(i32)>("outer")(5);
    REQUIRE(!r);
    CHECK(r.error().kind() == kind::exception);
    CHECK(r.error().frames().size() == 1); // where it was thrown, in the innermost call
    hold_back = true;
    CHECK(must(g.get<i32(i32)>("outer")(5)) == -1);
}

TEST_CASE("exceptions go through other instances and tail calls") {
    guest g(throwing);
    const auto inst = beside(g, R"((module
        (import "m" "throw" (func $throw (param i32 i64 f32 f64)))
        (import "m" "deep" (func $deep (param i32)))
        (import "m" "e" (tag $e (param i32 i64 f32 f64)))
        (tag $not (param i32 i64 f32 f64))
        (memory 1) (data (i32.const 0) "\2a")
        (func $tail (param i32 i64 f32 f64)
            (return_call $throw (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
        (func (export "direct") (result i32 i64 f32 f64) (local i32 i32)
            (block $h (result i32 i64 f32 f64)
                (try_table (catch $not $h) (catch $e $h)
                    (call $throw (i32.const 9) (i64.const 8) (f32.const 7) (f64.const 6)))
                (unreachable)))
        (func (export "tail") (result i32 i64 f32 f64)
            (block $h (result i32 i64 f32 f64)
                (try_table (catch $e $h)
                    (call $tail (i32.const 9) (i64.const 8) (f32.const 7) (f64.const 6)))
                (unreachable)))
        (func (export "memory") (param i32) (result i32)
            (block $h (try_table (catch_all $h) (call $deep (local.get 0))))
            (i32.load8_u (i32.const 0))) ;; this instance's memory again
    ))");
    for (const char* name : {"direct", "tail"}) {
        CAPTURE(name);
        const auto f = must(inst.get<std::tuple<i32, i64, f32, f64>()>(name));
        CHECK(must(f()) == std::tuple{9, i64{8}, 7.0f, 6.0});
    }
    CHECK(must(must(inst.get<i32(i32)>("memory"))(100)) == 42);
}

TEST_CASE("the greatest depth is unwound, and its exhaustion is caught by nobody") {
    const guest g(R"((module
        (tag $e (param i32))
        (func $deep (param i32)
            (if (local.get 0)
                (then (call $deep (i32.sub (local.get 0) (i32.const 1))))
                (else (throw $e (i32.const 11)))))
        (func $endless (call $endless))
        (func (export "deep") (param i32) (result i32)
            (block $h (result i32) (try_table (catch $e $h) (call $deep (local.get 0))) (i32.const 0)))
        (func (export "endless") (block $h (try_table (catch_all $h) (call $endless))))
        (func (export "trap") (block $h (try_table (catch_all $h) (unreachable))))
    ))");
    CHECK(must(g.get<i32(i32)>("deep")(20'000)) == 11);
    CHECK(g.get<void()>("endless")().error().why() == trap::stack_exhausted);
    CHECK(g.get<void()>("trap")().error().why() == trap::unreachable);
}

TEST_CASE("locals are as they were when a call throws") {
    // The sum is computed before the call and would be written to the local at once.
    const guest g(R"((module
        (tag $e)
        (func $throw (param i32) (if (local.get 0) (then (throw $e))))
        (func (export "local") (param i32 i32) (result i32)
            (block $h
                (try_table (catch $e $h)
                    (i32.add (local.get 1) (i32.const 100))
                    (call $throw (local.get 0))
                    (local.set 1)))
            (local.get 1))
        (func (export "below") (param i32 i32) (result i32)
            (block $out (result i32)
                (i32.mul (local.get 1) (i32.const 3)) ;; in the slot that a branch to $out gives a value
                (block $h
                    (try_table (catch $e $h)
                        (i32.add (local.get 1) (i32.const 100))
                        (call $throw (local.get 0))
                        (br $out)))))
    ))");
    CHECK(must(g.get<i32(i32, i32)>("local")(0, 5)) == 105);
    CHECK(must(g.get<i32(i32, i32)>("local")(1, 5)) == 5);
    CHECK(must(g.get<i32(i32, i32)>("below")(0, 5)) == 105);
    CHECK(must(g.get<i32(i32, i32)>("below")(1, 5)) == 15);
}

TEST_CASE("loops keep their locals in registers across a catch") {
    constexpr const char* loops = R"((module
        (tag $e (param i32)) (tag $f (param f64))
        (func $odd (param i32) (if (i32.and (local.get 0) (i32.const 1)) (then (throw $e (local.get 0)))))
        (func $half (param f64) (throw $f (f64.mul (local.get 0) (f64.const 0.5))))
        (memory 1)
        (func (export "sum") (param $n i32) (result i32) (local $i i32) (local $sum i32) (local $odd i32)
            (loop $l
                (block $next
                    (local.set $odd (i32.add (local.get $odd)
                        (block $h (result i32)
                            (try_table (catch $e $h) (call $odd (local.get $i)))
                            (local.set $sum (i32.add (local.get $sum) (local.get $i)))
                            (br $next)))))
                (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $sum))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
            (i32.add (local.get $sum) (i32.mul (local.get $odd) (i32.const 1000))))
        (func (export "back") (param $n i32) (result i32) (local $i i32) (local $sum i32)
            (loop $l ;; every turn but the last begins with a catch
                (local.set $sum (i32.add (local.get $sum) (local.get $i)))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (if (i32.lt_u (local.get $i) (local.get $n))
                    (then (try_table (catch_all $l) (throw $e (i32.const 0))))))
            (local.get $sum))
        (func (export "floats") (param $n i32) (result f64) (local $x f64) (local $i i32)
            (local.set $x (f64.const 1))
            (loop $l
                (local.set $x (f64.add (f64.const 1)
                    (block $h (result f64) (try_table (catch $f $h) (call $half (local.get $x))) (unreachable))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
            (local.get $x))
    ))";
    const guest g(loops);
    CHECK(must(g.get<i32(i32)>("sum")(10)) == 20 + 25 * 1000);
    CHECK(must(g.get<i32(i32)>("back")(10)) == 45);
    CHECK(must(g.get<f64(i32)>("floats")(60)) == 2.0 - 1.0 / double(u64{1} << 60));

    SUBCASE("and where the call stops at every safepoint") {
        guest slow(loops);
        for (const char* name : {"sum", "back"}) {
            CAPTURE(name);
            auto mod = must(tessera::module::parse_text<profile>(loops));
            tessera::store<profile> store; // without fuel
            auto f = must(must(store.instantiate(mod)).get<i32(i32)>(name));
            auto call = f.start(10);
            REQUIRE(call);
            u64 paid = 0;
            while (!call->resume() && call->paused()) {
                static_cast<void>(store.add_fuel(1));
                ++paid;
            }
            REQUIRE(call->done());
            CHECK(must(call->get<i32>()) == must(slow.get<i32(i32)>(name)(10)));
            const u64 before = slow.store.fuel();
            static_cast<void>(slow.get<i32(i32)>(name)(10));
            CHECK(paid == before - slow.store.fuel());
        }
    }
}

TEST_CASE("a loop of nothing but throw and catch can be stopped") {
    constexpr const char* text = R"((module (tag $e)
        (func (export "spin") (loop $l (try_table (catch_all $l) (throw $e))))))";
    auto mod = must(tessera::module::parse_text<profile>(text));
    tessera::store<profile> store;
    REQUIRE(store.add_fuel(10'000));
    auto spin = must(must(store.instantiate(mod)).get<void()>("spin"));
    CHECK(spin().error().why() == trap::out_of_fuel);
    REQUIRE(store.add_fuel(u64{1} << 60));
    store.interrupt();
    CHECK(spin().error().why() == trap::interrupted);
}

TEST_CASE("clauses: the first one that fits, nested ones first, and the function's own label") {
    const guest g(R"((module
        (tag $a) (tag $b) (tag $v (param i32))
        (func $throw (param i32)
            (block (block (block (br_table 0 1 2 (local.get 0))) (throw $a)) (throw $b))
            (throw $v (local.get 0)))
        (func (export "own") (param i32) (result i32)
            (try_table (catch $v 0) (call $throw (local.get 0)))
            (i32.const -1))
        (func (export "own_ref") (param i32) (result i32 exnref)
            (try_table (catch_ref $v 0) (call $throw (local.get 0)))
            (i32.const -1) (ref.null exn))
        (func (export "nested") (param i32) (result i32)
            (block $outer
                (try_table (catch_all $outer)
                    (block $inner
                        (try_table (catch $a $inner)
                            (block $sibling (try_table (catch $b $sibling)))
                            (call $throw (local.get 0))))
                    (return (i32.const 1))))
            (i32.const 2))
        (func (export "after") (param i32) (result i32)
            (block $h (try_table (catch_all $h)))
            (call $throw (local.get 0))
            (i32.const 0))
        (func (export "joined") (param $n i32) (result i32) (local $i i32)
            (block $h ;; the end of a counting loop inside, its counter outside
                (loop $l
                    (local.set $i (i32.add (local.get $i) (i32.const 1)))
                    (i32.lt_u (local.get $i) (local.get $n))
                    (try_table (param i32) (catch_all $h) (br_if $l) (call $throw_a))))
            (local.get $i))
        (func $throw_a (throw $a))
        (func (export "null") (throw_ref (ref.null exn)))
        (func (export "constant") (param exnref) (throw_ref (local.get 0)))
    ))");
    CHECK(must(g.get<i32(i32)>("own")(5)) == 5);
    CHECK(g.get<i32(i32)>("own")(0).error().kind() == kind::exception);
    value pair[2];
    const value five[] = {value::i32(5)};
    REQUIRE(g.instance.call("own_ref", five, pair));
    CHECK(pair[0].as_u32() == 5);
    CHECK(pair[1].bits != 0);
    const auto again = g.instance.call("constant", {pair + 1, 1}, {});
    REQUIRE(!again);
    REQUIRE(again.error().payload().size() == 1);
    CHECK(again.error().payload()[0] == value::i32(5));
    CHECK(must(g.get<i32(i32)>("nested")(0)) == 1);
    CHECK(must(g.get<i32(i32)>("nested")(1)) == 2);
    CHECK(g.get<i32(i32)>("after")(0).error().kind() == kind::exception);
    CHECK(must(g.get<i32(i32)>("joined")(4)) == 4);
    CHECK(g.get<void()>("null")().error().why() == trap::null_exception);
}

TEST_CASE("code that does not throw does not know that it is in a try_table") {
    const auto function = [](const std::string& block) {
        return "(func (export \"" + block.substr(1, 3) +
               "\") (param $n i32) (result i32) (local $x i32)"
               "(loop $l " +
               block +
               " (local.set $x (i32.mul (call $f (local.get $x)) (i32.const 3))))"
               " (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $x))";
    };
    guest g("(module (tag $e) (func $f (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))" +
            function("(try_table (catch_all $l)") + function("(block") + ")");
    CHECK(must(g.get<i32(i32)>("try")(5)) == must(g.get<i32(i32)>("blo")(5)));
    const auto& funcs = g.store.data()->units[0]->funcs;
    REQUIRE(funcs[1].size > 0);
    CHECK(funcs[1].size == funcs[2].size);
    CHECK(funcs[1].frame_slots == funcs[2].frame_slots);
    CHECK(funcs[1].catches == 1);
    CHECK(funcs[2].catches == 0);
}

TEST_CASE("legacy: rethrow has the exception of its catch, whatever happened since") {
    const guest g(R"((module
        (tag $e (param i32 f64)) (tag $f (param i32)) (tag $none)
        (func $throw (param i32)
            (if (i32.eqz (local.get 0)) (then (throw $none)))
            (if (i32.lt_s (local.get 0) (i32.const 10)) (then (throw $e (local.get 0) (f64.const 0.5))))
            (throw $f (local.get 0)))
        (func $outer (param i32) (local f64)
            (try
                (do (call $throw (local.get 0)))
                (catch $e
                    (local.set 1)
                    (local.set 0)
                    (try ;; another exception in between
                        (do (throw $f (i32.const 77)))
                        (catch $f (drop) (rethrow 1))))
                (catch_all
                    (i32.const 1) (i32.const 2) (call $use)
                    (try (do (throw $e (i32.const 1) (f64.const 1))) (catch_all (rethrow 1))))))
        (func $use (param i32 i32))
        (func (export "run") (param i32) (result i32)
            (try (result i32)
                (do (call $outer (local.get 0)) (i32.const -1))
                (catch $e (drop))
                (catch $f (i32.const 1000) (i32.add))
                (catch_all (i32.const 5000))))
        (func (export "plain") (param i32) (result i32) ;; nobody needs a reference
            (try (result i32) (do (call $throw (local.get 0)) (i32.const 0)) (catch_all (i32.const 3))))
        (func (export "params") (param i32) (result i32)
            (local.get 0)
            (try (param i32) (result i32)
                (do (call $throw) (i32.const 9))
                (catch $f)
                (catch $e (drop) (i32.const 100) (i32.add))
                (catch_all (i32.const 4))))
        (func (export "loop") (param $n i32) (result i32) (local $i i32) (local $sum i32)
            (loop $l
                (try
                    (do (call $throw (local.get $i)))
                    (catch $e (drop) (local.set $sum (i32.add (local.get $sum))))
                    (catch $f (local.set $sum (i32.add (local.get $sum))))
                    (catch_all (local.set $sum (i32.add (local.get $sum) (i32.const 10000)))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $l (i32.lt_u (local.get $i) (local.get $n))))
            (local.get $sum))
    ))");
    const auto run = g.get<i32(i32)>("run");
    CHECK(must(run(0)) == 5000);
    CHECK(must(run(3)) == 3);
    CHECK(must(run(30)) == 1030);
    CHECK(must(g.get<i32(i32)>("plain")(5)) == 3);
    const auto params = g.get<i32(i32)>("params");
    CHECK(must(params(0)) == 4);
    CHECK(must(params(5)) == 105);
    CHECK(must(params(50)) == 50);
    CHECK(must(g.get<i32(i32)>("loop")(20)) == 10000 + 190);
}

TEST_CASE("legacy: delegate, in code that is reached and in code that is not") {
    const guest g(R"((module
        (tag $e (param i32))
        (func $throw (param i32) (throw $e (local.get 0)))
        (func (export "skip") (param i32) (result i32)
            (try $out (result i32)
                (do (try (result i32)
                        (do (try (result i32) (do (call $throw (local.get 0)) (i32.const 0)) (delegate $out)))
                        (catch_all (i32.const -1))))
                (catch $e)))
        (func (export "caller") (param i32)
            (try (do (try (do (call $throw (local.get 0))) (delegate 1))) (catch_all)))
        (func (export "dead") (result i32)
            (block $b (result i32)
                (br $b (i32.const 4))
                (try (do (try (do (unreachable)) (delegate 0))) (catch $e (drop)) (catch_all (rethrow 0)))
                (unreachable)))
        (func (export "half") (param i32) (result i32) ;; the body ends, the handlers do not
            (try (result i32)
                (do (try (result i32) (do (call $throw (local.get 0)) (unreachable)) (catch $e (throw $e (i32.const 6)))))
                (catch $e)))
    ))");
    CHECK(must(g.get<i32(i32)>("skip")(8)) == 8);
    const auto r = g.get<void(i32)>("caller")(8);
    REQUIRE(!r);
    CHECK(r.error().payload()[0] == value::i32(8));
    CHECK(must(g.get<i32()>("dead")()) == 4);
    CHECK(must(g.get<i32(i32)>("half")(1)) == 6);
}

TEST_CASE("exceptions that references mean are freed, and those in use are not") {
    constexpr const char* text = R"((module
        (import "env" "host" (func $host (param i32 exnref)))
        (tag $e (param i32)) (tag $of (param exnref i32))
        (global $g (mut exnref) (ref.null exn))
        (table $t 4 exnref)
        (func $make (param i32) (result exnref)
            (block $h (result exnref) (try_table (catch_all_ref $h) (throw $e (local.get 0))) (unreachable)))
        (func $value (param exnref) (result i32)
            (block $h (result i32) (try_table (catch $e $h) (throw_ref (local.get 0))) (unreachable)))
        (func $spin (export "spin") (param $n i32)
            (loop $l (drop (call $make (local.get $n)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func $inner (param exnref) (result i32) ;; kept by an exception in the value of another
            (block $h (result exnref i32)
                (try_table (catch $of $h) (throw_ref (local.get 0))) (unreachable))
            (drop) (call $value))
        (func $outer (param exnref) (result exnref)
            (block $h (result exnref)
                (try_table (catch_all_ref $h) (throw $of (local.get 0) (i32.const 0))) (unreachable)))
        (func (export "keep") (param $n i32) (result i32) (local $a exnref) (local $b exnref)
            (local.set $a (call $make (i32.const 1)))
            (global.set $g (call $make (i32.const 2)))
            (table.set $t (i32.const 3) (call $make (i32.const 4)))
            (local.set $b (call $outer (call $make (i32.const 8))))
            (call $make (i32.const 16)) ;; an operand
            (call $host (local.get $n) (call $make (i32.const 32))) ;; spins in a call of its own
            (call $value) (i32.add (call $value (local.get $a))) (i32.add (call $value (global.get $g)))
            (i32.add (call $value (table.get $t (i32.const 3)))) (i32.add (call $inner (local.get $b))))
        (func $recurse (export "recurse") (param $n i32) (result i32) ;; one alive in each frame
            (local $x exnref)
            (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
            (local.set $x (call $make (local.get $n)))
            (i32.add (call $recurse (i32.sub (local.get $n) (i32.const 1))) (call $value (local.get $x))))
        (func (export "fill") (param $n i32) (result i32)
            (local $x exnref)
            (loop $l (local.set $x (call $outer (local.get $x))) (br $l)) (unreachable))
    ))";
    tessera::imports env;
    static constexpr tessera::val_type params[] = {tessera::t_i32, tessera::t_exnref};
    env.define("env", "host", tessera::func_type{params, {}},
               [](tessera::caller& c, std::span<const value> arguments, std::span<value>) -> tessera::result<void> {
                   auto spin = c.get<void(i32)>("spin");
                   return spin ? (*spin)(i32(arguments[0].as_u32())) : spin.error();
               });
    tessera::limits limits;
    limits.heap_bytes = 256 * 1024;
    guest g(text, env, limits);
    REQUIRE(g.get<void(i32)>("spin")(100'000));
    CHECK(must(g.get<i32(i32)>("keep")(100'000)) == 31);
    CHECK(must(g.get<i32(i32)>("recurse")(2000)) == 2000 * 2001 / 2);
    CHECK(g.get<i32(i32)>("fill")(0).error().why() == trap::out_of_memory);
    CHECK(must(g.get<i32(i32)>("keep")(10'000)) == 31);

    SUBCASE("a reference that means nothing is refused") {
        const value stale = value::reference(tessera::t_exnref, {0x6b00'ffff});
        auto throws = must(tessera::module::parse_text<profile>(
            R"((module (func (export "f") (param exnref) (throw_ref (local.get 0)))))"));
        auto inst = must(g.store.instantiate(throws));
        CHECK(inst.call("f", {&stale, 1}, {}).error().kind() == kind::usage);
    }
}

TEST_CASE("errors that the host holds are not all looked at whenever one is thrown") {
    guest g("(module)");
    const tessera::val_type params[] = {tessera::t_i32};
    const tessera::tag tag = must(g.store.make_tag(params));
    const auto& in_flight = g.store.data()->in_flight;
    constexpr std::size_t held_errors = 2'000;
    std::vector<tessera::error> held;
    for (std::size_t n = 0; n < held_errors; ++n) held.push_back(tag.exception(i32(n)));

    std::size_t looked_at = 0, most = 0;
    constexpr std::size_t thrown = 20'000;
    for (std::size_t n = 0; n < thrown; ++n) {
        const std::size_t before = in_flight.size();
        static_cast<void>(tag.exception(0)); // nobody has it then, so looking forgets it
        if (in_flight.size() != before + 1) looked_at += before;
        most = std::max(most, in_flight.size());
    }
    CHECK(looked_at <= 4 * thrown);
    CHECK(most <= 2 * held_errors + 17);
    // Of few that are alive few are kept.
    held.clear();
    for (std::size_t n = 0; n < most; ++n) static_cast<void>(tag.exception(0));
    CHECK(in_flight.size() <= 17);
}
