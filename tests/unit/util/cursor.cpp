// SPDX-License-Identifier: MIT
#include <tessera/util/cursor.hpp>

#include <doctest/doctest.h>

#include <vector>

using namespace tessera;

namespace {

using bytes = std::vector<u8>;

/// Reads `b` with `read`; the value where it worked and `status` where it did not.
template <class T>
struct one {
    T value{};
    read_status status = read_status::ok;
    std::ptrdiff_t passed = 0;
    one(bool (cursor::*read)(T&) noexcept, const bytes& b) {
        cursor c(b.data(), b.data() + b.size());
        const bool worked = (c.*read)(value);
        status = c.status();
        CHECK(worked == (status == read_status::ok));
        passed = c.at() - b.data();
    }
};
one<u32> u32_of(const bytes& b) { return {&cursor::leb_u32, b}; }
one<u64> u64_of(const bytes& b) { return {&cursor::leb_u64, b}; }
one<i32> i32_of(const bytes& b) { return {&cursor::leb_i32, b}; }
one<i64> i33_of(const bytes& b) { return {&cursor::leb_i33, b}; }
one<i64> i64_of(const bytes& b) { return {&cursor::leb_i64, b}; }

} // namespace

TEST_CASE("cursor: LEB128 at the edges of each width") {
    CHECK(u32_of({0x7f}).value == 127);
    CHECK(u32_of({0x80, 0}).value == 0); // longer than needed is allowed
    CHECK(u32_of({0xff, 0xff, 0xff, 0xff, 0x0f}).value == 0xffff'ffff);
    CHECK(u32_of({0xff, 0xff, 0xff, 0xff, 0x1f}).status == read_status::too_large);
    CHECK(u32_of({0x80, 0x80, 0x80, 0x80, 0x80, 0}).status == read_status::too_long);
    CHECK(u64_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}).value == ~u64{0});
    CHECK(u64_of({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2}).status == read_status::too_large);
    CHECK(i32_of({0x40}).value == -64);
    CHECK(i32_of({0x3f}).value == 63);
    CHECK(i32_of({0x80, 0x80, 0x80, 0x80, 0x78}).value == std::numeric_limits<i32>::min());
    CHECK(i32_of({0xff, 0xff, 0xff, 0xff, 0x07}).value == std::numeric_limits<i32>::max());
    CHECK(i32_of({0xff, 0xff, 0xff, 0xff, 0x0f}).status == read_status::too_large);
    CHECK(i32_of({0x80, 0x80, 0x80, 0x80, 0x70}).status == read_status::too_large);
    CHECK(i33_of({0xff, 0xff, 0xff, 0xff, 0x0f}).value == 0xffff'ffff);
    CHECK(i33_of({0x80, 0x80, 0x80, 0x80, 0x70}).value == -i64{0x1'0000'0000});
    CHECK(i33_of({0xff, 0xff, 0xff, 0xff, 0x1f}).status == read_status::too_large);
    CHECK(i64_of({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f}).value ==
          std::numeric_limits<i64>::min());
    CHECK(i64_of({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 1}).status == read_status::too_large);
}

TEST_CASE("cursor: a read that fails leaves the position where it was") {
    for (const bytes& b : {bytes{}, bytes{0x80}, bytes{0x80, 0x80, 0x80, 0x80}, bytes{0xff, 0xff, 0xff, 0xff, 0x7f},
                           bytes{0x80, 0x80, 0x80, 0x80, 0x80, 0}}) {
        CHECK(u32_of(b).passed == 0);
        CHECK(u32_of(b).status != read_status::ok);
    }
    CHECK(u32_of({0x80}).status == read_status::end);
    const u8 three[] = {1, 2, 3};
    cursor c(three, three + 3);
    u32 wide = 0;
    CHECK(!c.fixed(wide));
    CHECK(c.status() == read_status::end);
    CHECK(!c.skip(4));
    CHECK(!c.skip(~u64{0}));
    CHECK(c.left() == 3);
    u16 narrow = 0;
    REQUIRE(c.fixed(narrow));
    CHECK(narrow == 0x0201);
    CHECK(c.peek() == 3);
    u8 last = 0;
    REQUIRE(c.byte(last));
    CHECK(last == 3);
    CHECK(c.done());
    CHECK(c.peek() == -1);
    CHECK(!c.byte(last));
    c.seek(three);
    REQUIRE(c.skip(3));
    CHECK(c.done());
}
