// SPDX-License-Identifier: MIT
/// @file runtime/api/convert.hpp
/// C++ types and the WebAssembly types they stand for; values to slots and back.
#pragma once

#include <tessera/runtime/api/handle.hpp>
#include <tessera/runtime/cast.hpp>
#include <tessera/syntax/value.hpp>

#include <array>
#include <tuple>

namespace tessera::inline TESSERA_ABI {

/// A reference of the extern hierarchy: a host object made with store::new_object, or whatever the
/// guest has. Means nothing in another store.
struct externref {
    u32 bits = 0;
    constexpr bool is_null() const noexcept { return bits == 0; }
    friend constexpr bool operator==(externref, externref) noexcept = default;
};

class func;

namespace runtime {

/// How a C++ type travels. `type` is its WebAssembly type; `put` fills its slots and returns false
/// if the value belongs to another store; `take` reads them.
template <class T>
struct convert {
    static constexpr bool known = false;
};

template <class T, const val_type& Type>
struct convert_bits {
    static constexpr bool known = true;
    static constexpr u32 slots = 1;
    static constexpr val_type type = Type;
    static bool put(store_data&, u64* to, T v) noexcept {
        to[0] = u64(std::bit_cast<bits_of_size<sizeof(T)>>(v));
        return true;
    }
    static T take(store_data&, const u64* from) noexcept {
        return std::bit_cast<T>(static_cast<bits_of_size<sizeof(T)>>(from[0]));
    }
};

/// Integers of 32 and 64 bits and enumerations of those, whatever their names are.
template <class T>
concept word = (std::is_integral_v<T> || std::is_enum_v<T>)&&!std::is_same_v<T, bool> && sizeof(T) == 4;
template <class T>
concept double_word = (std::is_integral_v<T> || std::is_enum_v<T>)&&sizeof(T) == 8;

template <word T>
struct convert<T> : convert_bits<T, t_i32> {};
template <double_word T>
struct convert<T> : convert_bits<T, t_i64> {};
template <>
struct convert<f32> : convert_bits<f32, t_f32> {};
template <>
struct convert<f64> : convert_bits<f64, t_f64> {};
/// References: `put` looks whether they mean something, as objects of the heap do only while they are alive.
template <class T, const val_type& Type>
struct convert_reference : convert_bits<T, Type> {
    static bool put(store_data& s, u64* to, T v) noexcept {
        to[0] = v.bits;
        return TESSERA_LIKELY(!is_heap_ref(v.bits)) || accept_reference(s, v.bits, Type);
    }
};
template <>
struct convert<externref> : convert_reference<externref, t_externref> {};
template <>
struct convert<ref> : convert_reference<ref, t_anyref> {};
/// An i32 that is not 0.
template <>
struct convert<bool> {
    static constexpr bool known = true;
    static constexpr u32 slots = 1;
    static constexpr val_type type = t_i32;
    static bool put(store_data&, u64* to, bool v) noexcept { return to[0] = v, true; }
    static bool take(store_data&, const u64* from) noexcept { return u32(from[0]) != 0; }
};
template <>
struct convert<v128> {
    static constexpr bool known = true;
    static constexpr u32 slots = 2;
    static constexpr val_type type = t_v128;
    static bool put(store_data&, u64* to, const v128& v) noexcept {
        to[0] = load_le<u64>(v.bytes);
        to[1] = load_le<u64>(v.bytes + 8);
        return true;
    }
    static v128 take(store_data&, const u64* from) noexcept {
        v128 v;
        store_le(v.bytes, from[0]);
        store_le(v.bytes + 8, from[1]);
        return v;
    }
};
// convert<func> is in func.hpp.

template <class T>
concept wasm_value = convert<std::remove_cvref_t<T>>::known;

/// The types in the results of a C++ function: none for void, several for a tuple or pair, and the
/// same without a `result` around them.
template <class R>
struct result_list {
    static_assert(wasm_value<R>,
                  "tessera: this result type is none WebAssembly has; use integers of 32 or 64 bits, f32, f64, "
                  "bool, v128, externref, func, a std::tuple of these, or result<> of one");
    static constexpr bool fails = false;
    using value = R;
    static constexpr std::array<val_type, 1> types{convert<R>::type};
    static constexpr u32 slots = convert<R>::slots;
    static bool put(store_data& s, u64* to, const R& v) noexcept { return convert<R>::put(s, to, v); }
    static R take(store_data& s, const u64* from) noexcept { return convert<R>::take(s, from); }
};
template <>
struct result_list<void> {
    static constexpr bool fails = false;
    using value = void;
    static constexpr std::array<val_type, 0> types{};
    static constexpr u32 slots = 0;
};
template <class Tuple, class... T>
struct result_tuple {
    static_assert((wasm_value<T> && ...), "tessera: an element of this tuple is of no type WebAssembly has");
    static constexpr bool fails = false;
    using value = Tuple;
    static constexpr std::array<val_type, sizeof...(T)> types{convert<T>::type...};
    static constexpr u32 slots = (0 + ... + convert<T>::slots);
    static bool put(store_data& s, u64* to, const Tuple& v) noexcept {
        return std::apply(
            [&](const T&... one) { return (... && (convert<T>::put(s, to, one) && (to += convert<T>::slots))); }, v);
    }
    static Tuple take(store_data& s, const u64* from) noexcept {
        // Braces: evaluated from left to right.
        return Tuple{[&] {
            const u64* at = from;
            from += convert<T>::slots;
            return convert<T>::take(s, at);
        }()...};
    }
};
template <class... T>
struct result_list<std::tuple<T...>> : result_tuple<std::tuple<T...>, T...> {};
template <class A, class B>
struct result_list<std::pair<A, B>> : result_tuple<std::pair<A, B>, A, B> {};
template <class T>
struct result_list<result<T>> : result_list<T> {
    static constexpr bool fails = true;
};

} // namespace runtime
} // namespace tessera
