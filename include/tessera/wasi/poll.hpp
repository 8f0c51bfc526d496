// SPDX-License-Identifier: MIT
/// @file wasi/poll.hpp
/// poll_oneoff: waiting for clocks and descriptors.
#pragma once

#include <tessera/wasi/call.hpp>

namespace tessera::inline TESSERA_ABI::wasi::body {

/// One subscription, read from the guest.
struct subscription {
    userdata user = 0;
    eventtype type = eventtype::clock;
    clockid clock = clockid::realtime; ///< of a clock
    timestamp until = 0;               ///< likewise
    node_owner what;                   ///< of a descriptor
    error_number failed = error_number::success;
};

/// One poll_oneoff.
class poller {
public:
    explicit poller(call& c) noexcept : c_(c) {}

    error_number run(u32 in, u32 out, u32 count, u32 made) noexcept {
        if (count == 0 || count > c_.self.limits.subscriptions) return error_number::inval;
        if (!c_.memory.holds(in, u64{subscription_bytes} * count) || !c_.memory.holds(out, u64{event_bytes} * count) ||
            !c_.memory.holds(made, 4))
            return error_number::fault;
        if (!all_.resize(count) || !waits_.reserve(count)) return error_number::nomem;
        for (u32 i = 0; i < count; ++i)
            if (!read(in + u64{subscription_bytes} * i, all_[i])) return error_number::inval;
        out_ = out;
        for (;;) {
            for (const subscription& s : all_) look(s);
            if (events_ != 0) break;
            if (c_.stopped()) return c_.interrupt();
            wait();
            if (events_ != 0) break;
        }
        c_.memory.put<u32>(made, events_);
        return error_number::success;
    }

private:
    /// False: it is none that the text has.
    bool read(u64 at, subscription& s) noexcept {
        s.user = c_.memory.get<u64>(at);
        const u8 type = c_.memory.get<u8>(at + 8);
        if (type > u8(eventtype::fd_write)) return false;
        s.type = eventtype(type);
        if (s.type != eventtype::clock) {
            const rights needed =
                rights::poll_fd_readwrite | (s.type == eventtype::fd_read ? rights::fd_read : rights::fd_write);
            auto d = c_.self.descriptors.find(c_.memory.get<u32>(at + 16), needed);
            if (d) s.what = std::move(d->what);
            else s.failed = d.error();
            return true;
        }
        s.clock = clockid(c_.memory.get<u32>(at + 16));
        s.until = c_.memory.get<u64>(at + 24);
        const u16 flags = c_.memory.get<u16>(at + 40);
        if (flags > u16(subclockflags::all)) return false;
        const auto now = c_.self.clocks->now(s.clock);
        if (!now) s.failed = now.error();
        else if (!has(subclockflags(flags), subclockflags::subscription_clock_abstime))
            s.until = s.until > ~*now ? ~u64{0} : *now + s.until;
        return true;
    }
    void tell(const subscription& s, error_number e, const readiness& how = {}) noexcept {
        const u64 at = out_ + u64{event_bytes} * events_++;
        u8 event[event_bytes] = {};
        store_le<u64>(event, s.user);
        store_le<u16>(event + 8, u16(e));
        event[10] = u8(s.type);
        store_le<u64>(event + 16, how.nbytes);
        store_le<u16>(event + 24, u16(how.hangup ? eventrwflags::fd_readwrite_hangup : eventrwflags::none));
        c_.memory.write(at, event, sizeof event);
    }
    /// Tells of it if it has come.
    void look(const subscription& s) noexcept {
        if (s.failed != error_number::success) return tell(s, s.failed);
        if (s.type == eventtype::clock) {
            const auto now = c_.self.clocks->now(s.clock);
            if (!now) tell(s, now.error());
            else if (*now >= s.until) tell(s, error_number::success);
            return;
        }
        const auto r = s.what->poll(s.type);
        if (!r) tell(s, r.error());
        else if (r->ready) tell(s, error_number::success, *r);
    }
    /// Waits until something may have come.
    void wait() noexcept {
        u64 ns = c_.stop ? long_nap : forever;
        const subscription* first = nullptr;
        u64 first_in = ~u64{0};
        waits_.clear();
        for (const subscription& s : all_) {
            if (s.type != eventtype::clock) {
                const std::intptr_t handle = s.what->native_handle().handle;
                if (handle == -1 || !waits_.push_back({handle, s.type})) ns = ns < short_nap ? ns : short_nap;
                continue;
            }
            const auto now = c_.self.clocks->now(s.clock);
            const u64 left = now && *now < s.until ? s.until - *now : 0;
            if (!first || left < first_in) first = &s, first_in = left;
        }
        // Time that does not go by: the clock that is next has come.
        if (first && c_.self.clocks->skip(first->clock, first->until)) return tell(*first, error_number::success);
        if (first && first_in < ns) ns = first_in;
        // Ready again and again, and yet not: who says so is asked less often.
        if (was_ready_) ns = ns < short_nap ? ns : short_nap, waits_.clear();
        was_ready_ = nap(waits_.data(), waits_.size(), ns);
    }

    call& c_;
    vec<subscription> all_;
    vec<awaited> waits_;
    u64 out_ = 0;
    u32 events_ = 0;
    bool was_ready_ = false;
};

inline error_number poll_oneoff(call& c, u32 in, u32 out, u32 count, u32 made) noexcept {
    return poller(c).run(in, out, count, made);
}

} // namespace tessera
