// SPDX-License-Identifier: MIT
// The public interface with the real engine: what a host does, and what it is told when that fails.
#include "../../../engine.hpp"

#include <doctest/doctest.h>

#include <tessera/store.hpp>
#include <tessera/wat.hpp>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

using namespace tessera;

namespace {

constexpr features plain = engines::plain;
constexpr features metered = engines::metered;

template <features F = plain>
module parse(std::string_view text) {
    auto m = module::parse_text<F>(text);
    REQUIRE_MESSAGE(m, m.error().message(), " ", m.error().detail(), " line ", m.error().line());
    return *m;
}
template <class Store>
instance make(Store& s, const module& m, const imports& env = {}) {
    auto i = s.instantiate(m, env);
    REQUIRE_MESSAGE(i, i.error().message(), " ", i.error().detail());
    return *i;
}
instance make(store<plain>& s, std::string_view text, const imports& env = {}) { return make(s, parse(text), env); }

struct vector3 {
    f32 x, y, z;
};

/// Numbers where the guest has them. Where the machine's byte order is another, a span of them is a compile error.
constexpr bool same_order = std::endian::native == std::endian::little;
using numbers_in_place = std::conditional_t<same_order, std::span<const u32>, guest_span<u32>>;

} // namespace

TEST_CASE("calls: typed, untyped, several results") {
    store<plain> s;
    REQUIRE(s.status());
    const instance i = make(s, R"(
      (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
      (func (export "swap") (param i32 f64) (result f64 i32) (local.get 1) (local.get 0))
      (func (export "mixed") (param i64 f32) (result i64) (i64.add (local.get 0) (i64.trunc_f32_s (local.get 1))))
      (func (export "half") (param f32) (result f32) (f32.div (local.get 0) (f32.const 2)))
      (func (export "nothing")))");
    auto add = i.get<i32(i32, i32)>("add");
    REQUIRE(add);
    CHECK(*(*add)(2, 40) == 42);
    CHECK(*(*add)(-5, 3) == -2);
    CHECK(*(*i.get<u32(u32, u32)>("add"))(0xffffffffu, 1) == 0);
    auto swap = i.get<std::tuple<f64, i32>(i32, f64)>("swap");
    REQUIRE(swap);
    CHECK(*(*swap)(7, 0.5) == std::tuple{0.5, 7});
    CHECK(*(*i.get<i64(i64, f32)>("mixed"))(-10, 3.9f) == -7);
    CHECK(*(*i.get<f32(f32)>("half"))(3.0f) == 1.5f);
    CHECK((*i.get<void()>("nothing"))());

    value out[2];
    const value in[] = {value::i32(1), value::f64(2)};
    REQUIRE(i.call("swap", in, out));
    CHECK(out[0] == value::f64(2));
    CHECK(out[1] == value::i32(1));
    CHECK(i.call("swap", in, std::span<value>(out, 1)).error().is(msg::wrong_type));
    CHECK(i.call("none", {}, {}).error().is(msg::unknown_export));
    auto half = i.get<func>("half");
    const value three = value::f32(3);
    value r;
    REQUIRE(half->call(std::span<const value>(&three, 1), std::span<value>(&r, 1)));
    CHECK(r == value::f32(1.5f));
}

TEST_CASE("calls: a trap has a text, an offset and a backtrace with names") {
    store<plain> s;
    imports env;
    env.define("h", "fail", [](i32 how) -> result<i32> {
        if (how == 1) return trap::unreachable;
        if (how == 2) return error(msg::out_of_range, "by the host");
        return how;
    });
    const instance i = make(s, R"((module $game
      (import "h" "fail" (func $fail (param i32) (result i32)))
      (func $divide (param i32 i32) (result i32) (i32.div_s (local.get 0) (local.get 1)))
      (func $outer (export "outer") (param i32) (result i32) (call $divide (i32.const 8) (local.get 0)))
      (func $ask (export "ask") (param i32) (result i32) (call $fail (local.get 0)))
      (func $deep (export "deep") (call $deep))))",
                            env);
    auto outer = i.get<i32(i32)>("outer");
    CHECK(*(*outer)(2) == 4);
    auto r = (*outer)(0);
    REQUIRE(!r);
    CHECK(r.error().kind() == kind::trap);
    CHECK(r.error().why() == trap::integer_divide_by_zero);
    CHECK(r.error().message() == "integer divide by zero");
    CHECK(r.error().offset() != error::no_offset);
    REQUIRE(r.error().frames().size() == 2);
    CHECK(std::string_view(r.error().frames()[0].name) == "divide");
    CHECK(std::string_view(r.error().frames()[1].name) == "outer");
    CHECK(r.error().frames()[0].func == 1);
    CHECK(*(*outer)(4) == 2);

    auto ask = i.get<i32(i32)>("ask");
    CHECK(*(*ask)(5) == 5);
    auto a = (*ask)(1);
    CHECK(a.error().why() == trap::unreachable);
    REQUIRE(a.error().frames().size() >= 1);
    CHECK(std::string_view(a.error().frames().back().name) == "ask");
    auto b = (*ask)(2);
    CHECK(b.error().kind() == kind::usage);
    CHECK(b.error().detail() == "by the host");

    auto deep = (*i.get<void()>("deep"))();
    REQUIRE(!deep);
    CHECK(deep.error().kind() == kind::exhaustion);
    CHECK(deep.error().why() == trap::stack_exhausted);
    CHECK(deep.error().frames().size() > 60);
    CHECK(deep.error().frames_left_out() > 0);
    CHECK(std::string_view(deep.error().frames()[0].name) == "deep");
}

