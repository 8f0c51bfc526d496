// SPDX-License-Identifier: MIT
// An interface as a game has it: tests/guests/arena.h and arena.ts are its declarations, arena.c is a guest of it.
#pragma once

#include <tessera/game.hpp>

#include <array>
#include <string>
#include <vector>

namespace arena {

namespace game = tessera::game;
using tessera::field;
using tessera::guest_type;

struct vec2 {
    float x, y;
    friend bool operator==(const vec2&, const vec2&) = default;
};
constexpr auto describe(guest_type<vec2>) {
    return tessera::structure("vec2", field("x", &vec2::x), field("y", &vec2::y));
}

enum class team : std::uint8_t { red, blue = 7 };
constexpr auto describe(guest_type<team>) {
    return tessera::enumeration("team", tessera::enumerator("red", team::red), tessera::enumerator("blue", team::blue));
}
enum class mood : std::int32_t { angry = -1, calm };
constexpr auto describe(guest_type<mood>) {
    return tessera::enumeration("mood", tessera::enumerator("angry", mood::angry),
                                tessera::enumerator("calm", mood::calm));
}

/// Of every size, so that there is padding, which is another on a host of 32 bits.
struct unit_state {
    std::uint8_t level;
    double health;
    team side;
    vec2 at;
    std::array<std::int16_t, 3> slots;
    bool is_alive;
    std::int64_t score;
};
constexpr auto describe(guest_type<unit_state>) {
    return tessera::structure("unit_state", field("level", &unit_state::level), field("health", &unit_state::health),
                              field("side", &unit_state::side), field("at", &unit_state::at),
                              field("slots", &unit_state::slots), field("is_alive", &unit_state::is_alive),
                              field("score", &unit_state::score));
}

/// What the host has; guests know it by a number.
struct unit {
    unit_state state{};
    std::string name;
};

struct world {
    game::object_table<unit> units;
    std::vector<std::string> lines;
    game::callback<int(game::id<unit>, int)> on_hit;
    tessera::imports env;
    game::binding api{"arena", env};

    world() {
        api.objects("unit", units);
        api.function("log", "Writes a line.", {"line"}, [this](std::string_view line) { lines.emplace_back(line); });
        api.function("spawn", "Makes a unit; 0 if there is no room.", {"name", "side", "at"},
                     [this](game::c_string name, team side, const vec2& at) -> game::id<unit> {
                         unit u;
                         u.name = std::string_view(name);
                         u.state = {1, 100.5, side, at, {1, -2, 3}, true, -5'000'000'000};
                         return {units.add(std::move(u))};
                     });
        api.function("remove", "Takes a unit away.", {"who"},
                     [this](game::id<unit> who) { return units.remove(who.number); });
        api.function("move", "Moves a unit, by nothing if that is NULL.", {"who", "by"},
                     [](unit& who, std::optional<vec2> by) {
                         if (by) who.state.at.x += by->x, who.state.at.y += by->y;
                     });
        api.function("where", "Where a unit is; false if there is no such unit.", {"who"},
                     [](unit* who) -> std::optional<vec2> {
                         if (!who) return {};
                         return who->state.at;
                     });
        api.function("look", "All about a unit.", {"who"},
                     [](unit& who) -> tessera::result<unit_state> { return who.state; });
        api.function("change", "Sets all about a unit.", {"who", "to"},
                     [](unit& who, const unit_state& to) { who.state = to; });
        api.function("name_of", "A unit's name; the number of its bytes.", {"who", "name"},
                     [](tessera::caller&, unit& who, game::text_room name) { return name.set(who.name); });
        api.function("middle", "The middle of some points, which are moved there.", {"points"},
                     [](tessera::guest_span<vec2> points) {
                         vec2 sum{};
                         const float n = float(points.size());
                         for (std::size_t i = 0; i < points.size(); ++i)
                             sum.x += points[i].x / n, sum.y += points[i].y / n;
                         for (std::size_t i = 0; i < points.size(); ++i) points.set(i, sum);
                         return sum;
                     });
        api.function("sum", "The sum of some numbers.", {"numbers"}, [](tessera::guest_span<std::int32_t> numbers) {
            std::int64_t sum = 0;
            for (std::size_t i = 0; i < numbers.size(); ++i) sum += numbers[i];
            return sum;
        });
        api.function("feel", "How it is.", {"how"},
                     [](mood how) { return how == mood::calm ? team::blue : team::red; });
        api.function("on_hit", "What is called when a unit is hit; NULL: nothing.", {"f"},
                     [this](game::callback<int(game::id<unit>, int)> f) { on_hit = f; });
        api.exports<int(float)>("tick", "Called once a frame.", {"seconds"});
    }
};

} // namespace arena
