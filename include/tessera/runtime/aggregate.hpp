// SPDX-License-Identifier: MIT
/// @file runtime/aggregate.hpp
/// Structures, arrays and casts on values in slots (spec: exec/instructions, Reference and Aggregate Instructions).
/// What is said of trap::none holds for all: trap::out_of_memory means that the heap is full.
#pragma once

#include <tessera/runtime/cast.hpp>
#include <tessera/runtime/collector.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// Writes a value to its place in an object. In slots: one, or two for a v128.
inline void put_stored(u8* at, val_type t, const u64* slots) noexcept {
    switch (stored_log2(t)) {
    case 0: store_le<u8>(at, u8(slots[0])); break;
    case 1: store_le<u16>(at, u16(slots[0])); break;
    case 2: store_le<u32>(at, u32(slots[0])); break;
    case 4: store_le<u64>(at + 8, slots[1]); [[fallthrough]];
    default: store_le<u64>(at, slots[0]);
    }
}
/// Reads one; a packed one with its sign or without.
inline void get_stored(const u8* at, val_type t, bool with_sign, u64* slots) noexcept {
    switch (stored_log2(t)) {
    case 0: slots[0] = with_sign ? u32(i32(load_le<i8>(at))) : load_le<u8>(at); break;
    case 1: slots[0] = with_sign ? u32(i32(load_le<i16>(at))) : load_le<u16>(at); break;
    case 2: slots[0] = load_le<u32>(at); break;
    case 4: slots[1] = load_le<u64>(at + 8); [[fallthrough]];
    default: slots[0] = load_le<u64>(at);
    }
}

inline view<field_type> fields_of(const store_data& s, u32 type) noexcept { return s.types.types().fields_of(type); }

/// A new structure; its fields are in consecutive slots, or have their default values if `slots` is null.
inline trap new_struct(store_data& s, u32 type, const u64* slots, u32& made) noexcept {
    made = new_object(s, type, 0);
    if (made == 0) return trap::out_of_memory;
    u8* const at = s.heap.at(made);
    if (!slots) {
        std::memset(at + object_header, 0, s.heap.layouts[type].size - object_header);
        return trap::none;
    }
    u32 i = 0;
    for (const field_type& f : fields_of(s, type)) {
        put_stored(at + s.heap.layouts.offset(type, i++), f.type, slots);
        slots += f.type.slots();
    }
    return trap::none;
}
/// Writes `n` elements from number `from` on: all the value in `slots`, or their default value if it is null.
inline void fill_elements(store_data& s, u32 array, u32 from, u32 n, const u64* slots) noexcept {
    const u32 type = s.heap.type_of(array);
    const object_type& t = s.heap.layouts[type];
    const val_type element = fields_of(s, type)[0].type;
    const std::size_t bytes = std::size_t{1} << t.element_log2;
    u8* at = s.heap.at(array) + object_header + from * bytes;
    if (!slots || (slots[0] == 0 && t.element_log2 < 4)) {
        if (n) std::memset(at, 0, n * bytes);
        return;
    }
    for (; n; --n, at += bytes) put_stored(at, element, slots);
}
inline trap new_array(store_data& s, u32 type, u32 length, const u64* slots, u32& made) noexcept {
    made = new_object(s, type, length);
    if (made == 0) return trap::out_of_memory;
    fill_elements(s, made, 0, length, slots);
    return trap::none;
}
/// A new array of the values in consecutive slots.
inline trap new_array_of(store_data& s, u32 type, u32 length, const u64* slots, u32& made) noexcept {
    made = new_object(s, type, length);
    if (made == 0) return trap::out_of_memory;
    const val_type element = fields_of(s, type)[0].type;
    const std::size_t bytes = std::size_t{1} << s.heap.layouts[type].element_log2;
    u8* at = s.heap.at(made) + object_header;
    for (u32 i = 0; i < length; ++i, at += bytes, slots += element.slots()) put_stored(at, element, slots);
    return trap::none;
}

