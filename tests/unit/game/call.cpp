// SPDX-License-Identifier: MIT
// Calls that run in slices, and wait for their host in between, give what a straight run gives.
#include "../exec/support.hpp"

#include "../../files.hpp"
#include <tessera/game.hpp>
#include <tessera/save.hpp>

#include <chrono>
#include <vector>

namespace {

using guests::guest;
using guests::must;
using tessera::u32;
using tessera::u64;
using tessera::value;
using tessera::game::standing;
namespace game = tessera::game;

struct row {
    const char* name;
    u32 work;
};
// Those of bench/kernels, with less work where they take long.
constexpr row rows[] = {
    {"fib", 16},      {"sieve", 1},    {"matmul", 2},    {"crc32", 1},  {"mandelbrot", 8},  {"vm", 200},
    {"quicksort", 1}, {"dispatch", 5}, {"bulk", 100},    {"blur", 1},   {"blur_simd", 1},   {"bytes", 1},
    {"dot", 1},       {"dot_simd", 1}, {"fannkuch", 5},  {"json", 1},   {"mandelbrot4", 8}, {"mandelbrot4_simd", 8},
    {"mix", 1},       {"nbody", 20},   {"particles", 1}, {"sha256", 1}, {"spectral", 4},    {"utf8", 1},
    {"utf8_simd", 1}, {"words", 1}};

/// The host functions of these tests.
struct asking {
    tessera::imports env;
    int asked = 0;
    asking() {
        using tessera::caller, tessera::result, tessera::i64, tessera::f32, tessera::f64, tessera::v128;
        env.define("env", "ask",
                   [this](caller& who, int n) -> result<int> { return ++asked, game::suspend(who, u64(n)); });
        env.define("env", "wait", [](caller& who) -> result<void> { return game::suspend(who); });
        env.define("env", "all",
                   [](caller& who) -> result<std::tuple<int, i64, f32, f64, v128>> { return game::suspend(who); });
        env.define("env", "ref", [](caller& who, tessera::ref) -> result<tessera::ref> { return game::suspend(who); });
    }
};

game::call started(const guest& g, const char* name, std::vector<value> args = {}) {
    auto made = game::start(g.get<tessera::func>(name), args);
    REQUIRE(made);
    return std::move(*made);
}

} // namespace

TEST_CASE("a kernel in random slices ends as in one, and costs the same") {
    u32 seed = 12345;
    for (const row& k : rows) {
        CAPTURE(k.name);
        auto mod = tessera::module::parse<guests::profile>(
            read_file((std::string(TESSERA_TESTS "/../bench/kernels/") + k.name + ".wasm").c_str()));
        REQUIRE(mod);
        const value args[] = {value::i32(k.work), value::i32(7)};
        value straight[1], sliced[1];
        constexpr u64 plenty = u64{1} << 60;
        tessera::store<guests::profile> whole, pieces;
        auto a = whole.instantiate(*mod), b = pieces.instantiate(*mod);
        REQUIRE(a);
        REQUIRE(b);
        REQUIRE(whole.add_fuel(plenty));
        REQUIRE(a->get<tessera::func>("run")->call(args, straight));
        const u64 cost = plenty - whole.fuel();
        // At most some thousand slices.
        const u32 most = u32(cost / 2000 < 50 ? 50 : cost / 2000);
        REQUIRE(pieces.add_fuel(77));
        auto call = game::start(*b->get<tessera::func>("run"), args);
        REQUIRE(call);
        int slices = 0;
        while (!call->is_over()) {
            seed = seed * 1664525 + 1013904223;
            call->run((seed >> 8) % most);
            ++slices;
        }
        CHECK(call->state() == standing::finished);
        REQUIRE(call->results(sliced));
        CHECK(sliced[0] == straight[0]);
        CHECK(call->fuel_used() == cost);
        CHECK(slices > 3);
        CHECK(pieces.fuel() == 77); // a slice has fuel of its own
        CHECK(call->run(1000) == standing::finished);
    }
}

