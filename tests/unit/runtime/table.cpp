// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/runtime/table.hpp>

using namespace tessera;
using namespace tessera::runtime;

namespace {
table_type entry_type(u64 min, u64 max = ~u64{0}) { return {{min, max, max != ~u64{0}, false}, t_funcref}; }
} // namespace

TEST_CASE("table: allocation, growth, limits") {
    table_data t;
    std::string_view over;
    REQUIRE(t.allocate(entry_type(3, 10), 0, 100, nullptr, over));
    CHECK(t.size == 3);
    CHECK(t.items[2] == 0);
    u64 old = 0;
    REQUIRE(t.grow(2, 77, old));
    CHECK(old == 3);
    CHECK(t.items[2] == 0);
    CHECK(t.items[4] == 77);
    CHECK(!t.grow(6, 0, old));
    REQUIRE(t.grow(5, 0, old));
    CHECK(t.items[9] == 0);
    CHECK(!t.grow(~u64{0}, 0, old));

    account sum{0, 10}; // before the tables that give back to it
    table_data full, big, total;
    REQUIRE(full.allocate(entry_type(4), 5, 100, nullptr, over));
    CHECK(full.items[3] == 5);
    CHECK(!big.allocate(entry_type(101), 0, 100, nullptr, over));
    CHECK(!over.empty());
    REQUIRE(total.allocate(entry_type(8), 0, 100, &sum, over));
    CHECK(!total.grow(3, 0, old));
    CHECK(total.grow(2, 1, old));
    CHECK(sum.used == 10);
}

TEST_CASE("table: growing with null does not see what a larger table had") {
    table_data t;
    std::string_view over;
    REQUIRE(t.allocate(entry_type(0), 0, 1000, nullptr, over));
    u64 old = 0;
    for (int i = 0; i < 100; ++i) REQUIRE(t.grow(1, i % 2 ? 9 : 0, old));
    for (u64 i = 0; i < 100; ++i) REQUIRE(t.items[i] == (i % 2 ? 9u : 0u));
}

TEST_CASE("table: bulk operations check both ranges") {
    table_data t;
    std::string_view over;
    REQUIRE(t.allocate(entry_type(8), 0, 1000, nullptr, over));
    const u32 from[] = {1, 2, 3};
    CHECK(init(t, 5, from, 0, 3) == trap::none);
    CHECK(init(t, 6, from, 0, 3) == trap::out_of_bounds_table);
    CHECK(init(t, 0, from, 2, 2) == trap::out_of_bounds_table);
    CHECK(init(t, 8, from, 3, 0) == trap::none);
    CHECK(init(t, 9, from, 0, 0) == trap::out_of_bounds_table);
    CHECK(copy(t, 4, t, 5, 3) == trap::none);
    CHECK(t.items[4] == 1);
    CHECK(t.items[6] == 3);
    CHECK(copy(t, 6, t, 0, 3) == trap::out_of_bounds_table);
    CHECK(copy(t, 0, t, ~u64{0}, 2) == trap::out_of_bounds_table);
    CHECK(fill(t, 0, 4, 8) == trap::none);
    CHECK(fill(t, 1, 0, 2) == trap::none);
    CHECK(t.items[0] == 4);
    CHECK(t.items[1] == 0);
    CHECK(t.items[3] == 4);
    CHECK(fill(t, 1, 0, 8) == trap::out_of_bounds_table);
}