TEST_CASE("host functions: strings, spans, structures of the guest") {
    store<plain> s;
    imports env;
    std::string heard;
    int sum = 0;
    env.define("h", "say", [&](std::string_view text) { heard = text; });
    env.define("h", "sum", [&](numbers_in_place numbers) {
        sum = 0;
        for (std::size_t k = 0; k < numbers.size(); ++k) sum += int(numbers[k]);
        return sum;
    });
    env.define("h", "reverse", [](guest_span<u16> numbers) {
        for (std::size_t i = 0; i < numbers.size() / 2; ++i) {
            const u16 a = numbers[i];
            numbers.set(i, numbers[numbers.size() - 1 - i]);
            numbers.set(numbers.size() - 1 - i, a);
        }
    });
    env.define("h", "scale", [](guest_ptr<vector3> v, f32 by) {
        const vector3 a = v.get();
        v.set({a.x * by, a.y * by, a.z * by});
    });
    env.define("h", "fill", [](std::span<u8> to, i32 with) {
        for (u8& b : to) b = u8(with);
    });
    env.define("h", "peek", [](caller& c, u32 at) -> result<u32> {
        auto m = c.get<memory>("memory");
        if (!m) return m.error();
        auto main = c.main_memory();
        if (!main || *main != *m || c.from().get<memory>("memory").error().is(msg::stale_handle)) return trap::host;
        return m->load<u32>(at);
    });
    const instance i = make(s, R"(
      (import "h" "say" (func $say (param i32 i32)))
      (import "h" "sum" (func $sum (param i32 i32) (result i32)))
      (import "h" "reverse" (func $reverse (param i32 i32)))
      (import "h" "scale" (func $scale (param i32 f32)))
      (import "h" "fill" (func $fill (param i32 i32 i32)))
      (import "h" "peek" (func $peek (param i32) (result i32)))
      (memory (export "memory") 1)
      (data (i32.const 8) "hello guest")
      (func (export "say") (param i32 i32) (call $say (local.get 0) (local.get 1)))
      (func (export "sum") (param i32 i32) (result i32) (call $sum (local.get 0) (local.get 1)))
      (func (export "reverse") (param i32 i32) (call $reverse (local.get 0) (local.get 1)))
      (func (export "scale") (param i32 f32) (call $scale (local.get 0) (local.get 1)))
      (func (export "fill") (param i32 i32 i32) (call $fill (local.get 0) (local.get 1) (local.get 2)))
      (func (export "peek") (param i32) (result i32) (call $peek (local.get 0))))",
                            env);
    const memory m = *i.get<memory>("memory");
    auto say = i.get<void(u32, u32)>("say");
    REQUIRE((*say)(14, 5));
    CHECK(heard == "guest");
    REQUIRE((*say)(65536, 0));
    CHECK(heard.empty());
    CHECK((*say)(65530, 7).error().why() == trap::out_of_bounds_memory);
    CHECK((*say)(0xffffffff, 0xffffffff).error().why() == trap::out_of_bounds_memory);

    for (u32 k = 0; k < 5; ++k) REQUIRE(m.store<u32>(100 + 4 * k, k));
    auto add = i.get<u32(u32, u32)>("sum");
    CHECK(*(*add)(100, 5) == 10);
    if (same_order) CHECK((*add)(101, 2).error().is(msg::misaligned));
    CHECK((*add)(0, 0x40000000).error().why() == trap::out_of_bounds_memory);
    for (u16 k = 0; k < 4; ++k) REQUIRE(m.store<u16>(201 + 2u * k, k));
    REQUIRE((*i.get<void(u32, u32)>("reverse"))(201, 4));
    CHECK(*m.load<u16>(201) == 3);
    CHECK(*m.load<u16>(207) == 0);
    REQUIRE(m.store<vector3>(301, {1, 2, 3}));
    REQUIRE((*i.get<void(u32, f32)>("scale"))(301, 2.0f));
    CHECK(m.load<vector3>(301)->z == 6);
    CHECK((*i.get<void(u32, f32)>("scale"))(65530, 2.0f).error().why() == trap::out_of_bounds_memory);
    REQUIRE((*i.get<void(u32, u32, i32)>("fill"))(400, 3, 0xee));
    CHECK(*m.load<u32>(400) == 0xeeeeee);
    CHECK(*(*i.get<u32(u32)>("peek"))(8) == 0x6c6c6568);
    CHECK((*i.get<u32(u32)>("peek"))(65533).error().why() == trap::out_of_bounds_memory);
    // The host calling its own function has no memory to point into.
    auto direct = s.make_func([](std::string_view) {});
    const value two[] = {value::i32(0), value::i32(0)};
    CHECK(direct->call(two, {}).error().is(msg::no_memory));
}