TEST_CASE("a host function suspends its guest, which goes on with the answer") {
    asking host;
    guest g(R"((module (import "env" "ask" (func $ask (param i32) (result i32)))
        (table funcref (elem $ask))
        (func (export "sum") (param $n i32) (result i32) (local $sum i32)
            (loop $again
                (local.set $sum (i32.add (local.get $sum) (call $ask (local.get $n))))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $sum))
        (func (export "tail") (result i32) (return_call $ask (i32.const 5)))
        (func (export "indirect") (result i32)
            (i32.add (i32.const 1) (call_indirect (param i32) (result i32) (i32.const 6) (i32.const 0))))
        (func (export "direct") (result i32) (i32.mul (i32.const 3) (call_ref 0 (i32.const 7) (ref.func $ask))))))",
            host.env);
    auto sum = started(g, "sum", {value::i32(10)});
    CHECK(sum.state() == standing::ready);
    CHECK_FALSE(sum.answer(1));
    int expected = 0;
    for (int n = 10; n > 0; --n) {
        REQUIRE(sum.run(1000) == standing::waiting);
        CHECK(sum.run(1000) == standing::waiting); // until it is answered
        CHECK(sum.ticket() == u64(n));
        REQUIRE(sum.awaited().size() == 1);
        CHECK(sum.awaited()[0] == tessera::t_i32);
        CHECK_FALSE(sum.answer(tessera::i64(1)));
        CHECK_FALSE(sum.answer(1, 2));
        REQUIRE(sum.answer(n * n));
        CHECK_FALSE(sum.answer(1)); // once
        expected += n * n;
    }
    REQUIRE(sum.run(1000) == standing::finished);
    CHECK(*sum.get<int>() == expected);
    CHECK(host.asked == 10);

    const struct {
        const char* name;
        int result;
    } others[] = {{"tail", 100}, {"indirect", 101}, {"direct", 300}};
    for (const auto& o : others) {
        CAPTURE(o.name);
        auto call = started(g, o.name);
        REQUIRE(call.run() == standing::waiting);
        REQUIRE(call.answer(100));
        REQUIRE(call.run() == standing::finished);
        CHECK(*call.get<int>() == o.result);
    }
}

TEST_CASE("an answer has several values of all types, and comes back through another instance") {
    asking host;
    guest inner(R"((module (import "env" "all" (func $all (result i32 i64 f32 f64 v128)))
        (func (export "all") (param i32) (result i32 i64 f32 f64 v128) (call $all))))",
                host.env);
    tessera::imports env;
    REQUIRE(env.define("inner", "all", *inner.instance.get<tessera::func>("all")));
    auto mod = tessera::module::parse_text<guests::profile>(R"((module
        (import "inner" "all" (func $all (param i32) (result i32 i64 f32 f64 v128)))
        (func (export "run") (result i32 i64 f32 f64 v128) (call $all (i32.const 1)))))");
    REQUIRE(mod);
    auto outer = inner.store.instantiate(*mod, env);
    REQUIRE(outer);
    auto call = game::start(*outer->get<tessera::func>("run"), {});
    REQUIRE(call);
    REQUIRE(call->run(100) == standing::waiting);
    tessera::v128 v;
    for (int i = 0; i < 16; ++i) v.bytes[i] = tessera::u8(i);
    REQUIRE(call->answer(-1, tessera::i64(1) << 40, 1.5f, -2.5, v));
    REQUIRE(call->run(100) == standing::finished);
    auto got = call->get<std::tuple<int, tessera::i64, float, double, tessera::v128>>();
    REQUIRE(got);
    CHECK(*got == std::tuple(-1, tessera::i64(1) << 40, 1.5f, -2.5, v));
}

TEST_CASE("an answer can be an error, which the guest catches if it is an exception") {
    asking host;
    guest g(R"((module (import "env" "ask" (func $ask (param i32) (result i32)))
        (tag $t (export "t") (param i32))
        (func (export "caught") (result i32)
            (block $h (result i32)
                (try_table (result i32) (catch $t $h) (call $ask (i32.const 1)))
                (i32.add (i32.const 1000)))
            (i32.add (i32.const 1)))
        (func (export "plain") (result i32) (call $ask (i32.const 1)))))",
            host.env);
    const tessera::tag t = must(g.instance.get<tessera::tag>("t"));
    auto caught = started(g, "caught");
    REQUIRE(caught.run() == standing::waiting);
    REQUIRE(caught.fail(t.exception(41)));
    REQUIRE(caught.run() == standing::finished);
    CHECK(*caught.get<int>() == 42);

    auto answered = started(g, "caught");
    REQUIRE(answered.run() == standing::waiting);
    REQUIRE(answered.answer(41));
    REQUIRE(answered.run() == standing::finished);
    CHECK(*answered.get<int>() == 1042);

    auto uncaught = started(g, "plain");
    REQUIRE(uncaught.run() == standing::waiting);
    REQUIRE(uncaught.fail(t.exception(41)));
    REQUIRE(uncaught.run() == standing::trapped);
    CHECK(uncaught.error().kind() == tessera::kind::exception);

    auto trapped = started(g, "plain");
    REQUIRE(trapped.run() == standing::waiting);
    REQUIRE(trapped.fail(tessera::trap::integer_overflow));
    REQUIRE(trapped.run() == standing::trapped);
    CHECK(trapped.error().why() == tessera::trap::integer_overflow);
    REQUIRE(trapped.error().frames().size() == 2);
    CHECK(std::string(trapped.error().frames()[0].name) == "host function");
    CHECK(std::string(trapped.error().frames()[1].name) == "plain");
    CHECK(trapped.run() == standing::trapped);
}

