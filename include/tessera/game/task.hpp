// SPDX-License-Identifier: MIT
/// @file game/task.hpp
/// Host functions that are coroutines: while one waits, the guest that called it is suspended.
#pragma once

#include <tessera/config.hpp>

#if defined(__cpp_impl_coroutine)
#include <tessera/game/call.hpp>
#include <tessera/runtime/api/callable.hpp>

#include <atomic>
#include <coroutine>

namespace tessera::inline TESSERA_ABI::game {

template <class T>
class task;

namespace detail {

/// What every task's coroutine has: a frame from the library's allocator, and somebody who waits for its end.
struct promise_base {
    std::coroutine_handle<> waiter; ///< the task that awaits this one
    std::atomic<bool> done{false};

    static void* operator new(std::size_t bytes) noexcept { return TESSERA_ALLOCATE(bytes); }
    static void operator delete(void* at) noexcept { TESSERA_DEALLOCATE(at); }
    std::suspend_always initial_suspend() const noexcept { return {}; }

    struct at_the_end {
        bool await_ready() const noexcept { return false; }
        template <class P>
        std::coroutine_handle<> await_suspend(std::coroutine_handle<P> h) const noexcept {
            const std::coroutine_handle<> next = h.promise().waiter;
            // From here on another thread may destroy the frame.
            h.promise().done.store(true, std::memory_order_release);
            return next ? next : std::noop_coroutine();
        }
        void await_resume() const noexcept {}
    };
    at_the_end final_suspend() const noexcept { return {}; }
};

template <class T>
struct as_result {
    using type = result<T>;
};
template <class T>
struct as_result<result<T>> {
    using type = result<T>;
};

/// What the coroutine returns, as a result.
template <class T>
struct promise_value : promise_base {
    using outcome = typename as_result<T>::type;
    outcome value{msg::out_of_memory};
    template <class U>
    requires(std::is_convertible_v<U&&, outcome>) void return_value(U&& v) noexcept { set(std::forward<U>(v)); }
    template <class U>
    void set(U&& v) noexcept {
        value.~outcome();
        ::new (static_cast<void*>(&value)) outcome(std::forward<U>(v));
    }
};
template <>
struct promise_value<void> : promise_base {
    using outcome = result<void>;
    outcome value;
    void return_void() noexcept {}
    void set(const error& why) noexcept { value = why; }
};

} // namespace detail

/// A coroutine of the host: `task<T>` ends with `co_return` of a T, `task<result<T>>` of one or of an error. It begins
/// when it is awaited, or when a guest calls it through `async`. Its parameters must be values. Whoever resumes what it
/// awaits may do so on any thread, but not while the task is being destroyed. An exception that leaves it is an error,
/// msg::host_threw.
template <class T>
class task {
public:
    struct promise_type : detail::promise_value<T> {
        task get_return_object() noexcept { return task(handle::from_promise(*this)); }
        static task get_return_object_on_allocation_failure() noexcept { return task(); }
        void unhandled_exception() noexcept { this->set(error(msg::host_threw)); }
    };
    using value_type = typename detail::promise_value<T>::outcome; ///< result<T>

    /// No coroutine: it is at its end, with msg::out_of_memory.
    task() noexcept = default;
    task(task&& other) noexcept : h_(std::exchange(other.h_, {})) {}
    task& operator=(task&& other) noexcept {
        if (this != &other) {
            if (h_) h_.destroy();
            h_ = std::exchange(other.h_, {});
        }
        return *this;
    }
    ~task() {
        if (h_) h_.destroy();
    }

    bool done() const noexcept { return !h_ || h_.promise().done.load(std::memory_order_acquire); }
    /// Begins a task that nobody awaits.
    void start() noexcept {
        if (h_) h_.resume();
    }
    /// What a task that is done gave; to be asked once.
    value_type take() noexcept { return h_ ? std::move(h_.promise().value) : value_type(error(msg::out_of_memory)); }

    auto operator co_await() noexcept {
        struct awaiter {
            task& of;
            bool await_ready() const noexcept { return of.done(); }
            std::coroutine_handle<> await_suspend(std::coroutine_handle<> waiter) const noexcept {
                of.h_.promise().waiter = waiter;
                return of.h_;
            }
            value_type await_resume() const noexcept { return of.take(); }
        };
        return awaiter{*this};
    }

