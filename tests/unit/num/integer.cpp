// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/num/integer.hpp>

#include <initializer_list>

using namespace tessera;
using namespace tessera::num;

namespace {
constexpr u32 least32 = 0x8000'0000u;
constexpr u64 least64 = 0x8000'0000'0000'0000u;
constexpr u64 all64 = ~u64{0};
template <class T>
constexpr bool gives(checked<T> r, T value) {
    return r.why == trap::none && r.value == value;
}
} // namespace

// Everything here is evaluated by the compiler, which also refuses undefined behaviour.
static_assert(add<u32>::eval(~0u, 2) == 1 && sub<u32>::eval(0, 1) == ~0u && mul<u32>::eval(least32, 3) == least32);
static_assert(add<u64>::eval(all64, 2) == 1 && sub<u64>::eval(0, 1) == all64 && mul<u64>::eval(all64, all64) == 1);
static_assert(mul<u16>::eval(0xffff, 0xffff) == 1 && mul<u8>::eval(0x80, 2) == 0 && add<u8>::eval(0xff, 2) == 1);

static_assert(gives(div_u<u32>::eval(least32, ~0u), 0u) && gives(div_u<u64>::eval(all64, 3), all64 / 3));
static_assert(div_u<u32>::eval(1, 0).why == trap::integer_divide_by_zero);
static_assert(rem_u<u64>::eval(1, 0).why == trap::integer_divide_by_zero &&
              gives(rem_u<u32>::eval(least32, ~0u), least32));
static_assert(gives(div_s<u32>::eval(u32(-7), 2), u32(-3)) && gives(rem_s<u32>::eval(u32(-7), 2), u32(-1)));
static_assert(gives(div_s<u64>::eval(u64(-7), u64(-2)), u64{3}) && gives(rem_s<u64>::eval(7, u64(-2)), u64{1}));
static_assert(div_s<u32>::eval(least32, ~0u).why == trap::integer_overflow && gives(div_s<u32>::eval(5, ~0u), u32(-5)));
static_assert(div_s<u64>::eval(least64, all64).why == trap::integer_overflow &&
              gives(div_s<u64>::eval(least64, 1), least64));
static_assert(div_s<u32>::eval(0, 0).why == trap::integer_divide_by_zero);
static_assert(rem_s<u64>::eval(0, 0).why == trap::integer_divide_by_zero);
static_assert(gives(rem_s<u32>::eval(least32, ~0u), 0u) && gives(rem_s<u64>::eval(least64, all64), u64{0}));

static_assert(shl<u32>::eval(1, 33) == 2 && shl<u32>::eval(~0u, 32) == ~0u && shl<u64>::eval(1, 127) == least64);
static_assert(shr_s<u32>::eval(least32, 31) == ~0u && shr_u<u32>::eval(least32, 31) == 1 &&
              shr_s<u64>::eval(least64, 64) == least64);
