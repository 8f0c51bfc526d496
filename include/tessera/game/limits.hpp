// SPDX-License-Identifier: MIT
/// @file game/limits.hpp
/// What stores and instances have used up of what they may, and changing that while they live.
#pragma once

#include <tessera/game/call.hpp>
#include <tessera/runtime/api/callable.hpp>
#include <tessera/runtime/api/store.hpp>
#include <tessera/util/clock.hpp>

namespace tessera::inline TESSERA_ABI::game {

/// What is in use now. Each figure has a limit of the same meaning in tessera::limits.
struct consumption {
    u64 memory_bytes = 0;  ///< of all memories, shared ones that the store made included
    u64 table_entries = 0; ///< of all tables
    u64 heap_bytes = 0;    ///< of structures, arrays and exceptions, free space in between included
    u64 stack_bytes = 0;   ///< of all calls, those that wait for use included
    u32 instances = 0;
    u32 memories = 0;
    u32 tables = 0;
    u32 functions = 0;
    u32 host_objects = 0;
};

/// What `s` uses; nothing for a store that could not be made.
consumption consumed(const basic_store& s) noexcept;
/// What `i` brought into its store: the memories, tables and functions that its module defines. Heap, stacks and host
/// objects belong to no instance. Nothing for an empty handle.
consumption consumed(const instance& i) noexcept;

/// Changes all limits of a store, of what there is and of what will be made. What is more than its limit already stays,
/// and grows no more; a call that is paused because the heap was full can go on. Shared memories keep theirs.
void set_limits(basic_store& s, const limits& to) noexcept;
/// Changes to how many bytes one memory may grow, as far as its type lets it: a limit for the instance that defines it.
/// memory.grow gives -1 beyond. Fails with msg::stale_handle, and msg::out_of_range for a shared memory.
result<void> set_limit(const memory& m, u64 bytes) noexcept;
/// The same for the entries of a table.
result<void> set_limit(const table& t, u64 entries) noexcept;

namespace detail {

/// Adds the time of its life to the call in slices that is running; it is no part of the guest's.
class stopwatch {
public:
    explicit stopwatch(const caller& who) noexcept : from_(who.from()), begin_(monotonic_ns()) {}
    stopwatch(const stopwatch&) = delete;
    stopwatch& operator=(const stopwatch&) = delete;
    ~stopwatch();

private:
    instance from_;
    u64 begin_;
};

template <class F, class Signature>
struct timed_function;
template <class F, class R, class... A>
struct timed_function<F, R(A...)> {
    F f;
    R operator()(caller& who, A... args) {
        const stopwatch running(who);
        return f(static_cast<A>(args)...);
    }
};
template <class F, class R, class... A>
struct timed_function<F, R(caller&, A...)> {
    F f;
    R operator()(caller& who, A... args) {
        const stopwatch running(who);
        return f(who, static_cast<A>(args)...);
    }
};

} // namespace detail

/// A host function, for imports::define, whose time is counted apart from the guest's: call::host_ns of the call that
/// runs in slices has it, and if call::run_for is over when it returns, the guest gets no further. Costs two looks at
/// the clock.
template <class F>
auto timed(F f) noexcept {
    static_assert(runtime::signature_of<F>::known,
                  "tessera: timed needs a function pointer, or an object with one operator()");
    return detail::timed_function<F, typename runtime::signature_of<F>::type>{std::move(f)};
}

} // namespace tessera::game
