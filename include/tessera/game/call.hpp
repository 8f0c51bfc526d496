// SPDX-License-Identifier: MIT
/// @file game/call.hpp
/// A call that runs in slices of fuel or time, and can wait for an answer of its host in between.
#pragma once

#include <tessera/runtime/api/instance.hpp>
#include <tessera/runtime/api/keepable.hpp>

#include <type_traits>

namespace tessera::inline TESSERA_ABI {
class basic_store;
}

namespace tessera::inline TESSERA_ABI::game {

/// Where a call stands.
enum class standing : u8 {
    ready,       ///< it has not begun
    running,     ///< at this very moment: asked by a host function it called
    out_of_fuel, ///< its slice is used up
    deadline,    ///< its time is
    waiting,     ///< for an answer of the host
    interrupted, ///< by store::interrupt
    heap_full,   ///< limits::heap_bytes; see basic_store::set_heap_bytes
    finished,    ///< its results are there
    trapped,     ///< error() says why; any kind of error, not only traps
};

/// What a call waits for, without its type: an operation of the host that ends by itself.
struct pending {
    void* operation = nullptr; ///< null: none; the call then waits for call::answer
    bool (*ready)(void* operation) noexcept = nullptr;
    /// Of one that is ready: writes the results to `slots`, or sets `why` and returns false.
    bool (*take)(void* operation, runtime::store_data& store, u64* slots, error& why) noexcept = nullptr;
    void (*drop)(void* operation) noexcept = nullptr; ///< gives it up, or back
};

/// A call of a guest that the host runs piece by piece. Nothing of the guest is on the native stack between two pieces,
/// so any number of calls can stand; one that is suspended goes on as if it had never stopped. Must end before its
/// store, whose reset ends it.
class call {
public:
    /// Takes over a call that func::start made.
    explicit call(execution&& begun) noexcept;
    call(call&& other) noexcept;
    call& operator=(call&& other) noexcept;
    /// Gives the call up, whatever it waits for.
    ~call();

    /// Runs on with `fuel` units of its own (spec: none; the unit is an instruction, see feature::fuel); those of the
    /// store are not touched, and what it leaves is gone; what a host function adds to the store meanwhile goes to the
    /// slice. One operation that costs more than is left is not begun until later slices have paid for it. A call that
    /// waits goes on only if it was answered. Without feature::fuel in the store it ends as `trapped`, with
    /// msg::feature_not_built.
    standing run(u64 fuel) noexcept { return go(fuel, true); }
    /// Runs on with the fuel of the store, or without any where the store has no feature::fuel.
    standing run() noexcept { return go(0, false); }
    /// Runs on until the time is over, a std::chrono::duration. The clock is looked at between slices of fuel of some
    /// ten microseconds, whose size is learned from how long the call's slices took, and after host functions that are
    /// defined with `timed`. Other host functions, single bulk instructions and memory.atomic.wait can make it late.
    /// Needs feature::fuel as run(fuel) does.
    template <class Duration>
    requires requires(Duration d) {
        d.count();
        Duration::period::num;
    }
    standing run_for(Duration time) noexcept {
        const f64 ns = f64(time.count()) * f64(Duration::period::num) / f64(Duration::period::den) * 1e9;
        return run_ns(ns < 1 ? 0 : ns < most_ns ? u64(ns) : u64(most_ns));
    }
    /// The same in nanoseconds.
    standing run_ns(u64 ns) noexcept;

    standing state() const noexcept { return state_; }
    bool is_over() const noexcept { return state_ >= standing::finished; }
    /// What it has used of the fuel it was given, in all slices; what a stopped operation still owes is in it.
    u64 fuel_used() const noexcept { return used_; }
    /// How much of that was more than it was given: later slices pay for it first.
    u64 fuel_owed() const noexcept { return owed_; }
    /// Why it is `trapped`, or why it stopped last.
    const tessera::error& error() const noexcept { return why_; }
    /// How long it was in host functions that are defined with `timed`, in nanoseconds, in all slices.
    u64 host_ns() const noexcept { return host_ns_; }
    /// What the host function that waits gave to `suspend`.
    u64 ticket() const noexcept { return ticket_; }

