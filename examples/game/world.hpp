// SPDX-License-Identifier: MIT
// The meadow with its hundred mods: makes them, runs a frame of them, and says who used what.
#pragma once

#include "../../tests/files.hpp"
#include "meadow.hpp"

#include <cstdio>

namespace meadow {

/// A module of which the game has some instances.
struct kind {
    const char* file;
    const char* language;
    int count;
};
constexpr kind kinds[] = {
    {"player.wasm", "C", 2}, {"sheep.wasm", "C", 38}, {"firefly.wasm", "AssemblyScript", 34},
    {"ant.wat", "WAT", 23},  {"mole.wasm", "C", 1},   {"comet.wat", "WAT", 1},
    {"hog.wat", "WAT", 1},
};

class world {
public:
    static constexpr u64 budget = 40'000; ///< of a frame, in instructions

    /// `folder` has the mods.
    explicit world(std::string folder) : folder_(std::move(folder)) {}

    /// Makes all mods.
    tessera::result<void> begin() {
        if (auto ok = offer_.api.status(); !ok) return ok;
        u64 random = 2026;
        for (const kind& k : kinds) {
            auto mod = read(k.file);
            if (!mod) return mod.error();
            for (int i = 0; i < k.count; ++i) {
                auto instance = store.instantiate(*mod, offer_.env);
                if (!instance) return instance.error();
                if (auto ok = offer_.api.check(*instance); !ok) return ok;
                auto first = instance->get<void(int, u32)>("begin");
                if (!first) return first.error();
                random = random * 6364136223846793005 + 1442695040888963407;
                if (auto ok = store.add_fuel(1000); !ok) return ok;
                if (auto ok = (*first)(i, u32(random >> 33)); !ok) return ok.error();
                guests_.push_back({&k, guests_.size(), *instance, made_++});
            }
        }
        here.standings.resize(guests_.size());
        return {};
    }
    /// Makes the mods as `from` saved them: its modules are needed, and its scene.
    tessera::result<void> load(const world& from, const tessera::vec<tessera::u8>& bytes) {
        auto made = tessera::restore(store, bytes, from.modules_, offer_.env);
        if (!made) return made.error();
        for (const guest& g : from.guests_) guests_.push_back({g.of, g.member, made->instances[g.number], g.number});
        here = from.here;
        return {};
    }
    /// Puts a new version in the place of the mods of a kind.
    tessera::result<void> reload(std::string_view file, const char* with) {
        auto next = read(with);
        if (!next) return next.error();
        for (guest& g : guests_) {
            if (g.of->file != file) continue;
            if (auto ok = store.add_fuel(1000); !ok) return ok; // for migrate
            auto made = game::reload(store, g.instance, *next, offer_.env);
            if (!made) return made.error();
            g.instance = *made;
            g.number = made_++;
        }
        return {};
    }

    /// One frame: every mod's tick, in shares of the budget. What has not ended by then is given up: a state can only
    /// be kept while no call stands.
    tessera::result<void> frame(const std::array<key, scene::players>& keys) {
        here.keys = keys;
        here.before = here.now;
        here.cells = {};
        game::scheduler ticks;
        for (const guest& g : guests_) {
            if (here.standings[g.member] == game::standing::trapped) continue;
            auto tick = g.instance.get<void(int)>("tick");
            if (!tick) return tick.error();
            auto call = game::start(*tick, here.frame);
            if (!call) return call.error();
            if (auto seat = ticks.add(g.of->file, std::move(*call)); !seat) return seat.error();
        }
        ticks.run(budget);
        ++here.frame;
        ++frames_;
        u32 seat = 0;
        for (guest& g : guests_) {
            if (here.standings[g.member] == game::standing::trapped) continue;
            const game::usage& u = ticks.used(seat);
            g.done += u.state == game::standing::finished;
            g.total += u.used;
            if (g.most < u.used) g.most = u.used;
            game::standing& last = here.standings[g.member];
            if (u.state != last && u.state == game::standing::trapped)
                here.log.push_back(g.of->file + (": " + text_of(ticks.at(seat).error())));
            if (u.state != last && u.state == game::standing::out_of_fuel)
                here.log.push_back(g.of->file + (" was stopped after " + std::to_string(u.used) + " instructions"));
            last = u.state;
            ++seat;
        }
        return {};
    }

    /// Who used what in all frames, those that were played again included.
    void report() const {
        u64 all = 0;
        for (const guest& g : guests_) all += g.total;
        std::printf("mods            written in      most in a frame  of all   frames done\n");
        for (const kind& k : kinds) {
            u64 most = 0, total = 0, done = 0;
            for (const guest& g : guests_) {
                if (g.of != &k) continue;
                if (most < g.most) most = g.most;
                total += g.total;
                done += g.done;
            }
            std::printf("%2d %-12s %-14s %16d %5d.%d %% %11d %%\n", k.count, k.file, k.language, int(most),
                        int(total * 100 / all), int(total * 1000 / all % 10),
                        int(done * 100 / (frames_ * u64(k.count))));
        }
    }

    tessera::store<mods> store;
    scene here;

private:
    struct guest {
        const kind* of;
        std::size_t member; ///< among all mods
        tessera::instance instance;
        std::size_t number;      ///< of the instance, in the order in which the store's were made
        u64 done = 0;            ///< frames in which its tick came to an end
        u64 total = 0, most = 0; ///< instructions in all frames, and in one
    };

    tessera::result<tessera::module> read(std::string_view file) {
        const auto bytes = read_file((folder_ + "/" + std::string(file)).c_str());
        auto mod = file.ends_with(".wat")
                       ? tessera::module::parse_text<mods>({reinterpret_cast<const char*>(bytes.data()), bytes.size()})
                       : tessera::module::parse<mods>(bytes);
        if (mod) modules_.push_back(*mod);
        return mod;
    }
    static std::string text_of(const tessera::error& e) {
        std::string text = e.message().data();
        for (const tessera::trace_frame& at : e.frames()) text += std::string(", in ") + at.name;
        return text;
    }

    std::string folder_;
    offer offer_{here};
    std::vector<tessera::module> modules_;
    std::vector<guest> guests_;
    std::size_t made_ = 0;
    u64 frames_ = 0;
};

} // namespace meadow
