// SPDX-License-Identifier: MIT
// Stores that go back to what they were some frames ago.
#include "support.hpp"

#include <tessera/save.hpp>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

namespace rolled {

using store = tessera::store<guests::profile>;

// Everything that writes to a memory, to a table, to a global, or drops a segment.
constexpr const char* writer = R"((module
    (memory $m (export "memory") 4 40) (memory $n (export "n") 1 9) (memory $odd 70 100000 (pagesize 1))
    (table (export "t") 3 20 funcref) (global (export "g") (mut i64) (i64.const 0)) (global $v (mut v128) (v128.const i64x2 0 0))
    (data $d "0123456789abcdef") (elem $e func $f) (func $f)
    (func (export "store8") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
    (func (export "store64") (param i32 i32) (i64.store offset=3 (local.get 0) (i64.mul (i64.extend_i32_u (local.get 1)) (i64.const 0x0123456789abcdef))))
    (func (export "vector") (param i32 i32) (v128.store (local.get 0) (i32x4.splat (local.get 1))))
    (func (export "lane") (param i32 i32) (v128.store32_lane 2 (local.get 0) (i32x4.splat (local.get 1))))
    (func (export "constant") (param i32 i32) (i32.store offset=8190 (i32.const 0) (local.get 1)))
    (func (export "other") (param i32 i32) (i32.store $n (i32.and (local.get 0) (i32.const 0xfff0)) (local.get 1)))
    (func (export "odd") (param i32 i32) (i32.store8 $odd (i32.rem_u (local.get 0) (i32.const 70)) (local.get 1)))
    (func (export "grow_odd") (param i32 i32) (drop (memory.grow $odd (i32.and (local.get 1) (i32.const 3000)))))
    (func (export "fill") (param i32 i32) (memory.fill (local.get 0) (local.get 1) (i32.const 10000)))
    (func (export "copy") (param i32 i32) (memory.copy $n $m (i32.const 100) (local.get 0) (i32.const 5000)))
    (func (export "init") (param i32 i32) (memory.init $d (local.get 0) (i32.const 0) (i32.const 0)))
    (func (export "atomic") (param i32 i32) (drop (i32.atomic.rmw.add (i32.and (local.get 0) (i32.const -4)) (local.get 1))))
    (func (export "exchange") (param i32 i32) (i64.atomic.store (i32.and (local.get 0) (i32.const -8)) (i64.extend_i32_u (local.get 1))))
    (func (export "grow") (param i32 i32) (drop (memory.grow (i32.const 1))) (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (local.get 1)))
    (func (export "globals") (param i32 i32) (global.set 0 (i64.extend_i32_u (local.get 1))) (global.set $v (i32x4.splat (local.get 0))))
    (func (export "table") (param i32 i32) (table.set (i32.const 1) (ref.func $f)) (drop (table.grow (ref.func $f) (i32.const 1))))
    (func (export "drop") (param i32 i32) (data.drop $d) (elem.drop $e))
    (elem declare func $f)))";
constexpr const char* ways[] = {"store8",   "store64",  "vector",  "lane",  "constant", "other",
                                "odd",      "grow_odd", "fill",    "copy",  "init",     "atomic",
                                "exchange", "grow",     "globals", "table", "drop"};

tessera::u64 hash_of(store& s) {
    const auto h = tessera::state_hash(s);
    REQUIRE(h);
    return *h;
}

} // namespace rolled

TEST_CASE("going back gives the state of that frame, whatever was written since") {
    for (unsigned seed = 0; seed < 20; ++seed) {
        CAPTURE(seed);
        std::mt19937 random(seed);
        const guests::guest g(rolled::writer);
        auto& s = const_cast<rolled::store&>(g.store);
        tessera::rollback<guests::profile> ring(s, 8);
        std::vector<tessera::u64> hashes;
        for (unsigned frame = 0; frame < 120; ++frame) {
            for (unsigned n = unsigned(random() % 6); n; --n) {
                const char* way = rolled::ways[random() % std::size(rolled::ways)];
                static_cast<void>(g.get<void(int, int)>(way)(int(random() % 0x3d000), int(random())));
            }
            if (random() % 4 == 0 && ring.next() > ring.oldest()) {
                const auto back = ring.oldest() + random() % (ring.next() - ring.oldest());
                REQUIRE(ring.go_back(back));
                CHECK(rolled::hash_of(s) == hashes[back]);
                CHECK(ring.next() == back + 1);
                hashes.resize(back + 1);
                continue;
            }
            const auto taken = ring.take();
            REQUIRE_MESSAGE(taken, taken.error().message() << taken.error().detail());
            CHECK(*taken == hashes.size());
            hashes.push_back(rolled::hash_of(s));
        }
    }
}

TEST_CASE("states are numbered, and the oldest are forgotten") {
    const guests::guest g(rolled::writer);
    auto& s = const_cast<rolled::store&>(g.store);
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

TEST_CASE("a store with calls on their way or objects in its heap has no frames") {
    const guests::guest g(R"((module (type $s (struct)) (func (export "run") (drop (struct.new $s)))))");
    auto& s = const_cast<rolled::store&>(g.store);
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
