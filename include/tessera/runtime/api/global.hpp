// SPDX-License-Identifier: MIT
/// @file runtime/api/global.hpp
/// Handles of globals and tags.
#pragma once

#include <tessera/runtime/api/func.hpp>

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

/// A tag: the identity of an exception.
class tag : public runtime::handle {
public:
    using handle::handle;

    /// What exceptions of this tag carry; a view valid until the next change of the store.
    view<val_type> params() const noexcept {
        const runtime::tag_data* t = in(&runtime::store_data::tags);
        return t ? store_->types.types().params(t->type_id) : view<val_type>();
    }
};

} // namespace tessera