TEST_CASE("a call below a host function cannot wait, and is told so") {
    asking host;
    guest inner(R"((module (import "env" "ask" (func $ask (param i32) (result i32)))
        (func (export "run") (result i32) (call $ask (i32.const 1)))))",
                host.env);
    const auto plain = inner.get<int()>("run");
    // Called as ever: nobody could answer.
    auto straight = plain();
    REQUIRE_FALSE(straight);
    CHECK(straight.error().is(tessera::msg::cannot_wait));
    CHECK(straight.error().detail() == "it was not made by game::start");
    // The host calls the host function itself.
    auto made = inner.store.make_func([](tessera::caller& who) -> tessera::result<void> { return game::suspend(who); });
    REQUIRE(made);
    auto by_host = made->call({}, {});
    REQUIRE_FALSE(by_host);
    CHECK(by_host.error().detail() == "the host called the function itself");
    // Below a host function, which is below a call in slices. A sliced call in between can wait by itself.
    tessera::imports env;
    env.define("env", "below", [&] { return plain(); });
    std::vector<game::call> nested;
    env.define("env", "sliced", [&] {
        nested.push_back(started(inner, "run"));
        return int(nested.back().run(100));
    });
    auto mod = tessera::module::parse_text<guests::profile>(R"((module
        (import "env" "below" (func $below (result i32))) (import "env" "sliced" (func $sliced (result i32)))
        (func (export "below") (result i32) (call $below)) (func (export "sliced") (result i32) (call $sliced))))");
    REQUIRE(mod);
    auto outer = inner.store.instantiate(*mod, env);
    REQUIRE(outer);
    auto below = game::start(*outer->get<int()>("below"));
    REQUIRE(below);
    REQUIRE(below->run(100) == standing::trapped);
    CHECK(below->error().is(tessera::msg::cannot_wait));
    CHECK(below->error().detail() == "a host function between is on the native stack");
    auto sliced = game::start(*outer->get<int()>("sliced"));
    REQUIRE(sliced);
    REQUIRE(sliced->run(100) == standing::finished);
    CHECK(*sliced->get<int>() == int(standing::waiting));
    REQUIRE(nested[0].answer(5));
    CHECK(nested[0].run(100) == standing::finished);
    CHECK(*nested[0].get<int>() == 5);
}

TEST_CASE("what a waiting call holds is not collected, nor what it is answered with") {
    asking host;
    guest g(R"((module (import "env" "ref" (func $ref (param anyref) (result anyref)))
        (type $box (struct (field i32)))
        (func (export "box") (param i32) (result (ref $box)) (struct.new $box (local.get 0)))
        (func (export "run") (param i32) (result i32) (local $kept (ref null $box))
            (local.set $kept (struct.new $box (local.get 0)))
            (i32.add
                (struct.get $box 0 (ref.cast (ref $box) (call $ref (struct.new $box (i32.const 1000)))))
                (struct.get $box 0 (local.get $kept))))))",
            host.env);
    g.store.collect_always(true);
    std::vector<game::call> calls;
    for (u32 i = 0; i < 8; ++i) calls.push_back(started(g, "run", {value::i32(i)}));
    for (auto& c : calls) REQUIRE(c.run(100) == standing::waiting);
    REQUIRE(g.store.collect());
    value box[1];
    const value number[] = {value::i32(7)};
    for (auto& c : calls) {
        REQUIRE(g.get<tessera::func>("box").call(number, box));
        REQUIRE(c.answer(std::span<const value>(box)));
    }
    REQUIRE(g.store.collect());
    for (u32 i = 0; i < 8; ++i) REQUIRE(g.get<tessera::func>("box").call(number, box)); // would take freed places
    for (u32 i = 0; i < 8; ++i) {
        REQUIRE(calls[i].run(100) == standing::finished);
        CHECK(*calls[i].get<u32>() == 7 + i);
    }
    calls.clear();
    REQUIRE(g.store.collect());
    CHECK(g.store.heap().bytes_live == 0);
}

