// SPDX-License-Identifier: MIT
/// @file object_layout.hpp
/// What objects of a type look like in the heap, and which types a type is a sub type of.
///
/// An object is a header of 8 bytes and then its fields, each aligned to its size, at most to 8. All of it is
/// little-endian, as in a linear memory, so that one set of meanings reads and writes both. A sub type's fields
/// are where its super type has them, since fields are placed one after the other.
#pragma once

#include <tessera/valid/registry.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

/// Bytes of an object's header: 32 bits with the type, 0 for no object; then 32 bits with an array's length or
/// an exception's tag, its index in store_data::tags.
inline constexpr u32 object_header = 8;

/// True for references that may lie in the heap; those of the func hierarchy do not.
inline bool is_traced(const valid::type_space& types, val_type t) noexcept {
    if (!t.is_ref()) return false;
    const heap_type h = t.heap();
    const u8 form = h.is_index() ? types.form(h.index()) : h.byte_code();
    return form != code::func && form != code::nofunc;
}
/// True for references to objects in the heap: not null, no i31, no object of the host.
TESSERA_INLINE constexpr bool is_heap_ref(u32 reference) noexcept { return (reference & 3) == 0 && reference != 0; }

/// Log2 of the bytes that a value of the type takes in an object.
constexpr u32 stored_log2(val_type t) noexcept {
    switch (t.byte_code()) {
    case code::i8: return 0;
    case code::i16: return 1;
    case code::i64:
    case code::f64: return 3;
    case code::v128: return 4;
    default: return 2;
    }
}

/// A type as the heap sees it. Lists lie in object_layouts.
struct object_type {
    bool ready = false;
    bool traced = false;              ///< array: its elements may refer to objects
    composite form = composite::func; ///< func: exceptions whose tag has this type
    u8 element_log2 = 0;              ///< array
    u32 depth = 0;                    ///< how many super types it has, directly or not
    u32 supers = 0;                   ///< where they are listed, outermost first, the type itself last
    u32 size = 0;                     ///< bytes of a structure or an exception with its header
    u32 fields = 0;                   ///< where the offsets of its fields are listed
    u32 references = 0;               ///< where those of its traced fields are listed
    u32 reference_count = 0;
};

/// The types of a store that there are objects of or casts to, each added when it is first needed.
class object_layouts {
public:
    /// The layouts of the types in `all`.
    explicit object_layouts(const valid::type_registry& all, const allocator* from = nullptr) noexcept
        : all_(all), types_(from), words_(from) {}

    /// Makes `type` known. False: memory is out.
    [[nodiscard]] bool add(u32 type) noexcept {
        if (type < types_.size() && types_[type].ready) return true;
        if (type >= types_.size()) {
            const std::size_t n = all_.size(), twice = 2 * types_.capacity();
            if ((n > types_.capacity() && !types_.reserve(n < twice ? twice : n)) || !types_.resize(n)) return false;
        }
        return place(all_.types(), all_.space(), type);
    }
    bool knows(u32 type) const noexcept { return type < types_.size() && types_[type].ready; }
    const object_type& operator[](u32 type) const noexcept { return types_[type]; }
    /// Offset of a field of a structure, or of a value an exception carries.
    u32 offset(u32 type, u32 field) const noexcept { return words_[types_[type].fields + field]; }
    /// Offsets of the traced fields.
    view<u32> references(const object_type& t) const noexcept {
        return {words_.data() + t.references, t.reference_count};
    }
    /// True if `sub`, of which there is an object, is `super` or one of its sub types; `depth` is that of `super`.
    TESSERA_INLINE bool matches(u32 sub, u32 super, u32 depth) const noexcept {
        if (sub == super) return true;
        const object_type& t = types_[sub];
        return depth < t.depth && words_[t.supers + depth] == super;
    }

#if TESSERA_NATIVE
    /// Where the object_types of all types are and, in words, the lists: pointers, by their distance in bytes.
    i32 types_at() const noexcept {
        return i32(reinterpret_cast<const u8*>(&types_) - reinterpret_cast<const u8*>(this));
    }
    i32 words_at() const noexcept {
        return i32(reinterpret_cast<const u8*>(&words_) - reinterpret_cast<const u8*>(this));
    }
#endif

private:
    bool place(const type_section& all, const valid::type_space& space, u32 type) noexcept {
        const type_def& def = all[type];
        object_type t;
        t.form = def.form;
        for (u32 s = def.super; s != no_index; s = all[s].super) ++t.depth;
        t.supers = u32(words_.size());
        const u32 values = def.params;
        if (!words_.resize(words_.size() + t.depth + 1 + values)) return false;
        u32 at = t.supers + t.depth;
        for (u32 s = type; s != no_index; s = all[s].super) words_[at--] = s;
        t.fields = t.supers + t.depth + 1;
        t.references = u32(words_.size());
        u64 end = object_header;
        for (u32 i = 0; i < values; ++i) {
            const val_type v = def.form == composite::func ? all.params(type)[i] : all.fields_of(type)[i].type;
            const u32 log2 = stored_log2(v), align = log2 < 3 ? (1u << log2) - 1 : 7;
            end = (end + align) & ~u64{align};
            words_[t.fields + i] = u32(end);
            if (is_traced(space, v)) {
                t.traced = true;
                if (!words_.push_back(u32(end))) return words_.truncate(t.supers), false;
                ++t.reference_count;
            }
            end += u64{1} << log2;
            t.element_log2 = u8(log2);
        }
        t.size = u32((end + 7) & ~u64{7}); // fields are few: a module's size bounds their number
        t.ready = true;
        types_[type] = t;
        return true;
    }

    const valid::type_registry& all_;
    vec<object_type> types_; ///< by the store's type id
    vec<u32> words_;
};

} // namespace tessera::runtime
TESSERA_SMALL_END
