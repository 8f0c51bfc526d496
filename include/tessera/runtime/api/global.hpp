// SPDX-License-Identifier: MIT
/// @file runtime/api/global.hpp
/// Handles of globals and tags.
#pragma once

#include <tessera/runtime/api/func.hpp>
#include <tessera/runtime/exception.hpp>

namespace tessera::inline TESSERA_ABI {

/// A global variable or constant.
class global : public runtime::handle {
public:
    using handle::handle;

    /// Its type; a type index in it is the store's.
    global_type type() const noexcept {
        const runtime::global_data* g = data();
        return g ? g->type : global_type{};
    }
    /// The value; of the bottom type for an empty handle.
    value get() const noexcept {
        const runtime::global_data* g = data();
        return g ? runtime::take_value(g->type.type, g->cell) : value{};
    }
    /// The value as a C++ type; fails with msg::wrong_type.
    template <class T>
    result<T> get() const noexcept {
        static_assert(runtime::wasm_value<T>, "tessera: this is no type a global has");
        const runtime::global_data* g = data();
        if (!g) return msg::stale_handle;
        if (!store_->types.matches(g->type.type, runtime::convert<T>::type)) return msg::wrong_type;
        return runtime::convert<T>::take(*store_, g->cell);
    }
    /// Fails with msg::global_immutable or msg::wrong_type.
    result<void> set(const value& v) const noexcept {
        runtime::global_data* g = data();
        u64 bits[2] = {};
        if (!g) return msg::stale_handle;
        if (!g->type.mutable_) return msg::global_immutable;
        if (auto ok = runtime::put_value(*store_, g->type.type, v, bits); !ok) return ok;
        write(*g, bits);
        return {};
    }
    template <class T>
    requires(runtime::wasm_value<T>) result<void> set(const T& v)
    const noexcept {
        if (!*this) return msg::stale_handle;
        u64 bits[2] = {};
        if (!runtime::convert<T>::put(*store_, bits, v)) return msg::other_store;
        return set(runtime::take_value(runtime::convert<T>::type, bits));
    }

private:
    static void write(runtime::global_data& g, const u64* bits) noexcept {
        g.cell[0] = bits[0];
        if (g.type.type.is_vector()) g.cell[1] = bits[1];
    }
    runtime::global_data* data() const noexcept { return in(&runtime::store_data::globals); }
};

/// A tag: the identity of an exception. A host function throws by returning an error made here; the
/// error of a call that ended with an exception has error::payload and belongs to one tag.
class tag : public runtime::handle {
public:
    using handle::handle;

    /// What exceptions of this tag carry; a view valid until the next change of the store.
    view<val_type> params() const noexcept {
        const runtime::tag_data* t = in(&runtime::store_data::tags);
        return t ? store_->types.types().params(t->type_id) : view<val_type>();
    }
    /// An exception of this tag with these values, for a host function to return. If they are not of the
    /// types of params(), an error that says so.
    error exception(std::span<const value> values) const noexcept {
        const runtime::tag_data* t = in(&runtime::store_data::tags);
        if (!t) return msg::stale_handle;
        const view<val_type> types = params();
        vec<u64> slots;
        if (values.size() != types.size()) return error(msg::wrong_type, "number of values");
        if (!slots.resize(runtime::slots_of(types))) return msg::out_of_memory;
        u64* to = slots.data();
        for (std::size_t i = 0; i < types.size(); to += types[i++].slots())
            if (auto ok = runtime::put_value(*store_, types[i], values[i], to); !ok) return ok.error();
        return runtime::exception_error(*store_, *t, slots.data());
    }
    /// The same with C++ values.
    template <class... A>
    requires(runtime::wasm_value<A>&&...) error exception(const A&... values)
    const noexcept {
        if (!*this) return msg::stale_handle;
        value list[sizeof...(A) + 1];
        [[maybe_unused]] value* to = list;
        if (!(... && box(*to++, values))) return msg::other_store;
        return exception(std::span<const value>(list, sizeof...(A)));
    }
    /// True if `e` is an exception of this tag.
    bool is_tag_of(const error& e) const noexcept {
        const runtime::tag_data* t = in(&runtime::store_data::tags);
        return t && runtime::tag_of(*store_, e) == t;
    }

private:
    template <class T>
    bool box(value& to, const T& v) const noexcept {
        u64 bits[2] = {};
        if (!runtime::convert<T>::put(*store_, bits, v)) return false;
        to = runtime::take_value(runtime::convert<T>::type, bits);
        return true;
    }
};

} // namespace tessera
