// SPDX-License-Identifier: MIT
/// @file game/binding.hpp
/// One description of an interface: the host's functions for guests, and declarations for those who write guests.
#pragma once

#include <tessera/game/declared.hpp>
#include <tessera/runtime/api/imports.hpp>

#include <initializer_list>

namespace tessera::inline TESSERA_ABI::game {

namespace detail {

/// How a parameter of the author's function comes from one that runtime::param knows.
template <class P>
struct argument {
    using wire = std::remove_cvref_t<P>;
    using object = void;
    static bool check(const wire&, const void*, error&) noexcept { return true; }
    static wire& pass(wire& w, void*) noexcept { return w; }
};
/// An object of the host's; one that is gone is an error.
template <class T>
requires(!std::is_const_v<T>) struct argument<T&> {
    using wire = id<T>;
    using object = T;
    static bool check(wire w, void* table, error& why) noexcept {
        return static_cast<object_table<T>*>(table)->find(w.number) ||
               (why = error(msg::bad_argument, "no such object"), false);
    }
    static T& pass(wire w, void* table) noexcept { return *static_cast<object_table<T>*>(table)->find(w.number); }
};
/// The same; null if there is none.
template <class T>
struct argument<T*> {
    using wire = id<T>;
    using object = T;
    static bool check(wire, void*, error&) noexcept { return true; }
    static T* pass(wire w, void* table) noexcept { return static_cast<object_table<T>*>(table)->find(w.number); }
};

/// What the guest's function returns for what the host's does: a structure goes through a last pointer `out`, of an
/// optional one the function says whether there is one.
template <class R>
struct returned {
    using out = void;
    using plain = R;
};
template <runtime::described_structure T>
struct returned<T> {
    using out = T;
    using plain = void;
};
template <class T>
struct returned<std::optional<T>> {
    using out = T;
    using plain = bool;
};
template <class T>
struct returned<result<T>> : returned<T> {};

template <bool WithCaller, class R, class... A>
struct host_body {
    template <class F>
    static decltype(auto) call(F& f, caller& who, void* const* tables, typename argument<A>::wire&... args) {
        return call_at(std::index_sequence_for<A...>(), f, who, tables, args...);
    }
    static bool check(error& why, void* const* tables, const typename argument<A>::wire&... args) noexcept {
        [[maybe_unused]] std::size_t i = 0;
        static_cast<void>(tables), static_cast<void>(why);
        return (... && argument<A>::check(args, tables[i++], why));
    }

private:
    template <std::size_t... I, class F>
    static decltype(auto) call_at(std::index_sequence<I...>, F& f, caller& who, [[maybe_unused]] void* const* tables,
                                  typename argument<A>::wire&... args) {
        static_cast<void>(who);
        if constexpr (WithCaller) return f(who, static_cast<A>(argument<A>::pass(args, tables[I]))...);
        else return f(static_cast<A>(argument<A>::pass(args, tables[I]))...);
    }
};

/// The author's function with what its parameters need.
template <class F, bool WithCaller, class Out, class R, class... A>
struct bound {
    F f;
    std::array<void*, sizeof...(A) + 1> tables;
    using plain = typename returned<R>::plain;
    result<plain> operator()(caller& who, typename argument<A>::wire... args, guest_ptr<Out> out) {
        error why{error::unlikely()};
        using body = host_body<WithCaller, R, A...>;
        if (!body::check(why, tables.data(), args...)) return why;
        return deliver(body::call(f, who, tables.data(), args...), out);
    }

private:
    static result<plain> deliver(const Out& got, const guest_ptr<Out>& to) noexcept {
        return to.set(got), result<plain>();
    }
    static result<plain> deliver(const std::optional<Out>& got, const guest_ptr<Out>& to) noexcept {
        if (got) to.set(*got);
        return got.has_value();
    }
    template <class T>
    static result<plain> deliver(const result<T>& got, const guest_ptr<Out>& to) noexcept {
        if (!got) return got.error();
        return deliver(*got, to);
    }
};
template <class F, bool WithCaller, class R, class... A>
struct bound<F, WithCaller, void, R, A...> {
    F f;
    std::array<void*, sizeof...(A) + 1> tables;
    using plain = typename runtime::result_list<R>::value;
    result<plain> operator()(caller& who, typename argument<A>::wire... args) {
        error why{error::unlikely()};
        using body = host_body<WithCaller, R, A...>;
        if (!body::check(why, tables.data(), args...)) return why;
        if constexpr (std::is_void_v<R>) return body::call(f, who, tables.data(), args...), result<void>();
        else return body::call(f, who, tables.data(), args...);
    }
};

template <class Signature>
struct host_parts;
template <bool WithCaller, class R, class... A>
struct host_parts_of {
    using out = typename returned<R>::out;
    using plain = typename returned<R>::plain;
    template <class F>
    using made = bound<F, WithCaller, out, R, A...>;
    static constexpr std::size_t count = sizeof...(A);
    static constexpr std::array<const void*, count + 1> objects{
        (std::is_void_v<typename argument<A>::object> ? nullptr : &type_key<typename argument<A>::object>)...};
    static constexpr auto params = [] {
        if constexpr (std::is_void_v<out>)
            return std::array<declared_param, count>{declare_param<typename argument<A>::wire>::info...};
        else
            return std::array<declared_param, count + 1>{declare_param<typename argument<A>::wire>::info...,
                                                         declare_param<guest_ptr<out>>::info};
    }();
    using value = typename runtime::result_list<plain>::value;
    static constexpr const declared_type* result_type = declared_result<value>();
};
template <class R, class... A>
struct host_parts<R(A...)> : host_parts_of<false, R, A...> {};
template <class R, class... A>
struct host_parts<R(caller&, A...)> : host_parts_of<true, R, A...> {};

/// A function of the interface.
struct declared_function {
    const char* name;
    const char* help;
    view<declared_param> params;
    const declared_type* gives; ///< null for nothing
    vec<const char*> names;     ///< of the parameters
    /// Of one that guests export: whether an instance has it.
    result<void> (*check)(const instance& of, const char* name) noexcept = nullptr;
};
struct declared_objects {
    const char* name;
    const void* key;
    void* table;
};

} // namespace detail

/// An interface between a host and its guests. Each `function` defines a host function in the imports that were given,
/// under the name of a module, and is remembered for the declarations:
///
///     game::object_table<unit> units;
///     tessera::imports env;
///     game::binding arena("arena", env);
///     arena.objects("unit", units);
///     arena.function("spawn", "Makes a unit.", {"at"}, [&](vec2 at) { return game::id<unit>{units.add({at})}; });
///     arena.function("move", "Moves a unit.", {"who", "by"}, [](unit& who, vec2 by) { … });
///     arena.exports<void(float)>("tick", "Called once a frame.", {"seconds"});
///
/// Parameters: what imports::define takes, but vectors and references; structures and enumerations that are described
/// (see guest_type); std::optional of these; c_string, text_room, callback; T& and T* for objects of a table, which a
/// guest knows by numbers: with T& a number that means nothing ends the guest's call, with T* it is null. Results:
/// void, a number, an id, an enumeration; a structure or a std::optional, which the guest gets by a pointer; result<>
/// of these. All texts must outlive the binding, object tables and what functions capture the imports.
class binding {
public:
    /// Defines in `env`, which must outlive it, as functions of module `name`.
    binding(const char* name, imports& env) noexcept : name_(name), env_(&env) {}

