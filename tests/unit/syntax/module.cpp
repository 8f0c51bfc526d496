// SPDX-License-Identifier: MIT
#include <tessera/syntax/module.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace tessera;

TEST_CASE("module_owner: the last copy ends the module") {
    auto* data = create<module_data>();
    REQUIRE(data);
    module_owner empty, first(data);
    CHECK(!empty);
    CHECK(empty.get() == nullptr);
    {
        module_owner copy = first, other;
        CHECK(data->owners == 2);
        other = copy;
        CHECK(data->owners == 3);
        other = empty;
        CHECK(data->owners == 2);
        module_owner moved = std::move(copy);
        CHECK(!copy);
        CHECK(data->owners == 2);
        CHECK(moved->start == no_index);
        CHECK((*moved).funcs.empty());
    }
    CHECK(data->owners == 1);
    CHECK(first.edit() == data);
}

TEST_CASE("position_at: the last place at or before an offset") {
    CHECK(position_at({}, 5) == nullptr);
    std::vector<module_data::position> all;
    for (u32 i = 0; i < 100; ++i) {
        all.push_back({10 + 3 * i, i + 1, 2 * i + 1});
        for (u32 offset = 0; offset < 400; ++offset) {
            const auto* p = position_at(all, offset);
            REQUIRE(p);
            std::size_t expected = 0;
            for (std::size_t k = 0; k < all.size(); ++k)
                if (all[k].offset <= offset) expected = k;
            if (p != &all[expected]) FAIL("offset " << offset << " of " << all.size());
        }
    }
    CHECK(position_at(all, 0)->line == 1); // before the first: the first
    CHECK(position_at(all, ~u64{0})->line == 100);
}