TEST_CASE("time, interruption and the store's end stop a call") {
    using namespace std::chrono_literals;
    asking host;
    guest g(R"((module (import "env" "wait" (func $wait))
        (func (export "endless") (loop $again (br $again)))
        (func (export "waits") (call $wait))
        (func (export "short"))))",
            host.env);
    auto endless = started(g, "endless");
    const auto begin = std::chrono::steady_clock::now();
    CHECK(endless.run_for(2ms) == standing::deadline);
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(took >= 2ms);
    CHECK(endless.fuel_used() > 1000);
    CHECK(endless.run_for(0ms) == standing::deadline);
    CHECK(endless.run(10) == standing::out_of_fuel);
    g.store.interrupt();
    CHECK(endless.run_for(1h) == standing::interrupted);
    CHECK(endless.run(10) == standing::out_of_fuel); // it was for that call alone
    auto quick = started(g, "short");
    CHECK(quick.run_for(1h) == standing::finished);
    auto waits = started(g, "waits");
    CHECK(waits.run_for(1h) == standing::waiting);
    CHECK(waits.run_for(1h) == standing::waiting);
    {
        auto dropped = started(g, "waits"); // and its context is used again
        CHECK(dropped.run(100) == standing::waiting);
    }
    auto moved = std::move(waits);
    REQUIRE(moved.answer());
    CHECK(moved.run(100) == standing::finished);
    auto left = started(g, "waits");
    CHECK(left.run(100) == standing::waiting);
    REQUIRE(g.store.reset());
    CHECK(left.awaited().empty());
    CHECK_FALSE(left.answer());
    CHECK(left.run(100) == standing::trapped);
    CHECK(left.error().is(tessera::msg::stale_handle));
    CHECK(endless.run_for(1ms) == standing::trapped);
}

TEST_CASE("fuel that a host function gives to a slice is counted where it is used") {
    tessera::imports env;
    tessera::store<guests::profile>* store = nullptr;
    env.define("env", "gift", [&] { static_cast<void>(store->add_fuel(500)); });
    const char* text = R"((module (import "env" "gift" (func $gift))
        (func (export "run") (call $gift) (loop $again (br $again))))";
    guest g(std::string(text) + ")", env);
    store = &g.store;
    const u64 before = g.store.fuel();
    auto call = started(g, "run");
    CHECK(call.run(100) == standing::out_of_fuel);
    CHECK(call.fuel_used() >= 600);
    CHECK(call.fuel_used() < 620);
    CHECK(g.store.fuel() == before);
}

TEST_CASE("a call that stands is saved, and goes on in another store") {
    asking host;
    const char* text = R"((module (import "env" "ask" (func $ask (param i32) (result i32)))
        (func (export "run") (param $n i32) (result i32) (local $s i32)
            (loop $again (local.set $s (i32.add (local.get $s) (local.get $n)))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i32.add (call $ask (i32.const 7)) (local.get $s)))))";
    auto mod = tessera::module::parse_text<guests::profile>(text);
    REQUIRE(mod);
    guest g(text, host.env);
    auto call = started(g, "run", {value::i32(100)});
    REQUIRE(call.run(300) == standing::out_of_fuel);
    tessera::execution* const saved[] = {call.saveable()};
    REQUIRE(saved[0]);
    const auto bytes = tessera::save(g.store, saved);
    REQUIRE(bytes);
    tessera::store<guests::profile> other;
    auto there = tessera::restore(other, {bytes->data(), bytes->size()}, {&*mod, 1}, host.env);
    REQUIRE_MESSAGE(there, there.error().message());
    REQUIRE(there->calls.size() == 1);
    game::call again(std::move(there->calls[0]));
    for (game::call* c : {&call, &again}) {
        REQUIRE(c->run(10'000) == standing::waiting);
        CHECK_FALSE(c->saveable());
        REQUIRE(c->answer(3));
        REQUIRE(c->run(10'000) == standing::finished);
        CHECK(must(c->get<int>()) == 5053);
        CHECK_FALSE(c->saveable());
    }
}
