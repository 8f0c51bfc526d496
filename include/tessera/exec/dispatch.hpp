// SPDX-License-Identifier: MIT
/// @file dispatch.hpp
/// From variants to machine code: each `action` is wrapped once, as a function that calls the next
/// one in tail position or as a function called from a loop; a table finds the wrapper of a variant.
#pragma once

#include <tessera/exec/handlers/call.hpp>
#include <tessera/exec/handlers/control.hpp>
#include <tessera/exec/handlers/memory.hpp>
#include <tessera/exec/handlers/numeric.hpp>
#include <tessera/exec/handlers/special.hpp>

#include <array>

// g++ 12 has no musttail, but keeps these functions jumps at every level with these attributes.
// Contracting f64 multiply and add into one operation would break the arithmetic of wasm.
#if TESSERA_TAIL_CALLS
#if defined(__clang__)
#define TESSERA_HANDLER __attribute__((no_sanitize("address", "undefined")))
#define TESSERA_TAIL [[clang::musttail]]
#else
#define TESSERA_HANDLER                                                                            \
    __attribute__((optimize("O2", "optimize-sibling-calls", "fp-contract=off"), no_sanitize("address", "undefined")))
#define TESSERA_TAIL
#endif
#define TESSERA_STATE_PARAMETERS const u8 *pc, u8 *fp, u8 *mem, context *ctx, u64 r0, u64 p0, f64 d0, f32 s0
#else
#if defined(__GNUC__) && !defined(__clang__)
#define TESSERA_HANDLER __attribute__((optimize("fp-contract=off")))
#else
#define TESSERA_HANDLER
#endif
#endif

namespace tessera::inline TESSERA_ABI::exec {

#if TESSERA_TAIL_CALLS
// Registers a handler does not use cost nothing; p0 is there for a pinned local.
using handler = void (*)(TESSERA_STATE_PARAMETERS);

template <u64 Id>
TESSERA_HANDLER void run(TESSERA_STATE_PARAMETERS) {
    constexpr family fam = variant::unpack(Id).fam;
    if constexpr (ends_run(fam)) {
        ctx->pc = pc;
        ctx->fp = fp;
        static_cast<void>(mem), static_cast<void>(r0), static_cast<void>(p0), static_cast<void>(d0), static_cast<void>(s0);
    } else {
        state s{pc, fp, mem, ctx, r0, s0, d0};
        action<fam, Id>::run(s);
        TESSERA_TAIL return load_native<handler>(s.pc)(s.pc, s.fp, s.mem, s.ctx, s.r0, p0, s.d0, s.s0);
    }
}
inline void run_from(context& ctx) noexcept {
    load_native<handler>(ctx.pc)(ctx.pc, ctx.fp, ctx.mem, &ctx, 0, 0, 0, 0);
}
#else
using handler = void (*)(state&);

template <u64 Id>
TESSERA_HANDLER void run(state& out) {
    constexpr family fam = variant::unpack(Id).fam;
    if constexpr (ends_run(fam)) {
        out.ctx->pc = out.pc;
        out.ctx->fp = out.fp;
        out.pc = nullptr;
    } else {
        state s = out; // in registers while the action runs
        action<fam, Id>::run(s);
        out = s;
    }
}
inline void run_from(context& ctx) noexcept {
    state s{ctx.pc, ctx.fp, ctx.mem, &ctx, 0, 0, 0};
    while (s.pc) load_native<handler>(s.pc)(s);
}
#endif

// ---- the list of variants ------------------------------------------------------------------------------------------

/// What of a build's features handlers depend on.
struct model {
    bool fuel = false;
    bool interrupt = false;
    bool canonical = false;
    friend constexpr bool operator==(model, model) noexcept = default;
};
constexpr model model_of(features f) noexcept {
    return {f[feature::fuel], f[feature::interruption], f[feature::deterministic]};
}
/// The flags `v` gets in a build of model `m`; `back` says whether a branch goes backwards.
constexpr u8 flags_of(const model& m, const variant& v, bool back) noexcept {
    u8 flags = 0;
    const bool branch = v.fam == family::br || v.fam == family::br_compare || v.fam == family::latch;
    if ((branch && back) || v.fam == family::entry) {
        if (m.fuel) flags |= flag::fuel;
        if (m.interrupt) flags |= flag::interrupt;
    }
    if (v.fam == family::special && m.fuel) flags |= flag::fuel;
    if ((v.fam == family::unary || v.fam == family::binary) && m.canonical && operand_class(v, 3) >= cls::f32) flags |= flag::canonical;
    return flags;
}

namespace detail {
/// Calls `emit(variant)` for every variant of a build with the features `f`.
template <class Emit>
constexpr void each_variant(features f, Emit emit) noexcept {
    const model m = model_of(f);
    const auto add = [&](variant v, bool back) {
        if (!exists(v)) return;
        v.flags = u8(v.flags | flags_of(m, v, back));
        emit(v);
    };
    constexpr loc places[] = {loc::slot, loc::acc, loc::imm};
    constexpr loc ends[] = {loc::slot, loc::acc};
    const bool safe = m.fuel || m.interrupt; // back edges differ from forward ones
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        const op_row& r = op_table[i];
        if (!r.executed || !f[r.needs]) continue;
        if (is_pure(o, 1))
            for (loc a : ends)
                for (loc d : ends) add({family::unary, 0, o, {a, loc::none, loc::none, d}}, false);
        if (is_pure(o, 2))
            for (loc a : places)
                for (loc b : places) {
                    for (loc d : ends) add({family::binary, 0, o, {a, b, loc::none, d}}, false);
                    if (!num::is_compare(o)) continue;
                    const bool is_float = class_of(r.type.params[0]) >= cls::f32;
                    for (u8 negated = 0; negated <= (is_float ? 1 : 0); ++negated)
                        for (int back = 0; back <= (safe ? 1 : 0); ++back)
                            add({family::br_compare, negated, o, {a, b, loc::none, loc::none}}, back != 0);
                    if (!is_float) add({family::latch, 0, o, {a, b, loc::none, loc::none}}, true);
                }
        if (is_load(o)) {
            for (loc a : places)
                for (loc d : ends) add({family::load, 0, o, {a, loc::none, loc::none, d}}, false);
            add({family::load_wide, 0, o, {loc::slot, loc::none, loc::none, loc::slot}}, false);
            for (loc a : places)
                for (loc b : ends)
                    for (loc d : ends) {
                        add({family::load_indexed, 0, o, {a, b, loc::none, d}}, false);
                        if (const u8 scale = natural_align[i]) add({family::load_indexed, u8(scale << flag::shift), o, {a, b, loc::none, d}}, false);
                    }
        }
        if (is_store(o)) {
            for (loc a : places)
                for (loc b : places) add({family::store, 0, o, {a, b, loc::none, loc::none}}, false);
            add({family::store_wide, 0, o, {loc::slot, loc::slot, loc::none, loc::none}}, false);
        }
        if (is_special(o)) add({family::special, 0, o, {}}, false);
    }
    for (u16 c = 0; c < 4; ++c) {
        const op o = op(c);
        for (loc a : places) {
            add({family::move, 0, o, {a, loc::none, loc::none, loc::slot}}, false);
            add({family::global_set, 0, o, {a, loc::none, loc::none, loc::none}}, false);
            add({family::return_, 0, o, {a, loc::none, loc::none, loc::none}}, false);
            for (loc b : places)
                for (loc x : ends)
                    for (loc d : ends) add({family::select, 0, o, {a, b, x, d}}, false);
        }
        for (loc d : ends) add({family::global_get, 0, o, {loc::none, loc::none, loc::none, d}}, false);
    }
    add({family::return_, 0, op(0), {}}, false);
    add({family::br, 0, op::nop, {}}, false);
    if (safe) add({family::br, 0, op::nop, {}}, true);
    for (loc a : ends) add({family::br_table, 0, op::nop, {a}}, false);
    add({family::constant, 0, op::nop, {loc::none, loc::none, loc::none, loc::slot}}, false);
    if (safe) add({family::entry, 0, op::nop, {}}, false);
    for (family fam : {family::call_indirect, family::call_ref, family::return_call_indirect, family::return_call_ref,
                       family::null_check, family::select_range})
        add({fam, 0, op::nop, {loc::slot}}, false);
    for (family fam : {family::call, family::call_lazy, family::call_record, family::return_call, family::return_call_lazy,
                       family::return_call_record, family::zero_range, family::move_range, family::move_wide, family::unreachable,
                       family::leave, family::stop, family::enter, family::link, family::restore, family::grow_stack, family::probe})
        add({fam, 0, op::nop, {}}, false);
}
consteval std::size_t count_variants(features f) {
    std::size_t n = 0;
    each_variant(f, [&](const variant&) { ++n; });
    return n;
}
} // namespace detail

