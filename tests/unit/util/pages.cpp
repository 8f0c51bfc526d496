// SPDX-License-Identifier: MIT
#include <tessera/util/integers.hpp>
#include <tessera/util/pages.hpp>

#include <doctest/doctest.h>

using namespace tessera;

TEST_CASE("pages: reserved, committed, given back") {
    constexpr std::size_t unit = 65536, all = 64 * unit;
    u8* const at = static_cast<u8*>(reserve_pages(all, unit));
#if defined(__linux__) || defined(_WIN32) || defined(__APPLE__)
    REQUIRE(at != nullptr);
#endif
    if (!at) return;
    CHECK(reinterpret_cast<std::uintptr_t>(at) % 4096 == 0);
    for (std::size_t i = 0; i < unit; ++i) REQUIRE(at[i] == 0);
    at[unit - 1] = 7;
    REQUIRE(commit_pages(at + unit, 3 * unit));
    for (std::size_t i = unit; i < 4 * unit; ++i) REQUIRE(at[i] == 0);
    CHECK(at[unit - 1] == 7);
    REQUIRE(commit_pages(at, all)); // what is usable keeps what it holds
    CHECK(at[unit - 1] == 7);
    at[all - 1] = 1;
    release_pages(at, all);

    u8* const full = static_cast<u8*>(reserve_pages(unit, unit));
    REQUIRE(full != nullptr);
    full[unit - 1] = full[0] = 1;
    release_pages(full, unit);
    u8* const none = static_cast<u8*>(reserve_pages(unit, 0));
    REQUIRE(none != nullptr);
    CHECK(commit_pages(none, 0));
    release_pages(none, unit);
    CHECK(reserve_pages(std::size_t(-1) / unit * unit, 0) == nullptr); // more than there is
}
