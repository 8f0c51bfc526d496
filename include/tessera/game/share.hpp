// SPDX-License-Identifier: MIT
/// @file game/share.hpp
/// How a frame's budget is shared: rounds, each of which gives every hungry member its part of what is left.
#pragma once

#include <tessera/game/scheduler.hpp>
#include <tessera/runtime/api/store.hpp>
#include <tessera/util/clock.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::game {

TESSERA_API result<u32> scheduler::add(std::string_view name, call&& c, u32 weight) noexcept {
    if (runs_) return msg::already_running;
    vec<char> copy;
    if (!copy.append(name.data(), name.size())) return msg::out_of_memory;
    u32 at = 0;
    while (has(at)) ++at;
    if (at == size()) {
        if (!members_.push_back({std::move(c), std::move(copy), {}})) return msg::out_of_memory;
    } else {
        members_[at].c = std::move(c);
        members_[at].name = std::move(copy);
        members_[at].is_taken = true;
    }
    usage& u = members_[at].figures;
    u = {};
    u.state = members_[at].c.state();
    u.weight = weight ? weight : 1;
    find_turn();
    return at;
}
TESSERA_API result<void> scheduler::set(u32 member, call&& c) noexcept {
    if (runs_) return msg::already_running;
    if (!has(member)) return error(msg::out_of_range, "member of the scheduler");
    members_[member].c = std::move(c);
    members_[member].figures.state = members_[member].c.state();
    return {};
}
TESSERA_API void scheduler::give_up(seat& m) noexcept {
    const call gone(std::move(m.c));
    m.name = {};
    m.figures = {};
    m.figures.state = m.c.state();
    m.is_taken = m.is_hungry = false;
}
TESSERA_API result<void> scheduler::drop(u32 member) noexcept {
    if (runs_) return msg::already_running;
    if (!has(member)) return error(msg::out_of_range, "member of the scheduler");
    give_up(members_[member]);
    find_turn();
    return {};
}
TESSERA_API result<u32> scheduler::drop_of(const basic_store& s) noexcept {
    if (runs_) return msg::already_running;
    u32 dropped = 0;
    for (seat& m : members_) {
        if (!m.is_taken || !m.c.is_of(s)) continue;
        give_up(m);
        ++dropped;
    }
    find_turn();
    return dropped;
}
TESSERA_API result<void> scheduler::set_turn(u32 member) noexcept {
    if (runs_) return msg::already_running;
    first_ = member;
    find_turn();
    return {};
}
/// Whoever starts next is there.
TESSERA_API void scheduler::find_turn() noexcept {
    const u32 n = size();
    if (first_ >= n) first_ = 0;
    for (u32 i = 0; i < n && !members_[first_].is_taken; ++i) first_ = (first_ + 1) % n;
}

/// Lets a member run for `share`, which pays what it owes first; what that took of the budget.
TESSERA_API u64 scheduler::slice(seat& m, u64 share, bool timed) noexcept {
    usage& u = m.figures;
    u64 took = 0, used = 0, over = 0;
    if (timed) {
        const u64 paid = u.owed < share ? u.owed : share, given = share - paid;
        const u64 begin = monotonic_ns();
        u.state = m.c.run_ns(given);
        used = monotonic_ns() - begin;
        took = paid + used;
        over = used > given + tolerance(true) ? used - given : 0;
        u.owed += over - paid;
    } else {
        const u64 before = m.c.fuel_used(), owed = m.c.fuel_owed();
        u.state = m.c.run(share);
        used = m.c.fuel_used() - before;
        u.owed = m.c.fuel_owed();
        took = used + owed - u.owed;
        over = u.owed > owed + tolerance(false) ? u.owed - owed : 0;
    }
    u.over += over;
    u.used += used;
    u.total += used;
    ++u.slices;
    m.is_hungry = u.state == standing::out_of_fuel || u.state == standing::deadline;
    m.took += took;
    return took;
}

TESSERA_API frame_report scheduler::frame(u64 budget, bool timed) noexcept {
    frame_report report;
    report.budget = budget;
    const u32 n = size();
    if (runs_ || n == 0) return report;
    runs_ = true;
    for (seat& m : members_) {
        m.figures.slices = 0;
        m.figures.used = m.figures.over = m.figures.missed = m.share = m.took = 0;
        m.figures.state = m.c.state(); // the host may have run it by itself
        m.is_hungry = !m.c.is_over() && m.figures.state != standing::running;
    }
    const u64 least = timed ? 2'000 : 1; // a slice that is shorter is more switching than running
    const auto share_of = [least](const seat& m, u64 pot, u64 weights) noexcept {
        const u64 share = pot / weights * m.figures.weight + pot % weights * m.figures.weight / weights;
        return share < least ? least : share;
    };
    u64 left = budget;
    while (left != 0) {
        u64 weights = 0;
        for (const seat& m : members_) weights += m.is_hungry ? m.figures.weight : 0;
        if (weights == 0) break;
        const u64 pot = left;
        if (pot == budget)
            for (seat& m : members_) {
                const u64 share = m.is_hungry ? share_of(m, pot, weights) : 0;
                m.share = share < budget ? share : budget;
            }
        for (u32 i = 0; i < n && left != 0; ++i) {
            seat& m = members_[(first_ + i) % n];
            if (!m.is_hungry) continue;
            const u64 share = share_of(m, pot, weights);
            const u64 took = slice(m, share < left ? share : left, timed);
            if (m.c.is_over()) ++report.finished;
            left -= took < left ? took : left;
        }
        if (pot - left < least) break; // whoever is hungry cannot be fed with it
    }
    for (u32 i = 0; i < n; ++i) {
        const seat& m = members_[i];
        usage& u = members_[i].figures;
        report.used += u.used;
        report.waiting += u.state == standing::waiting;
        const bool is_hungry = m.is_hungry && u.state != standing::waiting;
        report.hungry += is_hungry;
        if (is_hungry && m.took < m.share && (m.took == 0 || m.share - m.took > tolerance(timed))) {
            u.missed = m.share - m.took;
            ++report.starved;
            if (report.neediest == no_index || u.missed > members_[report.neediest].figures.missed) report.neediest = i;
        }
        u.most = u.used > u.most ? u.used : u.most;
        u.overruns += u.over != 0;
        if (u.over != 0 && (report.worst == no_index || u.over > members_[report.worst].figures.over)) report.worst = i;
    }
    first_ = (first_ + 1) % n;
    find_turn();
    runs_ = false;
    return report;
}

} // namespace tessera::game
TESSERA_SMALL_END
