// SPDX-License-Identifier: MIT
/// @file runtime/api/table.hpp
/// The handle of a table.
#pragma once

#include <tessera/runtime/api/func.hpp>

namespace tessera::inline TESSERA_ABI {

/// A table of references.
class table : public runtime::handle {
public:
    using handle::handle;

    /// Number of entries; 0 for an empty handle.
    u64 size() const noexcept {
        const runtime::table_data* t = data();
        return t ? t->size : 0;
    }
    /// The declared type; a type index in its element type is the store's.
    table_type type() const noexcept {
        const runtime::table_data* t = data();
        return t ? t->type : table_type{};
    }
    /// Entry `at`. Fails with the trap "out of bounds table access".
    result<value> get(u64 at) const noexcept {
        const runtime::table_data* t = data();
        if (!t) return msg::stale_handle;
        if (!t->holds(at, 1)) return error(trap::out_of_bounds_table);
        return value::reference(t->type.element, {t->items[at]});
    }
    /// Entry `at` as a C++ type: func for tables of functions, externref for those of extern.
    template <class T>
    result<T> get(u64 at) const noexcept {
        static_assert(runtime::wasm_value<T>, "tessera: use func, externref or ref for an entry of a table");
        auto v = get(at);
        if (!v) return v.error();
        if (!store_->types.matches(v->type, runtime::convert<T>::type)) return msg::wrong_type;
        return runtime::convert<T>::take(*store_, &v->bits);
    }
    /// Sets entry `at`. Fails with the trap "out of bounds table access" or msg::wrong_type.
    result<void> set(u64 at, const value& v) const noexcept {
        runtime::table_data* t = data();
        if (!t) return msg::stale_handle;
        u64 bits[2] = {};
        if (auto ok = runtime::put_value(*store_, t->type.element, v, bits); !ok) return ok;
        if (!t->holds(at, 1)) return error(trap::out_of_bounds_table);
        t->items[at] = u32(bits[0]);
        return {};
    }
    template <class T>
    requires(runtime::wasm_value<T>) result<void> set(u64 at, const T& v)
    const noexcept {
        auto as = boxed(v);
        if (!as) return as.error();
        return set(at, *as);
    }
    /// Adds `delta` entries, all `v`; the result is the size before. Fails with msg::cannot_grow at
    /// the declared maximum, at a limit, or when memory is out.
    result<u64> grow(u64 delta, const value& v) const noexcept {
        runtime::table_data* t = data();
        if (!t) return msg::stale_handle;
        u64 bits[2] = {}, old = 0;
        if (auto ok = runtime::put_value(*store_, t->type.element, v, bits); !ok) return ok.error();
        if (!t->grow(delta, u32(bits[0]), old)) return error(msg::cannot_grow, "table");
        return old;
    }
    template <class T>
    requires(runtime::wasm_value<T>) result<u64> grow(u64 delta, const T& v)
    const noexcept {
        auto as = boxed(v);
        if (!as) return as.error();
        return grow(delta, *as);
    }

private:
    template <class T>
    result<value> boxed(const T& v) const noexcept {
        static_assert(runtime::convert<T>::type.is_ref(),
                      "tessera: use func, externref or ref for an entry of a table");
        if (!*this) return msg::stale_handle;
        u64 bits[2] = {};
        if (!runtime::convert<T>::put(*store_, bits, v)) return msg::other_store;
        return value{runtime::convert<T>::type, bits[0], 0};
    }
    runtime::table_data* data() const noexcept { return in(&runtime::store_data::tables); }
};

} // namespace tessera
