// SPDX-License-Identifier: MIT
// States that cannot be taken or gone back to for want of memory.
#include "../../engine.hpp"

#include "../rolled.hpp"

#include <doctest/doctest.h>

#include <utility>

TEST_CASE("where memory is out no state is taken, and the store and its calls stay as they are") {
    using rolled_guest = guests::basic_guest<engines::metered>;
    tessera::imports env;
    rolled::define_ask(env);
    const long before = faults::live;
    const long n = faults::each([&] {
        long left = std::exchange(faults::left, -1); // what prepares is not under test
        rolled_guest g(rolled::asker, env);
        rolled::standing_calls<engines::metered> mods(g, 6);
        tessera::rollback<engines::metered> ring(g.store, 4);
        const auto calls = mods.keepable();
        mods.frame(1);
        REQUIRE(ring.take(calls));
        const auto first = mods.state();
        for (unsigned frame = 2; frame < 9; ++frame) mods.frame(frame);
        const auto now = mods.state();

        faults::left = left;
        const auto taken = ring.take(calls);
        left = std::exchange(faults::left, -1);
        CHECK(mods.state() == now);
        if (!taken) {
            CHECK(taken.error().is(tessera::msg::out_of_memory));
            CHECK(ring.next() == 1);
            return false;
        }
        mods.frame(9);
        const auto later = mods.state();
        faults::left = left;
        const auto back = ring.go_back(0, calls);
        faults::left = -1;
        CHECK(mods.state() == (back ? first : later));
        CHECK(ring.next() == (back ? 1 : 2));
        if (!back) CHECK(back.error().is(tessera::msg::out_of_memory));
        return back.has_value();
    });
    CHECK(n > 10);
    CHECK(faults::live == before);
}
