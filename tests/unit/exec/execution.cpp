// SPDX-License-Identifier: MIT
// Calls that stop at every safepoint and go on give what a straight run gives.
#include "support.hpp"

#include <tessera/module.hpp>
#include <tessera/store.hpp>
#include <tessera/wat.hpp>

#include <doctest/doctest.h>

#include <string>

#include "../../files.hpp"

namespace {

constexpr tessera::features metered = guests::profile;

tessera::result<tessera::module> load(const char* kernel) {
    const auto bytes = read_file((std::string(TESSERA_TESTS "/../bench/kernels/") + kernel + ".wasm").c_str());
    return tessera::module::parse<metered>(bytes);
}

struct stopped {
    const char* name;
    tessera::u32 work;
};
constexpr stopped kernels_stopped[] = {{"fib", 12}, {"sieve", 1},     {"matmul", 2},   {"crc32", 1}, {"mandelbrot", 8},
                                       {"vm", 200}, {"quicksort", 1}, {"dispatch", 5}, {"bulk", 100}};

} // namespace

TEST_CASE("a kernel that stops at every back edge and call ends with the same result") {
    for (const stopped& k : kernels_stopped) {
        CAPTURE(k.name);
        auto mod = load(k.name);
        REQUIRE(mod);
        const tessera::value args[] = {tessera::value::i32(k.work), tessera::value::i32(7)};
        tessera::value straight[1], stopped[1];

        tessera::store<metered> whole;
        auto a = whole.instantiate(*mod, {});
        REQUIRE(a);
        REQUIRE(whole.add_fuel(1'000'000'000'000));
        auto run = a->get<tessera::func>("run");
        REQUIRE(run);
        REQUIRE(run->call(args, straight));
        const tessera::u64 cost = 1'000'000'000'000 - whole.fuel();
        CHECK(cost > 0);

        tessera::store<metered> pieces;
        auto b = pieces.instantiate(*mod, {});
        REQUIRE(b);
        auto f = b->get<tessera::func>("run");
        REQUIRE(f);
        auto call = f->start(args);
        REQUIRE(call);
        tessera::u64 paid = 0, stops = 0;
        for (;;) {
            if (auto step = call->resume(); step || !call->paused())
                break; // an assertion a step would be most of the time
            ++stops;
            ++paid;
            static_cast<void>(pieces.add_fuel(1)); // never more than the next step needs, so it stops there
        }
        REQUIRE(call->done());
        REQUIRE(call->results(stopped));
        CHECK(stopped[0] == straight[0]);
        CHECK(paid == cost);
        CHECK(stops == paid);
        CHECK(pieces.fuel() == 0);
        CHECK_FALSE(call->resume());
    }
}

TEST_CASE("two calls of one store wait for each other") {
    auto mod = load("fib");
    REQUIRE(mod);
    tessera::store<metered> store;
    auto inst = store.instantiate(*mod, {});
    REQUIRE(inst);
    auto f = inst->get<tessera::func>("run");
    REQUIRE(f);
    const tessera::value fib_9[] = {tessera::value::i32(9), tessera::value::i32(1)};
    const tessera::value fib_11[] = {tessera::value::i32(11), tessera::value::i32(1)};
    tessera::value want_9[1], want_11[1];
    REQUIRE(store.add_fuel(1'000'000));
    REQUIRE(f->call(fib_9, want_9));
    REQUIRE(f->call(fib_11, want_11));
    REQUIRE(store.reset());
    auto again = store.instantiate(*mod, {});
    REQUIRE(again);
    f = again->get<tessera::func>("run");
    REQUIRE(f);
    auto a = f->start(fib_9);
    auto b = f->start(fib_11);
    REQUIRE(a);
    REQUIRE(b);
    for (int i = 0; !(a->done() && b->done()); ++i) {
        REQUIRE(store.add_fuel(5));
        auto& next = i % 2 ? (a->done() ? b : a) : (b->done() ? a : b);
        if (auto step = next->resume(); !step) REQUIRE(next->paused());
    }
    tessera::value got[1];
    REQUIRE(a->results(got));
    CHECK(got[0] == want_9[0]);
    REQUIRE(b->results(got));
    CHECK(got[0] == want_11[0]);
}

TEST_CASE("an abandoned call gives its stack back") {
    auto mod = load("fib");
    REQUIRE(mod);
    tessera::store<metered> store;
    auto inst = store.instantiate(*mod, {});
    REQUIRE(inst);
    auto f = inst->get<tessera::func>("run");
    REQUIRE(f);
    const tessera::value args[] = {tessera::value::i32(20), tessera::value::i32(1)};
    for (int i = 0; i < 100; ++i) {
        auto call = f->start(args);
        REQUIRE(call);
        REQUIRE(store.add_fuel(100));
        auto step = call->resume();
        REQUIRE_FALSE(step);
        CHECK(step.error().why() == tessera::trap::out_of_fuel);
        CHECK(call->paused());
    }
}

TEST_CASE("what the host does while a call waits is seen when it goes on") {
    // Each round writes the number of pages at the end of the memory and calls through the table.
    auto mod = tessera::module::parse_text<metered>(R"((module
        (memory (export "memory") 1)
        (table funcref (elem $add))
        (func $add (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func (export "run") (param $n i32) (result i32) (local $sum i32)
            (loop $again
                (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (memory.size))
                (local.set $sum (call_indirect (param i32) (result i32) (local.get $sum) (i32.const 0)))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $sum))))");
    REQUIRE(mod);
    tessera::store<metered> store;
    auto inst = store.instantiate(*mod);
    REQUIRE(inst);
    auto memory = inst->get<tessera::memory>("memory");
    REQUIRE(memory);
    auto f = inst->get<tessera::func>("run");
    REQUIRE(f);
    const tessera::value args[] = {tessera::value::i32(50)};
    auto call = f->start(args);
    REQUIRE(call);
    int stops = 0;
    while (!call->done() && stops < 10'000) {
        if (auto step = call->resume(); !step) {
            REQUIRE(call->paused());
            if (stops % 16 == 0) REQUIRE(memory->grow(1));        // the memory may move
            if (stops % 8 == 0) REQUIRE(store.instantiate(*mod)); // the list of functions may move
            REQUIRE(store.add_fuel(1));
            ++stops;
        }
    }
    REQUIRE(call->done());
    auto sum = call->get<tessera::u32>();
    REQUIRE(sum);
    CHECK(*sum == 50);
    auto last = memory->load<tessera::u32>((memory->pages() << 16) - 4);
    REQUIRE(last);
    CHECK((*last == memory->pages() || *last == 0)); // 0: it grew after the last round
}
