// SPDX-License-Identifier: MIT
#include <tessera/util/utf8.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace tessera;

static_assert(is_utf8("") && is_utf8("plain") && !is_utf8("\xff"));

namespace {

std::string encoded(u32 scalar) {
    char out[4];
    return std::string(out, put_utf8(scalar, out));
}

} // namespace

TEST_CASE("utf8: every scalar value is written in its shortest form, and that is accepted") {
    u32 rejected = 0, wrong_length = 0;
    for (u32 c = 0; c < 0x110000; ++c) {
        if (c == 0xd800) c = 0xe000; // surrogates are no scalar values
        const std::string s = encoded(c);
        if (!is_utf8(s)) ++rejected;
        if (s.size() != (c < 0x80 ? 1u : c < 0x800 ? 2u : c < 0x10000 ? 3u : 4u)) ++wrong_length;
    }
    CHECK(rejected == 0);
    CHECK(wrong_length == 0);
    CHECK(encoded(0x24) == "\x24");
    CHECK(encoded(0xe9) == "\xc3\xa9");
    CHECK(encoded(0x20ac) == "\xe2\x82\xac");
    CHECK(encoded(0x1f600) == "\xf0\x9f\x98\x80");
}

TEST_CASE("utf8: what is not well-formed") {
    CHECK(!is_utf8("\x80"));             // a continuation alone
    CHECK(!is_utf8("\xc3"));             // cut
    CHECK(!is_utf8("\xc3("));            // no continuation
    CHECK(!is_utf8("\xe2\x82"));         // cut
    CHECK(!is_utf8("\xe2(\xac"));        // no continuation
    CHECK(!is_utf8("\xe2\x82("));        // no continuation at the end
    CHECK(!is_utf8("\xc0\x80"));         // longer than needed
    CHECK(!is_utf8("\xc1\xbf"));         // longer than needed
    CHECK(!is_utf8("\xe0\x9f\xbf"));     // longer than needed
    CHECK(!is_utf8("\xf0\x8f\xbf\xbf")); // longer than needed
    CHECK(!is_utf8("\xed\xa0\x80"));     // the first surrogate
    CHECK(!is_utf8("\xed\xbf\xbf"));     // the last one
    CHECK(is_utf8("\xed\x9f\xbf"));      // before them
    CHECK(is_utf8("\xee\x80\x80"));      // behind them
    CHECK(is_utf8("\xf4\x8f\xbf\xbf"));  // the last scalar value
    CHECK(!is_utf8("\xf4\x90\x80\x80")); // the one behind it
    CHECK(!is_utf8("\xf5\x80\x80\x80"));
    CHECK(!is_utf8("good \xff bad"));
}
