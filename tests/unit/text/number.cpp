// SPDX-License-Identifier: MIT
#include <tessera/text/number.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace tessera;

namespace {

u32 f32_bits(std::string_view s) {
    u32 bits = 0xdeadbeef;
    CHECK(text::parse_float<f32>(s, bits));
    return bits;
}
u64 f64_bits(std::string_view s) {
    u64 bits = 0xdeadbeef;
    CHECK(text::parse_float<f64>(s, bits));
    return bits;
}
bool f32_fails(std::string_view s) {
    u32 bits = 0;
    return !text::parse_float<f32>(s, bits);
}
bool f64_fails(std::string_view s) {
    u64 bits = 0;
    return !text::parse_float<f64>(s, bits);
}

} // namespace

TEST_CASE("number: integers") {
    u64 v = 0;
    CHECK((text::parse_nat("18446744073709551615", v) && v == ~u64{0}));
    CHECK((text::parse_nat("0xffff_ffff_ffff_ffff", v) && v == ~u64{0}));
    CHECK((text::parse_nat("1_0_0", v) && v == 100));
    CHECK(!text::parse_nat("18446744073709551616", v));
    CHECK(!text::parse_nat("0x1_0000_0000_0000_0000", v));
    CHECK(!text::parse_nat("", v));
    CHECK(!text::parse_nat("-1", v));
    for (unsigned bits : {8u, 16u, 32u, 64u}) {
        INFO(bits << " bits");
        const u64 mask = bits == 64 ? ~u64{0} : (u64{1} << bits) - 1;
        const std::string top = std::to_string(u64{1} << (bits - 1)), all = std::to_string(mask);
        CHECK((text::parse_int("-" + top, bits, v) && v == u64{1} << (bits - 1)));
        CHECK((text::parse_int("+" + all, bits, v) && v == mask));
        CHECK((text::parse_int("-1", bits, v) && v == mask));
        CHECK(!text::parse_int("-" + std::to_string((u64{1} << (bits - 1)) + 1), bits, v));
        if (bits < 64) CHECK(!text::parse_int(std::to_string(mask + 1), bits, v));
    }
    CHECK(!text::parse_int("18446744073709551616", 64, v));
    CHECK(!text::parse_int("1.0", 32, v));
}

TEST_CASE("number: exact floats") {
    CHECK(f64_bits("0") == 0);
    CHECK(f64_bits("-0.0") == u64{1} << 63);
    CHECK(f32_bits("-0x0p5") == 0x80000000);
    CHECK(f64_bits("1") == std::bit_cast<u64>(1.0));
    CHECK(f64_bits("0.1") == std::bit_cast<u64>(0.1));
    CHECK(f64_bits("123_456.789_0e-0_3") == std::bit_cast<u64>(123.456789));
    CHECK(f32_bits("0.1") == std::bit_cast<u32>(0.1f));
    CHECK(f32_bits("0x1.8p+3") == std::bit_cast<u32>(12.0f));
    CHECK(f32_bits("0xAB.cD") == std::bit_cast<u32>(171.80078125f));
    CHECK(f64_bits("1e308") == std::bit_cast<u64>(1e308));
    CHECK(f64_bits("5e-324") == 1);
    CHECK(f64_bits("4.9406564584124654417656879286822137236505980e-324") == 1);
    CHECK(f64_bits("2.4703282292062327208828439643411068618252990130716e-324") == 0); // just below half of the smallest
    CHECK(f64_bits("2.4703282292062327208828439643411068618252990130717e-324") == 1);
    CHECK(f64_bits("2.2250738585072011e-308") == 0x000fffffffffffff);
    CHECK(f64_bits("2.2250738585072014e-308") == 0x0010000000000000);
    CHECK(f64_bits("0.000e99999999999999999999") == 0);
    CHECK(f64_bits("1e-99999999999999999999") == 0);
    CHECK(f64_bits("0x1p-99999999999999999999") == 0);
}

