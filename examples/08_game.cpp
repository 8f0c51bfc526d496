// SPDX-License-Identifier: MIT
// A game without a window: mods share each frame's budget, one of them never ends and one traps; that one is reloaded
// while the game runs. A player's input comes late, so some frames are played again; and the game is saved.
//
//     08_game [folder of the guests]
#define TESSERA_GAME 1
#define TESSERA_SAVE 1
#include <tessera/tessera.hpp>

#include "../tests/files.hpp"
#include "report.hpp"

#include <array>
#include <string>
#include <vector>

namespace {

namespace game = tessera::game;
using tessera::u64;

/// Fuel for budgets, marks for going back, and NaNs that are the same on every machine.
constexpr tessera::features mods =
    tessera::wasm_2_0 + tessera::feature::fuel + tessera::feature::dirty_marks + tessera::feature::deterministic;

enum class way : int { on, right, down };
constexpr auto describe(tessera::guest_type<way>) {
    return tessera::enumeration("way", tessera::enumerator("on", way::on), tessera::enumerator("right", way::right),
                                tessera::enumerator("down", way::down));
}

/// A field that mods draw on, and the mods.
class world {
public:
    static constexpr int width = 32, height = 8;
    static constexpr u64 budget = 3'000; ///< of a frame, in instructions

    world() {
        api_.function("steer", "Where the player steers.", {}, [this] { return input_; });
        api_.function("plot", "Draws a character.", {"x", "y", "glyph"}, [this](int x, int y, int glyph) {
            if (x >= 0 && x < width && y >= 0 && y < height) field_[std::size_t(y * width + x)] = char(glyph);
        });
        api_.function("say", "Writes a line.", {"text"},
                      [](std::string_view text) { std::printf("a mod says: %.*s\n", int(text.size()), text.data()); });
        api_.exports<void()>("tick", "Called once a frame.");
    }
    tessera::result<tessera::module> read(const std::string& name) {
        const auto bytes = read_file((name + ".wat").c_str());
        auto mod = tessera::module::parse_text<mods>({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
        if (mod) modules_.push_back(*mod);
        return mod;
    }
    tessera::result<void> add(const std::string& folder, const char* name) {
        auto mod = read(folder + "/" + name);
        if (!mod) return mod.error();
        auto instance = store.instantiate(*mod, env_);
        if (!instance) return instance.error();
        if (auto ok = api_.check(*instance); !ok) return ok;
        guests_.push_back({name, *instance, made_++});
        return {};
    }
    /// Puts a new version in the place of a mod.
    tessera::result<void> reload(std::size_t which, const std::string& file) {
        auto next = read(file);
        if (!next) return next.error();
        // What migrate may cost.
        if (auto ok = store.add_fuel(100'000); !ok) return ok;
        auto made = game::reload(store, guests_[which].instance, *next, env_);
        if (!made) return made.error();
        guests_[which].instance = *made;
        guests_[which].number = made_++;
        return {};
    }
    /// One frame: every mod's tick, in shares of the budget. What has not ended by then is given up.
    void frame(way input, bool quiet = false) {
        input_ = input;
        field_.assign(field_.size(), ' ');
        game::scheduler ticks;
        for (const guest& g : guests_) {
            auto tick = g.instance.get<void()>("tick");
            if (!tick) continue;
            auto call = game::start(*tick);
            if (call) static_cast<void>(ticks.add(g.name, std::move(*call)));
        }
        ticks.run(budget);
        for (tessera::u32 i = 0; i < ticks.size() && !quiet; ++i) {
            const game::usage& u = ticks.used(i);
            if (u.state == game::standing::trapped) {
                std::printf("%s: ", guests_[i].name);
                report(ticks.at(i).error());
            } else if (u.state != game::standing::finished && !guests_[i].is_named) {
                std::printf("%s was stopped after %llu instructions\n", guests_[i].name,
                            static_cast<unsigned long long>(u.used));
                guests_[i].is_named = true;
            }
        }
    }
    void draw() const {
        std::printf("+%s+\n", std::string(width, '-').c_str());
        for (int y = 0; y < height; ++y) std::printf("|%.*s|\n", width, &field_[std::size_t(y * width)]);
        std::printf("+%s+\n", std::string(width, '-').c_str());
    }

    /// The world as bytes, and another one made from them.
    tessera::result<tessera::vec<tessera::u8>> save() { return tessera::save(store); }
    tessera::result<void> load(const world& from, const tessera::vec<tessera::u8>& bytes) {
        auto made = tessera::restore(store, bytes, from.modules_, env_);
        if (!made) return made.error();
        for (const guest& g : from.guests_)
            guests_.push_back({g.name, made->instances[g.number], g.number, g.is_named});
        return {};
    }

    tessera::store<mods> store;

private:
    struct guest {
        const char* name;
        tessera::instance instance;
        std::size_t number; ///< of the instance, in the order in which the store's were made
        bool is_named = false;
    };
    tessera::imports env_;
    game::binding api_{"field", env_};
    std::vector<tessera::module> modules_;
    std::vector<guest> guests_;
    std::size_t made_ = 0;
    way input_ = way::on;
    std::string field_ = std::string(width * height, ' ');
};

} // namespace

int main(int argc, char** argv) {
    const std::string folder = argc > 1 ? argv[1] : "examples/guests";
    world here;
    for (const char* name : {"comet", "rover", "hog"})
        if (auto ok = here.add(folder, name); !ok) return report(ok.error());

    // Eight frames to the right, which is one too many for the rover: the others go on.
    for (int i = 0; i < 8; ++i) here.frame(way::right);
    here.draw();

    // Its author mends it.
    if (auto ok = here.reload(1, folder + "/rover2"); !ok) return report(ok.error());
    std::printf("the rover was reloaded\n");

    // From here on each frame's state is kept. Three frames go by before it is known that the player steered down.
    tessera::rollback<mods> states(here.store, 4);
    u64 first = 0;
    for (int i = 0; i < 3; ++i) {
        const auto state = states.take();
        if (!state) return report(state.error());
        if (i == 0) first = *state;
        here.frame(way::right);
    }
    here.draw();
    if (auto ok = states.go_back(first); !ok) return report(ok.error());
    std::printf("back three frames, and down\n");
    for (int i = 0; i < 3; ++i) here.frame(way::down);
    here.draw();

    // Saved, and loaded into another world: both go on the same way.
    const auto bytes = here.save();
    if (!bytes) return report(bytes.error());
    world there;
    if (auto ok = there.load(here, *bytes); !ok) return report(ok.error());
    for (int i = 0; i < 5; ++i) {
        here.frame(way::right, true);
        there.frame(way::right, true);
    }
    there.draw();
    const auto a = tessera::state_hash(here.store), b = tessera::state_hash(there.store);
    if (!a || !b) return report(a ? b.error() : a.error());
    std::printf("the world that was loaded is %s\n", *a == *b ? "the same" : "another");
    std::printf("state %016llx\n", static_cast<unsigned long long>(*a));
    return *a == *b ? 0 : 1;
}
