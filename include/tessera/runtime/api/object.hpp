// SPDX-License-Identifier: MIT
/// @file runtime/api/object.hpp
/// References that the host holds, and what they refer to.
#pragma once

#include <tessera/runtime/aggregate.hpp>
#include <tessera/runtime/api/convert.hpp>
#include <tessera/runtime/api/slots.hpp>

namespace tessera::inline TESSERA_ABI {

/// A reference that keeps what it refers to alive: a structure, an array, an exception, or anything else a value of
/// a reference type can be. A plain `value` does not: what it refers to may be gone after the next allocation of
/// the store, unless the guest refers to it too.
class rooted {
public:
    rooted() noexcept = default;
    rooted(rooted&& other) noexcept
        : store_(std::exchange(other.store_, nullptr)), type_(other.type_), index_(other.index_), turn_(other.turn_),
          epoch_(other.epoch_), bits_(other.bits_) {}
    rooted& operator=(rooted&& other) noexcept {
        if (this != &other) {
            release();
            ::new (static_cast<void*>(this)) rooted(std::move(other));
        }
        return *this;
    }
    rooted(const rooted&) = delete;
    rooted& operator=(const rooted&) = delete;
    /// Must end before its store does.
    ~rooted() { release(); }

    /// Keeps `v` of store `s` alive. Fails with msg::wrong_type if it is no reference of that store.
    static result<rooted> make(runtime::store_data& s, const value& v) noexcept {
        u64 bits[2] = {};
        if (!v.type.is_ref()) return error(msg::wrong_type, "no reference");
        if (auto ok = runtime::put_value(s, val_type::ref(v.type.heap(), true), v, bits); !ok) return ok.error();
        rooted made;
        if (!s.roots.add(runtime::is_traced(s.types.space(), v.type) ? u32(bits[0]) : 0, made.index_))
            return msg::out_of_memory;
        made.store_ = &s;
        made.type_ = v.type;
        made.bits_ = u32(bits[0]);
        made.turn_ = s.roots[made.index_].turn;
        made.epoch_ = s.epoch;
        return made;
    }

    /// True if it holds a reference, perhaps null, of a store that was not reset since.
    explicit operator bool() const noexcept {
        return store_ && store_->epoch == epoch_ && store_->roots[index_].turn == turn_;
    }
    bool is_null() const noexcept { return bits() == 0; }
    /// To give to functions, globals, tables, fields. Null for an empty handle.
    value get() const noexcept { return value::reference(type_, {bits()}); }
    /// The type of the structure or array, an id of the store; no_index for everything else.
    u32 type() const noexcept { return is_object() ? store_->heap.type_of(bits()) : no_index; }
    /// True if the reference is of reference type `t`, whose type indices are the store's; as ref.test.
    bool is(val_type t) const noexcept {
        return *this && t.is_ref() && runtime::is_known(t, store_->types.size()) &&
               valid::top_of(store_->types.space(), t.heap()) == valid::top_of(store_->types.space(), type_.heap()) &&
               (is_null() ? t.is_nullable() : runtime::is_of_type(*store_, bits(), t.heap()));
    }

    /// The length of an array; 0 for everything else.
    u32 size() const noexcept { return is_form(composite::array) ? store_->heap.length_of(bits()) : 0; }
    /// The types of a structure's fields; of an array one, that of its elements. Empty for everything else.
    view<field_type> fields() const noexcept {
        return is_form(composite::struct_) || is_form(composite::array) ? runtime::fields_of(*store_, type())
                                                                        : view<field_type>();
    }

