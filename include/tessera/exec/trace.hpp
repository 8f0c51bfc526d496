// SPDX-License-Identifier: MIT
/// @file trace.hpp
/// The backtrace of a stopped call, innermost frame first. Nothing is recorded while code runs: the
/// return addresses in the frames are looked up in the lowered code, and the instruction behind an
/// address is found by lowering the function again.
#pragma once

#include <tessera/exec/encode.hpp>
#include <tessera/exec/frames.hpp>
#include <tessera/exec/lower.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::exec {

/// Walks the frames of a context that has stopped.
template <features F>
class tracer {
public:
    explicit tracer(const context& ctx) noexcept : ctx_(ctx) {}

    /// A new backtrace with one owner; null when memory is out.
    backtrace* run() noexcept {
        backtrace* const trace = create<backtrace>();
        if (!trace) return nullptr;
        u64 seen = 0;
        // Of a callee that stopped before it had a frame. One for which there was no room is no part of it, as the
        // quick ways to call do not get so far.
        if (!ctx_.stop_pc && ctx_.why != trap::stack_exhausted) add(seen, *ctx_.call.callee, nullptr);
        frame at = frame::of(ctx_);
        if (ctx_.stop_pc && ctx_.paused) ++at.pc; // the next cell, which may be the first of its function
        for (; at.find(); at.to_caller(ctx_)) add(seen, *at.instance->funcs[at.func], at.pc);
        finish(*trace, seen);
        return trace;
    }

private:
    static constexpr u32 most = 64; ///< frames kept from either end

    void add(u64& seen, const runtime::func_record& f, const u8* pc) noexcept {
        const found frame{&f, pc};
        if (seen < most) {
            if (!inner_.push_back(frame)) return;
        } else if (outer_.size() < most) {
            if (!outer_.push_back(frame)) return;
        } else {
            outer_[std::size_t((seen - most) % most)] = frame; // the oldest of the kept ones goes
        }
        ++seen;
    }
    void finish(backtrace& trace, u64 seen) noexcept {
        for (const found& f : inner_)
            if (!trace.frames.push_back(describe(f))) return;
        const u64 outer = seen > most ? seen - most : 0;
        trace.left_out = u32(outer > most ? outer - most : 0);
        for (u64 i = outer > most ? outer - most : 0; i < outer; ++i)
            if (!trace.frames.push_back(describe(outer_[std::size_t(i % most)]))) return;
    }

    struct found {
        const runtime::func_record* func;
        const u8* pc;
    };
    trace_frame describe(const found& f) noexcept {
        trace_frame frame;
        if (!f.func->instance) {
            set_name(frame, "host function");
            return frame;
        }
        runtime::code_unit& unit = *f.func->instance->unit;
        const module_data& module = *unit.module;
        frame.func = f.func->index;
        frame.instance = f.func->instance->self;
        if (frame.func < module.func_names.size()) set_name(frame, module.func_names[frame.func]);
        for (u32 i = 0; frame.name[0] == 0 && i < module.exports.size(); ++i)
            if (module.exports[i].kind == extern_kind::func && module.exports[i].index == frame.func)
                set_name(frame, module.exports[i].name);
        frame.offset = f.pc ? offset_of(unit, frame.func, f.pc) : module.funcs[frame.func].code.begin;
        if (const module_data::position* const at =
                position_at({module.positions.data(), module.positions.size()}, frame.offset)) {
            frame.line = at->line;
            frame.column = at->column;
        }
        return frame;
    }
    static void set_name(trace_frame& frame, std::string_view name) noexcept {
        const std::size_t n = name.size() < sizeof frame.name - 1 ? name.size() : sizeof frame.name - 1;
        if (n) std::memcpy(frame.name, name.data(), n);
        frame.name[n] = 0;
    }
    u32 offset_of(runtime::code_unit& unit, u32 func, const u8* pc) noexcept {
#if TESSERA_NATIVE
        const runtime::func_code& code = unit.code_of(function_at(unit, pc));
#else
        const runtime::func_code& code = unit.funcs[func];
#endif
        if (&code != origins_of_) {
            function_ir ir;
            origins_of_ = nullptr;
            if (!lowering<F>::again(ir, unit, *ctx_.store, code).run(func) || !encoder<F>(ir).origins(origins_))
                return unit.module->funcs[func].code.begin;
            origins_of_ = &code;
        }
        const u32 at = u32(pc - code.cells);
        u32 offset = unit.module->funcs[func].code.begin;
        // Cells of no size share a place with the next one, which is the one that runs.
        const cell_origin* const after = std::upper_bound(origins_.begin(), origins_.end(), at,
                                                          [](u32 a, const cell_origin& o) { return a < o.cell; });
        if (after != origins_.begin()) offset = after[-1].offset;
        return offset;
    }

    const context& ctx_;
    vec<found> inner_;
    vec<found> outer_;                               ///< a ring
    const runtime::func_code* origins_of_ = nullptr; ///< whose `origins_` are
    vec<cell_origin> origins_;
};

} // namespace tessera::exec
TESSERA_SMALL_END
