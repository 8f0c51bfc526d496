// SPDX-License-Identifier: MIT
#include <tessera/util/float_environment.hpp>

#include <doctest/doctest.h>

#include <cfenv>
#include <initializer_list>

using namespace tessera;

#if defined(__SSE2__) || defined(__aarch64__)

namespace {

/// Sums that rounding decides; `volatile` keeps them from being computed at compile time.
f64 third() {
    volatile f64 one = 1, three = 3;
    return one / three;
}
constexpr u64 nearest = 0x3fd5'5555'5555'5555;

} // namespace

TEST_CASE("float_environment: the host's rounding is off while it lives, and back afterwards") {
    CHECK(std::bit_cast<u64>(third()) == nearest);
    for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST}) {
        REQUIRE(std::fesetround(mode) == 0);
        u64 inside = 0;
        {
            const float_environment guest;
            inside = std::bit_cast<u64>(third());
        }
        const int after = std::fegetround();
        const u64 outside = std::bit_cast<u64>(third());
        REQUIRE(std::fesetround(FE_TONEAREST) == 0);
        CHECK(inside == nearest);
        CHECK(after == mode);
        CHECK((outside != nearest) == (mode == FE_UPWARD));
    }
}

#endif
