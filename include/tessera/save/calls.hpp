// SPDX-License-Identifier: MIT
/// @file save/calls.hpp
/// Calls that wait: their frames as functions, offsets of instructions and typed values, outermost first.
#pragma once

#include <tessera/exec/engine.hpp>
#include <tessera/save/points.hpp>
#include <tessera/save/reader.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::saving {

/// Calls of the engine with the features F.
template <features F>
class call_frames {
    using machine = exec::machine<F>;
    static constexpr u64 slot = 8;

public:
    static bool write(store_writer& w, void* call) noexcept {
        exec::context& c = *static_cast<exec::context*>(call);
        if (c.running) return w.fail(msg::already_running);
        if (is_watched(w.store)) return w.fail(error(msg::already_running, "a debugger is attached"));
        w.out().byte(c.paused);
        if (!c.paused) {
            if (c.pc != c.enter_cells || !c.call.callee)
                return w.fail(error(msg::out_of_range, "a call that has ended"));
            const u8* at = c.stack;
            for (val_type t : w.store.types.types().params(c.call.callee->type_id)) at = put(w, t, at);
            return true;
        }
        w.out().number(c.fuel < 0 ? u64(-c.fuel) : 0);
        vec<exec::frame> frames; // innermost first
        exec::frame at = exec::frame::of(c);
        for (; at.find(); at.to_caller(c))
            if (!frames.push_back(at)) return w.fail(msg::out_of_memory);
        w.out().number(frames.size());
        for (std::size_t i = frames.size(); i-- > 0;)
            if (!write(w, frames[i], i != 0)) return false;
        return true;
    }

    static void* read(store_reader& r, runtime::func_record& f, bool& paused) noexcept {
        const u8 kind = r.in.byte();
        if (kind > 1 || is_watched(r.store)) return r.in.fail(msg::out_of_range, "call"), nullptr;
        paused = kind == 1;
        error why(msg::out_of_memory);
        if (!paused) {
            vec<u64> slots;
            if (!slots.resize(f.param_slots + 1)) return r.in.fail(why), nullptr;
            u64* at = slots.data();
            for (val_type t : r.store.types.types().params(f.type_id)) {
                if (!r.value(t, at)) return nullptr;
                at += t.slots();
            }
            void* const made = machine::prepare(r.store, f, slots.data(), why);
            return made ? made : (r.in.fail(why), nullptr);
        }
        if (f.host) return r.in.fail(msg::out_of_range, "call"), nullptr;
        exec::context* const c = machine::acquire(r.store);
        if (!c) return r.in.fail(why), nullptr;
        if (read_frames(r, *c, f)) return c;
        machine::release(r.store, c);
        return nullptr;
    }

private:
    static bool is_watched([[maybe_unused]] const runtime::store_data& s) noexcept {
        if constexpr (F[feature::tracing])
            if (s.engine_state) return exec::traced_pool::of(s)->plain;
        return false;
    }
    static const u8* put(store_writer& w, val_type t, const u8* at) noexcept {
        u64 slots[2] = {exec::load_native<u64>(at), 0};
        if (t.is_vector()) slots[1] = exec::load_native<u64>(at + slot);
        w.value(t, slots);
        return at + slot * t.slots();
    }
    static bool write(store_writer& w, const exec::frame& f, bool calls) noexcept {
        const runtime::code_unit& unit = *f.instance->unit;
        const frame_point* p = w.points.find(f.pc, 0);
        if (!p) {
            if (!w.points.pay(unit.module->funcs[f.func].code.size()))
                return w.fail(error(msg::limit_reached, "frames"));
            frame_point made;
            exec::function_ir ir;
            point_finder<F> finder(ir, unit, f.code(), w.points);
            if (!finder.at_cell(f.func, u32(f.pc - f.code().cells), calls, made) ||
                !(p = w.points.add(f.pc, 0, std::move(made))))
                return w.fail(finder.too_long() ? error(msg::limit_reached, "frames") : error(msg::out_of_memory));
        }
        w.out().number(u64{f.instance->self} + 1);
        w.out().number(f.func);
        w.out().number(p->offset);
        const auto values = [&](const vec<frame_value>& all) {
            static constexpr u64 nothing[2] = {0, 0};
            for (const frame_value& v : all) {
                const val_type t = runtime::store_type(unit, v.type);
                if (v.is_dead || v.is_unread) w.value(t, nothing);
                else if (v.is_constant) w.value(t, v.value);
                else put(w, t, f.fp + slot * v.slot);
            }
        };
        w.out().number(p->locals.size());
        values(p->locals);
        w.out().number(p->operands.size());
        values(p->operands);
        return true;
    }

