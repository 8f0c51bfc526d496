// SPDX-License-Identifier: MIT
/// @file runtime/api/func.hpp
/// Handles of functions: called with values (`func`) or with C++ arguments (`typed_func`).
#pragma once

#include <tessera/runtime/api/convert.hpp>
#include <tessera/runtime/api/execution.hpp>
#include <tessera/runtime/api/extern_type.hpp>

namespace tessera::inline TESSERA_ABI {

/// A function, or a null function reference when empty.
class func : public runtime::handle {
public:
    using handle::handle;

    /// Its type; a type index in it is the store's. A view that is valid until the next change of
    /// the store; empty for an empty handle.
    func_type type() const noexcept {
        const runtime::func_record* f = record();
        if (!f) return {};
        return {store_->types.types().params(f->type_id), store_->types.types().results(f->type_id)};
    }
    /// As a value of type funcref, e.g. for func::call or table::set.
    value as_value() const noexcept { return value::reference(t_funcref, {*this ? index_ + 1 : 0}); }

    /// Calls it with arguments whose types are checked now (spec: exec/modules, Invocation). Fails
    /// with msg::wrong_type if a number or type does not agree, else as the call does.
    result<void> call(std::span<const value> args, std::span<value> results) const noexcept {
        runtime::func_record* f = record();
        if (!f) return msg::stale_handle;
        if (results.size() != type().results.size()) return error(msg::wrong_type, "number of results");
        runtime::slot_array slots;
        if (auto ok = slots.fill(*store_, *f, args); !ok) return ok;
        error why{error::unlikely()};
        if (!runtime::call(*store_, *f, slots.data(), why)) return why;
        slots.take(*store_, *f, results);
        return {};
    }
    /// A call that has not begun, for who wants to go on after it ran out of fuel or was interrupted.
    result<execution> start(std::span<const value> args) const noexcept {
        runtime::func_record* f = record();
        if (!f) return msg::stale_handle;
        runtime::slot_array slots;
        if (auto ok = slots.fill(*store_, *f, args); !ok) return ok.error();
        return execution::start(*store_, *f, slots.data());
    }

    /// The function behind a reference; empty if it is null or none of this store.
    static func from(runtime::store_data& store, u32 reference) noexcept {
        return reference && reference <= store.funcs.size() ? func(store, reference - 1) : func();
    }

private:
    runtime::func_record* record() const noexcept { return in(&runtime::store_data::funcs); }
};

/// A null or a function; `func` under the name of its type.
using funcref = func;

template <>
struct runtime::convert<func> {
    static constexpr bool known = true;
    static constexpr u32 slots = 1;
    static constexpr val_type type = t_funcref;
    static bool put(store_data& s, u64* to, const func& f) noexcept {
        to[0] = f ? access::index(f) + 1 : 0;
        return access::store(f) == nullptr || (access::store(f) == &s && f);
    }
    static func take(store_data& s, const u64* from) noexcept { return func::from(s, u32(from[0])); }
};

namespace runtime {

/// True if a function of these C++ types can call `f`: its parameters accept what C++ passes, its
/// results are what C++ expects.
inline bool callable_as(const store_data& s, const func_record& f, view<val_type> params,
                        view<val_type> results) noexcept {
    const valid::type_space space = s.types.space();
    return valid::matches(space, params, space.types->params(f.type_id)) &&
           valid::matches(space, space.types->results(f.type_id), results);
}

} // namespace runtime

template <class Signature>
class typed_func;

/// A function whose type was checked when it was looked up: `instance.get<R(A...)>(name)`.
template <class R, class... A>
class typed_func<R(A...)> : public runtime::handle {
    static_assert((runtime::wasm_value<A> && ...),
                  "tessera: a parameter type is none WebAssembly has; use integers of 32 or "
                  "64 bits, f32, f64, bool, v128, externref or func");

public:
    using handle::handle;

    /// Calls it without allocation; arguments and results of a leaf pass through the guest's own stack,
    /// of other functions through slots on the native one.
    TESSERA_INLINE result<R> operator()(std::remove_cvref_t<A>... args) const noexcept {
        if (TESSERA_UNLIKELY(!*this)) return call(args...);
        runtime::store_data& s = *store_;
        const runtime::func_record& f = *s.funcs[index_];
        if (TESSERA_UNLIKELY(f.leaf_bytes > s.ready.bytes)) return call(args...);
        u64* const slots = s.ready.slots;
        if (TESSERA_UNLIKELY(!put(slots, args...))) return call(args...);
        if (TESSERA_UNLIKELY(!s.engine->call_leaf(s, f))) return leaf_error();
        return take(slots);
    }
    /// A call that has not begun; see func::start. Its result comes from execution::get<R>.
    result<execution> start(std::remove_cvref_t<A>... args) const noexcept {
        u64 slots[in_slots + 1];
        slots[in_slots] = 0; // g++ does not see that a function without parameters reads none
        runtime::func_record* f = in(&runtime::store_data::funcs);
        if (!f) return msg::stale_handle;
        if (!put(slots, args...)) return msg::other_store;
        return execution::start(*store_, *f, slots);
    }
    /// The same function without its C++ type.
    func untyped() const noexcept { return *this ? func(*store_, index_) : func(); }

    /// `f` with a type, if it has that type; else msg::wrong_type.
    static result<typed_func> from(const func& f) noexcept {
        static constexpr std::array<val_type, sizeof...(A)> params{runtime::convert<std::remove_cvref_t<A>>::type...};
        runtime::func_record* record = runtime::access::get(f, &runtime::store_data::funcs);
        if (!record) return msg::stale_handle;
        if (!runtime::callable_as(*runtime::access::store(f), *record, params, list::types)) return msg::wrong_type;
        return typed_func(*runtime::access::store(f), runtime::access::index(f));
    }

private:
    using list = runtime::result_list<R>;
    static constexpr u32 in_slots = (0u + ... + runtime::convert<std::remove_cvref_t<A>>::slots);

    bool put([[maybe_unused]] u64* at, const std::remove_cvref_t<A>&... args) const noexcept {
        return (... && (runtime::convert<std::remove_cvref_t<A>>::put(*store_, at, args) &&
                        (at += runtime::convert<std::remove_cvref_t<A>>::slots)));
    }
    result<R> take([[maybe_unused]] const u64* slots) const noexcept {
        if constexpr (std::is_void_v<R>) return {};
        else return list::take(*store_, slots);
    }
    /// The call of any function, and what is wrong with one that cannot be.
    TESSERA_NOINLINE result<R> call(std::remove_cvref_t<A>... args) const noexcept {
        runtime::func_record* const f = in(&runtime::store_data::funcs);
        if (!f) return msg::stale_handle;
        u64 slots[(in_slots > list::slots ? in_slots : list::slots) + 1];
        if (!put(slots, args...)) return msg::other_store;
        error why{error::unlikely()};
        if (TESSERA_UNLIKELY(!runtime::call(*store_, *f, slots, why))) return why;
        return take(slots);
    }
    TESSERA_COLD result<R> leaf_error() const noexcept { return runtime::leaf_error(*store_); }
    static_assert(!list::fails, "tessera: leave out result<> in a function type; a call always returns one");
};

} // namespace tessera
