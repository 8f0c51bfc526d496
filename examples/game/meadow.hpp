// SPDX-License-Identifier: MIT
// What a mod of the game sees: the one description of which mods/meadow.h and mods/meadow.ts are made.
#pragma once

#include <tessera/tessera.hpp>

#include <array>
#include <cmath>
#include <string>
#include <vector>

namespace meadow {

namespace game = tessera::game;
using tessera::u32;
using tessera::u64;

/// Fuel for budgets, marks for going back, and NaNs that are the same on every machine.
constexpr tessera::features mods =
    tessera::wasm_2_0 + tessera::feature::fuel + tessera::feature::dirty_marks + tessera::feature::deterministic;

enum class key : int { none, left, right, up, down };
constexpr auto describe(tessera::guest_type<key>) {
    return tessera::enumeration("key", tessera::enumerator("none", key::none), tessera::enumerator("left", key::left),
                                tessera::enumerator("right", key::right), tessera::enumerator("up", key::up),
                                tessera::enumerator("down", key::down));
}
/// Of two things at one place the later one is seen.
enum class look : int { ant, tail, firefly, mole, sheep, comet };
constexpr auto describe(tessera::guest_type<look>) {
    return tessera::enumeration("look", tessera::enumerator("ant", look::ant), tessera::enumerator("tail", look::tail),
                                tessera::enumerator("firefly", look::firefly), tessera::enumerator("mole", look::mole),
                                tessera::enumerator("sheep", look::sheep), tessera::enumerator("comet", look::comet));
}
struct spot {
    float x, y;
};
constexpr auto describe(tessera::guest_type<spot>) {
    return tessera::structure("spot", tessera::field("x", &spot::x), tessera::field("y", &spot::y));
}
/// What the game knows beside its mods. Mods ask for what was in the frame before, so it does not matter who is first.
struct scene {
    static constexpr int width = 64, height = 16, players = 2;

    int frame = 0;
    std::array<key, players> keys{};
    std::array<spot, players> before{{{16, 8}, {48, 8}}}, now = before;
    std::array<int, players> caught{};
    std::vector<game::standing> standings; ///< of each mod's last tick
    std::vector<std::string> log;
    std::array<signed char, std::size_t(width* height)> cells{}; ///< 1 + what is seen there

    /// The player nearest to a place, in steps; -1 if that is not below `far`.
    int nearest(const spot& to, float far) const noexcept {
        int found = -1;
        for (int i = 0; i < players; ++i) {
            const spot& at = before[i == 1];
            const float steps = std::fabs(at.x - to.x) + std::fabs(at.y - to.y);
            if (steps < far) far = steps, found = i;
        }
        return found;
    }
    void show(const spot& at, int what) noexcept {
        if (!(at.x >= 0 && at.x < width && at.y >= 0 && at.y < height)) return;
        signed char& cell = cells[std::size_t(int(at.y) * width + int(at.x))];
        if (cell < 1 + what) cell = static_cast<signed char>(1 + what);
    }
    std::string picture() const {
        static constexpr const char* glyphs[] = {" ", "·", "░", "*", "▟", "o", "█", "A", "B"};
        std::string out, line;
        for (int x = 0; x < width; ++x) line += "▀";
        for (int y = 0; y < height; ++y) {
            out += "▐";
            for (int x = 0; x < width; ++x) out += glyphs[std::size_t(cells[std::size_t(y * width + x)])];
            out += "▌\n";
        }
        return out + "▝" + line + "▘\n";
    }
};

/// The functions for mods, which work on a scene. None writes to a mod's memory: going back in time knows what mods
/// have written, but would have to be told of that.
class offer {
public:
    explicit offer(scene& s) noexcept {
        api.function("held", "The key that a player holds down.", {"player"},
                     [&s](int player) { return s.keys[player == 1]; });
        api.function("stand", "Where a player stands.", {"player", "at"}, [&s](int player, const spot& at) {
            s.now[player == 1] = at;
            s.show(at, int(look::comet) + 1 + (player == 1));
        });
        api.function("draw", "Draws something.", {"what", "at"},
                     [&s](look what, const spot& at) { s.show(at, int(what)); });
        api.function("flee", "Where to run from a place, away from the nearest player; none if nobody is near.",
                     {"from"}, [&s](const spot& from) {
                         const int who = s.nearest(from, 12);
                         if (who < 0) return key::none;
                         const spot& at = s.before[who == 1];
                         const float x = from.x - at.x, y = from.y - at.y;
                         if (std::fabs(x) > std::fabs(y)) return x > 0 ? key::right : key::left;
                         return y > 0 ? key::down : key::up;
                     });
        api.function("is_caught", "Whether a player gets what is at a place, and a point for it.", {"at"},
                     [&s](const spot& at) {
                         const int who = s.nearest(at, 1.5f);
                         if (who >= 0) ++s.caught[who == 1];
                         return who >= 0;
                     });
        api.function("say", "Writes a line.", {"line"},
                     [&s](std::string_view line) { s.log.push_back("a mod says: " + std::string(line)); });
        api.exports<void(int, u32)>("begin", "Called once, with a number that every mod of a kind has another of.",
                                    {"number", "seed"});
        api.exports<void(int)>("tick", "Called once a frame.", {"frame"});
    }

    tessera::imports env;
    game::binding api{"meadow", env};
};

} // namespace meadow
