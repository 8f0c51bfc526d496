// SPDX-License-Identifier: MIT
// Stores that go back to what they were some frames ago, for the tests of every build that can: interpreted, or as
// machine code.
#pragma once

#include "guest.hpp"

#include <tessera/save.hpp>

#include <random>
#include <string>
#include <vector>

namespace rolled {

// Everything that writes to a memory, to a table, to a global, or drops a segment.
inline constexpr const char* writer = R"((module
    (memory $m (export "memory") 4 40) (memory $n (export "n") 1 9) (memory $odd 70 100000 (pagesize 1)) (memory $wide i64 2 9)
    (table (export "t") 3 20 funcref) (global (export "g") (mut i64) (i64.const 0)) (global $v (mut v128) (v128.const i64x2 0 0))
    (data $d "0123456789abcdef") (elem $e func $f) (func $f)
    (func (export "store8") (param i32 i32) (i32.store8 (local.get 0) (local.get 1)))
    (func (export "store16") (param i32 i32) (i32.store16 (local.get 0) (local.get 1)))
    (func (export "store32") (param i32 i32) (i32.store offset=1 (local.get 0) (local.get 1)))
    (func (export "long8") (param i32 i32) (i64.store8 (local.get 0) (i64.extend_i32_u (local.get 1))))
    (func (export "long16") (param i32 i32) (i64.store16 (local.get 0) (i64.extend_i32_u (local.get 1))))
    (func (export "long32") (param i32 i32) (i64.store32 (local.get 0) (i64.extend_i32_u (local.get 1))))
    (func (export "float") (param i32 i32) (f32.store (local.get 0) (f32.convert_i32_u (local.get 1))))
    (func (export "double") (param i32 i32) (f64.store offset=5 (local.get 0) (f64.convert_i32_u (local.get 1))))
    (func (export "number") (param i32 i32) (i32.store (local.get 0) (i32.const 0x5a5a5a5a)) (i64.store (local.get 0) (i64.const -3)))
    (func (export "wide") (param i32 i32) (i64.store $wide offset=7 (i64.extend_i32_u (i32.and (local.get 0) (i32.const 0xffff))) (i64.extend_i32_u (local.get 1)))
        (v128.store $wide (i64.const 5000) (i32x4.splat (local.get 1))) (i32.store8 $wide (i64.const 0x1fff0) (local.get 1)))
    (func (export "lane8") (param i32 i32) (v128.store8_lane 2 (local.get 0) (i32x4.splat (local.get 1))))
    (func (export "lane16") (param i32 i32) (v128.store16_lane 2 (local.get 0) (i32x4.splat (local.get 1))))
    (func (export "lane64") (param i32 i32) (v128.store64_lane offset=9 1 (local.get 0) (i32x4.splat (local.get 1))))
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
    (func (export "compare") (param i32 i32) (drop (i64.atomic.rmw.cmpxchg (i32.and (local.get 0) (i32.const -8)) (i64.const 0) (i64.extend_i32_u (local.get 1)))))
    (func (export "and8") (param i32 i32) (drop (i32.atomic.rmw8.and_u (local.get 0) (local.get 1))))
    (func (export "exchange") (param i32 i32) (i64.atomic.store (i32.and (local.get 0) (i32.const -8)) (i64.extend_i32_u (local.get 1))))
    (func (export "grow") (param i32 i32) (drop (memory.grow (i32.const 1))) (i32.store (i32.sub (i32.shl (memory.size) (i32.const 16)) (i32.const 4)) (local.get 1)))
    (func (export "globals") (param i32 i32) (global.set 0 (i64.extend_i32_u (local.get 1))) (global.set $v (i32x4.splat (local.get 0))))
    (func (export "table") (param i32 i32) (table.set (i32.const 1) (ref.func $f)) (drop (table.grow (ref.func $f) (i32.const 1))))
    (func (export "drop") (param i32 i32) (data.drop $d) (elem.drop $e))
    (elem declare func $f)))";
inline constexpr const char* ways[] = {
    "store8", "store16", "store32", "store64", "long8", "long16", "long32", "float", "double", "number", "vector",
    "lane8",  "lane16",  "lane",    "lane64",  "wide",  "constant", "other", "odd",    "grow_odd", "fill", "copy",
    "init",   "atomic",  "and8",    "compare", "exchange", "grow",  "globals", "table", "drop"};

template <tessera::features F>
tessera::u64 hash_of(tessera::store<F>& s) {
    const auto h = tessera::state_hash(s);
    REQUIRE(h);
    return *h;
}

/// Writes in frames, and goes back to frames. Half of the writes are where a page ends.
template <tessera::features F>
void check_frames(guests::basic_guest<F>& g, unsigned seed) {
    std::mt19937 random(seed);
    tessera::store<F>& s = g.store;
    tessera::rollback<F> ring(s, 8);
    std::vector<tessera::u64> hashes;
    for (unsigned frame = 0; frame < 120; ++frame) {
        for (unsigned n = unsigned(random() % 6); n; --n) {
            const char* way = ways[random() % std::size(ways)];
            unsigned at = unsigned(random() % 0x3d000);
            if (random() % 2) at = (at | 4095) - unsigned(random() % 17);
            CAPTURE(way);
            static_cast<void>(g.template get<void(int, int)>(way)(int(at), int(random())));
        }
        if (random() % 4 == 0 && ring.next() > ring.oldest()) {
            const auto back = ring.oldest() + random() % (ring.next() - ring.oldest());
            REQUIRE(ring.go_back(back));
            CHECK(hash_of(s) == hashes[back]);
            CHECK(ring.next() == back + 1);
            hashes.resize(back + 1);
            continue;
        }
        const auto taken = ring.take();
        REQUIRE_MESSAGE(taken, taken.error().message() << taken.error().detail());
        CHECK(*taken == hashes.size());
        hashes.push_back(hash_of(s));
    }
}

/// Each way of writing alone, at each distance from the end of a page: going back undoes it.
template <tessera::features F>
void check_each_way(guests::basic_guest<F>& g) {
    tessera::rollback<F> ring(g.store, 2);
    for (const char* way : ways)
        for (int before = 0; before < 20; ++before) {
            CAPTURE(way);
            CAPTURE(before);
            const auto taken = ring.take();
            REQUIRE(taken);
            const auto was = hash_of(g.store);
            static_cast<void>(g.template get<void(int, int)>(way)(0x9000 - before, 0x77777777 + before));
            REQUIRE(ring.go_back(*taken));
            CHECK(hash_of(g.store) == was);
        }
}

} // namespace rolled