/// The features handlers depend on: two builds that agree here share every handler and this table.
constexpr features handler_features(features f) noexcept { return f; }

/// All variants of a build, packed.
template <features F>
inline constexpr auto variants = [] {
    std::array<u64, detail::count_variants(F)> list{};
    std::size_t n = 0;
    detail::each_variant(F, [&](const variant& v) { list[n++] = v.pack(); });
    return list;
}();

/// Finds the handler of a variant: open addressing on the packed word.
template <features F>
class handler_table {
    static constexpr std::size_t count = variants<F>.size();
    static constexpr std::size_t slots = [] {
        std::size_t n = 256;
        while (n < count * 2) n *= 2;
        return n;
    }();
    static constexpr std::size_t start(u64 id) noexcept { return std::size_t((id * 0x9e3779b97f4a7c15u) >> 40) & (slots - 1); }
    static constexpr std::array<u16, slots> index = [] {
        std::array<u16, slots> t{};
        for (std::size_t i = 0; i < count; ++i) {
            std::size_t at = start(variants<F>[i]);
            while (t[at] != 0) at = (at + 1) & (slots - 1);
            t[at] = u16(i + 1);
        }
        return t;
    }();
    static constexpr auto entries = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<handler, sizeof...(I)>{&run<variants<F>[I]>...};
    }(std::make_index_sequence<count>{});

public:
    /// The handler of `v`, null if there is none.
    static handler find(const variant& v) noexcept {
        const u64 id = v.pack();
        for (std::size_t at = start(id);; at = (at + 1) & (slots - 1)) {
            if (index[at] == 0) return nullptr;
            if (variants<F>[index[at] - 1u] == id) return entries[index[at] - 1u];
        }
    }
};

/// Cells that belong to no function.
template <features F>
struct fixed_cells {
    struct one {
        alignas(8) handler first;
        u64 rest = 0; // a 32-bit pointer leaves room
    };
    template <family Fam>
    static inline const one of{&run<variant{Fam, 0, op::nop, {}}.pack()>};
    template <family Fam>
    static const u8* at() noexcept {
        return reinterpret_cast<const u8*>(&of<Fam>);
    }
};

} // namespace tessera::exec

#undef TESSERA_HANDLER
#undef TESSERA_TAIL
#ifdef TESSERA_STATE_PARAMETERS
#undef TESSERA_STATE_PARAMETERS
#endif
