// SPDX-License-Identifier: MIT
// The heap without guests: what the host makes, keeps, changes and leaves.
#include "objects.hpp"

#include <doctest/doctest.h>

#include <map>
#include <random>

using namespace objects;
using namespace tessera;

TEST_CASE("heap: every size has the smallest class that holds it") {
    using heap = runtime::object_heap;
    for (u32 n = 1; n <= heap::most_small; ++n) {
        const u32 c = heap::class_of(n);
        REQUIRE(c < heap::classes);
        REQUIRE(heap::class_bytes(c) >= n);
        REQUIRE((c == 0 || heap::class_bytes(c - 1) < n));
        REQUIRE(heap::class_bytes(c) % 8 == 0);
    }
}

TEST_CASE("heap: what a handle keeps stays, everything else goes") {
    host h;
    rooted list = h.node(h.null(), h.null(), 0);
    for (u32 i = 1; i < 1000; ++i) {
        static_cast<void>(h.node(h.null(), h.null(), ~i)); // nobody keeps it
        list = h.node(list.get(), h.null(), i);
    }
    h.check();
    CHECK(h.store.heap().bytes_live == 1000 * node_bytes);
    value at = list.get();
    for (u32 i = 1000; i--;) {
        auto one = h.store.root(at);
        REQUIRE(one);
        CHECK(*one->field<u32>(2) == i);
        at = *one->field(0);
    }
    CHECK(at.as_ref().is_null());

    rooted moved = std::move(list);
    CHECK(moved);
    CHECK_FALSE(list);
    CHECK(*moved.field<u32>(2) == 999);
    REQUIRE(moved.set_field(0, h.null()));
    h.check();
    CHECK(h.store.heap().bytes_live == node_bytes);

    const value dead = moved.get();
    moved = rooted();
    h.check();
    CHECK(h.store.heap().bytes_live == 0);
    CHECK_FALSE(h.store.root(dead)); // it means nothing any more
}

