// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/num/convert.hpp>

using namespace tessera;
using namespace tessera::num;

namespace {
template <class T>
constexpr bool is(checked<T> r, T value) {
    return r.why == trap::none && r.value == value;
}
template <class T>
constexpr bool overflows(checked<T> r) {
    return r.why == trap::integer_overflow;
}
constexpr f64 infinite = std::numeric_limits<f64>::infinity();
constexpr f64 nan64 = std::numeric_limits<f64>::quiet_NaN();
constexpr f32 nan32 = std::numeric_limits<f32>::quiet_NaN();
} // namespace

// The last values that fit and the first that do not, for each pair of types.
static_assert(is(trunc_s<u32, f64>::eval(2147483647.9), 0x7fff'ffffu) &&
              overflows(trunc_s<u32, f64>::eval(2147483648.0)));
static_assert(is(trunc_s<u32, f64>::eval(-2147483648.9), 0x8000'0000u) &&
              overflows(trunc_s<u32, f64>::eval(-2147483649.0)));
static_assert(is(trunc_u<u32, f64>::eval(4294967295.9), ~0u) && overflows(trunc_u<u32, f64>::eval(4294967296.0)));
static_assert(is(trunc_u<u32, f64>::eval(-0.9), 0u) && overflows(trunc_u<u32, f64>::eval(-1.0)));
static_assert(is(trunc_s<u32, f32>::eval(2147483520.0f), 2147483520u) &&
              overflows(trunc_s<u32, f32>::eval(2147483648.0f)));
static_assert(is(trunc_s<u32, f32>::eval(-2147483648.0f), 0x8000'0000u) &&
              overflows(trunc_s<u32, f32>::eval(-2147483904.0f)));
static_assert(is(trunc_u<u32, f32>::eval(4294967040.0f), 4294967040u) &&
              overflows(trunc_u<u32, f32>::eval(4294967296.0f)));
static_assert(is(trunc_u<u32, f32>::eval(-0.99f), 0u) && overflows(trunc_u<u32, f32>::eval(-1.0f)));
static_assert(is(trunc_s<u64, f64>::eval(9223372036854774784.0), u64{9223372036854774784u}) &&
              overflows(trunc_s<u64, f64>::eval(0x1p63)));
static_assert(is(trunc_s<u64, f64>::eval(-0x1p63), u64{1} << 63) &&
              overflows(trunc_s<u64, f64>::eval(-9223372036854777856.0)));
static_assert(is(trunc_u<u64, f64>::eval(18446744073709549568.0), u64{18446744073709549568u}) &&
              overflows(trunc_u<u64, f64>::eval(0x1p64)));
static_assert(is(trunc_u<u64, f64>::eval(0x1p63), u64{1} << 63) && overflows(trunc_u<u64, f64>::eval(-1.0)));
static_assert(is(trunc_s<u64, f32>::eval(-0x1p63f), u64{1} << 63) && overflows(trunc_s<u64, f32>::eval(0x1p63f)));
static_assert(is(trunc_u<u64, f32>::eval(0x1.fffffep63f), u64{0xffff'ff00'0000'0000}) &&
              overflows(trunc_u<u64, f32>::eval(0x1p64f)));
static_assert(overflows(trunc_s<u32, f64>::eval(infinite)) && overflows(trunc_u<u64, f64>::eval(-infinite)));
static_assert(trunc_s<u32, f64>::eval(nan64).why == trap::invalid_conversion &&
              trunc_u<u64, f32>::eval(nan32).why == trap::invalid_conversion);

static_assert(trunc_sat_s<u32, f64>::eval(infinite) == 0x7fff'ffff &&
              trunc_sat_s<u32, f64>::eval(-infinite) == 0x8000'0000 && trunc_sat_s<u32, f64>::eval(nan64) == 0);
static_assert(trunc_sat_u<u32, f64>::eval(infinite) == ~0u && trunc_sat_u<u32, f64>::eval(-1) == 0 &&
              trunc_sat_u<u32, f32>::eval(nan32) == 0);
static_assert(trunc_sat_s<u64, f32>::eval(0x1p63f) == ~u64{0} >> 1 &&
              trunc_sat_s<u64, f32>::eval(-0x1p64f) == u64{1} << 63);
static_assert(trunc_sat_u<u64, f64>::eval(0x1p64) == ~u64{0} && trunc_sat_u<u64, f64>::eval(-infinite) == 0 &&
              trunc_sat_u<u64, f64>::eval(3.99) == 3);

static_assert(wrap<u32, u64>::eval(0x1234'5678'9abc'def0) == 0x9abc'def0);
static_assert(extend_s<u64, u32>::eval(0x8000'0000) == 0xffff'ffff'8000'0000 &&
              extend_u<u64, u32>::eval(0x8000'0000) == 0x8000'0000);

// Halfway cases of the one rounding; through an intermediate f64 the last of each group would differ.
static_assert(convert_u<f32, u64>::eval(0x0020'0000'2000'0001) == 0x1.000002p53f &&
              convert_s<f32, u64>::eval(0x0020'0000'2000'0001) == 0x1.000002p53f);
static_assert(convert_u<f32, u64>::eval(0x8000'0080'0000'0001) == 0x1.000002p63f &&
              convert_u<f32, u64>::eval(0x8000'0080'0000'0000) == 0x1p63f);
static_assert(convert_u<f32, u64>::eval(~u64{0}) == 0x1p64f && convert_s<f32, u64>::eval(~u64{0}) == -1);
static_assert(convert_u<f64, u64>::eval(0x8000'0000'0000'0401) == 0x1.0000000000001p63 &&
              convert_u<f64, u64>::eval(0x8000'0000'0000'0400) == 0x1p63);
static_assert(convert_u<f64, u64>::eval(0x8000'0000'0000'0c00) == 0x1.0000000000002p63);
static_assert(convert_u<f32, u32>::eval(~0u) == 0x1p32f && convert_s<f32, u32>::eval(~0u) == -1 &&
              convert_s<f64, u32>::eval(0x8000'0000) == -2147483648.0);
static_assert(convert_u<f64, u32>::eval(~0u) == 4294967295.0 && convert_s<f64, u64>::eval(u64{1} << 63) == -0x1p63);

static_assert(promote::eval(1.5f) == 1.5 && demote::eval(0x1.000001p0) == 1.0f &&
              demote::eval(1e300) == std::numeric_limits<f32>::infinity());
static_assert(reinterpret<u32, f32>::eval(-0.0f) == 0x8000'0000 &&
              reinterpret<f64, u64>::eval(0x3ff0'0000'0000'0000) == 1.0);
static_assert(to_slot(-1.0f) == 0xbf80'0000 && to_slot(~0u) == 0xffff'ffff &&
              from_slot<f32>(0xdead'beef'bf80'0000) == -1.0f && from_slot<u32>(~u64{0}) == ~0u);

TEST_CASE("conversions at run time, where processors lack unsigned conversions") {
    volatile u64 sticky = 0x8000'0080'0000'0001;
    volatile f64 big = 18446744073709549568.0;
    CHECK(convert_u<f32, u64>::eval(sticky) == 0x1.000002p63f);
    CHECK(trunc_u<u64, f64>::eval(big).value == 18446744073709549568u);
    CHECK(trunc_sat_u<u64, f64>::eval(big * 2) == ~u64{0});
    volatile f64 nothing = nan64;
    CHECK(trunc_u<u64, f64>::eval(nothing).why == trap::invalid_conversion);
}

TEST_CASE("promote and demote keep NaNs arithmetic, reinterpret leaves them alone") {
    volatile u32 signalling = 0xffa0'0001;
    const f64 wide = promote::eval(std::bit_cast<f32>(u32(signalling)));
    CHECK(is_nan(wide));
    CHECK((bits_of(wide) & float_layout<f64>::quiet) != 0);
    volatile u64 wide_signalling = 0x7ff4'0000'0000'0000;
    const f32 narrow = demote::eval(std::bit_cast<f64>(u64(wide_signalling)));
    CHECK(is_nan(narrow));
    CHECK((bits_of(narrow) & float_layout<f32>::quiet) != 0);
    CHECK(reinterpret<u64, f64>::eval(reinterpret<f64, u64>::eval(wide_signalling)) == wide_signalling);
    CHECK(reinterpret<u32, f32>::eval(reinterpret<f32, u32>::eval(signalling)) == signalling);
}
