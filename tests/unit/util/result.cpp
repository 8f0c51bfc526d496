// SPDX-License-Identifier: MIT
#include <tessera/syntax/error.hpp>
#include <tessera/util/result.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace tessera;

namespace {

enum class why { no, never };

/// Counts the objects that live, so that a destructor that is missing or runs twice is seen.
struct counted {
    explicit counted(int& n) : alive(&n) { ++*alive; }
    counted(const counted& other) : alive(other.alive) { ++*alive; }
    counted& operator=(const counted&) = delete;
    ~counted() { --*alive; }
    int* alive;
};

} // namespace

TEST_CASE("result: a value or an error") {
    const result<int, why> good = 3, bad = why::never, none;
    REQUIRE(good);
    CHECK(good.has_value());
    CHECK(*good == 3);
    CHECK(good.value_or(4) == 3);
    REQUIRE(!bad);
    CHECK(bad.error() == why::never);
    CHECK(bad.value_or(4) == 4);
    CHECK(none.has_value());
    CHECK(*none == 0);
    const result<std::string, why> text = "abc"; // what converts to the value
    CHECK(text->size() == 3);
}

TEST_CASE("result: moved and copied, it is what the other was") {
    result<std::unique_ptr<int>, why> one = std::make_unique<int>(7), other = why::no;
    result<std::unique_ptr<int>, why> moved = std::move(one);
    REQUIRE(moved);
    CHECK(**moved == 7);
    other = std::move(moved); // an error becomes a value
    REQUIRE(other);
    CHECK(**other == 7);
    other = result<std::unique_ptr<int>, why>(why::never); // and back
    REQUIRE(!other);
    CHECK(other.error() == why::never);
    auto& self = other;
    other = std::move(self);
    CHECK(other.error() == why::never);
    const result<std::string, why> a = "text", b = why::no;
    const result<std::string, why> copy = a, copy_of_error = b;
    CHECK(*copy == *a);
    CHECK(copy_of_error.error() == why::no);
}

TEST_CASE("result: what it holds ends once") {
    int values = 0, errors = 0;
    {
        result<counted, std::shared_ptr<int>> r = counted(values);
        CHECK(values == 1);
        const std::shared_ptr<int> e(new int(0), [&](int* p) {
            ++errors;
            delete p;
        });
        r = result<counted, std::shared_ptr<int>>(e);
        CHECK(values == 0);
        CHECK(e.use_count() == 2);
        const auto taken = std::move(r).error();
        CHECK(taken == e);
    }
    CHECK(values == 0);
    CHECK(errors == 1);
}

TEST_CASE("result<void>: success or an error") {
    result<void, why> r;
    CHECK(r.has_value());
    *r;
    r = why::never;
    REQUIRE(!r);
    CHECK(r.error() == why::never);
    const result<void, why> copy = r;
    CHECK(copy.error() == why::never);
    result<void, why> good;
    auto& self = r;
    r = std::move(self);
    CHECK(r.error() == why::never);
    r = std::move(good);
    CHECK(r.has_value());
    result<void> message = msg::stale_handle; // the default error
    REQUIRE(!message);
    CHECK(std::move(message).error().is(msg::stale_handle));
}
