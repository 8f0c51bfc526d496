// SPDX-License-Identifier: MIT
// Calls: depth, tail calls between instances, backtraces.
#include "support.hpp"

#include <string_view>
#include <vector>

// Sanitizers need more native stack than the library does.
#if defined(__unix__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define SMALL_STACK 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#undef SMALL_STACK
#endif
#endif
#endif
#ifdef SMALL_STACK
#include <pthread.h>
#endif

using guests::guest;
using guests::must;
using guests::profile;
using tessera::trap;
using tessera::u32;
using tessera::u64;

namespace {

/// A program may have a store among its static objects, and call a guest while they are made.
const int made_before_main = [] {
    auto mod = tessera::module::parse_text<profile>(R"((module
        (func $inner (param i32) (result i32) (i32.add (local.get 0) (i32.const 2)))
        (func (export "f") (param i32) (result i32) (call $inner (local.get 0)))))");
    if (!mod) return -1;
    tessera::store<profile> store;
    if (!store.add_fuel(1000)) return -2;
    auto made = store.instantiate(*mod);
    if (!made) return -3;
    auto f = made->get<int(int)>("f");
    if (!f) return -4;
    auto r = (*f)(40);
    return r ? *r : -5;
}();
TEST_CASE("calls: a static object can make them") { CHECK(made_before_main == 42); }

// An unoptimised loop has a frame for the locals of all its cases, and a nested call takes 8 KiB then.
#if TESSERA_TAIL_CALLS || defined(__OPTIMIZE__)
constexpr std::size_t small_stack = 256 * 1024;
#else
constexpr std::size_t small_stack = 512 * 1024;
#endif

/// Runs `work` on a thread with a small native stack where there are such threads.
template <class Work>
void on_small_stack(Work work) {
#ifdef SMALL_STACK
    pthread_attr_t attributes;
    REQUIRE(pthread_attr_init(&attributes) == 0);
    REQUIRE(pthread_attr_setstacksize(&attributes, small_stack) == 0);
    pthread_t thread;
    const auto start = [](void* w) -> void* { return (*static_cast<Work*>(w))(), nullptr; };
    REQUIRE(pthread_create(&thread, &attributes, start, &work) == 0);
    pthread_join(thread, nullptr);
    pthread_attr_destroy(&attributes);
#else
    work();
#endif
}

constexpr const char* recursion = R"((module
    (table $t 4 funcref) (elem (i32.const 0) $indirect)
    (type $u (func (param i32) (result i32)))
    (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0))))
    (func $indirect (export "indirect") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call_indirect (type $u) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))
            (else (i32.const 0))))
    (func $endless (export "endless") (result i32) (i32.add (i32.const 1) (call $endless)))
    (func $wide (export "wide") (param i32) (result i32) (local i64 i64 i64 i64 i64 i64 i64 i64 i64 v128 v128 v128 v128)
        (local.set 1 (i64.extend_i32_u (local.get 0)))
        (if (local.get 0) (then (local.set 0 (call $wide (i32.sub (local.get 0) (i32.const 1))))))
        (i32.add (local.get 0) (i32.wrap_i64 (local.get 1))))
))";

} // namespace