    // For the library: lets the coroutine be kept without its type.
    void* release() noexcept { return std::exchange(h_, {}).address(); }
    static task of(void* released) noexcept { return task(handle::from_address(released)); }

private:
    using handle = std::coroutine_handle<promise_type>;
    explicit task(handle h) noexcept : h_(h) {}
    handle h_;
};

/// A value that comes later, once: a task awaits it, `set` resumes the task. One task can await it at a time. Either
/// may end first.
template <class T>
class later {
public:
    later() noexcept = default;
    later(const later&) = delete;
    later& operator=(const later&) = delete;
    ~later() {
        if (waiter_) waiter_->of = nullptr;
    }
    /// Gives the value to the task that waits or will, which runs on at once, in here.
    void set(T value) noexcept {
        value_ = std::move(value);
        is_set_ = true;
        if (waiter_) std::exchange(waiter_, nullptr)->who.resume();
    }
    bool is_set() const noexcept { return is_set_; }
    bool is_awaited() const noexcept { return waiter_ != nullptr; }

    auto operator co_await() noexcept { return awaiter{this, {}}; }

private:
    struct awaiter {
        later* of;
        std::coroutine_handle<> who;
        ~awaiter() {
            if (of && of->waiter_ == this) of->waiter_ = nullptr;
        }
        bool await_ready() const noexcept { return of->is_set_; }
        void await_suspend(std::coroutine_handle<> h) noexcept {
            who = h;
            of->waiter_ = this;
        }
        T await_resume() const noexcept {
            of->is_set_ = false;
            return std::move(of->value_);
        }
    };
    T value_{};
    bool is_set_ = false;
    awaiter* waiter_ = nullptr;
};

namespace detail {

template <class F, class Signature>
struct async_function;

/// Calls the coroutine `f`, and suspends the guest if that has not ended at once.
template <class T, class Begin>
typename task<T>::value_type run_task(caller& who, Begin begin) noexcept(!TESSERA_CATCHES) {
    using list = runtime::result_list<typename task<T>::value_type>;
    task<T> made = begin();
    made.start();
    if (made.done()) return made.take();
    pending p;
    p.operation = made.release();
    p.ready = [](void* at) noexcept {
        task<T> t = task<T>::of(at);
        const bool is = t.done();
        t.release();
        return is;
    };
    p.take = [](void* at, runtime::store_data& store, u64* slots, error& why) noexcept {
        task<T> t = task<T>::of(at);
        typename task<T>::value_type got = t.take();
        t.release();
        if (!got) return why = got.error(), false;
        if constexpr (std::is_void_v<typename list::value>)
            return static_cast<void>(store), static_cast<void>(slots), true;
        else return list::put(store, slots, *got) || (why = error(msg::other_store), false);
    };
    p.drop = [](void* at) noexcept { task<T>::of(at); };
    error waits = detail::suspend(who, 0, p);
    if (!waits.is(msg::waits)) p.drop(p.operation);
    return waits;
}

template <class... A>
struct kept_parameters {
    static_assert((runtime::wasm_value<A> && ...) && !(std::is_reference_v<A> || ...),
                  "tessera: a coroutine keeps its parameters while it waits: they must be values, not references, and "
                  "numbers, v128, externref or func, not views of the guest's memory");
};
template <class F, class T, class... A>
struct async_function<F, task<T>(A...)> : kept_parameters<A...> {
    F f;
    typename task<T>::value_type operator()(caller& who, A... args) {
        return run_task<T>(who, [&] { return f(args...); });
    }
};
template <class F, class T, class... A>
struct async_function<F, task<T>(instance, A...)> : kept_parameters<A...> {
    F f;
    typename task<T>::value_type operator()(caller& who, A... args) {
        return run_task<T>(who, [&] { return f(who.from(), args...); });
    }
};

} // namespace detail

/// A host function, for imports::define and basic_store::make_func, of a function that returns a task:
/// `env.define("env", "load", game::async([&](int id) -> game::task<int> { co_return co_await files.get(id); }))`.
/// A first parameter of type `instance` is the calling one. If the task has not ended when it first waits, the call is
/// suspended as by `suspend`, and goes on with the first slice after the task's end; where the call cannot be suspended
/// the function fails with msg::cannot_wait, and the task is destroyed. What a lambda has captured must live as long as
/// the store.
template <class F>
auto async(F f) noexcept {
    static_assert(runtime::signature_of<F>::known,
                  "tessera: async needs a function pointer or a lambda without auto parameters");
    return detail::async_function<F, typename runtime::signature_of<F>::type>{{}, std::move(f)};
}

} // namespace tessera::game
#endif