    /// Says which table the objects of type T are in, and what guests call the type. Before the functions that use it.
    template <class T>
    binding& objects(const char* name, object_table<T>& table) noexcept {
        if (!objects_.push_back({name, &detail::type_key<T>, &table})) fail(msg::out_of_memory);
        return *this;
    }
    /// A host function; `names` are those of its parameters, without a leading caller&. What is wrong is found in
    /// `status()`.
    template <class F, bool Catches = bool(TESSERA_CATCHES)>
    binding& function(const char* name, const char* help, std::initializer_list<const char*> names, F f) noexcept {
        static_assert(runtime::signature_of<F>::known,
                      "tessera: function needs a function pointer or a lambda without auto parameters");
        using parts = detail::host_parts<typename runtime::signature_of<F>::type>;
        typename parts::template made<F> made{std::move(f), {}};
        for (std::size_t i = 0; i < parts::count; ++i)
            if (parts::objects[i] && !(made.tables[i] = table_of(parts::objects[i])))
                return fail(error(msg::out_of_range, "objects of a parameter are in no table")), *this;
        add({name, help, parts::params, parts::result_type, {}, nullptr}, names, parts::count);
        if (auto ok = env_->template define<decltype(made), Catches>(name_, name, std::move(made)); !ok)
            fail(ok.error());
        return *this;
    }
    /// A function that guests are expected to export; see `check`.
    template <class Signature>
    binding& exports(const char* name, const char* help, std::initializer_list<const char*> names = {}) noexcept {
        using parts = detail::host_parts<Signature>;
        add({name,
             help,
             parts::params,
             parts::result_type,
             {},
             [](const instance& of, const char* it) noexcept {
                 auto f = of.template get<Signature>(it);
                 return f ? result<void>() : result<void>(f.error());
             }},
            names, parts::count);
        return *this;
    }

    /// The first thing that was wrong with the description: msg::out_of_memory; msg::out_of_range with the reason as
    /// detail. The imports are not to be used then.
    result<void> status() const noexcept { return failed_ ? result<void>(why_) : result<void>(); }
    /// Whether a guest exports all functions it is expected to: msg::unknown_export or msg::wrong_type, with the name
    /// as detail, if not.
    result<void> check(const instance& of) const noexcept {
        for (const detail::declared_function& f : functions_)
            if (f.check)
                if (auto ok = f.check(of, f.name); !ok) return ok;
        return {};
    }

    /// A header in C (and C++) for clang: types, the host's functions as NAME_function, what a guest exports. Fails as
    /// `status` says, and when memory is out.
    result<vec<char>> c_header() const noexcept;
    /// The same as a module in AssemblyScript. Functions that take text, numbers in a row or a callback are there as
    /// AssemblyScript has these.
    result<vec<char>> assembly_script() const noexcept;

    /// For the library.
    const char* name() const noexcept { return name_; }
    view<detail::declared_function> functions() const noexcept { return {functions_.data(), functions_.size()}; }
    view<detail::declared_objects> objects() const noexcept { return {objects_.data(), objects_.size()}; }

private:
    void fail(const error& why) noexcept {
        if (!failed_) why_ = why;
        failed_ = true;
    }
    void* table_of(const void* key) const noexcept {
        for (const detail::declared_objects& o : objects_)
            if (o.key == key) return o.table;
        return nullptr;
    }
    void add(detail::declared_function f, std::initializer_list<const char*> names, std::size_t count) noexcept {
        if (names.size() != count) return fail(error(msg::out_of_range, "number of names of parameters"));
        if (!f.names.append(names.begin(), names.size()) || !functions_.push_back(std::move(f)))
            fail(msg::out_of_memory);
    }

    const char* name_;
    imports* env_;
    vec<detail::declared_objects> objects_;
    vec<detail::declared_function> functions_;
    bool failed_ = false;
    error why_{error::unlikely()};
};

} // namespace tessera::game