TEST_CASE("recursion is bounded by the call's own stack, not by the native one") {
    on_small_stack([] {
        tessera::limits limits;
        limits.stack_bytes = 64u << 20;
        const guest g(recursion, {}, limits);
        CHECK(must(g.get<u32(u32)>("deep")(100'000)) == 100'000);
        CHECK(must(g.get<u32(u32)>("indirect")(100'000)) == 100'000);
        CHECK(must(g.get<u32(u32)>("wide")(100'000)) == u32(u64{100'000} * 100'001 / 2));
        for (int again = 0; again < 2; ++again) {
            const auto end = g.get<u32()>("endless")();
            REQUIRE_FALSE(end);
            CHECK(end.error().kind() == tessera::kind::exhaustion);
            CHECK(end.error().message() == "call stack exhausted");
        }
        CHECK(must(g.get<u32(u32)>("deep")(100'000)) == 100'000); // the stack is usable again
    });
}

TEST_CASE("calls from the host into the guest and back are bounded") {
    on_small_stack([] {
        tessera::imports env;
        u32 depth = 0;
        env.define("env", "again", [&depth](tessera::caller& who) -> tessera::result<void> {
            ++depth;
            auto f = who.get<void()>("run");
            REQUIRE(f);
            return (*f)();
        });
        const guest g(R"((module (import "env" "again" (func $again)) (func (export "run") (call $again))))", env);
        const auto end = g.get<void()>("run")();
        REQUIRE_FALSE(end);
        CHECK(end.error().kind() == tessera::kind::exhaustion);
        CHECK(depth == g.store.limits().host_depth);
    });
}

TEST_CASE("tail calls do not grow the stack: within a function, a module, between instances") {
    tessera::limits limits;
    limits.stack_bytes = 16 * 1024; // a frame a call would not fit
    auto text = [](const char* other) {
        return std::string(R"((module
            (type $f (func (param i32 i64) (result i64)))
            (table (export "t") 2 10 funcref)
            (func $self (export "self") (type $f)
                (if (result i64) (i32.eqz (local.get 0)) (then (local.get 1))
                    (else (return_call $self (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const 3))))))
            (func $many (export "many") (param i32 i64 i64 i64 i64 i64) (result i64)
                (return_call $self (local.get 0) (i64.add (local.get 1) (local.get 5))))
            (func (export "fewer") (type $f)
                (if (result i64) (i32.eqz (local.get 0)) (then (local.get 1))
                    (else (return_call $many (local.get 0) (local.get 1) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4)))))
            (func (export "set") (param funcref) (table.set (i32.const 0) (local.get 0)))
            (func $there (export "there") (type $f)
                (if (result i64) (i32.eqz (local.get 0)) (then (local.get 1))
                    (else (return_call_indirect (type $f) (i32.sub (local.get 0) (i32.const 1)) (i64.add (local.get 1) (i64.const )") +
               other + R"()) (i32.const 0)))))
            (func (export "outer") (type $f) (i64.add (i64.const 1000000000) (call $there (local.get 0) (local.get 1))))))";
    };
    tessera::store<profile> store(limits);
    REQUIRE(store.add_fuel(u64{1} << 60));
    auto a_module = tessera::module::parse_text<profile>(text("1")),
         b_module = tessera::module::parse_text<profile>(text("2"));
    REQUIRE_MESSAGE(a_module, a_module.error().message() << a_module.error().line());
    REQUIRE(b_module);
    auto a = store.instantiate(*a_module), b = store.instantiate(*b_module);
    REQUIRE(a);
    REQUIRE(b);
    using f = tessera::i64(u32, tessera::i64);
    CHECK(must((*a->get<f>("self"))(1'000'000, 7)) == 3'000'007);
    CHECK(must((*a->get<f>("fewer"))(1000, 7)) == 3011);
    const auto set = [](tessera::instance& i, tessera::func target) {
        REQUIRE((*i.get<void(tessera::func)>("set"))(target));
    };
    set(*a, *b->get<tessera::func>("there"));
    set(*b, *a->get<tessera::func>("there"));
    CHECK(must((*a->get<f>("there"))(1'000'000, 0)) == 1'500'000);
    CHECK(must((*a->get<f>("there"))(1'000'001, 0)) == 1'500'001);
    CHECK(must((*a->get<f>("outer"))(1'000'000, 0)) == 1'001'500'000);
    CHECK(must((*b->get<f>("outer"))(1'000'001, 0)) == 1'001'500'002);
}

TEST_CASE("tail calls into the host, from a guest that another instance called") {
    tessera::imports env;
    env.define("env", "twice", [](u32 x) { return 2 * x; });
    tessera::store<profile> store;
    REQUIRE(store.add_fuel(1'000'000));
    auto inner_module = tessera::module::parse_text<profile>(
        R"((module (import "env" "twice" (func $twice (param i32) (result i32)))
            (func (export "f") (param i32) (result i32) (return_call $twice (i32.add (local.get 0) (i32.const 1))))))");
    REQUIRE(inner_module);
    auto inner = store.instantiate(*inner_module, env);
    REQUIRE(inner);
    env.define("inner", *inner);
    auto outer_module = tessera::module::parse_text<profile>(
        R"((module (import "inner" "f" (func $f (param i32) (result i32))) (global $g (mut i32) (i32.const 5))
            (func (export "run") (param i32) (result i32) (i32.add (call $f (local.get 0)) (global.get $g)))))");
    REQUIRE(outer_module);
    auto outer = store.instantiate(*outer_module, env);
    REQUIRE(outer);
    CHECK(must((*outer->get<u32(u32)>("run"))(20)) == 47);
    CHECK(must((*inner->get<u32(u32)>("f"))(20)) == 42);
}

TEST_CASE("backtraces name functions across instances and the host, with offsets") {
    tessera::imports env;
    env.define("env", "through", [](tessera::func f) -> tessera::result<void> { return f.call({}, {}); });
    tessera::store<profile> store;
    REQUIRE(store.add_fuel(1'000'000));
    auto inner_module = tessera::module::parse_text<profile>(R"((module $inner
        (func $nop)
        (func $faulty (export "faulty") (call $nop) (drop (i32.div_u (i32.const 1) (i32.const 0))))))");
    REQUIRE(inner_module);
    auto inner = store.instantiate(*inner_module, env);
    REQUIRE(inner);
    env.define("inner", *inner);
    auto outer_module = tessera::module::parse_text<profile>(R"((module $outer
        (import "inner" "faulty" (func $imported)) (import "env" "through" (func $through (param funcref)))
        (func $middle (param i32) (call $imported) (drop (local.get 0)))
        (func $run (export "run") (call $middle (i32.const 4)))
        (elem declare func $run)
        (func (export "unnamed") (call $through (ref.func $run)))))");
    REQUIRE(outer_module);
    auto outer = store.instantiate(*outer_module, env);
    REQUIRE(outer);

    auto end = (*outer->get<void()>("run"))();
    REQUIRE_FALSE(end);
    CHECK(end.error().why() == trap::integer_divide_by_zero);
    auto frames = end.error().frames();
    REQUIRE(frames.size() == 3);
    CHECK(std::string_view(frames[0].name) == "faulty");
    CHECK(frames[0].func == 1);
    CHECK(frames[0].offset == end.error().offset());
    CHECK(inner_module->bytes()[frames[0].offset] == 0x6e); // i32.div_u
    CHECK(std::string_view(frames[1].name) == "middle");
    CHECK(outer_module->bytes()[frames[1].offset] == 0x10); // call
    CHECK(std::string_view(frames[2].name) == "run");
    CHECK(outer_module->bytes()[frames[2].offset] == 0x10);
    CHECK(end.error().frames_left_out() == 0);

    // The frames further out than a host function belong to a call of their own.
    end = (*outer->get<void()>("unnamed"))();
    REQUIRE_FALSE(end);
    CHECK(end.error().why() == trap::integer_divide_by_zero);
    REQUIRE(end.error().frames().size() >= 3);
    CHECK(std::string_view(end.error().frames()[0].name) == "faulty");
}

TEST_CASE("a host function's own error has the host's frame innermost") {
    tessera::imports env;
    env.define("env", "fail", [](u32) -> tessera::result<u32> { return trap::host; });
    const guest g(R"((module (import "env" "fail" (func $fail (param i32) (result i32)))
        (func $caller (export "run") (result i32) (i32.add (i32.const 1) (call $fail (i32.const 2))))))",
                  env);
    const auto end = g.get<u32()>("run")();
    REQUIRE_FALSE(end);
    const auto frames = end.error().frames();
    REQUIRE(frames.size() == 2);
    CHECK(std::string_view(frames[0].name) == "host function");
    CHECK(std::string_view(frames[1].name) == "caller");
}

TEST_CASE("the backtrace of a deep stack keeps both ends") {
    const guest g(R"((module
        (func $leaf (unreachable))
        (func $down (param i32) (if (local.get 0) (then (call $down (i32.sub (local.get 0) (i32.const 1)))) (else (call $leaf))))
        (func $run (export "run") (param i32) (call $down (local.get 0)))))");
    for (u32 depth : {10u, 61u, 62u, 63u, 64u, 125u, 126u, 127u, 128u, 129u, 5000u}) {
        CAPTURE(depth);
        const auto end = g.get<void(u32)>("run")(depth);
        REQUIRE_FALSE(end);
        const auto frames = end.error().frames();
        const u32 all = depth + 3;
        CHECK(frames.size() + end.error().frames_left_out() == all);
        CHECK(frames.size() == (all < 128 ? all : 128));
        CHECK(std::string_view(frames[0].name) == "leaf");
        CHECK(std::string_view(frames.back().name) == "run");
        for (std::size_t i = 1; i + 1 < frames.size(); ++i) CHECK(std::string_view(frames[i].name) == "down");
    }
}

TEST_CASE("a stack that is exhausted has a backtrace") {
    const guest g("(module (func $f (export \"f\") (call $f)))");
    const auto end = g.get<void()>("f")();
    REQUIRE_FALSE(end);
    CHECK(end.error().why() == trap::stack_exhausted);
    CHECK(end.error().frames().size() == 128);
    CHECK(end.error().frames_left_out() > 1000);
    // The call there was no room for is no part of it, whichever way it was made.
    for (const char* call : {"(call $g (i32.const 1))", "(call_indirect (param i32) (i32.const 1) (i32.const 0))"}) {
        const guest two(std::string("(module (table funcref (elem $g)) (func $f (export \"f\") ") + call +
                        ") (func $g (param i32) (local i64 i64 i64 i64) (call $g (local.get 0))))");
        const auto at = two.get<void()>("f")();
        REQUIRE_FALSE(at);
        CHECK(at.error().offset() == at.error().frames()[1].offset);
    }
}

TEST_CASE("calls of leaves, which go straight to the guest's stack, see what other calls have changed") {
    constexpr const char* text = R"((module
        (import "env" "host" (func $host (param i32) (result i32)))
        (memory (export "memory") 1 8)
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "store") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
        (func (export "grow") (result i32) (memory.grow (i32.const 1)))
        (func (export "swap") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
        (func (export "through") (param i32) (result i32)
            (i32.add (call $host (local.get 0)) (i32.load8_u (i32.const 131072))))
        (func $deep (export "deep") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
                (else (i32.const 0))))))";
    tessera::imports env;
    env.define("env", "host", [](tessera::caller& who, u32 x) -> tessera::result<u32> {
        const auto store = who.get<void(u32, u32)>("store");
        const auto grow = who.get<u32()>("grow");
        const auto load = who.get<u32(u32)>("load");
        const auto deep = who.get<u32(u32)>("deep");
        REQUIRE((store && grow && load && deep));
        CHECK(must((*grow)()) == 1);
        CHECK(must((*grow)()) == 2);
        REQUIRE((*store)(131072, x));
        CHECK(must((*deep)(5000)) == 5000); // moves the stack of that call
        CHECK(must((*load)(131072)) == x);
        return x;
    });
    guest a(text, env);
    auto mod = tessera::module::parse_text<profile>(text);
    REQUIRE(mod);
    auto made = a.store.instantiate(*mod, env);
    REQUIRE(made);
    const auto load = a.get<u32(u32)>("load"), other = *made->get<u32(u32)>("load");
    REQUIRE(a.get<void(u32, u32)>("store")(7, 1));
    REQUIRE((*made->get<void(u32, u32)>("store"))(7, 2));
    for (int again = 0; again < 3; ++again) {
        CHECK(must(load(7)) == 1);
        CHECK(must(other(7)) == 2);
    }
    CHECK_FALSE(load(65536));
    CHECK(must(load(7)) == 1);
    REQUIRE(a.instance.get<tessera::memory>("memory"));
    CHECK(must(a.get<u32(u32)>("through")(40)) == 80);
    CHECK(must(load(131072)) == 40);
    CHECK(a.instance.get<tessera::memory>("memory")->grow(1));
    CHECK(must(load(196608)) == 0);
    CHECK_FALSE(other(65536));
    const auto swap = a.get<std::tuple<u64, u32>(u32, u64)>("swap");
    for (u32 i = 0; i < 3; ++i) CHECK(must(swap(i, 9)) == std::tuple<u64, u32>(9, i));
}

TEST_CASE("calls of leaves fail as others do: traps with a backtrace, fuel, interruption, the depth of calls") {
    constexpr const char* text = R"((module
        (import "env" "host" (func $host))
        (func $leaf (export "leaf") (param i32) (result i32) (i32.div_u (i32.const 6) (local.get 0)))
        (func (export "run") (call $host))))";
    tessera::limits limits;
    limits.host_depth = 3;
    tessera::imports env;
    int depth = 0;
    bool held = false;
    env.define("env", "host", [&](tessera::caller& who) -> tessera::result<void> {
        const auto leaf = who.get<u32(u32)>("leaf");
        const auto run = who.get<void()>("run");
        REQUIRE((leaf && run));
        if (++depth < 3) {
            CHECK(must((*leaf)(3)) == 2);
            CHECK((*run)());
            CHECK(must((*leaf)(3)) == 2);
        } else {
            const auto r = (*leaf)(3);
            held = !r && r.error().why() == trap::stack_exhausted;
        }
        return {};
    });
    guest g(text, env, limits);
    const auto leaf = g.get<u32(u32)>("leaf");
    for (int again = 0; again < 2; ++again) {
        CHECK(must(leaf(2)) == 3);
        const auto r = leaf(0);
        REQUIRE_FALSE(r);
        CHECK(r.error().why() == trap::integer_divide_by_zero);
        REQUIRE(r.error().frames().size() == 1);
        CHECK(std::string(r.error().frames()[0].name) == "leaf");
        CHECK(r.error().frames()[0].offset != 0);
    }
    {
        std::vector<tessera::execution> waiting; // so that a stack is left at the greatest depth
        for (int i = 0; i < 5; ++i) {
            auto one = leaf.start(1);
            REQUIRE(one);
            waiting.push_back(std::move(*one));
        }
    }
    CHECK(g.get<void()>("run")());
    CHECK(held);
    CHECK(must(leaf(2)) == 3);
    tessera::typed_func<void()> again;
    held = false;
    const auto by_host = g.store.make_func([&]() -> tessera::result<void> {
        const auto r = leaf(2);
        held = !r;
        return g.store.data()->host_depth < 3 && r ? again() : tessera::result<void>();
    });
    again = must(tessera::typed_func<void()>::from(must(by_host)));
    CHECK(again());
    CHECK(held);
    CHECK(must(leaf(2)) == 3);

    g.store.data()->interrupt = true;
    const auto stopped = leaf(2);
    REQUIRE_FALSE(stopped);
    CHECK(stopped.error().why() == trap::interrupted);
    CHECK(must(leaf(2)) == 3); // the interruption is spent

    const u64 fuel = g.store.fuel();
    CHECK(must(leaf(2)) == 3);
    CHECK(g.store.fuel() < fuel);
    g.store.data()->fuel = 0;
    const auto dry = leaf(2);
    REQUIRE_FALSE(dry);
    CHECK(dry.error().why() == trap::out_of_fuel);
    g.store.data()->fuel = fuel;
    CHECK(must(leaf(2)) == 3);

    REQUIRE(g.store.reset());
    const auto stale = leaf(2);
    REQUIRE_FALSE(stale);
    CHECK(stale.error().is(tessera::msg::stale_handle));
}
