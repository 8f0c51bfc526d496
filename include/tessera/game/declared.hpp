// SPDX-License-Identifier: MIT
/// @file game/declared.hpp
/// What declarations for the authors of guests are made of: C++ types and signatures as data.
#pragma once

#include <tessera/game/parameters.hpp>

namespace tessera::inline TESSERA_ABI::game::detail {

struct declared_type;
struct declared_field {
    const char* name;
    const declared_type* type;
    u32 offset;
};
struct declared_value {
    const char* name;
    i64 value;
};
/// A type that guests see.
struct declared_type {
    enum form_type : u8 { number, enumeration, structure, array, object };
    form_type form = number;
    const char* c = "";      ///< its name
    const char* script = ""; ///< in AssemblyScript
    u32 size = 0, align = 1;
    view<declared_field> fields;
    view<declared_value> values;
    const declared_type* element = nullptr;
    u32 length = 0;
    const void* key = nullptr; ///< of an object: what its name is looked up by
};
/// The type of a function; `gives` is null for nothing.
struct declared_signature {
    const declared_type* gives = nullptr;
    view<const declared_type*> params;
};
/// A parameter in C++, which can be two in C.
struct declared_param {
    enum form_type : u8 { value, text, c_text, room, span, input, optional, output, callback, function };
    form_type form = value;
    const declared_type* type = nullptr;
    const declared_signature* signature = nullptr;
};

/// Its address stands for T.
template <class T>
inline constexpr char type_key = 0;

template <class T>
struct declare {
    static_assert(std::is_arithmetic_v<T> && sizeof(T) <= 8,
                  "tessera: guests are told of numbers, bool, structures and enumerations that are described, and "
                  "game::id");
    static constexpr declared_type make() noexcept {
        constexpr u32 row = sizeof(T) == 1 ? 0 : sizeof(T) == 2 ? 1 : sizeof(T) == 4 ? 2 : 3;
        constexpr const char* c[3][4] = {{"uint8_t", "uint16_t", "uint32_t", "uint64_t"},
                                         {"int8_t", "int16_t", "int32_t", "int64_t"},
                                         {"", "", "float", "double"}};
        constexpr const char* script[3][4] = {
            {"u8", "u16", "u32", "u64"}, {"i8", "i16", "i32", "i64"}, {"", "", "f32", "f64"}};
        constexpr u32 kind = std::is_floating_point_v<T> ? 2 : std::is_signed_v<T> ? 1 : 0;
        const bool is_bool = std::is_same_v<T, bool>;
        declared_type t;
        t.c = is_bool ? "bool" : std::is_same_v<T, char> ? "char" : c[kind][row];
        t.script = is_bool ? "bool" : script[kind][row];
        t.size = t.align = sizeof(T);
        return t;
    }
    static constexpr declared_type info = make();
};
template <class T>
struct declare<id<T>> {
    static constexpr declared_type info = [] {
        declared_type t;
        t.form = declared_type::object;
        t.size = t.align = 4;
        t.key = &type_key<T>;
        return t;
    }();
};
template <class T, std::size_t N>
struct declare<std::array<T, N>> {
    static constexpr declared_type info = [] {
        declared_type t;
        t.form = declared_type::array;
        t.size = u32(N) * declare<T>::info.size;
        t.align = declare<T>::info.align;
        t.element = &declare<T>::info;
        t.length = u32(N);
        return t;
    }();
};
template <runtime::described_enumeration E>
struct declare<E> {
    static constexpr auto what = describe(guest_type<E>());
    static constexpr auto values = [] {
        std::array<declared_value, what.values.size()> all{};
        for (std::size_t i = 0; i < all.size(); ++i)
            all[i] = {what.values[i].name, i64(std::underlying_type_t<E>(what.values[i].value))};
        return all;
    }();
    using number = declare<std::underlying_type_t<E>>;
    static constexpr declared_type info = [] {
        declared_type t;
        t.form = declared_type::enumeration;
        t.c = what.name;
        t.script = number::info.script;
        t.size = t.align = sizeof(E);
        t.values = values;
        t.element = &number::info;
        return t;
    }();
};
template <runtime::described_structure T>
struct declare<T> {
    using layout = runtime::guest_layout<T>;
    template <class M>
    static constexpr const declared_type* type_of(const field_description<T, M>&) noexcept {
        return &declare<M>::info;
    }
    static constexpr auto fields = [] {
        std::array<declared_field, layout::count> all{};
        std::size_t n = 0;
        layout::each([&](const auto& f) { all[n] = {f.name, type_of(f), layout::lie.offsets[n]}, ++n; });
        return all;
    }();
    static constexpr declared_type info = [] {
        declared_type t;
        t.form = declared_type::structure;
        t.c = t.script = layout::what.name;
        t.size = layout::size;
        t.align = layout::align;
        t.fields = fields;
        return t;
    }();
};

template <class R>
constexpr const declared_type* declared_result() noexcept {
    if constexpr (std::is_void_v<R>) return nullptr;
    else return &declare<R>::info;
}
template <class S>
struct declare_signature;
template <class R, class... A>
struct declare_signature<R(A...)> {
    static constexpr std::array<const declared_type*, sizeof...(A)> params{&declare<std::remove_cvref_t<A>>::info...};
    static constexpr declared_signature info{declared_result<R>(), params};
};

/// A parameter of a host function.
template <class P>
struct declare_param {
    static constexpr declared_param info{declared_param::value, &declare<P>::info};
};
template <runtime::described_structure T>
struct declare_param<T> {
    static constexpr declared_param info{declared_param::input, &declare<T>::info};
};
template <class T>
struct declare_param<std::optional<T>> {
    static constexpr declared_param info{declared_param::optional, &declare<T>::info};
};
template <class T>
struct declare_param<guest_ptr<T>> {
    static constexpr declared_param info{declared_param::output, &declare<T>::info};
};
template <class T>
struct declare_param<guest_span<T>> {
    static constexpr declared_param info{declared_param::span, &declare<T>::info};
};
template <class T>
struct declare_param<std::span<T>> : declare_param<guest_span<std::remove_const_t<T>>> {};
template <>
struct declare_param<std::string_view> {
    static constexpr declared_param info{declared_param::text};
};
template <>
struct declare_param<c_string> {
    static constexpr declared_param info{declared_param::c_text};
};
template <>
struct declare_param<text_room> {
    static constexpr declared_param info{declared_param::room};
};
template <class S>
struct declare_param<callback<S>> {
    static constexpr declared_param info{declared_param::callback, nullptr, &declare_signature<S>::info};
};
template <class S>
struct declare_param<typed_func<S>> {
    static constexpr declared_param info{declared_param::function, nullptr, &declare_signature<S>::info};
};

} // namespace tessera::game::detail
