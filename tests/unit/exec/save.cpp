// SPDX-License-Identifier: MIT
// Stores that are saved, restored elsewhere, and go on.
#include "support.hpp"

#include "../saved.hpp"

namespace {
using interpreted = saved::with<guests::profile>;
void leave(interpreted::store&, std::mt19937&) {}
} // namespace

TEST_CASE("a kernel that is saved where it stops, and goes on in a new store, gives the same") {
    interpreted::check_kernels(leave);
}

TEST_CASE("values that a call has not used yet go with it, whatever lowering did with them") {
    const auto mod = interpreted::parse(saved::waiting_values);
    for (unsigned seed = 0; seed < 8; ++seed)
        CHECK(interpreted::check_slices(mod, "run", {tessera::value::i32(6)}, 3, 10'000, seed) > 100);
}

TEST_CASE("a frame with more slots than an operand can name is saved") {
    const auto mod = interpreted::parse(saved::wide_frame());
    CHECK(interpreted::check_slices(mod, "run", {tessera::value::i32(3)}, 11, 4, 1) > 2);
}

TEST_CASE("objects, exceptions and references to functions are saved with a call") {
    const auto mod = interpreted::parse(saved::objects);
    for (unsigned seed = 0; seed < 8; ++seed)
        CHECK(interpreted::check_slices(mod, "run", {tessera::value::i32(5)}, 4, 10'000, seed) > 60);
}

TEST_CASE("a call of several instances, and what they share") {
    const auto lower = interpreted::parse(R"((module
        (import "env" "note" (func $note (param i32) (result i32)))
        (memory (export "memory") 1 3) (table (export "table") 4 funcref)
        (global (export "count") (mut i64) (i64.const 5)) (tag (export "tag") (param i32))
        (func (export "note") (param i32) (result i32) (call $note (local.get 0)))
        (func (export "work") (param $n i32) (result i32) (local $s i32)
            (loop $l (local.set $s (i32.add (local.get $s) (call $note (local.get $n))))
                (i32.store (local.get $n) (local.get $s))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $s))))");
    const auto upper = interpreted::parse(R"((module
        (import "lower" "work" (func $work (param i32) (result i32)))
        (import "lower" "memory" (memory 1)) (import "lower" "table" (table 4 funcref))
        (import "lower" "count" (global $count (mut i64))) (import "lower" "tag" (tag $t (param i32)))
        (import "env" "note" (func $note (param i32) (result i32)))
        (func $tail (param i32) (result i32) (return_call $work (local.get 0)))
        (func (export "run") (param $n i32) (result i32)
            (table.set (i32.const 1) (ref.func $note))
            (table.set (i32.const 2) (ref.func $run))
            (global.set $count (i64.add (global.get $count) (i64.const 1)))
            (i32.add (call $work (local.get $n)) (i32.add (call $tail (local.get $n))
                (call_indirect (param i32) (result i32) (local.get $n) (i32.const 1)))))
        (func $run (param i32) (result i32) (i32.const 0)) (elem declare func $note $run)))");
    int calls = 0;
    tessera::imports env;
    REQUIRE(env.define("env", "note", [&calls](int n) { return ++calls, 3 * n; }));

    interpreted::store one;
    REQUIRE(one.add_fuel(10));
    auto a = one.instantiate(lower, env);
    REQUIRE(a);
    REQUIRE(env.define("lower", *a));
    auto b = one.instantiate(upper, env);
    REQUIRE_MESSAGE(b, b.error().message() << b.error().detail());
    const tessera::value args[] = {tessera::value::i32(9)};
    auto started = b->get<tessera::func>("run")->start(args);
    REQUIRE(started);
    std::vector<tessera::execution> call;
    call.push_back(std::move(*started));
    tessera::imports fresh;
    REQUIRE(fresh.define("env", "note", [&calls](int n) { return ++calls, 3 * n; }));
    unsigned stops = 0;
    for (;; ++stops) {
        interpreted::store next;
        auto there = interpreted::restore(next, interpreted::save(one, {&call[0]}), {upper, lower}, fresh);
        REQUIRE(there.instances.size() == 2);
        // A copy that goes on by itself changes nothing here.
        const auto before = interpreted::hash_of(one, {&call[0]});
        {
            interpreted::store other;
            tessera::execution* const those[] = {&call[0]};
            auto copy = tessera::fork(one, other, those);
            REQUIRE(copy);
            REQUIRE(other.add_fuel(1'000'000));
            CHECK(interpreted::hash_of(one, {&call[0]}) == before);
            REQUIRE(copy->calls[0].resume());
            CHECK(*copy->calls[0].get<int>() == 3 * (45 + 45 + 9));
            CHECK(interpreted::hash_of(one, {&call[0]}) == before);
        }
        call[0] = std::move(there.calls[0]);
        one = std::move(next);
        REQUIRE(one.add_fuel(stops ? 12 : 1));
        if (auto step = call[0].resume(); !step) REQUIRE(call[0].paused());
        if (call[0].done()) break;
    }
    CHECK(stops > 8);
    CHECK(*call[0].get<int>() == 3 * (45 + 45 + 9));
    CHECK(calls > 0);
}

TEST_CASE("a call that found the heap full goes on elsewhere") {
    const auto mod = interpreted::parse(R"((module
        (type $a (array (mut i32))) (type $s (struct (field i32) (field i64) (field (ref null $a))))
        (func (export "run") (param $n i32) (result i32) (local $a (ref null $a))
            (i32.const 30)
            (local.set $a (array.new $a (i32.const 7) (local.get $n)))
            (struct.get $s 0 (struct.new $s (i32.const 12) (i64.const 3) (local.get $a)))
            (i32.add) (array.get $a (local.get $a) (i32.const 5)) (i32.add))))");
    tessera::limits small;
    small.heap_bytes = 1 << 20;
    interpreted::store tight(small), wide;
    REQUIRE(tight.add_fuel(1 << 20));
    auto i = tight.instantiate(mod);
    REQUIRE(i);
    const tessera::value args[] = {tessera::value::i32(1 << 19)};
    auto call = i->get<tessera::func>("run")->start(args);
    REQUIRE(call);
    const auto stopped = call->resume();
    REQUIRE_FALSE(stopped);
    REQUIRE(stopped.error().why() == tessera::trap::out_of_memory);
    REQUIRE(call->paused());
    auto there = interpreted::restore(wide, interpreted::save(tight, {&*call}), {mod});
    REQUIRE(there.calls[0].resume());
    CHECK(*there.calls[0].get<int>() == 49);
}

TEST_CASE("what cannot be saved is refused with the reason") {
    interpreted::store s;
    REQUIRE(s.add_fuel(1000));
    const auto mod = interpreted::parse(R"((module (import "env" "f" (func $f)) (table (export "t") 2 funcref)
        (func (export "run") (call $f))))");
    tessera::imports env;
    std::string refused;
    REQUIRE(env.define("env", "f", [&] {
        const auto r = tessera::save(s);
        refused = r ? "" : std::string(r.error().detail());
    }));
    auto i = s.instantiate(mod, env);
    REQUIRE(i);
    REQUIRE((*i->get<void()>("run"))());
    CHECK(refused == "a host function called from a guest runs");

    auto other = s.make_func([] {});
    REQUIRE(other);
    REQUIRE(i->get<tessera::table>("t")->set(0, other->as_value()));
    const auto unnamed = tessera::save(s);
    REQUIRE_FALSE(unnamed);
    CHECK(unnamed.error().detail() == "a host function that no module imports");
    auto ended = i->get<tessera::func>("run")->start({});
    REQUIRE(ended);
    REQUIRE(ended->resume());
    tessera::execution* const calls[] = {&*ended};
    CHECK(tessera::save(s, calls).error().detail() == "a call that has ended");
    interpreted::store elsewhere;
    CHECK(tessera::save(elsewhere, calls).error().detail() == "a call that has ended");
}

