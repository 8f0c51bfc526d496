// SPDX-License-Identifier: MIT
/// @file runtime/api/instance.hpp
/// The handle of an instance, and what a host function knows of its caller.
#pragma once

#include <tessera/runtime/api/global.hpp>
#include <tessera/runtime/api/memory.hpp>
#include <tessera/runtime/api/object.hpp>
#include <tessera/runtime/api/shared_memory.hpp>
#include <tessera/runtime/api/table.hpp>
#include <tessera/runtime/exports.hpp>
#include <tessera/runtime/objects.hpp>

namespace tessera::inline TESSERA_ABI {

namespace runtime {

/// What `get<T>` finds: `kind` is T's, `make` turns the place in the store into a T.
template <class T>
struct exported {
    static constexpr bool known = false;
};
template <class T, extern_kind Kind>
struct exported_handle {
    static constexpr bool known = true;
    static constexpr extern_kind kind = Kind;
    using type = T;
    static result<T> make(store_data& s, u32 index) noexcept { return T(s, index); }
};
template <>
struct exported<func> : exported_handle<func, extern_kind::func> {};
template <>
struct exported<table> : exported_handle<table, extern_kind::table> {};
template <>
struct exported<memory> : exported_handle<memory, extern_kind::memory> {};
template <>
struct exported<shared_memory> {
    static constexpr bool known = true;
    static constexpr extern_kind kind = extern_kind::memory;
    using type = shared_memory;
    static result<shared_memory> make(store_data& s, u32 index) noexcept {
        if (!s.memories[index]->shared) return msg::wrong_type;
        return shared_memory(*s.memories[index]->shared);
    }
};
template <>
struct exported<global> : exported_handle<global, extern_kind::global> {};
template <>
struct exported<tag> : exported_handle<tag, extern_kind::tag> {};
template <class R, class... A>
struct exported<R(A...)> {
    static constexpr bool known = true;
    static constexpr extern_kind kind = extern_kind::func;
    using type = typed_func<R(A...)>;
    static result<type> make(store_data& s, u32 index) noexcept { return type::from(func(s, index)); }
};

/// Finds the export `name` of `i` as a T.
template <class T>
result<typename exported<T>::type> get_export(const instance_data& i, std::string_view name) noexcept {
    const export_def* e = find_export(*i.unit, name);
    if (!e) return error(msg::unknown_export, name);
    if (e->kind != exported<T>::kind) return error(msg::wrong_type, name);
    auto made = exported<T>::make(*i.store, place_of(i, *e));
    if (!made) made.error().set_detail(name);
    return made;
}

} // namespace runtime

/// An instance of a module.
class instance : public runtime::handle {
public:
    using handle::handle;

    /// The export `name`: T is memory, table, global, tag, func, or a function type such as
    /// `i32(i32, i32)`, which gives a typed_func; or shared_memory, for a memory that is one. Fails with
    /// msg::unknown_export or msg::wrong_type.
    template <class T>
    auto get(std::string_view name) const noexcept {
        static_assert(runtime::exported<T>::known,
                      "tessera: get<T>: T is func, memory, shared_memory, table, global, tag or a function type");
        using found = result<typename runtime::exported<T>::type>;
        const runtime::instance_data* i = data();
        return i ? runtime::get_export<T>(*i, name) : found(msg::stale_handle);
    }
    /// Calls the exported function `name` with values; see func::call.
    result<void> call(std::string_view name, std::span<const value> args, std::span<value> results) const noexcept {
        auto f = get<func>(name);
        return f ? f->call(args, results) : result<void>(f.error());
    }

    /// The store's id of type `index` of the module; no_index for an empty handle or if there is none.
    u32 type(u32 index) const noexcept {
        const runtime::instance_data* i = data();
        return i && index < i->unit->type_ids.size() ? i->unit->type_ids[index] : no_index;
    }

private:
    runtime::instance_data* data() const noexcept { return in(&runtime::store_data::instances); }
};

/// What a host function gets to know of the call: a leading `caller&` parameter. Valid during the call.
class caller {
public:
    explicit caller(runtime::caller& who) noexcept : who_(who) {}

    /// The calling instance's export; as instance::get. Fails with msg::unknown_export if the host
    /// called the function itself.
    template <class T>
    auto get(std::string_view name) const noexcept {
        static_assert(runtime::exported<T>::known,
                      "tessera: get<T>: T is func, memory, shared_memory, table, global, tag or a function type");
        using found = result<typename runtime::exported<T>::type>;
        return who_.instance ? runtime::get_export<T>(*who_.instance, name) : found(error(msg::unknown_export, name));
    }
    /// The calling instance's memory 0, exported or not: what the pointers in its arguments mean.
    result<memory> main_memory() const noexcept {
        if (!who_.instance || who_.instance->memories.empty()) return msg::no_memory;
        return memory(*who_.store, who_.instance->memories[0]->self);
    }
    /// The calling instance; empty if the host called.
    instance from() const noexcept { return who_.instance ? instance(*who_.store, who_.instance->self) : instance(); }
    /// Keeps what a value refers to alive as long as the handle lives.
    result<rooted> root(const value& v) const noexcept { return rooted::make(*who_.store, v); }
    /// The host object behind `r` if it was made as a T, else null.
    template <class T>
    T* object(externref r) const noexcept {
        return runtime::object_as<T>(*who_.store, r.bits);
    }

private:
    runtime::caller& who_;
};

} // namespace tessera
