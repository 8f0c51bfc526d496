// SPDX-License-Identifier: MIT
/// @file native/effects.hpp
/// Which nodes have machine code in a build, and what that does to registers.
#pragma once

#include <tessera/exec/variants.hpp>
#include <tessera/native/emit_object.hpp>
#include <tessera/native/webs.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// Of a build.
struct compile_options {
    exec::model model;
    bool instructions = false; ///< the processor has the newer ones that stubs use
    bool avx = false;          ///< and those of AVX
    u64 blinding = 0;          ///< see native_options
};

namespace detail {
constexpr char letter_of(exec::cls c) noexcept {
    return c == exec::cls::i64 ? 'l' : c == exec::cls::f32 ? 'f' : c == exec::cls::f64 ? 'd' : 'i';
}
inline bool has_vector(const module_data& m, const exec::node& n) noexcept {
    for (unsigned k = 0; k < 4; ++k)
        if (n.v.at[k] != exec::loc::none && class_of_operand(m, n, k) == exec::cls::v128) return true;
    return false;
}
/// True for a node with vectors that has machine code.
inline bool has_vector_code(const exec::node& n) noexcept {
    using exec::family;
    switch (n.v.fam) {
    case family::unary:
    case family::binary:
    case family::extract_lane:
    case family::replace_lane:
    case family::ternary: return vector_emitter::has_vector_stub(n.v.code);
    case family::load:
    case family::load_wide:
    case family::store:
    case family::store_wide: return vector_access_of(n.v.code) != 0xff;
    case family::move:
    case family::select:
    case family::vector_constant:
    case family::shuffle:
    case family::global_get:
    case family::global_set:
    case family::imported_get:
    case family::imported_set:
    case family::return_: return true;
    default: return false;
    }
}
} // namespace detail

/// What node `n` means for registers, and so whether it has machine code.
inline effect effect_of(const compile_options& o, const module_data& m, const exec::node& n) noexcept {
    using exec::family;
    constexpr u32 most_zeros = 32, most_moves = 16; // more are not written one by one
    const exec::variant& v = n.v;
    switch (v.fam) {
    case family::unary:
    case family::binary:
    case family::ternary:
        if (o.model.canonical && num::picks_nan(v.code)) return effect::leave;
        if (num::has_instruction(v.code) && !o.instructions) return effect::leave;
        break;
    case family::call_lazy:
    case family::call_record:
    case family::call_indirect:
    case family::call_ref: return effect::call;
    case family::return_call_lazy:
    case family::return_call_indirect:
    case family::return_call_ref: return n.words[1] <= most_moves ? effect::call : effect::leave;
    case family::atomic:
        if (o.model.marks && exec::writes_memory(v)) return effect::leave;
        return atomic_emitter::has_atomic_code(v.code) ? effect::plain : effect::leave;
    case family::struct_new: return effect::safepoint;
    case family::special:
        if (o.model.marks && exec::writes_memory(v)) return effect::leave;
        return calls_special(v.code) ? effect::safepoint : effect::leave;
    case family::ref_test:
    case family::ref_cast:
        return object_emitter::has_cast_code({n.words[0]}, (v.flags & exec::flag::reference) != 0) ? effect::plain
                                                                                                   : effect::leave;
    case family::struct_get:
    case family::struct_set: // whose offset the guest chooses
        if (o.blinding != 0 && n.words[0] > 0x7fff) return effect::leave;
        [[fallthrough]];
    case family::array_get:
    case family::array_set: return detail::has_vector(m, n) ? effect::leave : effect::plain;
    case family::zero_range: return n.words[1] <= most_zeros ? effect::plain : effect::leave;
    case family::extract_lane:
    case family::replace_lane:
    case family::shuffle:
    case family::vector_constant:
    case family::load:
    case family::load_indexed:
    case family::store:
    case family::load_wide:
    case family::store_wide:
    case family::move:
    case family::constant:
    case family::select:
    case family::global_get:
    case family::global_set:
    case family::imported_get:
    case family::imported_set:
    case family::br:
    case family::br_compare:
    case family::latch:
    case family::br_table:
    case family::return_:
    case family::array_len:
    case family::null_check:
    case family::entry: break;
    default: return effect::leave;
    }
    return !detail::has_vector(m, n) || (o.instructions && detail::has_vector_code(n)) ? effect::plain : effect::leave;
}

} // namespace tessera::native
