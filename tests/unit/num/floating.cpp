// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/num/floating.hpp>

#include <cmath>
#include <initializer_list>

using namespace tessera;
namespace n = tessera::num;

namespace {
template <class T>
struct facts; // NaNs by their bits, since a compiler may quiet a signalling one it sees
template <>
struct facts<f32> {
    static constexpr u32 canonical = 0x7fc0'0000, arithmetic = 0x7fc1'2345, signalling = 0x7fa0'0001,
                         negative = 0xffa0'0001;
};
template <>
struct facts<f64> {
    static constexpr u64 canonical = 0x7ff8'0000'0000'0000, arithmetic = 0x7ff8'0000'1234'5678,
                         signalling = 0x7ff4'0000'0000'0001, negative = 0xfff4'0000'0000'0001;
};
/// Hides a value from the optimiser.
template <class T>
T hidden(T a) {
    volatile T v = a;
    return v;
}
template <class T, class Bits>
T nan_of(Bits bits) {
    volatile Bits v = bits;
    return std::bit_cast<T>(Bits(v));
}
template <class T>
bool is_arithmetic(T a) {
    return n::is_nan(a) && (n::bits_of(a) & n::float_layout<T>::quiet) != 0;
}
template <class T>
bool is_canonical(T a) {
    return (n::bits_of(a) & ~n::float_layout<T>::sign) == n::float_layout<T>::canonical_nan;
}
template <class T>
bool same(T a, T b) {
    return n::bits_of(a) == n::bits_of(b);
}
/// Each rounding against the library's, on any bit pattern.
template <class T>
bool rounds(T a) {
    if (n::is_nan(a))
        return is_arithmetic(n::ceil<T>::eval(a)) && is_arithmetic(n::floor<T>::eval(a)) &&
               is_arithmetic(n::trunc<T>::eval(a)) && is_arithmetic(n::nearest<T>::eval(a));
    return same(n::ceil<T>::eval(a), std::ceil(a)) && same(n::floor<T>::eval(a), std::floor(a)) &&
           same(n::trunc<T>::eval(a), std::trunc(a)) && same(n::nearest<T>::eval(a), std::nearbyint(a));
}
} // namespace

static_assert(n::float_layout<f32>::quiet == 0x0040'0000 && n::float_layout<f32>::infinity == 0x7f80'0000);
static_assert(n::float_layout<f64>::canonical_nan == 0x7ff8'0000'0000'0000 &&
              n::float_layout<f64>::integral == 4503599627370496.0);
static_assert(n::add<f64>::eval(0.1, 0.2) == 0.30000000000000004 && n::sub<f32>::eval(1, 3) == -2 &&
              n::mul<f32>::eval(3, 0.5f) == 1.5f && n::div<f64>::eval(1, 4) == 0.25);
static_assert(n::min<f64>::eval(1, 2) == 1 && n::max<f64>::eval(1, 2) == 2 && n::min<f32>::eval(-1, -2) == -2);
static_assert(n::bits_of(n::min<f64>::eval(0.0, -0.0)) == n::float_layout<f64>::sign &&
              n::bits_of(n::min<f64>::eval(-0.0, 0.0)) == n::float_layout<f64>::sign);
static_assert(n::bits_of(n::max<f32>::eval(0.0f, -0.0f)) == 0 && n::bits_of(n::max<f32>::eval(-0.0f, 0.0f)) == 0);
static_assert(n::bits_of(n::max<f32>::eval(-0.0f, -0.0f)) == n::float_layout<f32>::sign);
static_assert(n::nearest<f64>::eval(0.5) == 0 && n::nearest<f64>::eval(1.5) == 2 && n::nearest<f64>::eval(2.5) == 2 &&
              n::nearest<f32>::eval(-3.5f) == -4);
static_assert(n::bits_of(n::nearest<f64>::eval(-0.3)) == n::float_layout<f64>::sign &&
              n::bits_of(n::ceil<f32>::eval(-0.7f)) == n::float_layout<f32>::sign);
static_assert(n::floor<f32>::eval(-0.25f) == -1 && n::ceil<f64>::eval(0.25) == 1 && n::trunc<f64>::eval(-1.9) == -1);
static_assert(n::lt<f64>::eval(1, 2) == 1 && n::gt<f64>::eval(1, 2) == 0 && n::le<f32>::eval(2, 2) == 1 &&
              n::ge<f32>::eval(1, 2) == 0);

