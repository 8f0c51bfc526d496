// SPDX-License-Identifier: MIT
#include <tessera/util/vec.hpp>
#include <tessera/util/view.hpp>

#include <doctest/doctest.h>

#include <array>
#include <span>
#include <vector>

using tessera::vec;
using tessera::view;

namespace {
int sum(view<int> all) {
    int n = 0;
    for (int each : all) n += each;
    return n;
}
} // namespace

TEST_CASE("a view is made of any list") {
    const int plain[] = {1, 2, 3};
    const std::array<int, 2> array = {4, 5};
    std::vector<int> vector = {6};
    vec<int> own;
    REQUIRE(own.push_back(7));
    CHECK(sum(plain) == 6);
    CHECK(sum(array) == 9);
    CHECK(sum(vector) == 6);
    CHECK(sum(own) == 7);
    CHECK(sum(std::span<const int>(plain)) == 6);
    CHECK(sum({plain, 2}) == 3);
    CHECK(sum({}) == 0);
}
TEST_CASE("parts of a view, and a span of one") {
    const int plain[] = {1, 2, 3};
    const view<int> all = plain;
    CHECK(sum(all.first(1)) == 1);
    CHECK(sum(all.subview(1, 2)) == 5);
    CHECK(all.subview(3, 0).empty());
    CHECK(all.back() == 3);
    const std::span<const int> span = all;
    CHECK(span.data() == plain);
    CHECK(span.size() == 3);
}
