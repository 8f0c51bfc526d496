// SPDX-License-Identifier: MIT
/// @file runtime/api/callable.hpp
/// Lambdas and function pointers as host functions: the C++ signature is the WebAssembly type.
#pragma once

#include <tessera/runtime/api/guest.hpp>

#if TESSERA_CATCHES
#include <exception>
#endif

namespace tessera::inline TESSERA_ABI::runtime {

/// The signature of what can be called in one way only; the primary template is for what cannot.
template <class F>
struct signature_of {
    static constexpr bool known = false;
};
template <class R, class... A>
struct signature_of<R (*)(A...)> {
    static constexpr bool known = true;
    using type = R(A...);
};
template <class R, class... A>
struct signature_of<R (*)(A...) noexcept> : signature_of<R (*)(A...)> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...)> : signature_of<R (*)(A...)> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...) const> : signature_of<R (*)(A...)> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...) noexcept> : signature_of<R (*)(A...)> {};
template <class C, class R, class... A>
struct signature_of<R (C::*)(A...) const noexcept> : signature_of<R (*)(A...)> {};
template <class F>
requires requires { &F::operator(); }
struct signature_of<F> : signature_of<decltype(&F::operator())> {};

/// Types of several parameters in a row.
template <std::size_t... N>
constexpr auto join_types(const std::array<val_type, N>&... lists) noexcept {
    std::array<val_type, (std::size_t{0} + ... + N)> all{};
    [[maybe_unused]] std::size_t at = 0;
    [[maybe_unused]] const auto put = [&](const auto& list) {
        for (val_type t : list) all[at++] = t;
    };
    (put(lists), ...);
    return all;
}

/// How a function of this signature is called from slots. `WithCaller`: a `caller&` comes first.
template <bool WithCaller, class R, class... P>
struct host_call {
    static_assert(((!std::is_lvalue_reference_v<P> || std::is_const_v<std::remove_reference_t<P>>)&&...),
                  "tessera: a reference parameter would refer to a copy; take it by value, or guest_ptr<T> to write to "
                  "the guest");
    using list = result_list<R>;
    static constexpr auto params = join_types(param<std::remove_cvref_t<P>>::types...);

    template <class F>
    static bool run(F& f, caller& who, u64* slots, error& why) {
        std::tuple<std::remove_cvref_t<P>...> args;
        const u64* at = slots;
        if (!std::apply([&](auto&... one) { return (... && read(who, at, one, why)); }, args)) return false;
        return std::apply(
            [&](auto&... one) -> bool {
                if constexpr (WithCaller) {
                    tessera::caller from(who);
                    return finish(who, slots, why, [&]() -> decltype(auto) { return f(from, static_cast<P>(one)...); });
                } else {
                    return finish(who, slots, why, [&]() -> decltype(auto) { return f(static_cast<P>(one)...); });
                }
            },
            args);
    }

private:
    template <class T>
    static bool read(caller& who, const u64*& at, T& to, error& why) noexcept {
        const u64* from = at;
        at += param<T>::slots;
        return param<T>::read(who, from, to, why);
    }
    template <class Call>
    static bool finish(caller& who, u64* slots, error& why, Call call) {
        if constexpr (list::fails) {
            R r = call();
            if (!r) return why = r.error(), false;
            if constexpr (std::is_void_v<typename list::value>) return true;
            else return list::put(*who.store, slots, *r) || (why = error(msg::other_store), false);
        } else if constexpr (std::is_void_v<R>) {
            call();
            return true;
        } else {
            return list::put(*who.store, slots, call()) || (why = error(msg::other_store), false);
        }
    }
};

template <class Signature>
struct host_signature;
template <class R, class... P>
struct host_signature<R(P...)> : host_call<false, R, P...> {};
template <class R, class... P>
struct host_signature<R(tessera::caller&, P...)> : host_call<true, R, P...> {};

/// Runs `call`; an exception of the host becomes an error, as it must not pass through the engine.
template <bool Catches, class Call>
bool guarded(error& why, Call call) noexcept {
    static_assert(Catches == bool(TESSERA_CATCHES));
#if TESSERA_CATCHES
    try {
        return call();
    } catch (const std::exception& e) {
        why = error(msg::host_threw, e.what());
    } catch (...) {
        why = error(msg::host_threw);
    }
    return false;
#else
    static_cast<void>(why);
    return call();
#endif
}