    /// Field `index` of a structure; a packed one as i32, without its sign. Fails with the trap "null structure
    /// reference", with msg::wrong_type if it is no structure, or msg::out_of_range.
    result<value> field(u32 index) const noexcept {
        place at;
        if (auto ok = find_field(index, at); !ok) return ok.error();
        return read(at);
    }
    /// Sets it. Fails also with msg::wrong_type if the value is not of its type or the field is immutable.
    result<void> set_field(u32 index, const value& v) const noexcept {
        place at;
        auto ok = find_field(index, at);
        return ok ? write(at, v) : ok;
    }
    /// Element `index` of an array, the same way; beyond the end it is the trap "out of bounds array access".
    result<value> element(u32 index) const noexcept {
        place at;
        if (auto ok = find_element(index, at); !ok) return ok.error();
        return read(at);
    }
    result<void> set_element(u32 index, const value& v) const noexcept {
        place at;
        auto ok = find_element(index, at);
        return ok ? write(at, v) : ok;
    }
    /// The same as C++ types.
    template <class T>
    result<T> field(u32 index) const noexcept {
        return as<T>(field(index));
    }
    template <class T>
    result<T> element(u32 index) const noexcept {
        return as<T>(element(index));
    }
    template <class T>
    requires(runtime::wasm_value<T>) result<void> set_field(u32 index, const T& v)
    const noexcept {
        auto boxed = box(v);
        return boxed ? set_field(index, *boxed) : result<void>(boxed.error());
    }
    template <class T>
    requires(runtime::wasm_value<T>) result<void> set_element(u32 index, const T& v)
    const noexcept {
        auto boxed = box(v);
        return boxed ? set_element(index, *boxed) : result<void>(boxed.error());
    }

private:
    struct place {
        u8* at = nullptr;
        field_type type;
    };
    u32 bits() const noexcept { return *this ? bits_ : 0; }
    bool is_object() const noexcept {
        return !is_null() && valid::top_of(store_->types.space(), type_.heap()) != code::func &&
               runtime::is_heap_ref(bits());
    }
    bool is_form(composite form) const noexcept {
        return is_object() && store_->heap.layouts[store_->heap.type_of(bits())].form == form;
    }
    result<void> find_field(u32 index, place& to) const noexcept {
        if (!*this) return msg::stale_handle;
        if (is_null()) return error(trap::null_structure);
        if (!is_form(composite::struct_)) return error(msg::wrong_type, "not a structure");
        if (index >= fields().size()) return error(msg::out_of_range, "field");
        to = {store_->heap.at(bits()) + store_->heap.layouts.offset(type(), index), fields()[index]};
        return {};
    }
    result<void> find_element(u32 index, place& to) const noexcept {
        if (!*this) return msg::stale_handle;
        if (is_null()) return error(trap::null_array);
        if (!is_form(composite::array)) return error(msg::wrong_type, "not an array");
        if (index >= size()) return error(trap::out_of_bounds_array);
        const u32 log2 = store_->heap.layouts[type()].element_log2;
        to = {store_->heap.at(bits()) + runtime::object_header + (std::size_t(index) << log2), fields()[0]};
        return {};
    }
    static val_type unpacked(val_type t) noexcept { return t.is_packed() ? t_i32 : t; }
    value read(const place& from) const noexcept {
        u64 slots[2] = {};
        runtime::get_stored(from.at, from.type.type, false, slots);
        return runtime::take_value(unpacked(from.type.type), slots);
    }
    result<void> write(const place& to, const value& v) const noexcept {
        if (!to.type.mutable_) return error(msg::wrong_type, "immutable");
        u64 slots[2] = {};
        if (auto ok = runtime::put_value(*store_, unpacked(to.type.type), v, slots); !ok) return ok;
        if (runtime::is_traced(store_->types.space(), to.type.type)) runtime::shade(*store_, load_le<u32>(to.at));
        runtime::put_stored(to.at, to.type.type, slots);
        return {};
    }
    template <class T>
    result<T> as(const result<value>& v) const noexcept {
        static_assert(runtime::wasm_value<T>, "tessera: a field is of no such type");
        if (!v) return v.error();
        if (!store_->types.matches(v->type, runtime::convert<T>::type)) return msg::wrong_type;
        const u64 slots[2] = {v->bits, v->high};
        return runtime::convert<T>::take(*store_, slots);
    }
    template <class T>
    result<value> box(const T& v) const noexcept {
        if (!*this) return msg::stale_handle;
        u64 slots[2] = {};
        if (!runtime::convert<T>::put(*store_, slots, v)) return msg::other_store;
        return runtime::take_value(runtime::convert<T>::type, slots);
    }
    void release() noexcept {
        if (*this) store_->roots.remove(index_);
        store_ = nullptr;
    }

    runtime::store_data* store_ = nullptr;
    val_type type_ = t_anyref;
    u32 index_ = 0;
    u32 turn_ = 0;
    u32 epoch_ = 0;
    u32 bits_ = 0;
};

namespace runtime {

/// A new structure of the host's; `fields` empty: all default values.
inline result<rooted> make_struct(store_data& s, u32 type, std::span<const value> fields) noexcept {
    if (type >= s.types.size() || s.types.types()[type].form != composite::struct_)
        return error(msg::wrong_type, "not the type of a structure");
    const view<field_type> types = fields_of(s, type);
    vec<u64> slots;
    if (!s.heap.layouts.add(type)) return msg::out_of_memory;
    if (fields.empty()) {
        for (const field_type& f : types)
            if (!f.type.is_defaultable()) return error(msg::wrong_type, "a field has no default value");
    } else if (fields.size() != types.size()) {
        return error(msg::wrong_type, "number of fields");
    }
    const std::size_t before = s.temporaries.size();
    result<void> fine;
    for (std::size_t i = 0; i < fields.size() && fine; ++i) {
        const val_type t = types[i].type.is_packed() ? t_i32 : types[i].type;
        u64 value_slots[2] = {};
        fine = put_value(s, t, fields[i], value_slots);
        if (fine && (!slots.append(value_slots, t.slots()) ||
                     (is_traced(s.types.space(), t) && !s.temporaries.push_back(u32(value_slots[0])))))
            fine = msg::out_of_memory;
    }
    u32 made = 0;
    if (fine && new_struct(s, type, fields.empty() ? nullptr : slots.data(), made) != trap::none)
        fine = error(trap::out_of_memory).set_detail("limits::heap_bytes");
    s.temporaries.truncate(before);
    if (!fine) return fine.error();
    return rooted::make(s, value::reference(val_type::ref(heap_type::index(type), false), {made}));
}
/// A new array of the host's, all elements `init`; a value of the bottom type stands for the default value.
inline result<rooted> make_array(store_data& s, u32 type, u32 length, const value& init) noexcept {
    if (type >= s.types.size() || s.types.types()[type].form != composite::array)
        return error(msg::wrong_type, "not the type of an array");
    const val_type stored = fields_of(s, type)[0].type, t = stored.is_packed() ? t_i32 : stored;
    const bool by_default = init.type == t_bottom;
    if (by_default && !t.is_defaultable()) return error(msg::wrong_type, "an element has no default value");
    u64 slots[2] = {};
    if (!by_default)
        if (auto ok = put_value(s, t, init, slots); !ok) return ok.error();
    const std::size_t before = s.temporaries.size();
    if (!s.heap.layouts.add(type) || (is_traced(s.types.space(), t) && !s.temporaries.push_back(u32(slots[0]))))
        return msg::out_of_memory;
    u32 made = 0;
    const trap why = new_array(s, type, length, by_default ? nullptr : slots, made);
    s.temporaries.truncate(before);
    if (why != trap::none) return error(why).set_detail("limits::heap_bytes");
    return rooted::make(s, value::reference(val_type::ref(heap_type::index(type), false), {made}));
}

} // namespace runtime
} // namespace tessera