TEST_CASE("bytes that are no saved store are an error with a position, and leave a store that is as new") {
    const auto mod = interpreted::parse(R"((module
        (type $s (struct (field (mut (ref null $s))) (field i32)))
        (import "env" "f" (func $f))
        (memory 1) (table 2 anyref) (global (mut (ref null $s)) (ref.null $s)) (tag (param i32))
        (func $go (param i32) (result i32) (loop $l (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 4))
        (func (export "run") (param i32) (result i32) (local $x (ref null $s))
            (local.set $x (struct.new $s (ref.null $s) (i32.const 6)))
            (table.set (i32.const 0) (local.get $x))
            (global.set 0 (struct.new $s (local.get $x) (i32.const 8)))
            (i32.store (i32.const 70) (i32.const 1))
            (i32.add (i64.const 3) (call $go (local.get 0)) (struct.get $s 1 (local.get $x))) (local.set 0) (drop) (local.get 0))))");
    tessera::imports env;
    REQUIRE(env.define("env", "f", [] {}));
    interpreted::store s;
    REQUIRE(s.add_fuel(40));
    auto i = s.instantiate(mod, env);
    REQUIRE(i);
    const tessera::value args[] = {tessera::value::i32(50)};
    auto call = i->get<tessera::func>("run")->start(args);
    REQUIRE(call);
    REQUIRE_FALSE(call->resume());
    const saved::bytes good = interpreted::save(s, {&*call});
    tessera::limits few;
    few.memory_bytes = few.total_memory_bytes = 16 << 20;
    few.heap_bytes = 4 << 20;
    interpreted::store to(few);
    const auto take = [&](const saved::bytes& b) {
        const auto r = tessera::restore(to, b, {&mod, 1}, env);
        if (!r) {
            CHECK(r.error().offset() <= b.size());
        } else if (!r->calls.empty()) { // another state, which is a state nevertheless
            to.data()->fuel = 10'000;   // what the bytes say could be enough for hours
            auto there = tessera::save(to);
            CHECK(there);
        }
        const bool fine = bool(r);
        for (int n = 0; fine && n < 3 && const_cast<tessera::restored&>(*r).calls.size() == 1; ++n)
            static_cast<void>(const_cast<tessera::restored&>(*r).calls[0].resume());
        REQUIRE(to.reset());
        return fine;
    };
    CHECK(take(good));
    // Of the zeros of a memory's page, a few will do.
    const auto matters = [&](std::size_t n) { return good[n] != 0 || n % 61 == 0 || n + 200 > good.size(); };
    for (std::size_t n = 0; n < good.size(); ++n)
        if (matters(n)) CHECK_FALSE(take({good.begin(), good.begin() + std::ptrdiff_t(n)}));
    saved::bytes more = good;
    more.push_back(0);
    CHECK_FALSE(take(more));
    for (std::size_t n = 0; n < good.size(); ++n)
        for (unsigned flip : {1u, 2u, 4u, 16u, 0x80u, 0xffu}) {
            if (!matters(n)) continue;
            saved::bytes bad = good;
            bad[n] = tessera::u8(bad[n] ^ flip);
            take(bad);
        }
    // A module that is not given, a function that is missing, a store in use.
    CHECK(tessera::restore(to, good, {}, env).error().detail() == "a module that was not given");
    CHECK(tessera::restore(to, good, {&mod, 1}).error().kind() == tessera::kind::unlinkable);
    CHECK(tessera::restore(s, good, {&mod, 1}, env).error().detail() == "a store that is in use");
}
