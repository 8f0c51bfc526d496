// SPDX-License-Identifier: MIT
// Numbers for objects of the host.
#include <tessera/game.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <vector>

TEST_CASE("a number means its object as long as that is there, and nothing afterwards") {
    tessera::game::object_table<std::unique_ptr<int>> table;
    CHECK(table.find(0) == nullptr);
    const auto a = table.add(std::make_unique<int>(1)), b = table.add(std::make_unique<int>(2));
    REQUIRE((a && b && a != b));
    CHECK(**table.find(a) == 1);
    CHECK(table.size() == 2);
    CHECK(table.remove(a));
    CHECK(table.find(a) == nullptr);
    CHECK_FALSE(table.remove(a));
    const auto c = table.add(std::make_unique<int>(3)); // in the same place
    CHECK(c != a);
    CHECK((c & 0xfffff) == (a & 0xfffff));
    CHECK(table.find(a) == nullptr);
    CHECK(**table.find(c) == 3);
    CHECK(**table.find(b) == 2);
    for (tessera::u32 guess : {1u, 2u, ~0u, c + 1, c ^ 0x80000000u})
        CHECK((guess == b || table.find(guess) == nullptr));
}

TEST_CASE("a place whose numbers are used up is not used again") {
    tessera::game::object_table<int> table;
    std::vector<tessera::u32> seen;
    for (int i = 0; i < 10'000; ++i) {
        const auto id = table.add(i);
        REQUIRE(id != 0);
        for (std::size_t k = seen.size(); k-- > 0 && seen.size() - k < 5;) REQUIRE(seen[k] != id);
        seen.push_back(id);
        REQUIRE(table.remove(id));
    }
    std::sort(seen.begin(), seen.end());
    CHECK(std::adjacent_find(seen.begin(), seen.end()) == seen.end());
    CHECK(table.size() == 0);
}
