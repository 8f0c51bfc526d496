// SPDX-License-Identifier: MIT
/// @file wasi/thread_group.hpp
/// The threads of one guest process: they end together.
#pragma once

#include <tessera/syntax/error.hpp>
#include <tessera/util/mutex.hpp>
#include <tessera/wasi/native_thread.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// What runs on a thread of a group; made with `create`.
class group_member {
public:
    group_member() noexcept = default;
    group_member(const group_member&) = delete;
    group_member& operator=(const group_member&) = delete;
    virtual ~group_member() = default;

    /// The whole life of the thread, but for its end. What it fails with ends the group.
    virtual result<void> run() noexcept = 0;
    /// Makes `run` return soon; called by other threads.
    virtual void stop() noexcept = 0;

private:
    friend class thread_group;
    native_thread thread_;
    class thread_group* group_ = nullptr;
    group_member* next_ = nullptr;
    bool done_ = false;
};

/// Any thread may use it at any time, but for `end_all`, `cause` and `renew`, which are the first thread's.
class thread_group {
public:
    thread_group() noexcept = default;
    thread_group(const thread_group&) = delete;
    thread_group& operator=(const thread_group&) = delete;
    ~thread_group() { end_all(); }

    /// Whether one more may start now.
    bool has_room(u32 most) noexcept {
        reap();
        const locked hold(lock_);
        return !ended_ && running_ < most;
    }
    /// Starts a thread for `m`, which is the group's from then on. False: the group has ended, runs `most` already, or
    /// the system has no thread to give; `m` is destroyed.
    bool start(group_member* m, u32 most, std::size_t stack) noexcept {
        m->group_ = this;
        bool started = false;
        {
            // Under the lock: the thread may be at its end before its handle is known.
            const locked hold(lock_);
            if (!ended_ && running_ < most) started = m->thread_.start(&enter, m, stack);
            if (started) {
                m->next_ = first_;
                first_ = m;
                ++running_;
            }
        }
        if (!started) destroy(m);
        return started;
    }
    /// Stops all threads; `why` is the cause, if there was none before. Returns whether it is.
    bool end(const error& why) noexcept {
        const locked hold(lock_);
        if (ended_) return false;
        ended_ = true;
        cause_ = why;
        for (group_member* m = first_; m; m = m->next_)
            if (!m->done_) m->stop();
        if (stop_first_) stop_first_(first_thread_);
        return true;
    }
    /// How the first thread, which is not the group's, is stopped when another one ends the group.
    void set_first(void (*stop)(void*) noexcept, void* with) noexcept {
        const locked hold(lock_);
        stop_first_ = stop;
        first_thread_ = with;
    }
    /// Ends the group, if nothing has, and joins all threads.
    void end_all() noexcept {
        end(error(trap::interrupted));
        join(take([](const group_member&) { return true; }));
    }
    /// Why it has ended.
    const error& cause() const noexcept { return cause_; }
    /// Lets threads start again, after end_all.
    void renew() noexcept {
        const locked hold(lock_);
        ended_ = false;
    }

private:
    static void enter(void* with) noexcept {
        group_member& m = *static_cast<group_member*>(with);
        thread_group& group = *m.group_;
        if (const auto r = m.run(); !r) group.end(r.error());
        const locked hold(group.lock_);
        m.done_ = true;
        --group.running_;
    }
    /// Takes the members for which `which(member)` holds out of the list.
    template <class F>
    group_member* take(F which) noexcept {
        const locked hold(lock_);
        group_member* taken = nullptr;
        for (group_member** at = &first_; *at;) {
            group_member* const m = *at;
            if (!which(*m)) {
                at = &m->next_;
                continue;
            }
            *at = m->next_;
            m->next_ = taken;
            taken = m;
        }
        return taken;
    }
    static void join(group_member* list) noexcept {
        while (list) {
            group_member* const m = list;
            list = m->next_;
            m->thread_.join();
            destroy(m);
        }
    }
    /// Joins those that are done.
    void reap() noexcept {
        join(take([](const group_member& m) { return m.done_; }));
    }

    mutex lock_;
    group_member* first_ = nullptr;
    u32 running_ = 0;
    bool ended_ = false;
    error cause_{trap::interrupted};
    void (*stop_first_)(void*) noexcept = nullptr;
    void* first_thread_ = nullptr;
};

} // namespace tessera
