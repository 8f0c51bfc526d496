// SPDX-License-Identifier: MIT
/// @file game/scheduler.hpp
/// Many calls that share the budget of a frame, and a report of who used what.
#pragma once

#include <tessera/game/call.hpp>

namespace tessera::inline TESSERA_ABI::game {

/// What a member of a scheduler used, in units of the frames' budgets: fuel, or nanoseconds for frames of time.
struct usage {
    standing state = standing::ready;
    u32 weight = 1;
    u32 slices = 0;   ///< in the last frame
    u64 used = 0;     ///< in the last frame
    u64 over = 0;     ///< how much of that was more than it was given
    u64 owed = 0;     ///< what it still has to make up for: later shares are so much smaller
    u64 total = 0;    ///< used in all frames
    u64 most = 0;     ///< the most it used in one frame
    u64 missed = 0;   ///< in the last frame: how much less than its share it got, though it would have gone on
    u32 overruns = 0; ///< frames in which it used more than it was given
};

/// What came of a frame.
struct frame_report {
    u64 budget = 0;
    u64 used = 0;            ///< by all members; more than the budget if somebody overran
    u32 finished = 0;        ///< members that came to their end in this frame, with results or an error
    u32 waiting = 0;         ///< members that wait for an answer of the host
    u32 hungry = 0;          ///< members that would have gone on
    u32 starved = 0;         ///< those of them that did not get their share, mostly since others overran: usage::missed
    u32 worst = no_index;    ///< the member that overran most; no_index: nobody did
    u32 neediest = no_index; ///< the member that missed most of its share; no_index: nobody did
};

/// Shares budgets among calls. Each member gets a share by its weight; what it does not use goes to those that would go
/// on, until all is used or nobody is left. Who starts moves on from frame to frame, so that a remainder goes to
/// each in turn. Members may be of different stores, each of which must outlive its calls: `drop` or `drop_of` takes
/// them out before. In frames of fuel the outcome depends on nothing but the guests, the members' numbers and weights,
/// and `turn`: a game that goes back, or was saved, goes on the same way if that is kept with it.
class scheduler {
public:
    scheduler() noexcept = default;
    scheduler(scheduler&&) noexcept = default;
    scheduler& operator=(scheduler&&) noexcept = default;

    /// Adds a call under a name, which is copied; the number by which it is known from then on, the lowest that nobody
    /// has. A weight of 2 gets twice the share of 1; 0 counts as 1. Fails with msg::out_of_memory, and
    /// msg::already_running during a frame.
    result<u32> add(std::string_view name, call&& c, u32 weight = 1) noexcept;
    /// Gives a member another call, for instance the next frame's; what it owes of frames of time stays. Fails with
    /// msg::out_of_range for a number that is not known, and msg::already_running during a frame.
    result<void> set(u32 member, call&& c) noexcept;
    /// Takes a member out and gives its call up, wherever that stands; the others keep their numbers. Fails as `set`.
    result<void> drop(u32 member) noexcept;
    /// The same for all members with calls of the store `s`; how many there were.
    result<u32> drop_of(const basic_store& s) noexcept;

    /// Members have numbers below `size`; `has` says whether there is one of this number.
    u32 size() const noexcept { return u32(members_.size()); }
    bool has(u32 member) const noexcept { return member < members_.size() && members_[member].is_taken; }
    /// The member that starts the next frame. Of another scheduler with the same members it may be set, for example of
    /// one that was made after loading; a number that is not known stands for the next one that is, from 0 on after the
    /// last. Setting fails with msg::already_running during a frame.
    u32 turn() const noexcept { return first_; }
    result<void> set_turn(u32 member) noexcept;

    /// A member's call, name and figures; of one that was dropped an empty call, no name and nothing. The number must
    /// be below `size`. A call that is running must not be moved.
    call& at(u32 member) noexcept { return members_[member].c; }
    std::string_view name(u32 member) const noexcept {
        return {members_[member].name.data(), members_[member].name.size()};
    }
    const usage& used(u32 member) const noexcept { return members_[member].figures; }

    /// A frame of `fuel` units. The stores need feature::fuel; a call of one without ends as call::run says.
    frame_report run(u64 fuel) noexcept { return frame(fuel, false); }
    /// A frame that lasts about as long as `time`, a std::chrono::duration, at most.
    template <class Duration>
    requires requires(Duration d) {
        d.count();
        Duration::period::num;
    }
    frame_report run_for(Duration time) noexcept {
        const f64 ns = f64(time.count()) * f64(Duration::period::num) / f64(Duration::period::den) * 1e9;
        return run_ns(ns < 1 ? 0 : ns < 9e18 ? u64(ns) : u64(9e18));
    }
    frame_report run_ns(u64 ns) noexcept { return frame(ns, true); }

private:
    struct seat {
        call c;
        vec<char> name;
        usage figures;
        bool is_taken = true;
        bool is_hungry = false;
        u64 share = 0; ///< of the frame
        u64 took = 0;  ///< of it, debts included
    };
    frame_report frame(u64 budget, bool timed) noexcept;
    u64 slice(seat& m, u64 share, bool timed) noexcept;
    void give_up(seat& m) noexcept;
    void find_turn() noexcept;
    /// What is nobody's fault: the clock is looked at between slices of fuel, and what stops a call in a frame of fuel
    /// is the instruction or block for which that is too little.
    static constexpr u64 tolerance(bool timed) noexcept { return timed ? 100'000 : 1'000; }

    vec<seat> members_;
    u32 first_ = 0;     ///< who starts the next frame
    bool runs_ = false; ///< a frame is running: host functions must not change the list
};

} // namespace tessera::game
