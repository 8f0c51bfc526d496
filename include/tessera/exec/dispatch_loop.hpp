// SPDX-License-Identifier: MIT
/// @file dispatch_loop.hpp
/// Dispatch by one loop over a switch, for compilers and processors where tail calls do not hold. A
/// handler is a number. Such a switch compiles slowly, so there are fewer variants (see `exists`).
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

#if defined(__GNUC__) && !defined(__clang__)
#define TESSERA_LOOP __attribute__((noinline, optimize("fp-contract=off")))
#else
#define TESSERA_LOOP TESSERA_NOINLINE
#endif
#define TESSERA_CASE(n)                                                                                                \
    case n:                                                                                                            \
        if constexpr (n < count) {                                                                                     \
            constexpr u64 id = variants<F>[n < count ? n : 0];                                                         \
            if constexpr (ends_run(variant::unpack(id).fam)) goto done;                                                \
            else action<variant::unpack(id).fam, id>::run(s);                                                          \
        }                                                                                                              \
        break;
#define TESSERA_CASE_4(n) TESSERA_CASE(n) TESSERA_CASE((n) + 1) TESSERA_CASE((n) + 2) TESSERA_CASE((n) + 3)
#define TESSERA_CASE_16(n) TESSERA_CASE_4(n) TESSERA_CASE_4((n) + 4) TESSERA_CASE_4((n) + 8) TESSERA_CASE_4((n) + 12)
#define TESSERA_CASE_64(n)                                                                                             \
    TESSERA_CASE_16(n) TESSERA_CASE_16((n) + 16) TESSERA_CASE_16((n) + 32) TESSERA_CASE_16((n) + 48)
#define TESSERA_CASE_256(n)                                                                                            \
    TESSERA_CASE_64(n) TESSERA_CASE_64((n) + 64) TESSERA_CASE_64((n) + 128) TESSERA_CASE_64((n) + 192)

namespace tessera::inline TESSERA_ABI::exec {

using handler = u64;

/// The handlers of a build.
template <features F>
class dispatch {
    static constexpr std::size_t count = variants<F>.size();
    static_assert(count <= 1280, "more variants than the loop has cases");

public:
    /// The handler of `v`; one that does not exist is no number of a case.
    static constexpr handler find(const variant& v) noexcept { return variant_index<F>::find(v); }

    /// Runs from `ctx.pc` on until a handler ends the run.
    static void run(context& ctx) noexcept { run(ctx, ctx.pc, ctx.fp); }
    static TESSERA_LOOP void run(context& ctx, const u8* pc, u8* fp) noexcept {
        state s{pc, fp, ctx.mem, &ctx, 0, 0, 0, 0, 0, 0, {}, {}};
        for (;;) {
            switch (u32(load_native<handler>(s.pc))) {
                TESSERA_CASE_256(0u)
                TESSERA_CASE_256(256u)
                TESSERA_CASE_256(512u)
                TESSERA_CASE_256(768u)
                TESSERA_CASE_256(1024u)
            default: goto done; // not reached: every cell holds the number of a case
            }
        }
    done:
        ctx.pc = s.pc;
        ctx.fp = s.fp;
    }
};

} // namespace tessera::exec

#undef TESSERA_LOOP
#undef TESSERA_CASE
#undef TESSERA_CASE_4
#undef TESSERA_CASE_16
#undef TESSERA_CASE_64
#undef TESSERA_CASE_256