TEST_CASE("heap: objects of whole blocks, and blocks are used again") {
    limits l;
    l.heap_bytes = 4 << 20;
    host h(l);
    auto kept = std::move(*h.store.make_array(h.type(2), 100'000, value::i32(5)));
    auto holder = std::move(*h.store.make_array(h.type(1), 50'000)); // references in several blocks
    for (u32 i = 0; i < 2000; ++i) {
        auto big = h.store.make_array(h.type(2), 20'000 + i * 37 % 900'000, value::i32(9));
        REQUIRE(big);
        auto small = h.node(h.null(), h.null(), i);
        REQUIRE(holder.set_element(i * 17 % 50'000, small.get()));
    }
    CHECK(h.store.heap().bytes_total <= l.heap_bytes);
    CHECK(h.store.heap().collections > 0);
    for (u32 i : {0u, 50'000u, 99'999u}) CHECK(*kept.element<u32>(i) == 5);
    for (u32 i = 0; i < 2000; i += 100) {
        auto one = h.store.root(*holder.element(i * 17 % 50'000));
        REQUIRE(one);
        CHECK(*one->field<u32>(2) == i);
    }
    h.check();
}

TEST_CASE("heap: a full heap is exhaustion, and not for ever") {
    limits l;
    l.heap_bytes = 1 << 20;
    host h(l);
    std::vector<rooted> all;
    for (;;) {
        auto made = h.store.make_array(h.type(4), 100);
        if (!made) {
            CHECK(made.error().kind() == kind::exhaustion);
            CHECK(made.error().detail() == "limits::heap_bytes");
            break;
        }
        all.push_back(std::move(*made));
        REQUIRE(all.size() < 2000);
    }
    CHECK(all.size() > 1000);
    const u64 collections = h.store.heap().collections;
    for (u32 length : {200'000u, 0x1fff'ffffu, 0xffff'ffffu}) { // 32 GiB at last
        auto made = h.store.make_array(h.type(4), length);
        REQUIRE_FALSE(made);
        CHECK(made.error().kind() == kind::exhaustion);
    }
    CHECK(h.store.heap().collections - collections < 20);
    all.clear();
    CHECK(h.store.make_array(h.type(4), 100'000));
    h.store.set_heap_bytes(64 << 20);
    CHECK(h.store.make_array(h.type(4), 4'000'000));
    h.check();
}

TEST_CASE("heap: marking whose list is full looks again") {
    host h;
    h.store.data()->marker.most_waiting = 3;
    auto wide = std::move(*h.store.make_array(h.type(1), 3000));
    for (u32 i = 0; i < 3000; ++i) {
        const rooted below = h.node(h.null(), h.null(), i);
        const rooted one = h.node(below.get(), h.node(below.get(), h.null(), i).get(), i);
        REQUIRE(wide.set_element(i, one.get()));
    }
    h.check();
    CHECK(heaps::census(h.store).objects() == 1 + 3 * 3000);
}

// A random graph beside one of std::map: whatever the collector does, both stay equal.
TEST_CASE("heap: random changes, with and without slices and collecting always") {
    struct twin {
        u32 links[2] = {0, 0}; // numbers of nodes, 0 for null
    };
    for (int mode = 0; mode < 3; ++mode) {
        CAPTURE(mode);
        limits l;
        l.heap_slices = mode == 1;
        host h(l);
        h.store.collect_always(mode == 2);
        std::minstd_rand random(unsigned(mode) + 1);
        std::map<u32, twin> twins;
        std::vector<rooted> roots;
        std::vector<u32> numbers(24, 0);
        for (int i = 0; i < 24; ++i) roots.push_back(std::move(*h.store.root(h.null())));
        u32 next = 1;
        const auto equal = [&] {
            std::map<u32, u32> seen; // number to reference
            std::vector<std::pair<value, u32>> waiting;
            for (std::size_t i = 0; i < roots.size(); ++i) waiting.emplace_back(roots[i].get(), numbers[i]);
            while (!waiting.empty()) {
                const auto [v, number] = waiting.back();
                waiting.pop_back();
                const u32 bits = v.as_ref().bits;
                if (number == 0) {
                    if (bits != 0) return false;
                    continue;
                }
                if (const auto [at, fresh] = seen.emplace(number, bits); !fresh) {
                    if (at->second != bits) return false;
                    continue;
                }
                auto node = h.store.root(v);
                if (!node || *node->field<u32>(2) != number) return false;
                for (u32 k : {0u, 1u}) waiting.emplace_back(*node->field(k), twins[number].links[k]);
            }
            std::erase_if(twins, [&](const auto& t) { return seen.count(t.first) == 0; });
            return true;
        };
        const int steps = mode == 2 ? 2000 : 60'000;
        for (int step = 0; step < steps; ++step) {
            const std::size_t i = random() % roots.size(), j = random() % roots.size(), k = random() % roots.size();
            switch (random() % 8) {
            case 0:
            case 1:
            case 2: // a new one
                roots[i] = h.node(roots[j].get(), roots[k].get(), next);
                twins[next] = {{numbers[j], numbers[k]}};
                numbers[i] = next++;
                break;
            case 3: // another link
                if (numbers[i] == 0) break;
                REQUIRE(roots[i].set_field(u32(k % 2), roots[j].get()));
                twins[numbers[i]].links[k % 2] = numbers[j];
                break;
            case 4:
            case 5: // a step along a link
                if (numbers[j] == 0) break;
                roots[i] = std::move(*h.store.root(*roots[j].field(u32(k % 2))));
                numbers[i] = twins[numbers[j]].links[k % 2];
                break;
            case 6: // garbage, so that marking goes on
                if (mode != 2) static_cast<void>(h.store.make_array(h.type(4), 2000));
                break;
            default:
                if (random() % 4) break;
                roots[i] = std::move(*h.store.root(h.null()));
                numbers[i] = 0;
            }
            if (step % (steps / 20) == 0) REQUIRE(equal());
        }
        CHECK(equal());
        CHECK(h.store.heap().collections > 10);
        h.check();
    }
}