/// Before elements that are references are overwritten.
inline void shade_elements(store_data& s, u32 array, u32 from, u32 n) noexcept {
    if (!s.heap.marking() || !s.heap.layouts[s.heap.type_of(array)].traced) return;
    const u8* at = s.heap.at(array) + object_header + 4 * std::size_t(from);
    for (; n; --n, at += 4) shade(s, load_le<u32>(at));
}
inline trap check_elements(const store_data& s, u32 array, u32 from, u32 n) noexcept {
    if (array == 0) return trap::null_array;
    const u32 length = s.heap.length_of(array);
    return from <= length && n <= length - from ? trap::none : trap::out_of_bounds_array;
}
inline trap array_fill(store_data& s, u32 array, u32 from, const u64* value, u32 n) noexcept {
    if (const trap t = check_elements(s, array, from, n); t != trap::none) return t;
    shade_elements(s, array, from, n);
    fill_elements(s, array, from, n, value);
    return trap::none;
}
inline trap array_copy(store_data& s, u32 to, u32 d, u32 from, u32 at, u32 n) noexcept {
    if (to == 0 || from == 0) return trap::null_array;
    if (check_elements(s, to, d, n) != trap::none || check_elements(s, from, at, n) != trap::none)
        return trap::out_of_bounds_array;
    shade_elements(s, to, d, n);
    const u32 log2 = s.heap.layouts[s.heap.type_of(to)].element_log2;
    if (n)
        std::memmove(s.heap.at(to) + object_header + (std::size_t(d) << log2),
                     s.heap.at(from) + object_header + (std::size_t(at) << log2), std::size_t(n) << log2);
    return trap::none;
}
/// `n` elements from the byte `at` of a data segment on.
inline trap array_init_data(store_data& s, u32 array, u32 d, std::span<const u8> from, u32 at, u32 n) noexcept {
    if (const trap t = check_elements(s, array, d, n); t != trap::none) return t;
    const u32 log2 = s.heap.layouts[s.heap.type_of(array)].element_log2;
    const u64 bytes = u64{n} << log2;
    if (at > from.size() || bytes > from.size() - at) return trap::out_of_bounds_memory;
    if (n)
        std::memcpy(s.heap.at(array) + object_header + (std::size_t(d) << log2), from.data() + at, std::size_t(bytes));
    return trap::none;
}
/// `n` references from number `at` of an element segment on.
inline trap array_init_elem(store_data& s, u32 array, u32 d, view<u32> from, u32 at, u32 n) noexcept {
    if (const trap t = check_elements(s, array, d, n); t != trap::none) return t;
    if (at > from.size() || n > from.size() - at) return trap::out_of_bounds_table;
    shade_elements(s, array, d, n);
    u8* to = s.heap.at(array) + object_header + 4 * std::size_t(d);
    for (u32 i = 0; i < n; ++i, to += 4) store_le<u32>(to, from[at + i]);
    return trap::none;
}
inline trap new_array_data(store_data& s, u32 type, std::span<const u8> from, u32 at, u32 n, u32& made) noexcept {
    const u64 bytes = u64{n} << s.heap.layouts[type].element_log2;
    if (at > from.size() || bytes > from.size() - at) return trap::out_of_bounds_memory;
    made = new_object(s, type, n);
    return made == 0 ? trap::out_of_memory : array_init_data(s, made, 0, from, at, n);
}
inline trap new_array_elem(store_data& s, u32 type, view<u32> from, u32 at, u32 n, u32& made) noexcept {
    if (at > from.size() || n > from.size() - at) return trap::out_of_bounds_table;
    made = new_object(s, type, n);
    if (made == 0) return trap::out_of_memory;
    u8* to = s.heap.at(made) + object_header;
    for (u32 i = 0; i < n; ++i, to += 4) store_le<u32>(to, from[at + i]);
    return trap::none;
}

} // namespace tessera::runtime
TESSERA_SMALL_END
