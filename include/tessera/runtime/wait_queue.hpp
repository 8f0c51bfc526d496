// SPDX-License-Identifier: MIT
/// @file runtime/wait_queue.hpp
/// Who waits for which address of a shared memory, in the order in which they came.
///
/// A waiter lies on the native stack of its thread, so waiting takes no memory, and in a list that the
/// queue's lock guards. Its thread sleeps on a sleeper, which has a lock of its own: one that is to be
/// interrupted is woken without knowing the queue it is in. Where both locks are held, the queue's comes
/// first.
#pragma once

#include <tessera/runtime/shared_data.hpp>
#include <tessera/util/mutex.hpp>
#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// One for each store whose guest ever waited; it lives as long as the store.
class sleeper final : public sleeper_data {
public:
    /// One in the memory of `from`, as create_in has it.
    explicit sleeper(const allocator* from = nullptr) noexcept
        : sleeper_data{[](sleeper_data& self) noexcept { static_cast<sleeper&>(self).look_around(); },
                       [](sleeper_data* self) noexcept {
                           sleeper* const me = static_cast<sleeper*>(self);
                           tessera::destroy_in(me->from_, me);
                       }},
          from_(from) {}

    void begin() noexcept {
        const locked hold(lock_);
        notified_ = false;
    }
    void notify() noexcept {
        const locked hold(lock_);
        notified_ = true;
        woken_.wake();
    }
    /// Sleeps until notify, or `stop` is set and look_around called, or `ns` have passed.
    void sleep(u64 ns, const std::atomic<bool>* stop) noexcept {
        const u64 begin = ns == condition::never ? 0 : monotonic_ns();
        const locked hold(lock_);
        while (!notified_ && !(stop && stop->load())) {
            u64 left = ns;
            if (ns != condition::never) {
                const u64 passed = monotonic_ns() - begin;
                if (passed >= ns) return;
                left = ns - passed;
            }
            woken_.sleep(lock_, left);
        }
    }

private:
    void look_around() noexcept {
        const locked hold(lock_);
        woken_.wake();
    }

    mutex lock_;
    condition woken_;
    bool notified_ = false;
    const allocator* from_;
};

class wait_queue {
public:
    wait_queue() noexcept = default;
    wait_queue(const wait_queue&) = delete;
    wait_queue& operator=(const wait_queue&) = delete;

    enum class outcome : u8 { notified, not_equal, timed_out };

    /// If `unchanged()`, waits for a notification of `address`, or until `ns` have passed, or `stop` is set and
    /// `who` told to look around, which is timed_out as well.
    template <class Unchanged>
    outcome wait(u64 address, sleeper& who, u64 ns, const std::atomic<bool>* stop, Unchanged unchanged) noexcept {
        waiter me{address, &who};
        {
            const locked hold(lock_);
            if (!unchanged()) return outcome::not_equal;
            who.begin();
            push(me);
        }
        who.sleep(ns, stop);
        const locked hold(lock_);
        if (!me.listed) return outcome::notified;
        remove(me);
        return outcome::timed_out;
    }
    /// Wakes the first `most` who wait for `address`; how many there were.
    u32 notify(u64 address, u32 most) noexcept {
        u32 n = 0;
        const locked hold(lock_);
        for (waiter* w = first_; w && n < most;) {
            waiter* const next = w->next;
            if (w->address == address) {
                remove(*w);
                w->who->notify();
                ++n;
            }
            w = next;
        }
        return n;
    }

private:
    struct waiter {
        u64 address;
        sleeper* who;
        waiter* previous = nullptr;
        waiter* next = nullptr;
        bool listed = false;
    };
    void push(waiter& w) noexcept {
        w.listed = true;
        w.previous = last_;
        (last_ ? last_->next : first_) = &w;
        last_ = &w;
    }
    void remove(waiter& w) noexcept {
        w.listed = false;
        (w.previous ? w.previous->next : first_) = w.next;
        (w.next ? w.next->previous : last_) = w.previous;
    }

    mutex lock_;
    waiter* first_ = nullptr;
    waiter* last_ = nullptr;
};

} // namespace tessera::runtime
