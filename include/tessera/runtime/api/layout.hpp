// SPDX-License-Identifier: MIT
/// @file runtime/api/layout.hpp
/// How C++ types lie in a guest's memory: little-endian and as C lays them out for wasm32, whatever the host does.
#pragma once

#include <tessera/util/integers.hpp>

#include <array>
#include <cstring>
#include <tuple>

namespace tessera::inline TESSERA_ABI {

/// Stands for T where a function `describe` says what T is. One is found beside the type it is about, by its argument:
///
///     struct vec2 { float x, y; };
///     constexpr auto describe(tessera::guest_type<vec2>) {
///         return tessera::structure("vec2", tessera::field("x", &vec2::x), tessera::field("y", &vec2::y));
///     }
///
/// It has to be declared before the type is first used with a guest.
template <class T>
struct guest_type {};

/// A member of a structure, by the name it has for guests. A member is a number, a bool, an enumeration, a structure
/// that is described, or a std::array of one of these.
template <class S, class M>
struct field_description {
    const char* name;
    M S::*member;
};
template <class S, class M>
constexpr field_description<S, M> field(const char* name, M S::*member) noexcept {
    return {name, member};
}

/// A structure: its members in their order, all of them.
template <class S, class... M>
struct structure_description {
    using type = S;
    const char* name;
    std::tuple<field_description<S, M>...> fields;
};
template <class S, class... M>
constexpr structure_description<S, M...> structure(const char* name, field_description<S, M>... fields) noexcept {
    return {name, {fields...}};
}

/// A value of an enumeration.
template <class E>
struct enumerator_description {
    const char* name;
    E value;
};
template <class E>
constexpr enumerator_description<E> enumerator(const char* name, E value) noexcept {
    return {name, value};
}
/// An enumeration whose underlying type has 32 bits at most, with all its values: a parameter that has none of them is
/// refused.
template <class E, std::size_t N>
struct enumeration_description {
    using type = E;
    const char* name;
    std::array<enumerator_description<E>, N> values;
};
template <class E, class... More>
constexpr enumeration_description<E, 1 + sizeof...(More)> enumeration(const char* name, enumerator_description<E> first,
                                                                      More... more) noexcept {
    static_assert(std::is_enum_v<E> && sizeof(E) <= 4, "tessera: an enumeration of at most 32 bits");
    return {name, {first, more...}};
}

namespace runtime {

/// T is a structure or an enumeration with a `describe`.
template <class T>
concept described = requires {
    describe(guest_type<T>());
};
template <class T>
concept described_structure = described<T> && std::is_class_v<T>;
template <class T>
concept described_enumeration = described<T> && std::is_enum_v<T>;

/// How a T lies in a guest's memory, `load` and `store` at any alignment. The primary template is for what is copied as
/// the host has it.
template <class T>
struct guest_layout {
    static constexpr u32 size = sizeof(T), align = alignof(T);
    static T load(const u8* from) noexcept {
        T value;
        std::memcpy(&value, from, sizeof value);
        return value;
    }
    static void store(u8* to, const T& value) noexcept { std::memcpy(to, &value, sizeof value); }
};
template <class T>
requires(std::is_arithmetic_v<T> && sizeof(T) <= 8) struct guest_layout<T> {
    static constexpr u32 size = sizeof(T), align = sizeof(T);
    static T load(const u8* from) noexcept {
        if constexpr (std::is_same_v<T, bool>) return *from != 0;
        else return load_le<T>(from);
    }
    static void store(u8* to, T value) noexcept { store_le(to, value); }
};
template <class T>
requires(std::is_enum_v<T>) struct guest_layout<T> {
    using number = std::underlying_type_t<T>;
    static constexpr u32 size = sizeof(T), align = sizeof(T);
    static T load(const u8* from) noexcept { return T(guest_layout<number>::load(from)); }
    static void store(u8* to, T value) noexcept { guest_layout<number>::store(to, number(value)); }
};
template <class T, std::size_t N>
struct guest_layout<std::array<T, N>> {
    using element = guest_layout<T>;
    static constexpr u32 size = u32(N) * element::size, align = element::align;
    static std::array<T, N> load(const u8* from) noexcept {
        std::array<T, N> all;
        for (std::size_t i = 0; i < N; ++i) all[i] = element::load(from + i * element::size);
        return all;
    }
    static void store(u8* to, const std::array<T, N>& all) noexcept {
        for (std::size_t i = 0; i < N; ++i) element::store(to + i * element::size, all[i]);
    }
};
template <described_structure T>
struct guest_layout<T> {
    static_assert(std::is_trivially_copyable_v<T>, "tessera: only trivially copyable types lie in a memory");
    static constexpr auto what = describe(guest_type<T>());
    static constexpr std::size_t count = std::tuple_size_v<decltype(what.fields)>;
    static_assert(std::is_same_v<typename decltype(describe(guest_type<T>()))::type, T>,
                  "tessera: this describe is about another type");

    /// Calls `f` with each field's description.
    template <class F>
    static constexpr void each(F f) noexcept {
        std::apply([&](const auto&... one) { (f(one), ...); }, what.fields);
    }
    template <class M>
    static constexpr guest_layout<M> of(const field_description<T, M>&) noexcept {
        return {};
    }
    struct places {
        std::array<u32, count> offsets{};
        u32 size = 0, align = 1;
    };
    static constexpr places lie = [] {
        places p;
        std::size_t n = 0;
        each([&](const auto& f) {
            using member = decltype(of(f));
            p.size = (p.size + member::align - 1) / member::align * member::align;
            p.offsets[n++] = p.size;
            p.size += member::size;
            p.align = p.align < member::align ? member::align : p.align;
        });
        p.size = (p.size + p.align - 1) / p.align * p.align;
        return p;
    }();
    static constexpr u32 size = lie.size, align = lie.align;

    static T load(const u8* from) noexcept {
        T value{};
        std::size_t n = 0;
        each([&](const auto& f) { value.*f.member = decltype(of(f))::load(from + lie.offsets[n++]); });
        return value;
    }
    /// Padding is zero.
    static void store(u8* to, const T& value) noexcept {
        std::memset(to, 0, size);
        std::size_t n = 0;
        each([&](const auto& f) { decltype(of(f))::store(to + lie.offsets[n++], value.*f.member); });
    }
};

/// True if `value` has none but values of its enumerations, however deep they are.
template <class T>
bool is_possible(const T& value) noexcept {
    if constexpr (described_enumeration<T>) {
        for (const auto& known : describe(guest_type<T>()).values)
            if (known.value == value) return true;
        return false;
    } else if constexpr (described_structure<T>) {
        return std::apply([&](const auto&... f) { return (... && is_possible(value.*f.member)); },
                          guest_layout<T>::what.fields);
    } else {
        static_cast<void>(value);
        return true;
    }
}
template <class T, std::size_t N>
bool is_possible(const std::array<T, N>& all) noexcept {
    for (const T& one : all)
        if (!is_possible(one)) return false;
    return true;
}

} // namespace runtime
} // namespace tessera
