// SPDX-License-Identifier: MIT
/// @file variants.hpp
/// The list of all handlers a build has, and the way from a variant to its number in it.
#pragma once

#include <tessera/exec/handlers/atomic.hpp>
#include <tessera/exec/handlers/special.hpp>
#include <tessera/exec/variant.hpp>
#include <tessera/num/instruction_set.hpp>

#include <array>

namespace tessera::inline TESSERA_ABI::exec {

/// What of a build's features handlers depend on.
struct model {
    bool fuel = false;
    bool interrupt = false;
    bool canonical = false;
    bool marks = false;
    friend constexpr bool operator==(model, model) noexcept = default;
};
constexpr model model_of(features f) noexcept {
    return {f[feature::fuel], f[feature::interruption], f[feature::deterministic], f[feature::dirty_marks]};
}
/// True for what writes to a linear memory.
constexpr bool writes_memory(const variant& v) noexcept {
    if (v.fam == family::special)
        return v.code == op::memory_fill || v.code == op::memory_copy || v.code == op::memory_init;
    if (v.fam == family::atomic)
        return row(v.code).type.param_count > 1 && v.code != op::memory_atomic_notify && !is_wait(v.code);
    return v.fam == family::store || v.fam == family::store_wide;
}
/// The flags `v` gets in a build of model `m`; `back` says whether a branch goes backwards.
constexpr u8 flags_of(const model& m, const variant& v, bool back) noexcept {
    u8 flags = 0;
    const bool branch = v.fam == family::br || v.fam == family::br_compare || v.fam == family::latch;
    if ((branch && back) || v.fam == family::entry) {
        if (m.fuel) flags |= flag::fuel;
        if (m.interrupt) flags |= flag::interrupt;
    }
    if ((v.fam == family::special || v.fam == family::call_record) && m.fuel) flags |= flag::fuel;
    if (v.fam == family::atomic && is_wait(v.code)) {
        if (m.fuel) flags |= flag::fuel;
        if (m.interrupt) flags |= flag::interrupt;
    }
    if ((v.fam == family::unary || v.fam == family::binary || v.fam == family::ternary) && m.canonical &&
        num::picks_nan(v.code))
        flags |= flag::canonical;
    if (m.marks && writes_memory(v)) flags |= flag::marks;
    return flags;
}

/// True if a build has objects in the heap of a store.
constexpr bool has_heap(features f) noexcept { return f[feature::gc] || f[feature::exceptions]; }

namespace detail {
/// True if a module of the features `f` can come to a handler of the kind of `v`.
constexpr bool is_needed(features f, const variant& v) noexcept {
    switch (v.fam) {
    case family::move:
    case family::select:
    case family::global_get:
    case family::global_set:
    case family::imported_get:
    case family::imported_set:
    case family::return_: return cls(v.code) != cls::v128 || f[feature::simd];
    case family::vector_constant: return f[feature::simd];
    case family::call_ref: return has(f, op::call_ref);
    case family::return_call:
    case family::return_call_lazy:
    case family::return_call_record: return has(f, op::return_call);
    case family::return_call_indirect: return has(f, op::return_call_indirect);
    case family::return_call_ref: return has(f, op::return_call_ref);
    case family::null_check: return has(f, op::ref_as_non_null);
    case family::struct_new:
    case family::struct_get:
    case family::struct_set:
    case family::array_get:
    case family::array_set:
    case family::array_len:
    case family::ref_test:
    case family::ref_cast:
    case family::make_room: return f[feature::gc];
    case family::throw_:
    case family::failed:
    case family::land: return has(f, op::throw_);
    case family::special: return has(f, v.code);
    case family::trace: return f[feature::tracing];
#if TESSERA_NATIVE
    case family::tally:
    case family::hot: return f[feature::native];
#endif
    default: return true;
    }
}
/// The list is made in parts, by instructions and a last one for what serves several: clang limits what
/// one constant expression may take.
inline constexpr unsigned parts = 8;

/// Calls `emit(variant)` for every variant in part `part` of a build with the features `f`.
template <class Emit>
constexpr void each_variant(features f, unsigned part, Emit emit) noexcept {
    const model m = model_of(f);
    const auto add = [&](variant v, bool back) {
        if (!exists(v) || !is_needed(f, v)) return;
        v.flags = u8(v.flags | flags_of(m, v, back));
        emit(v);
    };
    const auto add_both = [&](variant v) {
        add(v, false);
        if (!TESSERA_TAIL_CALLS || !num::has_instruction(v.code)) return;
        v.flags = flag::instruction;
        add(v, false);
    };
    constexpr loc all[] = {loc::slot, loc::acc, loc::imm, loc::pin}, registers[] = {loc::slot, loc::acc, loc::pin};
    const view<loc> places(all, 3), ends(all, 2);
    const bool safe = m.fuel || m.interrupt; // back edges differ from forward ones
    const bool share = f[feature::threads] && !racy_is_free;
    constexpr unsigned step = (op_count + parts - 2) / (parts - 1);
    for (u16 i = u16(part * step); i < (part + 1) * step && i < op_count; ++i) {
        const op o = op(i);
        const op_row& r = op_table[i];
        if (!has(f, o)) continue;
        const bool in_slots =
            r.type.params[0] == 'v' && !is_hot_vector(o); // what never has another form is not asked for
        if (is_pure(o, 1))
            for (loc a : view<loc>(all, in_slots ? 1 : 2))
                for (loc d : ends) add_both({family::unary, 0, o, {a, loc::none, loc::none, d}});
        const bool pins = is_hot(o) || num::is_compare(o) || is_hot_load(o) || is_hot_store(o) ||
                          detail::is_pinned_vector(o) || o == op::v128_load || o == op::v128_store;
        const view<loc> sources(all, pins ? 4 : 3), results(registers, in_slots ? 1 : pins ? 3 : 2);
        if (is_pure(o, 2))
            for (loc a : in_slots ? view<loc>(all, 1) : sources)
                for (loc b : sources) {
                    for (loc d : results) add_both({family::binary, 0, o, {a, b, loc::none, d}});
                    if (!num::is_compare(o) && o != op::i32_and) continue;
                    const bool inverts = num::negated_compare(o) != op::count_;
                    for (u8 negated = 0; negated <= u8(inverts ? 0 : 1); ++negated)
                        for (int back = 0; back <= (safe ? 1 : 0); ++back)
                            add({family::br_compare, negated, o, {a, b, loc::none, loc::none}}, back != 0);
                    if (inverts) add({family::latch, 0, o, {a, b, loc::none, loc::none}}, true);
                }
        if (is_load(o)) {
            for (loc a : sources)
                for (loc d : results) add({family::load, 0, o, {a, loc::none, loc::none, d}}, false);
            add({family::load_wide, 0, o, {loc::slot, loc::none, loc::none, loc::slot}}, false);
            if (share) add({family::load_wide, flag::shared, o, {loc::slot, loc::none, loc::none, loc::slot}}, false);
            for (loc a : places)
                for (loc b : registers)
                    for (loc d : ends) {
                        add({family::load_indexed, 0, o, {a, b, loc::none, d}}, false);
                        if (const u8 scale = natural_align[i])
                            add({family::load_indexed, u8(scale << flag::shift), o, {a, b, loc::none, d}}, false);
                    }
        }
        if (is_store(o)) {
            for (loc a : sources)
                for (loc b : sources) add({family::store, 0, o, {a, b, loc::none, loc::none}}, false);
            add({family::store_wide, 0, o, {loc::slot, loc::slot, loc::none, loc::none}}, false);
            if (share) add({family::store_wide, flag::shared, o, {loc::slot, loc::slot, loc::none, loc::none}}, false);
        }
        if (is_pure(o, 3)) add({family::ternary, 0, o, {loc::slot, loc::slot, loc::slot, loc::slot}}, false);
        if (r.immediate == imm::shuffle)
            for (loc a : ends)
                for (loc b : ends)
                    for (loc d : ends) add_both({family::shuffle, 0, o, {a, b, loc::none, d}});
        if (r.immediate == imm::lane)
            for (loc x : ends) {
                if (r.type.param_count == 1)
                    add({family::extract_lane, 0, o, {loc::slot, loc::none, loc::none, x}}, false);
                else add({family::replace_lane, 0, o, {loc::slot, x, loc::none, loc::slot}}, false);
            }
        if (is_special(o)) add({family::special, 0, o, {}}, false);
        if (is_atomic_row(r) && atomic_form(o) == o) add({family::atomic, 0, o, {}}, false);
        if (is_field_load(o))
            for (loc a : ends)
                for (loc d : ends) {
                    add({family::struct_get, 0, o, {a, loc::none, loc::none, d}}, false);
                    for (loc b : ends) add({family::array_get, 0, o, {a, b, loc::none, d}}, false);
                }
        if (is_field_store(o))
            for (u8 flags : {u8(0), flag::reference})
                for (loc x : ends) {
                    if (flags != 0 && o != op::i32_store) continue;
                    add({family::struct_set, flags, o, {loc::slot, x, loc::none, loc::none}}, false);
                    add({family::array_set, flags, o, {loc::slot, loc::slot, x, loc::none}}, false);
                }
    }
    if (part != parts - 1) return;
    for (loc a : ends)
        for (loc d : ends) {
            add({family::array_len, 0, op::nop, {a, loc::none, loc::none, d}}, false);
            for (u8 flags : {u8(0), flag::reference})
                add({family::ref_test, flags, op::nop, {a, loc::none, loc::none, d}}, false);
        }
    for (u16 c = 0; c <= u16(cls::v128); ++c) {
        const op o = op(c);
        for (loc a : places) {
            add({family::move, 0, o, {a, loc::none, loc::none, loc::slot}}, false);
            add({family::move, 0, o, {a, loc::none, loc::none, loc::pin}}, false);
            add({family::global_set, 0, o, {a, loc::none, loc::none, loc::none}}, false);
            add({family::return_, 0, o, {a, loc::none, loc::none, loc::none}}, false);
            for (loc b : places)
                for (loc x : ends)
                    for (loc d : ends) add({family::select, 0, o, {a, b, x, d}}, false);
        }
        for (loc d : ends) add({family::global_get, 0, o, {loc::none, loc::none, loc::none, d}}, false);
    }
    for (cls c : {cls::i64, cls::v128}) { // slots are copied whole
        add({family::imported_get, 0, op(u16(c)), {loc::none, loc::none, loc::none, loc::slot}}, false);
        add({family::imported_set, 0, op(u16(c)), {loc::slot, loc::none, loc::none, loc::none}}, false);
    }
    for (cls c : {cls::i64, cls::f32, cls::f64})
        add({family::move, 0, op(u16(c)), {loc::pin, loc::none, loc::none, loc::slot}}, false);
    for (unsigned which = 1; which < (has_vector_register && f[feature::simd] ? 16u : 8u); ++which) {
        const auto place = [&](unsigned r) { return which >> r & 1 ? loc::slot : loc::none; };
        add({family::pins, 0, op::nop, {place(0), place(1), place(2), place(3)}}, false);
    }
    add({family::return_, 0, op(0), {}}, false);
    add({family::br, 0, op::nop, {}}, false);
    if (safe) add({family::br, 0, op::nop, {}}, true);
    for (loc a : ends) {
        add({family::br_table, 0, op::nop, {a}}, false);
        add({family::call_indirect, 0, op::nop, {a}}, false);
    }
    add({family::constant, 0, op::nop, {loc::none, loc::none, loc::none, loc::slot}}, false);
    for (loc d : ends) add({family::vector_constant, 0, op::nop, {loc::none, loc::none, loc::none, d}}, false);
    if (safe) add({family::entry, 0, op::nop, {}}, false);
    for (family fam : {family::call_ref, family::return_call_indirect, family::return_call_ref, family::null_check})
        add({fam, 0, op::nop, {loc::slot}}, false);
    for (u16 fields = 0; fields <= most_fields; ++fields) add({family::struct_new, 0, op(fields), {}}, false);
    for (u8 flags : {u8(0), flag::reference}) add({family::ref_cast, flags, op::nop, {loc::slot}}, false);
    for (family fam : {family::call,
                       family::call_lazy,
                       family::call_record,
                       family::return_call,
                       family::return_call_lazy,
                       family::return_call_record,
                       family::zero_range,
                       family::zero_few,
                       family::move_range,
                       family::move_wide,
                       family::unreachable,
                       family::throw_,
                       family::leave,
                       family::stop,
                       family::enter,
                       family::indirect,
                       family::link,
                       family::restore,
                       family::grow_stack,
                       family::out_of_bounds,
                       family::make_room,
                       family::failed,
                       family::land,
                       family::probe,
                       family::trace})
        add({fam, 0, op::nop, {}}, false);
#if TESSERA_NATIVE
    for (family fam : {family::tally, family::hot}) add({fam, 0, op::nop, {}}, false);
#endif
}
template <features F, unsigned Part>
inline constexpr std::size_t part_size = [] {
    std::size_t n = 0;
    each_variant(F, Part, [&](const variant&) { ++n; });
    return n;
}();
template <features F, unsigned Part>
inline constexpr auto part_list = [] {
    std::array<u64, part_size<F, Part>> list{};
    std::size_t n = 0;
    each_variant(F, Part, [&](const variant& v) { list[n++] = v.pack(); });
    return list;
}();
} // namespace detail

/// All variants of a build, packed.
template <features F>
inline constexpr auto variants = []<unsigned... Part>(std::integer_sequence<unsigned, Part...>) {
    std::array<u64, (detail::part_size<F, Part> + ...)> list{};
    std::size_t n = 0;
    const auto append = [&](const auto& part) {
        for (u64 id : part) list[n++] = id;
    };
    (append(detail::part_list<F, Part>), ...);
    return list;
}
(std::make_integer_sequence<unsigned, detail::parts>());

/// From a variant to its number in `variants<F>`: open addressing on the packed word.
template <features F>
class variant_index {
    static constexpr std::size_t count = variants<F>.size();
    static constexpr std::size_t slots = [] {
        std::size_t n = 256;
        while (n < count * 2) n *= 2;
        return n;
    }();
    static constexpr std::size_t start(u64 id) noexcept {
        return std::size_t((id * 0x9e3779b97f4a7c15u) >> 40) & (slots - 1);
    }
    static constexpr std::array<u16, slots> index = [] {
        std::array<u16, slots> t{};
        for (std::size_t i = 0; i < count; ++i) {
            std::size_t at = start(variants<F>[i]);
            while (t[at] != 0) at = (at + 1) & (slots - 1);
            t[at] = u16(i + 1);
        }
        return t;
    }();

public:
    static constexpr u32 none = ~u32{0};
    /// The number of `v`, `none` if there is no such handler.
    static constexpr u32 find(const variant& v) noexcept {
        const u64 id = v.pack();
        for (std::size_t at = start(id);; at = (at + 1) & (slots - 1)) {
            if (index[at] == 0) return none;
            if (variants<F>[index[at] - 1u] == id) return index[at] - 1u;
        }
    }
};

} // namespace tessera::exec
