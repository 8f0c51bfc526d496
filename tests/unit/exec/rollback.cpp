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

TEST_CASE("what the host writes it says") {
    guests::guest g(rolled::writer);
    auto& s = g.store;
    tessera::rollback<guests::profile> ring(s, 3);
    auto m = g.instance.get<tessera::memory>("memory");
    REQUIRE(m);
    REQUIRE(ring.take());
    const auto before = rolled::hash_of(s);
    REQUIRE(m->store<tessera::u32>(70'000, 7));
    REQUIRE(ring.touch(*m, 70'000, 4));
    REQUIRE(ring.go_back(0));
    CHECK(rolled::hash_of(s) == before);
    CHECK_FALSE(ring.touch(*m, 0x40000, 1));
    CHECK_FALSE(ring.go_back(1));
    for (int i = 1; i < 6; ++i) REQUIRE(*ring.take() == tessera::u64(i));
    CHECK(ring.oldest() == 3);
    CHECK_FALSE(ring.go_back(2));
}

TEST_CASE("a store with calls on their way or objects in its heap has no frames") {
    guests::guest g(R"((module (type $s (struct)) (func (export "run") (drop (struct.new $s)))))");
    auto& s = g.store;
    tessera::rollback<guests::profile> ring(s, 3);
    {
        auto call = g.instance.get<tessera::func>("run")->start({});
        REQUIRE(call);
        CHECK(ring.take().error().detail() == "a call runs or waits");
    }
    CHECK(ring.take());
    REQUIRE(g.get<void()>("run")());
    CHECK(ring.take().error().detail() == "there are objects in the heap");
}
