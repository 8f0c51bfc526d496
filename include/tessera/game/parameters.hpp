// SPDX-License-Identifier: MIT
/// @file game/parameters.hpp
/// More types for parameters of host functions: structures and enumerations that are described, optional ones, C's
/// strings and function pointers, room for text, numbers of host objects. What a guest passes is checked before the
/// host function runs; what is wrong with it ends the guest's call.
#pragma once

#include <tessera/game/object_table.hpp>
#include <tessera/runtime/api/callable.hpp>

#include <optional>

namespace tessera::inline TESSERA_ABI {
namespace game {

/// The number of an object of an object_table<T>, for guests that know several kinds of objects. 0 is none.
template <class T>
struct id {
    object_id number = 0;
    explicit operator bool() const noexcept { return number != 0; }
    friend bool operator==(id, id) noexcept = default;
};

/// Text of the guest that ends with a NUL, as C has it: one pointer. Valid until the memory grows. The trap is "out of
/// bounds memory access" if the memory ends before the text does.
struct c_string {
    std::string_view text;
    operator std::string_view() const noexcept { return text; }
};

/// Room for text that the host gives to the guest: a pointer and a size in bytes.
class text_room {
public:
    text_room() noexcept = default;
    explicit text_room(guest_span<u8> room) noexcept : room_(room) {}
    std::size_t size() const noexcept { return room_.size(); }
    /// Writes as much of `text` as there is room for, without a NUL; the size of all of it, for the guest to see
    /// whether it has it.
    u32 set(std::string_view text) const noexcept {
        for (std::size_t i = 0; i < text.size() && i < size(); ++i) room_.set(i, u8(text[i]));
        return u32(text.size());
    }

private:
    guest_span<u8> room_;
};

/// A function of the guest's as C passes it: a place in the calling instance's table 0, 0 for none. It may be kept and
/// called until the store is reset. Traps as call_indirect does if there is no function or it has another type.
template <class Signature>
class callback;
template <class R, class... A>
class callback<R(A...)> {
public:
    callback() noexcept = default;
    explicit callback(const typed_func<R(A...)>& f) noexcept : f_(f) {}
    explicit operator bool() const noexcept { return bool(f_); }
    /// Calls it; fails as typed_func does, with msg::stale_handle if it is none.
    result<R> operator()(std::remove_cvref_t<A>... args) const noexcept { return f_(args...); }
    const typed_func<R(A...)>& function() const noexcept { return f_; }

private:
    typed_func<R(A...)> f_;
};

} // namespace game

namespace runtime {

template <class T>
struct convert<game::id<T>> {
    static constexpr bool known = true;
    static constexpr u32 slots = 1;
    static constexpr val_type type = t_i32;
    static bool put(store_data&, u64* to, game::id<T> v) noexcept { return to[0] = v.number, true; }
    static game::id<T> take(store_data&, const u64* from) noexcept { return {u32(from[0])}; }
};
/// Enumerations of 8 and 16 bits: an i32, too.
template <described_enumeration E>
requires(sizeof(E) < 4) struct convert<E> {
    using number = std::underlying_type_t<E>;
    static constexpr bool known = true;
    static constexpr u32 slots = 1;
    static constexpr val_type type = t_i32;
    static bool put(store_data&, u64* to, E v) noexcept { return to[0] = u32(i32(number(v))), true; }
    static E take(store_data&, const u64* from) noexcept { return E(number(u32(from[0]))); }
};

template <class T>
bool check_possible(const T& value, error& why) noexcept {
    return is_possible(value) || (why = error(msg::bad_argument, describe(guest_type<T>()).name), false);
}
template <described_enumeration E>
struct param<E> {
    static constexpr std::array<val_type, 1> types{t_i32};
    static constexpr u32 slots = 1;
    static bool read(caller& who, const u64* from, E& to, error& why) noexcept {
        to = convert<E>::take(*who.store, from);
        using number = std::underlying_type_t<E>;
        if (u32(i64(number(to))) != u32(from[0]))
            return why = error(msg::bad_argument, describe(guest_type<E>()).name), false;
        return check_possible(to, why);
    }
};
/// A structure that the guest passes by its address.
template <described_structure T>
struct param<T> {
    static constexpr std::array<val_type, 1> types{t_i32};
    static constexpr u32 slots = 1;
    static bool read(caller& who, const u64* from, T& to, error& why) noexcept {
        guest_ptr<T> at;
        if (!param<guest_ptr<T>>::read(who, from, at, why)) return false;
        to = at.get();
        return check_possible(to, why);
    }
};
/// The same, or a number by its address; null is nothing.
template <class T>
struct param<std::optional<T>> {
    static_assert(std::is_arithmetic_v<T> || described<T>,
                  "tessera: an optional parameter is a number, or a structure or enumeration that is described");
    static constexpr std::array<val_type, 1> types{t_i32};
    static constexpr u32 slots = 1;
    static bool read(caller& who, const u64* from, std::optional<T>& to, error& why) noexcept {
        to.reset();
        if (u32(from[0]) == 0) return true;
        guest_ptr<T> at;
        if (!param<guest_ptr<T>>::read(who, from, at, why)) return false;
        to = at.get();
        if constexpr (described<T>) return check_possible(*to, why);
        else return true;
    }
};
template <>
struct param<game::c_string> {
    static constexpr std::array<val_type, 1> types{t_i32};
    static constexpr u32 slots = 1;
    static bool read(caller& who, const u64* from, game::c_string& to, error& why) noexcept {
        const u32 at = u32(from[0]);
        u8* first = nullptr;
        if (!guest_bytes(who, at, 1, 1, bytes_for::reading, first, why)) return false;
        const void* const end = std::memchr(first, 0, std::size_t(who.instance->memories[0]->size - at));
        if (!end) return why = error(trap::out_of_bounds_memory), false;
        to.text = {reinterpret_cast<const char*>(first), std::size_t(static_cast<const u8*>(end) - first)};
        return true;
    }
};
template <>
struct param<game::text_room> : param<guest_span<u8>> {
    static bool read(caller& who, const u64* from, game::text_room& to, error& why) noexcept {
        guest_span<u8> room;
        if (!param<guest_span<u8>>::read(who, from, room, why)) return false;
        to = game::text_room(room);
        return true;
    }
};
template <class S>
struct param<game::callback<S>> {
    static constexpr std::array<val_type, 1> types{t_i32};
    static constexpr u32 slots = 1;
    static bool read(caller& who, const u64* from, game::callback<S>& to, error& why) noexcept {
        const u32 at = u32(from[0]);
        to = game::callback<S>();
        if (at == 0) return true;
        if (!who.instance || who.instance->tables.empty() || !who.instance->tables[0]->holds(at, 1))
            return why = error(trap::undefined_element), false;
        const table_data& t = *who.instance->tables[0];
        if (!who.store->types.matches(t.type.element, t_funcref)) return why = error(trap::indirect_call_type), false;
        if (t.items[at] == 0) return why = error(trap::uninitialized_element), false;
        auto f = typed_func<S>::from(func::from(*who.store, t.items[at]));
        if (!f) return why = error(trap::indirect_call_type), false;
        to = game::callback<S>(*f);
        return true;
    }
};
/// A reference to a function of this type; empty if it is null. Traps if it has another type.
template <class S>
struct param<typed_func<S>> {
    static constexpr std::array<val_type, 1> types{t_funcref};
    static constexpr u32 slots = 1;
    static bool read(caller& who, const u64* from, typed_func<S>& to, error& why) noexcept {
        to = typed_func<S>();
        if (u32(from[0]) == 0) return true;
        auto f = typed_func<S>::from(func::from(*who.store, u32(from[0])));
        if (!f) return why = error(trap::indirect_call_type), false;
        to = *f;
        return true;
    }
};

} // namespace runtime
} // namespace tessera
