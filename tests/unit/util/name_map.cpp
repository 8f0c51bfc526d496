// SPDX-License-Identifier: MIT
#include <tessera/util/name_map.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tessera;

TEST_CASE("name_map: adds, finds, forgets") {
    std::vector<std::string> names;
    for (int i = 0; i < 5000; ++i) names.push_back("name" + std::to_string(i));
    name_map map;
    CHECK(map.find("name1") == nullptr);
    for (int round = 0; round < 3; ++round) {
        for (u32 i = 0; i < names.size(); ++i) {
            bool fresh = false;
            REQUIRE(map.add(names[i], i + u32(round), fresh));
            CHECK(fresh);
            REQUIRE(map.add(names[i], 9999, fresh));
            CHECK(!fresh);
        }
        CHECK(map.size() == names.size());
        for (u32 i = 0; i < names.size(); ++i) {
            REQUIRE(map.find(names[i]));
            CHECK(*map.find(names[i]) == i + u32(round));
        }
        CHECK(map.find("other") == nullptr);
        map.clear();
        CHECK(map.size() == 0);
        CHECK(map.find("name1") == nullptr);
    }
}

TEST_CASE("name_map: owners keep equal names apart") {
    name_map map;
    for (u32 owner = 0; owner < 100; ++owner) REQUIRE(map.set("x", owner * 2, owner));
    for (u32 owner = 0; owner < 100; ++owner) CHECK(*map.find("x", owner) == owner * 2);
    REQUIRE(map.set("x", 7, 5));
    CHECK(*map.find("x", 5) == 7);
    CHECK(*map.find("x", 6) == 12);
    CHECK(map.size() == 100);
}