static_assert(shr_u<u64>::eval(least64, all64) == 1 && shr_s<u64>::eval(least64, 63) == all64);
static_assert(rotl<u32>::eval(0xabcd'9876, 1) == 0x579b'30ed && rotl<u32>::eval(5, 32) == 5);
static_assert(rotr<u32>::eval(1, 1) == least32 && rotr<u64>::eval(1, 65) == least64 &&
              rotl<u64>::eval(least64, all64) == least64 >> 1);
static_assert(clz<u32>::eval(0) == 32 && clz<u64>::eval(0) == 64 && clz<u64>::eval(1) == 63 &&
              clz<u32>::eval(~0u) == 0);
static_assert(ctz<u32>::eval(0) == 32 && ctz<u64>::eval(0) == 64 && ctz<u64>::eval(least64) == 63 &&
              ctz<u32>::eval(~0u) == 0);
static_assert(popcnt<u32>::eval(0) == 0 && popcnt<u32>::eval(~0u) == 32 && popcnt<u32>::eval(0xdead'beef) == 24);
static_assert(popcnt<u64>::eval(all64) == 64 && popcnt<u64>::eval(least64) == 1 && popcnt<u8>::eval(0xff) == 8 &&
              popcnt<u16>::eval(0x8001) == 2);
static_assert(extend8_s<u32>::eval(0x0123'4580) == 0xffff'ff80 && extend8_s<u64>::eval(0x7f) == 0x7f);
static_assert(extend16_s<u32>::eval(0xfedc'8000) == 0xffff'8000 && extend16_s<u64>::eval(0x8000) == u64(-0x8000));
static_assert(extend32_s<u64>::eval(0x0123'4567'8000'0000) == u64(i64(-0x8000'0000ll)));
static_assert(and_<u32>::eval(6, 3) == 2 && or_<u64>::eval(6, 3) == 7 && xor_<u32>::eval(6, 3) == 5);

static_assert(eqz<u32>::eval(0) == 1 && eqz<u64>::eval(least64) == 0 && eq<u32>::eval(3, 3) == 1 &&
              ne<u64>::eval(3, 3) == 0);
static_assert(lt_s<u32>::eval(least32, 0) == 1 && lt_u<u32>::eval(least32, 0) == 0 &&
              gt_s<u32>::eval(least32, 0) == 0 && gt_u<u32>::eval(least32, 0) == 1);
static_assert(le_s<u64>::eval(all64, 0) == 1 && le_u<u64>::eval(all64, 0) == 0 && ge_s<u64>::eval(all64, 0) == 0 &&
              ge_u<u64>::eval(all64, 0) == 1);
static_assert(le_s<u32>::eval(7, 7) == 1 && ge_u<u32>::eval(7, 7) == 1 && lt_u<u32>::eval(7, 7) == 0 &&
              gt_s<u32>::eval(7, 7) == 0);

static_assert(add128::eval(all64, 0, 1, 0) == pair128{0, 1} && add128::eval(all64, all64, 1, 0) == pair128{0, 0});
static_assert(sub128::eval(0, 0, 1, 0) == pair128{all64, all64} && sub128::eval(5, 3, 5, 1) == pair128{0, 2});
static_assert(mul_wide_u::eval(all64, all64) == pair128{1, all64 - 1});
static_assert(mul_wide_s::eval(all64, all64) == pair128{1, 0} && mul_wide_s::eval(all64, 5) == pair128{u64(-5), all64});
static_assert(mul_wide_s::eval(least64, least64) == pair128{0, least64 >> 1} &&
              mul_wide_s::eval(3, 4) == pair128{12, 0});

TEST_CASE("integer operations give at run time what the compiler computes") {
    volatile u32 a = least32, b = ~0u;
    CHECK(div_s<u32>::eval(a, b).why == trap::integer_overflow);
    CHECK(gives(rem_s<u32>::eval(a, b), 0u));
    volatile u64 wide = 0x0123'4567'89ab'cdef;
    u64 count = 0;
    for (u64 rest = wide; rest; rest &= rest - 1) ++count;
    CHECK(popcnt<u64>::eval(wide) == count);
    CHECK(mul_wide_u::eval(wide, u64{1} << 32) == pair128{wide << 32, wide >> 32});
}

TEST_CASE("a test for zero looks at every bit") {
    for (unsigned bit = 0; bit < 64; ++bit) {
        CHECK(eqz<u64>::eval(u64{1} << bit) == 0);
        CHECK(eqz<u32>::eval(u32(u64{1} << bit)) == (bit >= 32));
    }
    CHECK(eqz<u32>::eval(0) == 1);
    CHECK(eqz<u64>::eval(0) == 1);
}

namespace {

/// T at run time: the compiler does not know what it reads here.
template <class T>
T read(T value) {
    volatile T at = value;
    return at;
}

} // namespace

TEST_CASE_TEMPLATE("shifts, rotations and counts agree with going bit by bit", T, u32, u64) {
    constexpr unsigned width = 8 * sizeof(T);
    const auto bit = [](T v, unsigned n) { return T(v >> (n % width) & 1); };
    for (const u64 wide :
         {u64{1}, least64, all64, u64{0x0123'4567'89ab'cdef}, u64{0x8000'0000}, u64{0xf0f0'0f0f'1248'8421}})
        for (unsigned n = 0; n < 2 * width; ++n) {
            const T v = read(T(wide)), by = read(T(n));
            const unsigned k = n % width;
            T left = 0, right = 0, down = 0, signed_down = 0, up = 0;
            for (unsigned i = 0; i < width; ++i) {
                left |= T(bit(v, i + width - k) << i);
                right |= T(bit(v, i + k) << i);
                down |= T((i + k < width ? bit(v, i + k) : T(0)) << i);
                signed_down |= T((i + k < width ? bit(v, i + k) : bit(v, width - 1)) << i);
                up |= T((i >= k ? bit(v, i - k) : T(0)) << i);
            }
            CHECK(rotl<T>::eval(v, by) == left);
            CHECK(rotr<T>::eval(v, by) == right);
            CHECK(shr_u<T>::eval(v, by) == down);
            CHECK(shr_s<T>::eval(v, by) == signed_down);
            CHECK(shl<T>::eval(v, by) == up);
        }
    for (unsigned n = 0; n < width; ++n) {
        const T one = read(T(T(1) << n));
        CHECK(ctz<T>::eval(one) == n);
        CHECK(clz<T>::eval(one) == width - 1 - n);
        CHECK(popcnt<T>::eval(T(one - 1)) == n);
    }
    CHECK(clz<T>::eval(read(T(0))) == width);
    CHECK(ctz<T>::eval(read(T(0))) == width);
}

TEST_CASE_TEMPLATE("division, remainder and order agree with each other", T, u32, u64) {
    const u64 values[] = {0, 1, 2, 3, 7, 0x7fff'ffff, 0x8000'0000, 0xffff'ffff, least64 - 1, least64, all64, all64 - 6};
    for (const u64 x : values)
        for (const u64 y : values) {
            const T a = read(T(x)), b = read(T(y));
            CHECK(lt_s<T>::eval(a, b) ==
                  lt_u<T>::eval(T(a ^ T(T(1) << (8 * sizeof(T) - 1))), T(b ^ T(T(1) << (8 * sizeof(T) - 1)))));
            CHECK(lt_u<T>::eval(a, b) + gt_u<T>::eval(a, b) + eq<T>::eval(a, b) == 1);
            CHECK(lt_s<T>::eval(a, b) + ge_s<T>::eval(a, b) == 1);
            CHECK(gt_s<T>::eval(a, b) + le_s<T>::eval(a, b) == 1);
            CHECK(le_u<T>::eval(a, b) == ge_u<T>::eval(b, a));
            CHECK(ne<T>::eval(a, b) == u32(sub<T>::eval(a, b) != 0));
            CHECK(add<T>::eval(sub<T>::eval(a, b), b) == a);
            CHECK(add<T>::eval(and_<T>::eval(a, b), or_<T>::eval(a, b)) == add<T>::eval(a, b));
            CHECK(xor_<T>::eval(xor_<T>::eval(a, b), b) == a);
            const auto u = div_u<T>::eval(a, b), s = div_s<T>::eval(a, b), ru = rem_u<T>::eval(a, b),
                       rs = rem_s<T>::eval(a, b);
            if (b == 0) {
                for (const auto& r : {u, s, ru, rs}) CHECK(r.why == trap::integer_divide_by_zero);
                continue;
            }
            CHECK(gives(ru, sub<T>::eval(a, mul<T>::eval(u.value, b))));
            CHECK(u.why == trap::none);
            if (s.why == trap::none) CHECK(gives(rs, sub<T>::eval(a, mul<T>::eval(s.value, b))));
            else CHECK((s.why == trap::integer_overflow && b == T(-1) && gives(rs, T(0))));
        }
}

TEST_CASE("sign extension, and arithmetic of 128 bits") {
    CHECK(extend8_s<u32>::eval(read(0x1280u)) == 0xffff'ff80);
    CHECK(extend8_s<u64>::eval(read(u64{0x127f})) == 0x7f);
    CHECK(extend16_s<u32>::eval(read(0x12'8000u)) == 0xffff'8000);
    CHECK(extend32_s<u64>::eval(read(u64{0x12'8000'0000})) == 0xffff'ffff'8000'0000);
    const pair128 sum = add128::eval(read(all64), 5, read(u64{2}), 6);
    CHECK(sum == pair128{1, 12});
    CHECK(sub128::eval(sum.low, sum.high, 2, 6) == pair128{all64, 5});
    CHECK(mul_wide_s::eval(read(all64), read(least64)) == pair128{least64, 0});
    CHECK(mul_wide_u::eval(read(all64), read(least64)) == pair128{least64, least64 - 1});
}
