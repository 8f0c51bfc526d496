// SPDX-License-Identifier: MIT
#include <tessera/util/cursor.hpp>
#include <tessera/util/writer.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace tessera;

TEST_CASE("writer: LEB128 is the shortest form, and cursor reads it back") {
    const u64 numbers[] = {0, 1, 63, 64, 127, 128, 16383, 16384, 0xffffffff, 0x100000000, ~u64{0} >> 1, ~u64{0}};
    for (u64 n : numbers) {
        INFO(n);
        writer w;
        w.leb_u(n);
        cursor in(w.data(), w.data() + w.size());
        u64 back = 0;
        REQUIRE(in.leb_u64(back));
        CHECK(back == n);
        CHECK(in.done());
        CHECK(w.size() == std::size_t(n == 0 ? 1 : (std::bit_width(n) + 6) / 7));
        for (i64 s : {i64(n), -i64(n >> 1) - 1}) {
            writer signed_;
            signed_.leb_s(s);
            cursor from(signed_.data(), signed_.data() + signed_.size());
            i64 same = 0;
            REQUIRE(from.leb_i64(same));
            CHECK(same == s);
            CHECK(from.done());
            if (signed_.size() > 1) { // one byte less would lose a bit
                const u8 last = signed_.data()[signed_.size() - 1], before = signed_.data()[signed_.size() - 2];
                CHECK(!(last == 0 && !(before & 0x40)));
                CHECK(!(last == 0x7f && (before & 0x40)));
            }
        }
    }
}

TEST_CASE("writer: names and fixed widths") {
    writer w;
    w.name("abc");
    w.fixed(u32{0x01020304});
    const std::vector<u8> expected{3, 'a', 'b', 'c', 4, 3, 2, 1};
    CHECK(std::vector<u8>(w.data(), w.data() + w.size()) == expected);
    CHECK(!w.failed());
    const vec<u8> taken = w.take();
    CHECK(taken.size() == 8);
    CHECK(w.size() == 0);
}
