// SPDX-License-Identifier: MIT
/// @file game/slices.hpp
/// How a call is run piece by piece. The engine knows nothing of waiting: to it, a host function has failed. The call
/// is kept as it then is, and goes on by calling a function that gives the answer in that one's place.
#pragma once

#include <tessera/exec/context.hpp>
#include <tessera/game/call.hpp>
#include <tessera/runtime/api/store.hpp>
#include <tessera/util/clock.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI {

namespace runtime {
/// A call that runs in slices, while it runs.
struct slice {
    game::call* call;
    slice* outer; ///< of the same store, further out on the native stack
    u32 depth;    ///< store_data::host_depth of what the call itself calls
};
} // namespace runtime

namespace game {

/// Gives the answer in the place of the host function that waited.
struct call::answerer : runtime::host_function {
    explicit answerer(call& whose, const runtime::func_record& waiting) noexcept : of(&whose), record(waiting) {
        record.host = this;
        invoke = [](runtime::host_function& self, runtime::caller& who, u64* slots, tessera::error& why) {
            call& c = *static_cast<answerer&>(self).of;
            if (c.what_.operation) {
                const bool done = c.what_.take(c.what_.operation, *who.store, slots, why);
                c.drop();
                return done;
            }
            if (c.refused_) return why = c.why_, false;
            if (!c.slots_.empty()) std::memcpy(slots, c.slots_.data(), 8 * c.slots_.size());
            return true;
        };
    }
    call* of;
    runtime::func_record record;
};

/// Keeps all of a call but its execution.
struct call::keeper {
    static bool note(const void* self, runtime::kept_figures& to, tessera::error& why) noexcept {
        const call& c = *static_cast<const call*>(self);
        if (c.what_.operation)
            return why = tessera::error(msg::out_of_range, "a call that waits for an operation of the host"), false;
        if (!c.held_.empty())
            return why = tessera::error(msg::out_of_range, "a call that was answered with references"), false;
        const u64 words[] = {
            u64(c.state_), u64(c.answered_) | u64(c.refused_) << 1, c.used_, c.owed_, c.host_ns_, c.piece_, c.ticket_};
        static_assert(std::size(words) == figures);
        to.why = c.why_;
        return to.words.append(words, figures) && to.words.append(c.slots_.data(), c.slots_.size());
    }
    static bool make_room(void* self, const runtime::kept_figures& from) noexcept {
        return static_cast<call*>(self)->slots_.reserve(from.words.size() - figures);
    }
    static void put_back(void* self, const runtime::kept_figures& from) noexcept {
        call& c = *static_cast<call*>(self);
        const u64* const words = from.words.data();
        c.drop();
        c.held_.clear();
        c.state_ = standing(words[0]);
        c.answered_ = (words[1] & 1) != 0;
        c.refused_ = (words[1] & 2) != 0;
        c.used_ = words[2], c.owed_ = words[3], c.host_ns_ = words[4], c.piece_ = words[5], c.ticket_ = words[6];
        c.why_ = from.why;
        c.slots_.clear();
        static_cast<void>(c.slots_.append(words + figures, from.words.size() - figures)); // there is room
    }
    static constexpr std::size_t figures = 7;
    static constexpr runtime::keeping how{&note, &make_room, &put_back};
};
TESSERA_API keepable_call call::keepable() noexcept { return {x_, this, keeper::how}; }

TESSERA_API call::call(execution&& begun) noexcept : x_(std::move(begun)) {
    if (x_.done()) state_ = standing::finished;
    else if (x_.paused()) state_ = standing::out_of_fuel;
    else if (!x_.call_) end(msg::stale_handle);
    if (!x_.call_ || !x_.alive()) return;
    const exec::context& c = *static_cast<const exec::context*>(x_.call_);
    owed_ = c.fuel < 0 ? u64(-c.fuel) : 0; // of one that was saved
}
TESSERA_API call::call(call&& other) noexcept
    : x_(std::move(other.x_)), state_(std::exchange(other.state_, standing::trapped)), answered_(other.answered_),
      refused_(other.refused_), used_(other.used_), owed_(other.owed_), host_ns_(other.host_ns_), piece_(other.piece_),
      ticket_(other.ticket_), what_(std::exchange(other.what_, {})), why_(other.why_), mark_(other.mark_),
      slots_(std::move(other.slots_)), held_(std::move(other.held_)) {}
TESSERA_API call& call::operator=(call&& other) noexcept {
    if (this != &other) {
        this->~call();
        ::new (static_cast<void*>(this)) call(std::move(other));
    }
    return *this;
}
TESSERA_API call::~call() {
    drop();
    if (x_.call_ && x_.alive()) static_cast<exec::context*>(x_.call_)->in_host = false;
}
TESSERA_API void call::drop() noexcept {
    if (what_.operation) what_.drop(what_.operation);
    what_ = {};
}
/// The call is over, by `why`.
TESSERA_API standing call::end(const tessera::error& why) noexcept {
    drop();
    why_ = why;
    if (x_.alive() && x_.call_) {
        static_cast<exec::context*>(x_.call_)->in_host = false;
        x_.store_->engine->finish(*x_.store_, x_.call_, *x_.record(), nullptr);
    }
    x_.call_ = nullptr;
    x_.state_ = execution::state::failed;
    return state_ = standing::trapped;
}

TESSERA_API standing call::go(u64 fuel, bool own) noexcept {
    if (is_over() || state_ == standing::running) return state_;
    if (!x_.alive()) return end(msg::stale_handle);
    runtime::store_data& store = *x_.store_;
    exec::context& c = *static_cast<exec::context*>(x_.call_);
    if (own && !store.built[feature::fuel]) return end(tessera::error(msg::feature_not_built, name(feature::fuel)));
    if (state_ == standing::waiting && !answered_ && !(what_.operation && what_.ready(what_.operation))) return state_;

    answerer answers(*this, c.call.callee ? *c.call.callee : runtime::func_record());
    runtime::func_record* const waiting = c.call.callee;
    if (state_ == standing::waiting) {
        c.call.callee = &answers.record;
        c.pc = c.enter_cells;
        c.in_host = c.paused = false;
        answered_ = false;
    }
    const standing before = std::exchange(state_, standing::running);
    runtime::slice here{this, store.sliced, store.host_depth + 1};
    store.sliced = &here;
    const u64 kept = store.fuel;
    if (own) store.fuel = fuel < c.most_fuel ? fuel : c.most_fuel;
    const u64 given = store.fuel, added = store.fuel_added;
    const i64 debt = c.fuel;
    taken_ = 0;
    bool paused = false;
    tessera::error why{tessera::error::unlikely()};
    const bool done = store.engine->resume(store, x_.call_, why, paused);
    const u64 left = store.fuel + std::exchange(taken_, 0);
    if (store.built[feature::fuel]) {
        used_ += given + (store.fuel_added - added) - left + u64(debt - c.fuel);
        owed_ = c.fuel < 0 ? u64(-c.fuel) : 0;
    }
    if (own) store.fuel = kept, store.fuel_added = added; // neither is the slice's around this one
    store.sliced = here.outer;
    if (c.call.callee == &answers.record) c.call.callee = waiting;
    held_.clear();
    refused_ = false;

    if (done) {
        store.engine->finish(store, std::exchange(x_.call_, nullptr), *x_.record(), x_.results_.data());
        x_.state_ = execution::state::done;
        return state_ = standing::finished;
    }
    if (!paused && c.host_failed && why.is(msg::waits)) {
        c.paused = c.in_host = true; // the collector visits its frames, and the arguments of the function that waits
        return state_ = standing::waiting;
    }
    runtime::spend_interruption(store, why);
    if (!paused) return end(why);
    why_ = why;
    x_.state_ = execution::state::paused;
    switch (why.why()) {
    case trap::out_of_fuel: return state_ = standing::out_of_fuel;
    case trap::interrupted: return state_ = standing::interrupted;
    case trap::out_of_memory: return state_ = standing::heap_full;
    default: return state_ = before; // too deep within calls of the host: it did not run
    }
}

TESSERA_API standing call::run_ns(u64 ns) noexcept {
    const u64 begin = monotonic_ns();
    constexpr u64 short_ns = 20'000, long_ns = 80'000, most_units = 100'000;
    u64 now = begin, left = ns;
    while (left != 0) {
        // Units take a nanosecond or, where they are calls of the host, milliseconds: how many make a piece is learned.
        deadline_ = ns < ~begin ? begin + ns : ~u64{0};
        const standing now_at = go(piece_, true);
        deadline_ = 0;
        const u64 before = now;
        now = monotonic_ns();
        const u64 took = now - before;
        if (took < short_ns) piece_ = piece_ * 2 < most_units ? piece_ * 2 : most_units;
        else if (took > long_ns) piece_ = piece_ * short_ns / took + 1;
        if (now_at != standing::out_of_fuel) return now_at;
        left = now - begin < ns ? ns - (now - begin) : 0;
        if (left < took) piece_ = piece_ * left / took + 1; // the rest is shorter than a piece
    }
    if (is_over() || state_ == standing::running || state_ == standing::waiting) return state_;
    return state_ = standing::deadline;
}
/// A host function is done. If that took beyond the deadline, the guest gets no further than the next back edge or
/// call.
TESSERA_API void call::add_host_ns(u64 ns, u64 now) noexcept {
    host_ns_ += ns;
    if (deadline_ == 0 || now < deadline_) return;
    taken_ += x_.store_->fuel;
    x_.store_->fuel = 0;
}

TESSERA_API bool call::waits_for_answer() const noexcept {
    return state_ == standing::waiting && x_.alive() && !answered_ && !what_.operation;
}
TESSERA_API bool call::is_of(const basic_store& s) const noexcept { return s.data() && x_.store_ == s.data(); }
TESSERA_API view<val_type> call::awaited() const noexcept {
    if (state_ != standing::waiting || !x_.alive()) return {};
    const exec::context& c = *static_cast<const exec::context*>(x_.call_);
    return x_.store_->types.types().results(c.call.callee->type_id);
}
TESSERA_API result<void> call::answer(std::span<const value> values) noexcept {
    if (!waits_for_answer()) return tessera::error(msg::out_of_range, "the call does not wait for an answer");
    runtime::store_data& store = *x_.store_;
    const view<val_type> types = awaited();
    if (values.size() != types.size()) return tessera::error(msg::wrong_type, "number of results");
    if (!slots_.resize(runtime::slots_of(types))) return msg::out_of_memory;
    u64* to = slots_.data();
    for (std::size_t i = 0; i < values.size(); to += types[i++].slots()) {
        if (auto ok = runtime::put_value(store, types[i], values[i], to); !ok) return ok;
        if (!runtime::is_traced(store.types.space(), types[i])) continue;
        auto held = rooted::make(store, values[i]);
        if (!held) return held.error();
        if (!held_.push_back(std::move(*held))) return msg::out_of_memory;
    }
    answered_ = true;
    return {};
}
TESSERA_API result<void> call::fail(const tessera::error& why) noexcept {
    if (!waits_for_answer()) return tessera::error(msg::out_of_range, "the call does not wait for an answer");
    why_ = why;
    answered_ = refused_ = true;
    return {};
}

TESSERA_API call* call::running(runtime::store_data& store, const char*& why_not) noexcept {
    const runtime::slice* const here = store.sliced;
    if (here && here->depth == store.host_depth) return here->call;
    why_not = here ? "a host function between is on the native stack" : "it was not made by game::start";
    return nullptr;
}
TESSERA_API error call::wait(u64 ticket, const pending& what) noexcept {
    if (mark_.frames().empty()) {
        // With a frame of its own the engine does not look for one at each suspension.
        backtrace* const trace = create<backtrace>();
        if (!trace || !trace->frames.push_back({})) {
            destroy(trace);
            return msg::out_of_memory;
        }
        mark_ = tessera::error(msg::waits);
        mark_.set_trace(trace);
    }
    drop();
    ticket_ = ticket;
    what_ = what;
    return mark_;
}

TESSERA_API error detail::suspend(const caller& who, u64 ticket, const pending& what) noexcept {
    const char* why_not = "the host called the function itself";
    const instance from = who.from();
    call* const waiting = from ? call::running(*runtime::access::store(from), why_not) : nullptr;
    if (!waiting) return error(msg::cannot_wait, why_not);
    return waiting->wait(ticket, what);
}
TESSERA_API error suspend(const caller& who, u64 ticket) noexcept { return detail::suspend(who, ticket, {}); }

} // namespace game
} // namespace tessera
TESSERA_SMALL_END
