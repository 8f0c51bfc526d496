// SPDX-License-Identifier: MIT
#include <tessera/util/vec.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <numeric>

using namespace tessera;

TEST_CASE("vec: grows, shrinks, keeps its elements") {
    vec<u32> v;
    CHECK(v.empty());
    for (u32 i = 0; i < 1000; ++i) REQUIRE(v.push_back(i));
    CHECK(v.size() == 1000);
    CHECK(v.capacity() >= 1000);
    CHECK(std::accumulate(v.begin(), v.end(), 0u) == 499'500);
    v.truncate(10);
    CHECK(v.back() == 9);
    v.pop_back();
    CHECK(v.back() == 8);
    REQUIRE(v.resize(12));
    CHECK(v[8] == 8);
    CHECK((v[9] == 0 && v[11] == 0)); // new elements are zero, whatever lay there
    REQUIRE(v.resize(2));
    CHECK(v.size() == 2);
    const u32 more[] = {7, 8, 9};
    REQUIRE(v.append(more, 3));
    REQUIRE(v.append(more, 0));
    CHECK(v.size() == 5);
    CHECK((v[1] == 1 && v[2] == 7 && v[4] == 9));
    REQUIRE(v.assign(more));
    CHECK((v.size() == 3 && v[0] == 7));
    v.clear();
    CHECK(v.empty());
}

TEST_CASE("vec: elements that must be moved and destroyed") {
    const auto shared = std::make_shared<int>(1);
    {
        vec<std::shared_ptr<int>> v;
        for (int i = 0; i < 100; ++i) REQUIRE(v.push_back(shared)); // grows several times
        CHECK(shared.use_count() == 101);
        const std::shared_ptr<int> two[] = {shared, nullptr};
        REQUIRE(v.append(two, 2));
        CHECK(v.back() == nullptr);
        CHECK(shared.use_count() == 103);
        vec<std::shared_ptr<int>> moved = std::move(v), other;
        CHECK(v.empty());
        REQUIRE(other.push_back(shared));
        other = std::move(moved);
        CHECK(other.size() == 102);
        auto& self = other;
        other = std::move(self);
        CHECK(other.size() == 102);
        other.truncate(1);
        CHECK(shared.use_count() == 3);
    }
    CHECK(shared.use_count() == 1);
}

TEST_CASE("vec: sizes that no memory has are refused before it is asked for") {
    vec<u64> v;
    REQUIRE(v.push_back(5));
    for (const std::size_t n : {std::size_t(-1), std::size_t(-1) / 2, std::size_t(-1) / 8}) {
        CHECK(!v.reserve(n));
        CHECK(!v.resize(n));
    }
    CHECK((v.size() == 1 && v[0] == 5));
}

TEST_CASE("create and destroy") {
    const auto shared = std::make_shared<int>(1);
    auto* made = create<std::shared_ptr<int>>(shared);
    REQUIRE(made);
    CHECK(shared.use_count() == 2);
    destroy(made);
    CHECK(shared.use_count() == 1);
    destroy(static_cast<std::shared_ptr<int>*>(nullptr));
}

TEST_CASE("vec: one with an allocator keeps to it, and content to where it lies") {
    struct counter {
        long bytes = 0;
        bool empty = false;
    } count;
    const allocator from{[](void* self, std::size_t n) noexcept -> void* {
                             counter& c = *static_cast<counter*>(self);
                             if (c.empty) return nullptr;
                             c.bytes += long(n);
                             return std::malloc(n);
                         },
                         [](void* self, void* at, std::size_t n) noexcept {
                             static_cast<counter*>(self)->bytes -= long(n);
                             std::free(at);
                         },
                         &count};
    {
        vec<u32> v(&from);
        CHECK(count.bytes == 0);
        for (u32 i = 0; i < 100; ++i) REQUIRE(v.push_back(i)); // grows several times
        CHECK(count.bytes == long(v.capacity() * sizeof(u32)));
        v = {}; // without room: it stays where it allocates
        CHECK(count.bytes == 0);
        CHECK(v.from() == &from);
        REQUIRE(v.resize(10));
        vec<u32> moved = std::move(v), other;
        CHECK(moved.from() == &from);
        REQUIRE(other.push_back(7));
        moved = std::move(other);
        CHECK(count.bytes == 0);
        CHECK(moved.from() == nullptr);
        REQUIRE(v.push_back(1)); // what was moved from goes on
        CHECK(count.bytes > 0);
        count.empty = true;
        CHECK(!v.resize(1000));
        CHECK((v.size() == 1 && v[0] == 1));
        count.empty = false;

        const auto shared = std::make_shared<int>(1);
        vec<std::shared_ptr<int>> many(&from);
        for (int i = 0; i < 20; ++i) REQUIRE(many.push_back(shared));
        auto* const made = create_in<std::shared_ptr<int>>(&from, shared);
        REQUIRE(made);
        destroy_in(&from, made);
        many.clear();
        CHECK(shared.use_count() == 1);
    }
    CHECK(count.bytes == 0);
}
