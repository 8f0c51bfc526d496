// SPDX-License-Identifier: MIT
/// @file runtime/api/func.hpp
/// Handles of functions: called with values (`func`) or with C++ arguments (`typed_func`).
#pragma once

#include <tessera/runtime/api/convert.hpp>
#include <tessera/runtime/api/extern_type.hpp>
#include <tessera/runtime/call.hpp>

namespace tessera::inline TESSERA_ABI {

namespace runtime {

/// Writes `v`, meant for a place of store type `wanted`, to `slots`. An error if the types do not
/// agree; `wanted` may be a reference type that only looking at the reference can decide.
inline result<void> put_value(const store_data& s, val_type wanted, const value& v, u64* slots) noexcept {
    const error wrong(msg::wrong_type, "argument");
    if (!wanted.is_ref()) {
        if (v.type != wanted) return wrong;
        slots[0] = wanted == t_i32 || wanted == t_f32 ? u32(v.bits) : v.bits;
        if (wanted.is_vector()) slots[1] = v.high;
        return {};
    }
    if (!v.type.is_ref() || (v.type.heap().is_index() && v.type.heap().index() >= s.types.size())) return wrong;
    const u32 bits = u32(v.bits);
    const val_type as = val_type::ref(v.type.heap(), bits == 0);
    if (bits == 0) {
        // A null of any type of the same hierarchy is the same null.
        const valid::type_space space = s.types.space();
        const auto top = [&](heap_type h) -> u8 {
            const u8 c = h.is_index() ? space.form(h.index()) : h.byte_code();
            return c == code::func || c == code::nofunc       ? code::func
                   : c == code::extern_ || c == code::noextern ? code::extern_
                   : c == code::exn || c == code::noexn        ? code::exn
                                                               : code::any;
        };
        if (!wanted.is_nullable() || top(v.type.heap()) != top(wanted.heap())) return wrong;
    } else if (valid::matches(s.types.space(), as, t_funcref)) {
        if (bits > s.funcs.size()) return wrong;
        const val_type actual = val_type::ref(heap_type::index(s.funcs[bits - 1]->type_id), false);
        if (!s.types.matches(actual, wanted)) return wrong;
    } else if (!s.types.matches(as, wanted)) {
        return wrong;
    }
    slots[0] = bits;
    return {};
}

/// Reads a value of store type `t` from `slots`.
inline value take_value(val_type t, const u64* slots) noexcept {
    const bool narrow = t.is_ref() || t == t_i32 || t == t_f32;
    return {t, narrow ? u32(slots[0]) : slots[0], t.is_vector() ? slots[1] : 0};
}

} // namespace runtime

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
        const func_type t = type();
        if (args.size() != t.params.size()) return error(msg::wrong_type, "number of arguments");
        if (results.size() != t.results.size()) return error(msg::wrong_type, "number of results");
        const u32 n = f->param_slots > f->result_slots ? f->param_slots : f->result_slots;
        u64 few[16] = {};
        vec<u64> many;
        if (n > 16 && !many.resize(n)) return msg::out_of_memory;
        u64* const slots = n > 16 ? many.data() : few;
        [[maybe_unused]] u64* at = slots;
        for (std::size_t i = 0; i < args.size(); at += t.params[i++].slots())
            if (auto ok = runtime::put_value(*store_, t.params[i], args[i], at); !ok) return ok;
        error why(msg::out_of_memory);
        if (!runtime::call(*store_, *f, slots, why)) return why;
        const func_type after = type(); // the call may have moved what `t` looks at
        at = slots;
        for (std::size_t i = 0; i < results.size(); at += after.results[i++].slots())
            results[i] = runtime::take_value(after.results[i], at);
        return {};
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
inline bool callable_as(const store_data& s, const func_record& f, std::span<const val_type> params,
                        std::span<const val_type> results) noexcept {
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
    static_assert((runtime::wasm_value<A> && ...), "tessera: a parameter type is none WebAssembly has; use integers of 32 or "
                                                   "64 bits, f32, f64, bool, v128, externref or func");

public:
    using handle::handle;

    /// Calls it; arguments and results pass through slots on the native stack, without allocation.
    result<R> operator()(std::remove_cvref_t<A>... args) const noexcept {
        constexpr u32 in_slots = (0u + ... + runtime::convert<std::remove_cvref_t<A>>::slots);
        constexpr u32 n = in_slots > list::slots ? in_slots : list::slots;
        u64 slots[n ? n : 1];
        runtime::func_record* f = in(&runtime::store_data::funcs);
        if (TESSERA_UNLIKELY(!f)) return msg::stale_handle;
        [[maybe_unused]] u64* at = slots;
        if (!(... && (runtime::convert<std::remove_cvref_t<A>>::put(*store_, at, args) &&
                      (at += runtime::convert<std::remove_cvref_t<A>>::slots))))
            return msg::other_store;
        error why(msg::out_of_memory);
        if (TESSERA_UNLIKELY(!runtime::call(*store_, *f, slots, why))) return why;
        if constexpr (std::is_void_v<R>) return {};
        else return list::take(*store_, slots);
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
    static_assert(!list::fails, "tessera: leave out result<> in a function type; a call always returns one");
};

} // namespace tessera