TEST_CASE("number: ties go to even, and only ties") {
    CHECK(f64_bits("9007199254740993") == std::bit_cast<u64>(9007199254740992.0));
    CHECK(f64_bits("9007199254740993.00000000000000000000000000000000000000000001") ==
          std::bit_cast<u64>(9007199254740994.0));
    CHECK(f64_bits("9007199254740995") == std::bit_cast<u64>(9007199254740996.0));
    CHECK(f32_bits("16777217") == std::bit_cast<u32>(16777216.0f));
    CHECK(f32_bits("16777219") == std::bit_cast<u32>(16777220.0f));
    // Rounding to f64 first would make a tie of this, and round it down.
    CHECK(f32_bits("16777217.0000000001") == std::bit_cast<u32>(16777218.0f));
    CHECK(f32_bits("0x1.00000100000000001p0") == std::bit_cast<u32>(1.00000012f));
    CHECK(f32_bits("0x1.000001p0") == std::bit_cast<u32>(1.0f));
    CHECK(f32_bits("0x1.000003p0") == std::bit_cast<u32>(1.00000024f));
    CHECK(f32_bits("0x1p-149") == 1);
    CHECK(f32_bits("0x1p-150") == 0);
    CHECK(f32_bits("0x1.00000001p-150") == 1);
    CHECK(f32_bits("0x0.ffffffp-126") == 0x00800000); // rounds up to the smallest normal number
    CHECK(f64_bits("0x1.8p-1074") == 2);
    CHECK(f64_bits("0x1_0000_0000_0000_0000_0000_0000_0001p-200") == f64_bits("0x1p-88"));
}

TEST_CASE("number: many digits") {
    std::string digits = "1", zeros;
    for (int i = 0; i < 2000; ++i) zeros += '0';
    CHECK(f64_bits("1" + zeros + "e-2000") == std::bit_cast<u64>(1.0));
    CHECK(f64_bits("0." + zeros + "1e2001") == std::bit_cast<u64>(1.0));
    CHECK(f64_bits("9007199254740993." + zeros) == std::bit_cast<u64>(9007199254740992.0));
    CHECK(f64_bits("9007199254740993." + zeros + "1") == std::bit_cast<u64>(9007199254740994.0));
    CHECK(f64_bits("0x1" + zeros + "p-8000") == std::bit_cast<u64>(1.0));
    CHECK(f64_bits("0x0." + zeros + "1p8004") == std::bit_cast<u64>(1.0));
}

TEST_CASE("number: infinities, NaNs and the range") {
    CHECK(f32_bits("inf") == 0x7f800000);
    CHECK(f64_bits("-inf") == 0xfff0000000000000);
    CHECK(f32_bits("nan") == 0x7fc00000);
    CHECK(f64_bits("-nan") == 0xfff8000000000000);
    CHECK(f32_bits("nan:0x1") == 0x7f800001);
    CHECK(f32_bits("-nan:0x7f_ffff") == 0xffffffff);
    CHECK(f32_fails("nan:0x80_0000"));
    CHECK(f32_fails("nan:0x0"));
    CHECK(f64_fails("nan:0x10_0000_0000_0000"));
    CHECK(f64_bits("nan:0xf_ffff_ffff_ffff") == 0x7fffffffffffffff);
    CHECK(f32_bits("0x1.fffffep127") == 0x7f7fffff);
    CHECK(f32_bits("0x1.fffffeffffp127") == 0x7f7fffff);
    CHECK(f32_fails("0x1.ffffffp127"));
    CHECK(f32_fails("340282356779733661637539395458142568448"));
    CHECK(f32_bits("340282356779733661637539395458142568447") == 0x7f7fffff);
    CHECK(f32_fails("1e39"));
    CHECK(f64_fails("1e309"));
    CHECK(f64_fails("0x1p1024"));
    CHECK(f64_fails("1e99999999999999999999"));
    CHECK(f64_fails("0x1p99999999999999999999"));
    CHECK(f64_bits("1.7976931348623157e308") == 0x7fefffffffffffff);
    CHECK(f64_fails("1.7976931348623159e308"));
    CHECK(f64_fails("1__0"));
    CHECK(f64_fails("nan:canonical"));
    CHECK(f64_fails(""));
}
