// SPDX-License-Identifier: MIT
/// @file exec/tiers.hpp
/// From the interpreter to machine code: functions are lowered with cells that count, and once more, to slot form, when
/// a count is reached. Frames are the same in both forms, and slots are right wherever a tally cell stands, so a loop
/// goes on as machine code in the middle. Cells of the first form stay: frames return to them.
#pragma once

#include <tessera/exec/handlers/special.hpp>
#include <tessera/exec/lower.hpp>
#include <tessera/exec/native_hook.hpp>

#if TESSERA_NATIVE
namespace tessera::inline TESSERA_ABI::exec {

template <features F, class Machine>
class tiers {
public:
    /// Lowers a function for `native`: with cells that count, or to machine code at once; for the interpreter alone if
    /// it would not gain. False: memory is out.
    static bool lower(native_hook& native, runtime::code_unit& unit, u32 index) noexcept {
        using runtime::code_form;
        const bool at_once = native.threshold == 0;
        function_ir ir;
        if (!lowering<F>(ir, unit, at_once ? code_form::slots : code_form::counted).run(index)) return false;
        if (!native.gains(native, unit, ir))
            return lowering<F>(ir, unit).run(index) && Machine::encode(ir, unit, index);
        if (at_once) return compile(native, unit, index, ir, 0);
        for (node& n : ir.nodes)
            if (n.v.fam == family::tally) n.words[0] = native.threshold, n.words[2] = index;
        if (!Machine::encode(ir, unit, index)) return false;
        unit.funcs[index].form = code_form::counted;
        return true;
    }
    /// The count of the tally cell at `c->pc` is reached: its function is compiled, and entered here.
    static TESSERA_COLD void hot(context* c) noexcept {
        constexpr layout l = layout_of(variant{family::tally, 0, op::nop, {}});
        native_hook& native = *static_cast<context_pool*>(c->store->engine_state)->native;
        runtime::code_unit& unit = *c->instance->unit;
        u8* const cell = const_cast<u8*>(c->pc); // the unit's own, see runtime/unit.hpp
        if (load_native<handler>(cell) != dispatch<F>::find({family::tally, 0, op::nop, {}}))
            return leave_guards(native, unit);
        const u32 number = load_native<u32>(cell + l.words + 4), index = load_native<u32>(cell + l.words + 8);
        const u8* way = native.way_in(native, unit, index, number);
        if (!way && native.compile && unit.compiled.push_back({})) {
            function_ir ir;
            // Calls of the cells that count have made room for their frame only.
            if (lowering<F>(ir, unit, runtime::code_form::slots).run(index) &&
                ir.frame_slots <= unit.funcs[index].frame_slots)
                static_cast<void>(compile(native, unit, index, ir, u32(unit.compiled.size())));
            way = native.way_in(native, unit, index, number);
        }
        if (way) native.lead(native, unit, cell, way); // which is then executed
        else c->pc = cell + l.size;
    }

    /// See slow_paths::special.
    static bool special(context* c, u8* fp, const u8* pc, op o) noexcept {
        c->stop_pc = pc; // where the collector begins to look at frames
        c->fp = fp;
        return do_one_of(c, pc, o,
                         some<op::memory_size, op::memory_fill, op::memory_copy, op::table_size, op::table_get,
                              op::table_set, op::ref_func, op::struct_new, op::struct_new_default, op::array_new,
                              op::array_new_default, op::array_new_fixed, op::array_new_data, op::array_new_elem,
                              op::array_fill, op::array_copy, op::array_init_data, op::array_init_elem>());
    }

private:
    template <op... O>
    struct some {};
    template <op... O>
    static bool do_one_of(context* c, const u8* pc, op o, some<O...>) noexcept {
        bool done = false;
        static_cast<void>(((o == O && (done = do_one<O>(c, pc), true)) || ...));
        return done;
    }
    template <op O>
    static bool do_one([[maybe_unused]] context* c, [[maybe_unused]] const u8* pc) noexcept {
        if constexpr (has(F, O)) {
            constexpr layout l = layout_of(variant{family::special, 0, O, {}});
            const auto word = [&](unsigned n) { return load_native<u32>(pc + l.words + 4 * n); };
            const special_call call{*c, c->fp + 8 * std::size_t(word(0)), word(1), word(2)};
            i64 cost = 0;
            if constexpr (F[feature::fuel]) cost = i64(length_cost<O>(call));
            if (c->fuel < cost && cost != 0) return false; // it stops behind the instruction
            if (do_special<O>(*c, call.at, call.index, call.index2) != trap::none) return false;
            c->fuel -= cost;
            return true;
        } else {
            return false;
        }
    }
    /// The machine code of `unit`, which a cell led into, does without guard pages from now on. Where memory is out
    /// functions are interpreted.
    static TESSERA_COLD void leave_guards(native_hook& native, runtime::code_unit& unit) noexcept {
        native.forbid_guards(native, unit);
        for (const runtime::code_place& at : unit.places) {
            const runtime::func_code& code = unit.code_of(at);
            function_ir ir;
            vec<cell_origin> cells;
            vec<u32> handlers;
            if (!native.compile || code.form != runtime::code_form::slots) continue;
            if (!lowering<F>(ir, unit, code.form).run(at.func) || !list_handlers(ir, handlers) ||
                !encoder<F>(ir).origins(cells))
                return;
            native.compile(native, unit, at.func, const_cast<u8*>(at.cells), ir, {cells.data(), cells.size()},
                           {handlers.data(), handlers.size()});
        }
    }
    static bool list_handlers(const function_ir& ir, vec<u32>& handlers) noexcept {
        for (const runtime::catch_clause& clause : ir.catches.clauses)
            if (!handlers.push_back(clause.target)) return false;
        return true;
    }
    /// Makes cells of `ir`, which is in slot form, and has machine code made of it. False: memory is out. The code may
    /// be missing all the same.
    static bool compile(native_hook& native, runtime::code_unit& unit, u32 index, function_ir& ir,
                        u32 compiled) noexcept {
        vec<cell_origin> cells;
        vec<u32> handlers; // encoding takes what is caught away
        if (!list_handlers(ir, handlers) || !Machine::encode(ir, unit, index, compiled) ||
            !encoder<F>(ir).origins(cells))
            return false;
        runtime::func_code& code = compiled ? unit.compiled[compiled - 1] : unit.funcs[index];
        code.form = runtime::code_form::slots;
        native.compile(native, unit, index, code.cells, ir, {cells.data(), cells.size()},
                       {handlers.data(), handlers.size()});
        return true;
    }
};

} // namespace tessera::exec
#endif
