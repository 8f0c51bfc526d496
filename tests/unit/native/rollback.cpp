// SPDX-License-Identifier: MIT
// Pages that machine code writes to are marked, so that a store with machine code goes back as well.
#include "native/profile.hpp"

#include "../rolled.hpp"

namespace {

using game_guest = guests::basic_guest<native_game_profile>;

/// Number `kind` of some ways to compile.
tessera::native_options options_of(unsigned kind) {
    tessera::native_options o{.threshold = kind % 3, .all = true};
    if (kind % 2) o.blinding = 0x1234'5678'9abc'def1;
    return o;
}
/// `text` in a store that compiles.
struct compiled_game : game_guest {
    explicit compiled_game(const char* text, unsigned kind, const tessera::imports& env = {}) : game_guest("(module)") {
        REQUIRE(tessera::enable_native(store, options_of(kind)));
        auto mod = tessera::module::parse_text<native_game_profile>(text);
        REQUIRE_MESSAGE(mod, mod.error().message() << mod.error().detail() << mod.error().line());
        auto made = store.instantiate(*mod, env);
        REQUIRE(made);
        instance = *made;
    }
};

} // namespace

TEST_CASE("going back gives the state of that frame, whatever machine code has written since") {
    for (unsigned seed = 0; seed < 12; ++seed) {
        CAPTURE(seed);
        compiled_game g(rolled::writer, seed);
        rolled::check_frames(g, seed);
        if (TESSERA_TAIL_CALLS) CHECK(tessera::native_counters_of(g.store).functions > 20);
    }
}

TEST_CASE("each way of writing by machine code is undone, across the end of a page, too") {
    for (unsigned kind = 0; kind < 6; ++kind) {
        CAPTURE(kind);
        compiled_game g(rolled::writer, kind);
        rolled::check_each_way(g);
    }
}

TEST_CASE("calls with machine code come back with the state, waiting or not") {
    tessera::imports env;
    rolled::define_ask(env);
    for (unsigned seed = 0; seed < 6; ++seed) {
        CAPTURE(seed);
        compiled_game g(rolled::asker, seed, env);
        CHECK(rolled::check_calls<native_game_profile>(g, seed) > 500);
    }
}
