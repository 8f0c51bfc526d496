// SPDX-License-Identifier: MIT
// Stores that go back to what they were some frames ago, for the tests of every build that can: interpreted, or as
// machine code.
#pragma once

#include "guest.hpp"

#include <tessera/game.hpp>
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
inline constexpr const char* ways[] = {"store8",  "store16", "store32",  "store64", "long8",   "long16",   "long32",
                                       "float",   "double",  "number",   "vector",  "lane8",   "lane16",   "lane",
                                       "lane64",  "wide",    "constant", "other",   "odd",     "grow_odd", "fill",
                                       "copy",    "init",    "atomic",   "and8",    "compare", "exchange", "grow",
                                       "globals", "table",   "drop"};

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

/// A guest whose calls nest, write, and ask the host, which answers later.
inline constexpr const char* asker = R"((module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory 2) (global $g (mut i32) (i32.const 1))
    (func $leaf (param $n i32) (result i32) (local $f f64) (local $v v128)
        (loop $l
            (local.set $f (f64.add (local.get $f) (f64.const 1.5)))
            (local.set $v (i32x4.add (local.get $v) (i32x4.splat (local.get $n))))
            (v128.store (i32.and (i32.mul (global.get $g) (i32.const 4099)) (i32.const 0x1fff0)) (local.get $v))
            (global.set $g (i32.add (i32.mul (global.get $g) (i32.const 5)) (local.get $n)))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (i32.add (i32.trunc_sat_f64_s (local.get $f)) (i32x4.extract_lane 2 (local.get $v))))
    (func $run (export "run") (param $n i32) (result i32) (local $s i32)
        (local.set $s (call $leaf (i32.add (local.get $n) (i32.const 3))))
        (if (i32.and (local.get $s) (i32.const 1)) (then
            (local.set $s (i32.xor (local.get $s) (call $ask (local.get $s))))))
        (if (i32.eq (local.get $n) (i32.const 9)) (then (unreachable)))
        (if (result i32) (local.get $n)
            (then (i32.add (local.get $s) (call $run (i32.sub (local.get $n) (i32.const 1)))))
            (else (local.get $s)))))
)";
inline void define_ask(tessera::imports& env) {
    REQUIRE(env.define("env", "ask", [](tessera::caller& who, tessera::u32 x) -> tessera::result<tessera::u32> {
        return tessera::game::suspend(who, x);
    }));
}

/// Some mods, each with a call that stands or is over.
template <tessera::features F>
struct standing_calls {
    guests::basic_guest<F>& guest;
    std::vector<tessera::game::call> calls;

    explicit standing_calls(guests::basic_guest<F>& g, unsigned n) : guest(g) {
        for (unsigned i = 0; i < n; ++i) calls.push_back(begin(i));
    }
    tessera::game::call begin(unsigned n) {
        auto made = tessera::game::start(guest.template get<int(int)>("run"), int(n));
        REQUIRE(made);
        return std::move(*made);
    }
    std::vector<tessera::keepable_call> keepable() {
        std::vector<tessera::keepable_call> all;
        for (tessera::game::call& c : calls) all.push_back(c.keepable());
        return all;
    }
    /// What happens depends on the number of the frame, and on what came before.
    void frame(unsigned number) {
        using tessera::game::standing;
        std::mt19937 random(number);
        for (tessera::game::call& c : calls) {
            const unsigned what = unsigned(random() % 12), n = unsigned(random() % 11);
            if (c.is_over()) {
                if (what < 6) c = begin(n);
            } else if (c.state() == standing::waiting) {
                if (what < 6) REQUIRE(c.answer(tessera::u32(c.ticket() * 3 + 1)));
                else if (what == 7) REQUIRE(c.fail(tessera::trap::unreachable));
                if (what & 1) c.run(20);
            } else {
                c.run(1 + random() % 90);
            }
        }
    }
    std::vector<tessera::u64> state() {
        std::vector<tessera::u64> all;
        std::vector<tessera::execution*> saveable;
        for (tessera::game::call& c : calls) {
            all.insert(all.end(), {tessera::u64(c.state()), c.fuel_used(), c.fuel_owed(), c.ticket()});
            if (c.state() == tessera::game::standing::finished) all.push_back(tessera::u64(*c.template get<int>()));
            if (c.state() == tessera::game::standing::trapped) all.push_back(tessera::u64(c.error().why()));
            if (auto* const x = c.saveable()) saveable.push_back(x);
        }
        const auto h = tessera::state_hash(guest.store, saveable);
        REQUIRE(h);
        all.push_back(*h);
        return all;
    }
};
/// Plays frames, goes back, and plays them again: all of it has to be the same. How often calls stood.
template <tessera::features F>
unsigned check_calls(guests::basic_guest<F>& g, unsigned seed) {
    standing_calls<F> mods(g, 7);
    tessera::rollback<F> ring(g.store, 9);
    std::vector<std::vector<tessera::u64>> states;
    std::mt19937 random(seed);
    unsigned stood = 0;
    for (unsigned step = 0; step < 400; ++step) {
        if (random() % 5 == 0 && ring.next() > ring.oldest() + 1) {
            const auto back = ring.oldest() + random() % (ring.next() - ring.oldest());
            if (random() % 2 == 0) // other calls have the places
                for (unsigned i = 0; i < mods.calls.size(); i += 1 + unsigned(random() % 3)) {
                    mods.calls[i] = mods.begin(1);
                    if (random() % 2) mods.calls[i].run(random() % 500);
                }
            const auto ok = ring.go_back(back, mods.keepable());
            REQUIRE_MESSAGE(ok, ok.error().message() << ok.error().detail());
            CHECK(mods.state() == states[std::size_t(back)]);
            continue;
        }
        const auto number = unsigned(ring.next());
        if (number) mods.frame(seed * 1000 + number);
        const auto taken = ring.take(mods.keepable());
        REQUIRE_MESSAGE(taken, taken.error().message() << taken.error().detail());
        REQUIRE(*taken == number);
        const auto now = mods.state();
        if (number < states.size()) CHECK(now == states[number]); // played before
        else states.push_back(now);
        for (const auto& c : mods.calls) stood += c.is_over() ? 0 : 1;
    }
    return stood;
}

} // namespace rolled
