// SPDX-License-Identifier: MIT
/// @file subtype.hpp
/// Subtyping on heap, reference and value types (spec: valid/matching).
#pragma once

#include <tessera/syntax/types.hpp>

namespace tessera::inline TESSERA_ABI::valid {

/// The heap type that matches every heap type: what unreachable code knows of a reference.
inline constexpr heap_type bottom_heap = heap_type::abstract(code::bottom);

/// Types and what makes their indices comparable: of a module (`canonical` maps an index to the
/// smallest one with an equal type) or of a type_registry (`canonical` is null: equal indices are
/// equal types).
struct type_space {
    const type_section* types = nullptr;
    const u32* canonical = nullptr;

    u32 id(u32 index) const noexcept { return canonical ? canonical[index] : index; }
    /// The composite type's abstract heap type.
    u8 form(u32 index) const noexcept {
        switch ((*types)[index].form) {
        case composite::func: return code::func;
        case composite::struct_: return code::struct_;
        default: return code::array;
        }
    }
    /// True if type `sub` is type `super` or declares it, in however many steps.
    bool matches(u32 sub, u32 super) const noexcept {
        const u32 wanted = id(super);
        // A super type is declared before its sub types, so the walk ends; its length is limited
        // by module_limits::subtype_depth.
        for (; sub != no_index; sub = (*types)[sub].super)
            if (id(sub) == wanted) return true;
        return false;
    }
};

/// True if abstract heap type `sub` matches abstract heap type `super`.
constexpr bool abstract_matches(u8 sub, u8 super) noexcept {
    if (sub == super) return true;
    switch (sub) {
    case code::bottom: return true;
    case code::none:
        return super == code::i31 || super == code::struct_ || super == code::array || super == code::eq ||
               super == code::any;
    case code::i31:
    case code::struct_:
    case code::array: return super == code::eq || super == code::any;
    case code::eq: return super == code::any;
    case code::nofunc: return super == code::func;
    case code::noextern: return super == code::extern_;
    case code::noexn: return super == code::exn;
    default: return false;
    }
}

/// The top of the hierarchy that `h` is in.
inline u8 top_of(const type_space& space, heap_type h) noexcept {
    switch (h.is_index() ? space.form(h.index()) : h.byte_code()) {
    case code::func:
    case code::nofunc: return code::func;
    case code::extern_:
    case code::noextern: return code::extern_;
    case code::exn:
    case code::noexn: return code::exn;
    default: return code::any;
    }
}

/// True if heap type `sub` matches heap type `super` (spec: valid/matching, Heap Types).
inline bool matches(const type_space& space, heap_type sub, heap_type super) noexcept {
    if (sub == super) return true;
    if (sub.is_index())
        return super.is_index() ? space.matches(sub.index(), super.index())
                                : abstract_matches(space.form(sub.index()), super.byte_code());
    if (!super.is_index()) return abstract_matches(sub.byte_code(), super.byte_code());
    if (sub == bottom_heap) return true;
    return sub.byte_code() == (space.form(super.index()) == code::func ? code::nofunc : code::none);
}

/// True if value type `sub` matches value type `super` (spec: valid/matching, Value Types). The
/// bottom type matches everything.
inline bool matches(const type_space& space, val_type sub, val_type super) noexcept {
    if (sub == super || sub == t_bottom) return true;
    return sub.is_ref() && super.is_ref() && (super.is_nullable() || !sub.is_nullable()) &&
           matches(space, sub.heap(), super.heap());
}

/// True if the field type `sub` matches `super` (spec: valid/matching, Field Types).
inline bool matches(const type_space& space, const field_type& sub, const field_type& super) noexcept {
    return sub.mutable_ == super.mutable_ && matches(space, sub.type, super.type) &&
           (!sub.mutable_ || matches(space, super.type, sub.type));
}

/// True if each of `sub` matches the one of `super` at its place.
inline bool matches(const type_space& space, view<val_type> sub, view<val_type> super) noexcept {
    if (sub.size() != super.size()) return false;
    for (std::size_t i = 0; i < sub.size(); ++i)
        if (!matches(space, sub[i], super[i])) return false;
    return true;
}

/// True if the composite type of type `sub` matches that of type `super` (spec: valid/matching,
/// Composite Types); what a sub type must fulfil beside naming its super type.
inline bool composite_matches(const type_space& space, u32 sub, u32 super) noexcept {
    const type_section& types = *space.types;
    if (types[sub].form != types[super].form) return false;
    if (types[sub].form == composite::func)
        return matches(space, types.params(super), types.params(sub)) &&
               matches(space, types.results(sub), types.results(super));
    const auto a = types.fields_of(sub), b = types.fields_of(super);
    if (a.size() < b.size()) return false;
    for (std::size_t i = 0; i < b.size(); ++i)
        if (!matches(space, a[i], b[i])) return false;
    return true;
}

} // namespace tessera::valid
