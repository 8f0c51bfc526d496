// SPDX-License-Identifier: MIT
#include <tessera/util/arena.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tessera;

TEST_CASE("arena: what it hands out stays where it is") {
    arena a;
    std::vector<std::string_view> kept;
    for (int i = 0; i < 3000; ++i) {
        std::string_view copy;
        REQUIRE(a.copy(std::string(std::size_t(i % 50) * 10, 'x') + std::to_string(i), copy));
        kept.push_back(copy);
    }
    arena moved = std::move(a);
    for (int i = 0; i < 3000; ++i)
        CHECK(kept[std::size_t(i)] == std::string(std::size_t(i % 50) * 10, 'x') + std::to_string(i));
    char* large = moved.take(100000);
    REQUIRE(large);
    large[99999] = 1;
}

TEST_CASE("arena: an empty text needs no memory, and assignment takes over") {
    arena a, b;
    std::string_view empty = "something", text, other;
    REQUIRE(a.copy("", empty));
    CHECK(empty.empty());
    REQUIRE(a.copy("first", text));
    REQUIRE(b.copy("second", other));
    a = std::move(b);
    CHECK(other == "second");
    auto& self = a;
    a = std::move(self);
    CHECK(other == "second");
    REQUIRE(a.copy("third", text));
    CHECK(text == "third");
}