TEST_CASE("host functions: back into the guest, growing its memory meanwhile") {
    store<plain> s;
    imports env;
    instance self;
    env.define("h", "grow", [&](caller& c) -> result<i32> {
        auto m = c.get<memory>("m");
        if (!m) return m.error();
        auto old = m->grow(3);
        if (!old) return old.error();
        if (auto ok = m->store<i32>(65536 * 3, 77); !ok) return ok.error();
        auto inner = c.get<i32(i32)>("load");
        if (!inner) return inner.error();
        return (*inner)(65536 * 3);
    });
    env.define("h", "again", [&](i32 n) -> result<i32> {
        if (n == 0) return 0;
        auto f = self.get<i32(i32)>("recurse");
        if (!f) return f.error();
        return (*f)(n - 1);
    });
    self = make(s, R"(
      (import "h" "grow" (func $grow (result i32)))
      (import "h" "again" (func $again (param i32) (result i32)))
      (memory (export "m") 1)
      (func (export "load") (param i32) (result i32) (i32.load (local.get 0)))
      (func (export "recurse") (param i32) (result i32) (i32.add (i32.const 1) (call $again (local.get 0))))
      (func (export "go") (result i32)
        (i32.store (i32.const 4) (i32.const 1))
        (i32.add (i32.mul (i32.const 1000) (call $grow)) (i32.load (i32.const 196608)))))",
                env);
    CHECK(*(*self.get<i32()>("go"))() == 77077);
    auto recurse = self.get<i32(i32)>("recurse");
    CHECK(*(*recurse)(20) == 21);
    auto r = (*recurse)(100000);
    REQUIRE(!r);
    CHECK(r.error().why() == trap::stack_exhausted);
    CHECK(*(*recurse)(20) == 21);
}