    /// A frame that was read, while the next one is.
    struct caller {
        runtime::func_record* func = nullptr;
        const frame_point* point = nullptr;
        const u8* cells = nullptr;
        u64 at = 0; ///< where it lies in the stack
    };
    static bool read_frames(store_reader& r, exec::context& c, const runtime::func_record& called) noexcept {
        const u64 debt = r.in.number();
        const u32 frames = r.in.count(5, "frames");
        if (frames == 0 || debt > exec::context::most_fuel) return r.in.fail(msg::out_of_range, "frames");
        caller outer;
        for (u32 i = 0; i < frames; ++i)
            if (!read(r, c, called, i + 1 != frames, outer)) return false;
        c.switch_to(outer.func->instance);
        c.fp = c.stack + outer.at;
        c.pc = c.stop_pc = outer.cells + outer.point->cell;
        c.why = trap::out_of_fuel;
        c.paused = true;
        c.fuel = -i64(debt);
        return true;
    }
    /// One frame; `outer` is the one around it, and then this one.
    static bool read(store_reader& r, exec::context& c, const runtime::func_record& called, bool calls,
                     caller& outer) noexcept {
        runtime::func_record* const f = r.func();
        if (!f) return false;
        if (f->host) return r.in.fail(msg::out_of_range, "function");
        runtime::code_unit& unit = *f->instance->unit;
        if (!machine::lower(&c, unit, f->index)) {
            const bool invalid = c.host_failed;
            return r.in.fail(invalid ? c.failure : error(msg::out_of_memory));
        }
        const u8* const cells = unit.funcs[f->index].cells;
        const u32 offset = r.in.below(unit.module->bytes.size(), "offset");
        if (r.in.failed()) return false;
        const u64 key = u64{offset} << 1 | u64(calls);
        const frame_point* p = r.points.find(&unit, key);
        const byte_range code = unit.module->funcs[f->index].code;
        if (offset < code.begin || offset >= code.end) return r.in.fail(msg::out_of_range, "offset");
        if (!p) {
            if (!r.points.pay(code.size())) return r.in.fail(msg::limit_reached, "frames");
            frame_point made;
            exec::function_ir ir;
            point_finder<F> finder(ir, unit, unit.funcs[f->index], r.points);
            if (!finder.at_offset(f->index, offset, calls, made))
                return finder.too_long() ? r.in.fail(msg::limit_reached, "frames")
                                         : r.in.fail(msg::out_of_range, "a place where no call can stand");
            if (!(p = r.points.add(&unit, key, std::move(made)))) return r.in.fail(msg::out_of_memory);
        }
        if (!follows(r.store, *f, outer, called)) return r.in.fail(msg::wrong_type, "results of a call");
        const u64 at = place(r, c, *f, outer);
        if (r.in.failed()) return false;
        u8* const fp = c.stack + at;
        if (!values(r, unit, p->locals, fp, true) || !values(r, unit, p->operands, fp, false)) return false;
        outer = {f, p, cells, at};
        return true;
    }
    /// True if what calls `f` expects its results.
    static bool follows(const runtime::store_data& s, const runtime::func_record& f, const caller& outer,
                        const runtime::func_record& called) noexcept {
        const valid::type_space types = s.types.space();
        const u32 wanted = outer.func ? outer.func->instance->unit->type_ids[outer.point->results] : called.type_id;
        return valid::matches(types, types.types->results(f.type_id), types.types->results(wanted));
    }
    /// Makes a frame, as machine::enter does; where it lies.
    static u64 place(store_reader& r, exec::context& c, const runtime::func_record& f, const caller& outer) noexcept {
        const runtime::func_code& code = f.instance->unit->funcs[f.index];
        const bool bridge = outer.func && outer.func->instance != f.instance;
        const u64 link = outer.func ? outer.point->arguments : 0, base = outer.at + link, bytes = bridge ? 24 : 0;
        u8* at = c.stack + base;
        u64 room = slot * u64(code.frame_slots) + bytes;
        if (!outer.func) room = room < slot * u64(f.result_slots) + 64 ? slot * u64(f.result_slots) + 64 : room;
        if (!c.ensure(at, room)) return r.in.fail(c.why), 0;
        const u8* return_pc = outer.func ? outer.cells + outer.point->cell : c.leave_cells;
        u64 distance = link;
        if (bridge) {
            exec::put_pointer(at, return_pc);
            exec::store_native<u64>(at + 8, link | u64(f.result_slots) << 40);
            exec::put_pointer(at + 16, outer.func->instance);
            at += 24;
            return_pc = c.restore_cells;
            distance = 0;
        }
        std::memset(at, 0, slot * std::size_t(code.frame_slots));
        exec::put_pointer(at + slot * code.header, return_pc);
        exec::store_native<u64>(at + slot * code.header + 8, distance);
        return base + bytes;
    }
    static bool values(store_reader& r, const runtime::code_unit& unit, const vec<frame_value>& all, u8* fp,
                       bool locals) noexcept {
        if (r.in.number() != all.size()) return r.in.fail(msg::out_of_range, locals ? "locals" : "operands");
        for (const frame_value& v : all) {
            u64 slots[2] = {};
            if (!r.value(runtime::store_type(unit, v.type), slots, locals || v.is_dead || v.is_unread)) return false;
            if (v.is_dead || v.is_constant) continue;
            std::memcpy(fp + slot * v.slot, slots, slot * std::size_t(v.type.slots()));
        }
        return true;
    }
};

/// The calls of the engine with the features F.
template <features F>
const call_codec& codec_for() noexcept {
    static constexpr call_codec made{F, &call_frames<F>::write, &call_frames<F>::read};
    return made;
}

} // namespace tessera::saving
TESSERA_SMALL_END
