// SPDX-License-Identifier: MIT
// Stores that go back to what they were some frames ago.
#include "support.hpp"

#include "../rolled.hpp"

TEST_CASE("going back gives the state of that frame, whatever was written since") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        CAPTURE(seed);
        guests::guest g(rolled::writer);
        rolled::check_frames(g, seed);
    }
}

TEST_CASE("each way of writing is undone, across the end of a page, too") {
    guests::guest g(rolled::writer);
    rolled::check_each_way(g);
}

TEST_CASE("states are numbered, and the oldest are forgotten") {
    guests::guest g(rolled::writer);
    auto& s = g.store;
    tessera::rollback<guests::profile> ring(s, 3);
    auto m = g.instance.get<tessera::memory>("memory");
    REQUIRE(m);
    REQUIRE(ring.take());
    const auto before = rolled::hash_of(s);
    REQUIRE(m->store<tessera::u32>(70'000, 7));
    REQUIRE(ring.go_back(0));
    CHECK(rolled::hash_of(s) == before);
    CHECK(ring.touch(*m, 0x3ffff, 1));
    CHECK_FALSE(ring.touch(*m, 0x40000, 1));
    CHECK_FALSE(ring.go_back(1));
    for (int i = 1; i < 6; ++i) REQUIRE(*ring.take() == tessera::u64(i));
    CHECK(ring.oldest() == 3);
    CHECK_FALSE(ring.go_back(2));
}

TEST_CASE("calls that stand come back with the state, waiting or not, whatever has become of them") {
    tessera::imports env;
    rolled::define_ask(env);
    for (unsigned seed = 0; seed < 6; ++seed) {
        CAPTURE(seed);
        guests::guest g(rolled::asker, env);
        CHECK(rolled::check_calls(g, seed) > 500);
    }
}

TEST_CASE("an execution comes back as it stood, or as it was done") {
    guests::guest g(R"((module (global (mut i32) (i32.const 0)) (func (export "run") (result i32)
        (loop $l (global.set 0 (i32.add (global.get 0) (i32.const 1))) (br_if $l (i32.ne (global.get 0) (i32.const 50))))
        (global.get 0))))");
    auto& s = g.store;
    s.data()->fuel = 0;
    tessera::rollback<guests::profile> ring(s, 4);
    auto call = g.instance.get<tessera::func>("run")->start({});
    REQUIRE(call);
    const tessera::keepable_call all[] = {*call};
    REQUIRE(ring.take(all)); // not begun
    REQUIRE(s.add_fuel(100));
    REQUIRE_FALSE(call->resume());
    REQUIRE(ring.take(all));
    REQUIRE(s.add_fuel(10'000));
    REQUIRE(call->resume());
    REQUIRE(ring.take(all));
    REQUIRE(ring.go_back(2, all));
    CHECK(call->done());
    CHECK(*call->get<int>() == 50);
    REQUIRE(ring.go_back(1, all));
    CHECK(call->paused());
    REQUIRE(s.add_fuel(10'000));
    REQUIRE(call->resume());
    CHECK(*call->get<int>() == 50);
    REQUIRE(ring.go_back(0, all));
    CHECK_FALSE(call->paused());
    CHECK_FALSE(call->resume());
    CHECK(call->paused());
    REQUIRE(s.add_fuel(10'000));
    REQUIRE(call->resume());
    CHECK(*call->get<int>() == 50);
    // The number of places has to agree.
    CHECK(ring.go_back(0).error().detail() == "number of calls");
    auto other = g.instance.get<tessera::func>("run")->start({});
    REQUIRE(other);
    CHECK(ring.go_back(0, all).error().detail() == "a call stands that is not given");
    const tessera::keepable_call twice[] = {*other, *other};
    CHECK(ring.take(twice).error().detail() == "a call that is given twice");
    const tessera::keepable_call instead[] = {*other};
    REQUIRE(ring.go_back(0, instead));
    REQUIRE(s.add_fuel(10'000));
    REQUIRE(other->resume());
    CHECK(*other->get<int>() == 50);
    tessera::store<guests::profile> elsewhere;
    auto made = elsewhere.make_func([] {});
    REQUIRE(made);
    auto foreign = made->start({});
    REQUIRE(foreign);
    const tessera::keepable_call wrong[] = {*foreign};
    CHECK(ring.take(wrong).error().is(tessera::msg::other_store));
}

TEST_CASE("what cannot be kept is refused with the reason") {
    guests::guest g(R"((module (type $s (struct)) (func (export "run") (drop (struct.new $s)))))");
    auto& s = g.store;
    tessera::rollback<guests::profile> ring(s, 3);
    {
        auto call = g.instance.get<tessera::func>("run")->start({});
        REQUIRE(call);
        CHECK(ring.take().error().detail() == "a call stands that is not given");
    }
    CHECK(ring.take());
    REQUIRE(g.get<void()>("run")());
    CHECK(ring.take().error().detail() == "there are objects in the heap");
}