TEST_CASE("globals, tables, references") {
    store<plain> s;
    const instance i = make(s, R"(
      (global $g (export "g") (mut i64) (i64.const 5))
      (global (export "c") f32 (f32.const 1.5))
      (global $e (export "e") (mut externref) (ref.null extern))
      (table $t (export "t") 3 10 funcref)
      (table (export "x") 2 externref)
      (elem (i32.const 0) $one $two)
      (type $out (func (result i32)))
      (func $one (result i32) (i32.const 1))
      (func $two (export "two") (result i32) (i32.const 2))
      (func (export "get") (result i64) (global.get $g))
      (func (export "call") (param i32) (result i32) (call_indirect (type $out) (local.get 0)))
      (func (export "ref") (result funcref) (ref.func $one))
      (func (export "keep") (param externref) (global.set $e (local.get 0)))
      (func (export "is_null") (param externref) (result i32) (ref.is_null (local.get 0)))
      (func (export "same") (param funcref) (result funcref) (local.get 0)))");
    auto g = i.get<global>("g");
    REQUIRE(g);
    CHECK(*g->get<i64>() == 5);
    REQUIRE(g->set(i64{-3}));
    CHECK(*(*i.get<i64()>("get"))() == -3);
    CHECK(i.get<global>("c")->set(1.0f).error().is(msg::global_immutable));
    CHECK(i.get<global>("c")->get() == value::f32(1.5f));

    auto t = i.get<table>("t");
    auto call = i.get<i32(i32)>("call");
    CHECK(*(*call)(1) == 2);
    CHECK((*call)(2).error().why() == trap::uninitialized_element);
    CHECK((*call)(3).error().why() == trap::undefined_element);
    REQUIRE(t->set(2, *t->get<func>(0)));
    CHECK(*(*call)(2) == 1);
    auto host = s.make_func([] { return i32{99}; });
    REQUIRE(t->set(2, *host));
    CHECK(*(*call)(2) == 99);
    REQUIRE(t->set(2, *s.make_func([] { return f32{}; })));
    CHECK((*call)(2).error().why() == trap::indirect_call_type);
    CHECK(*t->grow(2, *host) == 3);
    CHECK(*(*call)(4) == 99);
    CHECK(t->grow(6, func()).error().is(msg::cannot_grow));

    auto one = (*i.get<func()>("ref"))();
    REQUIRE(one);
    CHECK(*one == *t->get<func>(0));
    auto typed = typed_func<i32()>::from(*one);
    REQUIRE(typed);
    CHECK(*(*typed)() == 1);
    CHECK(*(*i.get<func(func)>("same"))(*i.get<func>("two")) == *i.get<func>("two"));
    CHECK(!*(*i.get<func(func)>("same"))(func()));

    auto object = s.make_object<std::string>("mine");
    auto is_null = i.get<bool(externref)>("is_null");
    CHECK(*(*is_null)(externref()));
    CHECK(!*(*is_null)(*object));
    REQUIRE((*i.get<void(externref)>("keep"))(*object));
    CHECK(*s.object<std::string>(*i.get<global>("e")->get<externref>()) == "mine");
    REQUIRE(i.get<table>("x")->set(1, *object));
    CHECK(*i.get<table>("x")->get<externref>(1) == *object);
}

TEST_CASE("linking: instances of one store share what they import") {
    store<plain> s;
    const instance a = make(s, R"(
      (memory (export "m") 1)
      (global $n (export "n") (mut i32) (i32.const 0))
      (table (export "t") 2 funcref)
      (func (export "bump") (param i32) (result i32)
        (global.set $n (i32.add (global.get $n) (local.get 0)))
        (i32.load (global.get $n))))");
    imports env;
    REQUIRE(env.define("a", a));
    const module user = parse(R"(
      (import "a" "m" (memory 1))
      (import "a" "n" (global $n (mut i32)))
      (import "a" "bump" (func $bump (param i32) (result i32)))
      (import "a" "t" (table 2 funcref))
      (elem (i32.const 1) $mine)
      (func $mine (result i32) (global.get $n))
      (func (export "go") (param i32) (result i32)
        (i32.store (i32.const 8) (i32.const 123))
        (call $bump (local.get 0))))");
    const instance b = make(s, user, env);
    CHECK(*(*b.get<i32(i32)>("go"))(8) == 123);
    CHECK(*a.get<global>("n")->get<i32>() == 8);
    auto mine = a.get<table>("t")->get<func>(1);
    REQUIRE(mine);
    CHECK(*(*typed_func<i32()>::from(*mine))() == 8);
    const instance c = make(s, user, env);
    CHECK(*(*c.get<i32(i32)>("go"))(0) == 123);

    store<plain> other;
    auto refused = other.instantiate(user, env);
    REQUIRE(!refused);
    CHECK(refused.error().is(msg::other_store));
    CHECK(refused.error().detail() == "a.m");
}