    /// The results that `answer` has to give: those of the host function that waits. Empty if none does.
    view<val_type> awaited() const noexcept;
    /// Answers for the host function that waits; the call goes on with its next slice. Fails with msg::wrong_type,
    /// with msg::out_of_range if the call does not wait for that, or when memory is out; it then waits on.
    result<void> answer(std::span<const value> values) noexcept;
    template <class... T>
    requires(runtime::wasm_value<T>&&...) result<void> answer(const T&... values)
    noexcept {
        [[maybe_unused]] runtime::store_data* const s = x_.store_;
        u64 slots[(0u + ... + runtime::convert<T>::slots) + 1];
        [[maybe_unused]] u64* at = slots;
        if (!(... && (runtime::convert<T>::put(*s, at, values) && (at += runtime::convert<T>::slots))))
            return msg::other_store;
        at = slots;
        value all[sizeof...(T) + 1];
        [[maybe_unused]] std::size_t n = 0;
        ((all[n++] = runtime::take_value(runtime::convert<T>::type, at), at += runtime::convert<T>::slots), ...);
        return answer(std::span<const value>(all, sizeof...(T)));
    }
    /// Answers with an error: the host function fails with it, which the guest may catch if it is an exception.
    result<void> fail(const tessera::error& why) noexcept;

    /// What a call that is finished gave; as those of execution.
    result<void> results(std::span<value> to) const noexcept { return x_.results(to); }
    template <class R>
    result<R> get() const noexcept {
        return x_.template get<R>();
    }

    /// What `save` is given to save the call as it stands; `restore` gives an execution that another call takes over,
    /// whose figures begin anew. Null while it waits for the host or runs, and when it is over.
    execution* saveable() noexcept {
        return is_over() || state_ == standing::running || state_ == standing::waiting ? nullptr : &x_;
    }

    /// Whether it is, or was, a call of this store.
    bool is_of(const basic_store& s) const noexcept;

    /// What `rollback` is given to keep the call as it stands, waiting for an answer or over, with its figures. What it
    /// has answered for a host function goes with it; not an operation that it waits for, nor references in an answer.
    keepable_call keepable() noexcept;

    /// For the library: the innermost call of `store` that runs and may wait, or why it may not.
    static call* running(runtime::store_data& store, const char*& why_not) noexcept;
    /// For the library: a host function took so long, until `now`.
    void add_host_ns(u64 ns, u64 now) noexcept;
    /// For the library: what a host function of this call, which runs, has to fail with in order to wait.
    tessera::error wait(u64 ticket, const pending& what) noexcept;

private:
    struct answerer;
    struct keeper;
    static constexpr f64 most_ns = 9e18;

    standing go(u64 fuel, bool own) noexcept;
    standing end(const tessera::error& why) noexcept;
    bool waits_for_answer() const noexcept;
    void drop() noexcept;

    execution x_;
    standing state_ = standing::ready;
    bool answered_ = false;
    bool refused_ = false; ///< answered with `why_`
    u64 used_ = 0;
    u64 owed_ = 0;
    u64 host_ns_ = 0;
    u64 piece_ = 16;   ///< units between two looks at the clock
    u64 deadline_ = 0; ///< on the monotonic clock; 0: none
    u64 taken_ = 0;    ///< fuel that was taken away from the slice because of the deadline
    u64 ticket_ = 0;
    pending what_;
    tessera::error why_{tessera::error::unlikely()};
    tessera::error mark_{tessera::error::unlikely()}; ///< what a host function fails with in order to wait
    vec<u64> slots_;                                  ///< the answer
    vec<rooted> held_;                                ///< references in it
};

/// A call of `f` that has not begun. Fails as func::start.
inline result<call> start(const func& f, std::span<const value> args) noexcept {
    auto begun = f.start(args);
    if (!begun) return begun.error();
    return call(std::move(*begun));
}
template <class R, class... A>
result<call> start(const typed_func<R(A...)>& f, std::type_identity_t<std::remove_cvref_t<A>>... args) noexcept {
    auto begun = f.start(args...);
    if (!begun) return begun.error();
    return call(std::move(*begun));
}

/// For a host function that answers later: `return game::suspend(who, ticket);`, in a function that returns result<T>.
/// The call is then `waiting` and has the ticket, until call::answer or call::fail. Where it cannot wait, what is
/// returned is msg::cannot_wait and says why: the call was not made by game::start, or there is a host function
/// between, which is on the native stack.
error suspend(const caller& who, u64 ticket = 0) noexcept;

namespace detail {
error suspend(const caller& who, u64 ticket, const pending& what) noexcept;
}

} // namespace tessera::game
