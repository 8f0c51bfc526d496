// SPDX-License-Identifier: MIT
// Plays mod.wat: ten thousand ticks with inputs that a seed decides, in slices; the state's hash after every hundredth.
// In between, if asked for, the store is saved and restored in the middle of ticks, and ticks with wrong inputs are
// played and taken back: the hashes must not know of it.
#pragma once

#include <tessera/game.hpp>
#include <tessera/save.hpp>

#include <tessera/module.hpp>
#include <tessera/store.hpp>
#include <tessera/wat.hpp>

#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

namespace determinism {

using tessera::u32;
using tessera::u64;
using tessera::u8;
using bytes = std::vector<u8>;

constexpr u32 ticks = 10'000, every = 100, saved_at = 7'777, memory_at = 200;

/// What hashes.txt says.
struct expectation {
    std::vector<u64> states; ///< after every hundredth tick
    u64 memory = 0;          ///< the memory's alone, after `memory_at` ticks
};
inline expectation read_expectation(const std::string& file) {
    expectation e;
    std::ifstream list(file);
    for (std::string line; std::getline(list, line);) {
        if (line.empty() || line[0] == '#') continue;
        const bool of_memory = line.compare(0, 7, "memory ") == 0;
        std::istringstream digits(of_memory ? line.substr(7) : line);
        u64 hash = 0;
        digits >> std::hex >> hash;
        if (of_memory) e.memory = hash;
        else e.states.push_back(hash);
    }
    return e;
}

/// The same numbers on every machine.
class numbers {
public:
    explicit numbers(u64 seed) noexcept : state_(seed) {}
    u64 next() noexcept {
        u64 z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
    }
    u32 below(u32 n) noexcept { return u32(next() % n); }

private:
    u64 state_;
};
inline u32 input_of(u32 tick) noexcept { return u32(numbers(tick).next()); }

/// What can go wrong goes to `error`, and playing ends.
template <tessera::features F>
class player {
public:
    using store = tessera::store<F>;
    static constexpr bool takes_back = F[tessera::feature::dirty_marks];

    /// `prepare` is called with each new store.
    explicit player(
        std::string_view text, void (*prepare)(store&) = [](store&) {})
        : prepare_(prepare) {
        env_.define("host", "mix", [](u64 n) { return numbers(n).next(); });
        env_.define("host", "half", [](double d) { return d * 0.5; });
        auto mod = tessera::module::parse_text<F>(text);
        if (!mod) {
            fail(mod.error());
            return;
        }
        mod_ = *mod;
        fresh(store_);
        auto made = store_->instantiate(mod_, env_);
        if (made) in_ = *made;
        else fail(made.error());
    }
    player(const player&) = delete;
    player& operator=(const player&) = delete;

    /// Goes on until `last` ticks are over; `eventful`: with what must not matter.
    void play(u32 last, bool eventful) {
        while (error.empty() && now_ < last) {
            if (eventful && (now_ & 63) == 33 && chance_.below(12) == 0) take_back();
            tick(input_of(now_), eventful && chance_.below(200) == 0);
            ++now_;
            if (now_ % every == 0) hashes.push_back(hash());
        }
    }
    bytes save() {
        auto made = tessera::save(*store_);
        if (!made) return fail(made.error()), bytes();
        return {made->begin(), made->end()};
    }
    /// Goes on from what was saved after so many ticks.
    void restore(const bytes& from, u32 after) {
        load(from);
        now_ = after;
    }
    u64 hash() {
        const auto h = tessera::state_hash(*store_);
        if (!h) fail(h.error());
        return h ? *h : 0;
    }
    /// Of the memory alone, which does not tell the features of the store.
    u64 memory_hash() const {
        u64 h = 0xcbf29ce484222325;
        if (auto m = in_.template get<tessera::memory>("memory"))
            for (u8 b : m->bytes()) h = (h ^ b) * 0x100000001b3;
        return h;
    }

    std::vector<u64> hashes;
    std::string error;
    u32 saves = 0, taken_back = 0, slices = 0;

private:
    void fail(const tessera::error& why) {
        if (error.empty())
            error =
                "tick " + std::to_string(now_) + ": " + std::string(why.message()) + " " + std::string(why.detail());
    }
    void fresh(std::unique_ptr<store>& to) {
        to = std::make_unique<store>();
        prepare_(*to);
    }
    std::optional<tessera::game::call> load(const bytes& from) {
        std::unique_ptr<store> next;
        fresh(next);
        auto made = tessera::restore(*next, from, {&mod_, 1}, env_);
        if (!made) return fail(made.error()), std::nullopt;
        in_ = made->instances[0];
        std::optional<tessera::game::call> call;
        if (!made->calls.empty()) call.emplace(std::move(made->calls[0]));
        old_ = std::move(store_); // the call that was saved is still its
        store_ = std::move(next);
        return call;
    }
    /// One tick in slices, where there is fuel; `moving`: into another store before each of the first slices.
    void tick(u32 input, bool moving) {
        auto f = in_.template get<void(u32)>("tick");
        if (!f) return fail(f.error());
        if constexpr (!F[tessera::feature::fuel]) {
            if (auto ok = (*f)(input); !ok) fail(ok.error());
            return;
        }
        auto begun = tessera::game::start(*f, input);
        if (!begun) return fail(begun.error());
        std::optional<tessera::game::call> call(std::move(*begun));
        for (u32 moves = 0; !call->is_over(); ++slices) {
            if (moving && moves++ < 3) {
                tessera::execution* const all[] = {call->saveable()};
                const auto made = tessera::save(*store_, all);
                if (!made) return fail(made.error());
                auto there = load({made->begin(), made->end()});
                if (!there) return;
                call = std::move(there);
                old_.reset();
                ++saves;
            }
            call->run(1 + chance_.below(moving ? 60 : 400));
        }
        if (call->state() != tessera::game::standing::finished) fail(call->error());
    }
    /// Some ticks with other inputs, and back to before them. There are no objects at these ticks.
    void take_back() {
        if constexpr (takes_back) take_back_marked();
    }
    void take_back_marked() requires(takes_back) {
        load(save()); // nor is there what they leave in the heap
        old_.reset();
        if (!error.empty()) return;
        tessera::rollback<F> states(*store_, 9);
        const auto first = states.take();
        if (!first) return fail(first.error());
        for (u32 i = 0; i < 8; ++i) {
            tick(~input_of(now_ + i), false);
            if (const auto state = states.take(); !state) return fail(state.error());
        }
        if (const auto ok = states.go_back(*first); !ok) return fail(ok.error());
        ++taken_back;
    }

    void (*prepare_)(store&);
    tessera::module mod_;
    tessera::imports env_;
    std::unique_ptr<store> store_, old_;
    tessera::instance in_;
    u32 now_ = 0;
    numbers chance_{2026};
};

} // namespace determinism