TEST_CASE("linking: a failed instance's functions stay callable") {
    store<plain> s;
    auto t = s.make_table({{2, 2, true, false}, t_funcref});
    imports env;
    REQUIRE(env.define("h", "t", *t));
    auto failed = s.instantiate(parse(R"(
      (import "h" "t" (table 2 funcref))
      (memory 1)
      (elem (i32.const 0) $f)
      (data (i32.const 65536) "x")
      (func $f (result i32) (i32.store (i32.const 0) (i32.const 6)) (i32.load (i32.const 0))))"),
                                env);
    REQUIRE(!failed);
    CHECK(failed.error().message() == "out of bounds memory access");
    CHECK(*(*typed_func<i32()>::from(*t->get<func>(0)))() == 6);
}

TEST_CASE("start functions run, and their traps have frames") {
    store<plain> s;
    int seen = 0;
    imports env;
    env.define("h", "seen", [&](i32 a) { seen = a; });
    make(s, R"((import "h" "seen" (func $seen (param i32))) (start $go) (func $go (call $seen (i32.const 9))))", env);
    CHECK(seen == 9);
    auto r = s.instantiate(parse("(start $boom) (func $boom unreachable)"));
    REQUIRE(!r);
    CHECK(r.error().why() == trap::unreachable);
    REQUIRE(r.error().frames().size() == 1);
    CHECK(std::string_view(r.error().frames()[0].name) == "boom");
}

TEST_CASE("text: errors have a place") {
    auto m = module::parse_text<plain>("(module\n  (func (result i32)\n    (i32.add (i32.const 1))))");
    REQUIRE(!m);
    CHECK(m.error().kind() == kind::invalid);
    CHECK(m.error().line() == 3);
    auto syntax = module::parse_text<plain>("(module\n (func (no_such_thing)))");
    REQUIRE(!syntax);
    CHECK(syntax.error().kind() == kind::malformed);
    CHECK(syntax.error().line() == 2);
    CHECK(syntax.error().column() > 0);
}

