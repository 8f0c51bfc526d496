// SPDX-License-Identifier: MIT
/// @file dispatch_tail.hpp
/// Dispatch by tail calls: a handler is a function that ends in a jump to the next one. Everything a
/// program needs at every instruction stays in argument registers.
#pragma once

#include <tessera/exec/handlers/aggregate.hpp>
#include <tessera/exec/handlers/call.hpp>
#include <tessera/exec/handlers/control.hpp>
#include <tessera/exec/handlers/exception.hpp>
#include <tessera/exec/handlers/memory.hpp>
#include <tessera/exec/handlers/tally.hpp>
#include <tessera/exec/handlers/trace.hpp>
#include <tessera/exec/handlers/vector.hpp>
#include <tessera/exec/variants.hpp>

// g++ 12 has no musttail, but keeps these functions jumps at every level with these attributes.
// Contracting f64 multiply and add into one operation would break the arithmetic of wasm.
#if defined(__clang__)
#define TESSERA_HANDLER(id) __attribute__((no_sanitize("address", "undefined"), aligned(exec::handler_alignment(id))))
#define TESSERA_TAIL [[clang::musttail]]
#else
#define TESSERA_HANDLER(id)                                                                                            \
    __attribute__((optimize("O2", "optimize-sibling-calls", "fp-contract=off"), no_sanitize("address", "undefined")))
#define TESSERA_TAIL
#endif
#define TESSERA_STATE_PARAMETERS                                                                                       \
    const u8 *pc, u8 *fp, u8 *mem, context *ctx, u64 r0, u64 p0, f64 d0, f32 s0, f64 dp, f32 sp, vector_register v0,   \
        vector_register vp

namespace tessera::inline TESSERA_ABI::exec {

/// Where the code of a handler begins that programs spend their time in, numbers of 32 bits and floats: in a cache line
/// that it need not share with the end of another one. g++ takes no alignment that depends on a template's argument.
constexpr unsigned handler_alignment(u64 id) noexcept {
    const variant v = variant::unpack(id);
    switch (v.fam) {
    case family::unary:
    case family::binary:
    case family::br_compare:
    case family::latch:
    case family::load:
    case family::load_indexed:
    case family::store: {
        const bool stores = v.fam == family::store;
        const op_type& t = row(v.code).type;
        const char of = stores ? t.params[1] : t.params[0] == 'a' ? t.results[0] : t.params[0];
        return of == 'l' || of == 'v' ? 16 : 64;
    }
    case family::move:
    case family::select:
    case family::br:
    case family::br_table:
    case family::call:
    case family::return_:
    case family::pins:
    case family::zero_few: return 64;
    default: return 16;
    }
}

// Registers a handler does not use cost nothing.
using handler = void(TESSERA_SYSTEM_V*)(TESSERA_STATE_PARAMETERS);

template <u64 Id>
TESSERA_HANDLER(Id)
TESSERA_SYSTEM_V void run(TESSERA_STATE_PARAMETERS) {
    constexpr family fam = variant::unpack(Id).fam;
    if constexpr (ends_run(fam)) {
        ctx->pc = pc;
        ctx->fp = fp;
        static_cast<void>(mem), static_cast<void>(r0), static_cast<void>(p0), static_cast<void>(d0),
            static_cast<void>(s0), static_cast<void>(dp), static_cast<void>(sp), static_cast<void>(v0),
            static_cast<void>(vp);
    } else {
        state s{pc, fp, mem, ctx, r0, p0, d0, s0, dp, sp, v0, vp};
        action<fam, Id>::run(s);
        TESSERA_TAIL return load_native<handler>(s.pc)(s.pc, s.fp, s.mem, s.ctx, s.r0, s.p0, s.d0, s.s0, s.dp, s.sp,
                                                       s.v0, s.vp);
    }
}

/// The handlers of a build.
template <features F>
class dispatch {
    static constexpr auto handlers = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<handler, sizeof...(I)>{&exec::run<variants<F>[I]>...};
    }
    (std::make_index_sequence<variants<F>.size()>{});

public:
    /// The handler of `v`, null if there is none.
    static constexpr handler find(const variant& v) noexcept {
        const u32 n = variant_index<F>::find(v);
        return n == variant_index<F>::none ? nullptr : handlers[n];
    }
    /// Runs from `ctx.pc` on until a handler ends the run.
    static void run(context& ctx) noexcept { run(ctx, ctx.pc, ctx.fp); }
    static TESSERA_INLINE void run(context& ctx, const u8* pc, u8* fp) noexcept {
        load_native<handler>(pc)(pc, fp, ctx.mem, &ctx, 0, 0, 0, 0, 0, 0, vector_register{}, vector_register{});
    }
};

} // namespace tessera::exec

#undef TESSERA_HANDLER
#undef TESSERA_TAIL
#undef TESSERA_STATE_PARAMETERS
