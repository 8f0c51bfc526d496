// SPDX-License-Identifier: MIT
/// @file wasi/clocks.hpp
/// The clocks a guest sees: those of the host, one that stands still, one of the host's own making.
#pragma once

#include <tessera/util/clock.hpp>
#include <tessera/wasi/owner.hpp>
#include <tessera/wasi/types.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// Where time comes from. Any thread of a guest may ask at any time.
class clock_source {
public:
    clock_source() noexcept = default;
    clock_source(const clock_source&) = delete;
    clock_source& operator=(const clock_source&) = delete;
    virtual ~clock_source() = default;

    /// What clock `id` shows. Fails with `inval` for a clock there is not, `notsup` for one this source lacks.
    virtual outcome<timestamp> now(clockid id) noexcept = 0;
    /// The time between two of its ticks, never 0. Fails as `now`.
    virtual outcome<timestamp> resolution(clockid id) noexcept {
        auto t = now(id);
        if (t) *t = 1;
        return t;
    }
    /// False: it goes on by itself, and a guest that sleeps until clock `id` shows `until` has to wait. True: it does
    /// not, sleeping takes no time of the host's, and `until` has come.
    virtual bool skip(clockid id, timestamp until) noexcept {
        return static_cast<void>(id), static_cast<void>(until), true;
    }

private:
    template <class>
    friend class owner;
    std::atomic<u32> owners_{1};
};

using clock_owner = owner<clock_source>;

/// The host's clocks. The clocks of processor time are those of the host's process and thread, and lacking on Windows.
/// Empty when memory is out.
TESSERA_API clock_owner real_clocks() noexcept;

/// Clocks that show `start` and stand still, but for a guest that sleeps: that takes no time of the host's and moves
/// them forward to when it wanted to wake. The same run sees the same times. Empty when memory is out.
TESSERA_API clock_owner fixed_clocks(timestamp start = 0) noexcept;

/// Clocks that show what `f(clockid) -> timestamp` says, which must not throw and may be called by any thread of the
/// guest. A guest that sleeps does not wait. Empty when memory is out.
template <class F>
clock_owner scripted_clocks(F f) noexcept {
    class scripted final : public clock_source {
    public:
        explicit scripted(F&& from) noexcept : f_(std::move(from)) {}
        outcome<timestamp> now(clockid id) noexcept override {
            if (id > clockid::thread_cputime_id) return error_number::inval;
            return timestamp(f_(id));
        }

    private:
        F f_;
    };
    return clock_owner(create<scripted>(std::move(f)));
}

} // namespace tessera