TEST_CASE("limits: each has a clear error, and the store goes on") {
    limits l;
    l.stack_bytes = 64 << 10;
    l.memory_bytes = 3 << 16;
    l.table_entries = 20;
    store<plain> s(l);
    const instance i = make(s, R"(
      (memory 1) (table 10 funcref)
      (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 0))))
      (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
      (func (export "grow_table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0))))");
    auto deep = i.get<i32(i32)>("deep");
    CHECK(*(*deep)(100) == 100);
    CHECK((*deep)(1000000).error().why() == trap::stack_exhausted);
    CHECK(*(*deep)(100) == 100);
    auto grow = i.get<i32(i32)>("grow");
    CHECK(*(*grow)(3) == -1);
    CHECK(*(*grow)(2) == 1);
    auto grow_table = i.get<i32(i32)>("grow_table");
    CHECK(*(*grow_table)(11) == -1);
    CHECK(*(*grow_table)(10) == 10);
    CHECK(s.instantiate(parse("(memory 4)")).error().detail() == "limits::memory_bytes");
    CHECK(s.instantiate(parse("(table 21 funcref)")).error().detail() == "limits::table_entries");
}

TEST_CASE("what a build does not have is named") {
    store<plain> s;
    auto r = s.instantiate(parse<metered>("(func (try (do) (catch_all)))"));
    REQUIRE(!r);
    CHECK(r.error().kind() == kind::unsupported);
    CHECK(r.error().detail() == "legacy-exceptions");
}

TEST_CASE("fuel: it stops a guest, and a call can go on with more") {
    store<metered> s;
    const instance i = make(s, parse<metered>(R"(
      (func (export "spin") (loop $l (br $l)))
      (func (export "sum") (param $n i32) (result i32) (local $s i32)
        (loop $l
          (local.set $s (i32.add (local.get $s) (local.get $n)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $s)))"));
    auto spin = i.get<void()>("spin");
    CHECK((*spin)().error().why() == trap::out_of_fuel);
    REQUIRE(s.add_fuel(10000));
    CHECK(s.fuel() == 10000);
    auto r = (*spin)();
    REQUIRE(!r);
    CHECK(r.error().kind() == kind::exhaustion);
    CHECK(r.error().message() == "out of fuel");
    CHECK(s.fuel() == 0);

    auto call = i.get<i32(i32)>("sum")->start(1000);
    REQUIRE(call);
    int rounds = 0;
    for (; rounds < 10000; ++rounds) {
        auto step = call->resume();
        if (step) break;
        REQUIRE(step.error().why() == trap::out_of_fuel);
        REQUIRE(call->paused());
        CHECK(!call->get<i32>());
        REQUIRE(s.add_fuel(100));
    }
    REQUIRE(call->done());
    CHECK(rounds > 10);
    CHECK(*call->get<i32>() == 500500);
    CHECK(call->get<f32>().error().is(msg::wrong_type));
    value v;
    REQUIRE(call->results(std::span<value>(&v, 1)));
    CHECK(v == value::i32(500500));
    CHECK(call->resume().error().is(msg::stale_handle));

    // Two at a time, given up half-way, in either order.
    auto a = i.get<func>("spin")->start({}), b = i.get<i32(i32)>("sum")->start(3);
    REQUIRE(a);
    REQUIRE(b);
    REQUIRE(s.add_fuel(100));
    CHECK(!a->resume());
    REQUIRE(s.add_fuel(100000));
    CHECK(b->resume());
    CHECK(*b->get<i32>() == 6);
    execution moved = std::move(*a);
    CHECK(moved.paused());
    CHECK(!a->paused());
    CHECK(i.get<func>("sum")->start({}).error().is(msg::wrong_type));
    REQUIRE(s.reset());
    CHECK(moved.resume().error().is(msg::stale_handle));
}

TEST_CASE("interruption: from another thread, once") {
    store<metered> s;
    REQUIRE(s.add_fuel(~u64{0}));
    const instance i = make(
        s,
        parse<metered>(R"((func (export "spin") (loop $l (br $l))) (func (export "one") (result i32) (i32.const 1)))"));
    std::atomic<bool> ended{false};
    auto spin = i.get<void()>("spin");
    std::thread other([&] {
        while (!ended) {
            s.interrupt();
            std::this_thread::yield();
        }
    });
    auto r = (*spin)();
    ended = true;
    other.join();
    REQUIRE(!r);
    CHECK(r.error().why() == trap::interrupted);
    CHECK(r.error().kind() == kind::exhaustion);
    s.interrupt();
    CHECK((*spin)().error().why() == trap::interrupted);
    CHECK(*(*i.get<i32()>("one"))() == 1);
}

TEST_CASE("threads: one module, a store for each thread") {
    const module m = parse(R"(
      (memory 1)
      (func (export "work") (param $n i32) (result i32)
        (loop $l
          (i32.store (i32.const 8) (i32.add (i32.load (i32.const 8)) (local.get $n)))
          (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.load (i32.const 8))))");
    std::atomic<int> right{0};
    std::vector<std::thread> all;
    for (int t = 0; t < 4; ++t)
        all.emplace_back([&right, m, t] {
            for (int round = 0; round < 20; ++round) {
                store<plain> s;
                auto i = s.instantiate(m);
                if (!i) continue;
                auto f = i->get<i32(i32)>("work");
                auto r = f ? (*f)(100 + t) : result<i32>(f.error());
                if (r && *r == (100 + t) * (101 + t) / 2) ++right;
            }
        });
    for (std::thread& t : all) t.join();
    CHECK(right == 80);
}

TEST_CASE("reset: a store is as new") {
    store<plain> s;
    const module m = parse(R"((memory (export "m") 1) (func (export "f") (result i32) (i32.const 3)))");
    for (int round = 0; round < 3; ++round) {
        const instance i = make(s, m);
        auto f = i.get<i32()>("f");
        CHECK(*(*f)() == 3);
        REQUIRE(s.reset());
        CHECK((*f)().error().is(msg::stale_handle));
        CHECK(i.get<i32()>("f").error().is(msg::stale_handle));
    }
}