/// Makes a T of the host's from `args`, as create_in; null when memory is out or its constructor throws.
template <class T, bool Catches, class... A>
T* create_guarded(const allocator* from, A&&... args) noexcept {
    static_assert(alignof(T) <= alignof(std::max_align_t), "tessera: the type is aligned more than the allocator is");
    void* const at = allocate_in(from, sizeof(T));
    if (!at) return nullptr;
    T* made = nullptr;
    error why(msg::out_of_memory);
    if (!guarded<Catches>(why, [&] { return made = ::new (at) T(std::forward<A>(args)...), true; }))
        release_in(from, at, sizeof(T));
    return made;
}

/// A host function with what it does.
template <class F>
struct host_callable : host_function {
    F f;
    template <class G>
    explicit host_callable(G&& from) : f(std::forward<G>(from)) {}
};

/// Makes a host function of `f`, null when memory is out.
template <bool Catches, class F>
host_function* bind(F&& f) noexcept {
    using body = std::decay_t<F>;
    static_assert(signature_of<body>::known,
                  "tessera: define needs a function pointer, or an object with one operator() that is "
                  "not a template: a lambda without auto parameters");
    using sign = host_signature<typename signature_of<body>::type>;
    auto* made = create_guarded<host_callable<body>, Catches>(nullptr, std::forward<F>(f));
    if (!made) return nullptr;
    made->params = sign::params;
    made->results = sign::list::types;
    made->invoke = [](host_function& self, caller& who, u64* slots, error& why) {
        return guarded<Catches>(why,
                                [&] { return sign::run(static_cast<host_callable<body>&>(self).f, who, slots, why); });
    };
    made->destroy = [](host_function* self) { destroy(static_cast<host_callable<body>*>(self)); };
    return made;
}

/// A host function whose type is known at run time only.
template <class F>
struct host_dynamic : host_callable<F> {
    using host_callable<F>::host_callable;
    vec<val_type> types;
    vec<value> values; ///< room for arguments and results; taken during a call
};

/// Makes a host function of type `type`, whose references must be abstract, from
/// `f(caller&, std::span<const value>, std::span<value>) -> result<void>`. Null when memory is out.
template <bool Catches, class F>
host_function* bind_dynamic(const func_type& type, F&& f) noexcept {
    using body = std::decay_t<F>;
    static_assert(
        std::is_invocable_r_v<result<void>, body&, tessera::caller&, std::span<const value>, std::span<value>>,
        "tessera: a function without static type takes (caller&, std::span<const value>, std::span<value>) and returns "
        "result<void>");
    using made_type = host_dynamic<body>;
    auto* made = create_guarded<made_type, Catches>(nullptr, std::forward<F>(f));
    if (!made) return nullptr;
    if (!made->types.append(type.params.data(), type.params.size()) ||
        !made->types.append(type.results.data(), type.results.size())) {
        destroy(made);
        return nullptr;
    }
    made->params = {made->types.data(), type.params.size()};
    made->results = {made->types.data() + type.params.size(), type.results.size()};
    made->invoke = [](host_function& self, caller& who, u64* slots, error& why) {
        return guarded<Catches>(why, [&] {
            made_type& me = static_cast<made_type&>(self);
            vec<value> values = std::move(me.values); // a nested call finds it empty and makes its own
            const std::size_t n = me.params.size();
            if (!values.resize(n + me.results.size())) return why = error(msg::out_of_memory), false;
            const u64* from = slots;
            for (std::size_t i = 0; i < n; from += me.params[i++].slots()) values[i] = take_value(me.params[i], from);
            for (std::size_t i = 0; i < me.results.size(); ++i) values[n + i] = {me.results[i], 0, 0};
            tessera::caller c(who);
            result<void> r = me.f(c, std::span<const value>(values.data(), n),
                                  std::span<value>(values.data() + n, me.results.size()));
            if (!r) return why = r.error(), false;
            u64* to = slots;
            for (std::size_t i = 0; i < me.results.size(); to += me.results[i++].slots())
                if (auto ok = put_value(*who.store, me.results[i], values[n + i], to); !ok)
                    return why = ok.error().set_detail("result of a host function"), false;
            me.values = std::move(values);
            return true;
        });
    };
    made->destroy = [](host_function* self) { destroy(static_cast<made_type*>(self)); };
    return made;
}

} // namespace tessera::runtime
