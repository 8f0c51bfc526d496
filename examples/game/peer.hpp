// SPDX-License-Identifier: MIT
// One of two machines on which the game is played: it has its player's keys at once and the other's some frames late.
#pragma once

#include "world.hpp"

namespace meadow {

/// What a player does: one letter for each frame.
struct script {
    const char* keys[scene::players];
    key at(int player, int frame) const noexcept {
        const std::string_view letters = "-lrud";
        const auto found = letters.find(keys[player][frame]);
        return key(found == letters.npos ? 0 : int(found));
    }
};

class peer {
public:
    static constexpr int late = 4;

    peer(std::string folder, int player, const script& players)
        : w(std::move(folder)), player_(player), script_(&players) {}

    /// Plays a frame with the keys that are known. Where a guess of before turns out wrong, the frames since are played
    /// again first.
    tessera::result<void> frame() {
        const int now = w.here.frame;
        if (auto ok = hear(now - late, now); !ok) return ok;
        return play(now);
    }
    /// Waits for the keys that are under way.
    tessera::result<void> settle() {
        const int now = w.here.frame;
        for (int f = now - late; f < now; ++f)
            if (auto ok = hear(f, now); !ok) return ok;
        return {};
    }

    world w;
    int wrong = 0; ///< guesses
    int again = 0; ///< frames

private:
    /// What the world was before a frame: the store's part is in the ring, the game's is here.
    struct moment {
        u64 state = 0;
        scene here;
        key used{}; ///< for the other player
    };
    moment& at(int frame) noexcept { return moments_[std::size_t(frame) % moments_.size()]; }

    /// The other's key for frame `f` arrives before frame `now`.
    tessera::result<void> hear(int f, int now) {
        if (f < heard_) return {};
        heard_ = f + 1;
        last_ = script_->at(1 - player_, f);
        if (at(f).used == last_) return {};
        ++wrong;
        if (auto ok = states_.go_back(at(f).state); !ok) return ok;
        w.here = scene(at(f).here);
        for (; f < now; ++f, ++again)
            if (auto ok = play(f); !ok) return ok;
        return {};
    }
    tessera::result<void> play(int f) {
        auto state = states_.take();
        if (!state) return state.error();
        at(f) = {*state, w.here, last_}; // the guess: what the other did last
        std::array<key, scene::players> keys{};
        keys[std::size_t(player_)] = script_->at(player_, f);
        keys[std::size_t(1 - player_)] = last_;
        return w.frame(keys);
    }

    int player_;
    const script* script_;
    tessera::rollback<mods> states_{w.store, 2 * late};
    std::array<moment, 2 * late> moments_{};
    int heard_ = 0;
    key last_{};
};

} // namespace meadow