TEST_CASE_TEMPLATE("NaN results are arithmetic, and canonical where the operands are", T, f32, f64) {
    using f = facts<T>;
    const T one = hidden(T(1)), canonical = nan_of<T>(f::canonical);
    for (auto bits : {f::arithmetic, f::signalling, f::negative, f::canonical}) {
        const T nan = nan_of<T>(bits);
        for (T r : {n::add<T>::eval(nan, one), n::add<T>::eval(one, nan), n::sub<T>::eval(one, nan),
                    n::mul<T>::eval(nan, one), n::div<T>::eval(nan, one), n::div<T>::eval(one, nan),
                    n::min<T>::eval(nan, one), n::min<T>::eval(one, nan), n::max<T>::eval(nan, one),
                    n::max<T>::eval(one, nan), n::min<T>::eval(nan, canonical), n::max<T>::eval(canonical, nan),
                    n::sqrt<T>::eval(nan), n::ceil<T>::eval(nan), n::floor<T>::eval(nan), n::trunc<T>::eval(nan),
                    n::nearest<T>::eval(nan)}) {
            CHECK(is_arithmetic(r));
            if (bits == f::canonical) CHECK(is_canonical(r));
        }
        CHECK(n::eq<T>::eval(nan, nan) == 0);
        CHECK(n::ne<T>::eval(nan, nan) == 1);
        CHECK(n::lt<T>::eval(nan, one) + n::gt<T>::eval(nan, one) + n::le<T>::eval(one, nan) +
                  n::ge<T>::eval(one, nan) ==
              0);
        CHECK(n::bits_of(n::canonicalized(nan)) == f::canonical);
    }
    const T inf = hidden(std::numeric_limits<T>::infinity()), zero = hidden(T(0));
    CHECK(is_canonical(n::sub<T>::eval(inf, inf)));
    CHECK(is_canonical(n::mul<T>::eval(inf, zero)));
    CHECK(is_canonical(n::div<T>::eval(zero, zero)));
    CHECK(is_canonical(n::sqrt<T>::eval(hidden(T(-1)))));
    CHECK(n::canonicalized(one) == one);
    CHECK(n::div<T>::eval(one, zero) == inf);
}

TEST_CASE_TEMPLATE("abs, neg and copysign change nothing but the sign", T, f32, f64) {
    using l = n::float_layout<T>;
    for (auto bits : {facts<T>::signalling, facts<T>::negative, facts<T>::canonical, decltype(facts<T>::canonical)(0),
                      l::sign, l::infinity}) {
        const T a = nan_of<T>(bits);
        CHECK(n::bits_of(n::abs<T>::eval(a)) == (bits & ~l::sign));
        CHECK(n::bits_of(n::neg<T>::eval(a)) == (bits ^ l::sign));
        CHECK(n::bits_of(n::copysign<T>::eval(a, hidden(T(-1)))) == (bits | l::sign));
        CHECK(n::bits_of(n::copysign<T>::eval(a, hidden(T(1)))) == (bits & ~l::sign));
    }
}

TEST_CASE_TEMPLATE("rounding agrees with the library on many bit patterns", T, f32, f64) {
    using bits = typename n::float_layout<T>::bits;
    for (double d : {0.0, 0.5, 0.49999999999999994, 1.0, 1.5, 2.5, 3.5, 8388607.5, 8388608.0, 8388609.0,
                     4503599627370495.5, 4503599627370496.0, 9007199254740993.0, 1e300, 5e-324, 0.9999999999999999}) {
        CHECK(rounds(T(d)));
        CHECK(rounds(T(-d)));
    }
    CHECK(rounds(std::nextafter(T(0.5), T(0))));
    bool all = true;
    u64 state = 1;
    for (int i = 0; i < 300'000; ++i) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        all &= rounds(std::bit_cast<T>(bits(state >> (64 - sizeof(T) * 8))));
        all &= rounds(T(i64(state)) / T(1ull << (40 + i % 24))); // and numbers of moderate size
    }
    CHECK(all);
}

TEST_CASE_TEMPLATE("sqrt is correctly rounded", T, f32, f64) {
    for (double d : {0.0, 1.0, 2.0, 3.0, 0.25, 1e-30, 123456789.0})
        CHECK(same(n::sqrt<T>::eval(hidden(T(d))), std::sqrt(T(d))));
    CHECK(same(n::sqrt<T>::eval(hidden(T(-0.0))), T(-0.0)));
    CHECK(n::sqrt<T>::eval(hidden(std::numeric_limits<T>::infinity())) == std::numeric_limits<T>::infinity());
}

TEST_CASE("a multiplication and an addition are rounded twice") {
    // With one rounding the result would be 0x1p-60; operations that are written one by one must not contract.
    volatile f64 a = 1 + 0x1p-30, minus = -(1 + 0x1p-29);
    const volatile f64 product = n::mul<f64>::eval(a, a);
    CHECK(n::add<f64>::eval(product, minus) == 0);
}
