// SPDX-License-Identifier: MIT
/// @file visit_frames.hpp
/// The references that calls hold. A frame says nothing of what its slots are: where its code stands, the function is
/// lowered once more, which tells what is on the operand stack there.
#pragma once

#include <tessera/exec/encode.hpp>
#include <tessera/exec/frames.hpp>
#include <tessera/exec/lower.hpp>
#include <tessera/runtime/collector.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::exec {

template <features F>
class frame_visitor {
public:
    /// See runtime::engine::visit_frames.
    static bool run(runtime::store_data& store) noexcept {
        context_pool* const all = static_cast<context_pool*>(store.engine_state);
        for (context* c = all ? all->first : nullptr; c; c = c->next)
            if (!frame_visitor(store, *all, *c).visit()) return false;
        return true;
    }

private:
    frame_visitor(runtime::store_data& store, context_pool& all, context& c) noexcept
        : store_(store), maps_(all.maps), c_(c) {}

    bool visit() noexcept {
        if (!c_.running && !c_.paused) {
            if (c_.pc == c_.enter_cells && c_.call.callee) visit_values(*c_.call.callee, c_.stack); // not begun
            return true;
        }
        if (c_.in_host) visit_values(*c_.call.callee, c_.fp + c_.call.delta);
        frame at = frame::of(c_);
        bool exact = c_.stop_pc != nullptr;
        if (exact && c_.running && is_host_call(at.pc)) {
            constexpr layout l = layout_of(host_call);
            visit_values(*at.instance->funcs[load_native<u32>(at.pc + l.words + 4)],
                         at.fp + load_native<u32>(at.pc + l.words));
            at.pc += l.size - 1;
            exact = false;
        }
        for (; at.pc && at.instance; exact = false) {
            // The place behind a call, or the very cell.
            const std::uintptr_t key = reinterpret_cast<std::uintptr_t>(at.pc) + (exact ? 2 + c_.paused : 1);
            const frame_map* map = maps_.find(key);
            if (!map && !(map = find_map(at, exact, key))) return false;
            for (u32 slot : maps_.slots(*map))
                store_.marker.visit(store_.heap, get_slot<u32>(at.fp + 8 * std::size_t(slot)));
            at.func = map->func;
            at.to_caller(c_);
        }
        return true;
    }
    static constexpr variant host_call{family::call_record, 0, op::nop, {}};
    static bool is_host_call(const u8* pc) noexcept {
        variant v = host_call;
        v.flags = flags_of(model_of(F), v, false);
        return load_native<handler>(pc) == dispatch<F>::find(v);
    }
    /// The arguments of a call whose frame does not exist.
    void visit_values(const runtime::func_record& f, const u8* at) noexcept {
        for (val_type t : store_.types.types().params(f.type_id)) {
            if (runtime::is_traced(store_.types.space(), t)) store_.marker.visit(store_.heap, get_slot<u32>(at));
            at += 8 * std::size_t(t.slots());
        }
    }

    TESSERA_COLD const frame_map* find_map(frame& at, bool exact, std::uintptr_t key) noexcept {
        if (!at.find()) return nullptr;
        const runtime::code_unit& unit = *at.instance->unit;
        const u32 func = at.func;
        function_ir ir;
        vec<cell_origin> cells;
        if (!lowering<F>::again(ir, unit, store_, at.code()).run(func) || !encoder<F>(ir).origins(cells))
            return nullptr;
        frame_map_request wanted;
        wanted.types = {&unit.module->types, nullptr};
        wanted.params = unit.module->types[unit.module->funcs[func].type].params;
        const u32 position = u32(at.pc - at.code().cells);
        u32 n = 0; // the last node that begins at or before the place, and takes room
        for (u32 i = 0; i < cells.size() && cells[i].cell <= position; ++i) n = i;
        find_point(ir, n, exact, wanted);
        function_ir again;
        if (!lowering<F>::again(again, unit, store_, at.code()).run(func, &wanted)) return nullptr;
        return maps_.add(key, func, wanted.slots);
    }
    /// The point that lowering knows the place at node `n` by.
    void find_point(const function_ir& ir, u32 n, bool exact, frame_map_request& wanted) const noexcept {
        const node& here = ir.nodes[n];
        if (!exact || !c_.paused || makes_object(here.v) || here.v.fam == family::atomic ||
            (F[feature::tracing] && here.v.fam == family::trace)) {
            wanted.where = map_point::during;
            wanted.number = here.safepoint;
            return;
        }
        for (u32 l = 0; l < ir.loops.size(); ++l) {
            const label_def& label = ir.labels[ir.loops[l].label];
            if ((label.landing == no_index ? label.node : label.landing) != n) continue;
            wanted.where = map_point::loop;
            wanted.number = l;
            return;
        }
        if (n > 0 && ir.nodes[n - 1].safepoint != no_index) {
            wanted.where = map_point::after;
            wanted.number = ir.nodes[n - 1].safepoint;
        } // else it is the function's beginning
    }

    runtime::store_data& store_;
    frame_maps& maps_;
    context& c_;
};

} // namespace tessera::exec
TESSERA_SMALL_END
