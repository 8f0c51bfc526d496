// SPDX-License-Identifier: MIT
/// @file native/machine.hpp
/// The machine code of a store: compiles functions when they are lowered and owns what comes of it.
#pragma once

#include <tessera/exec/native_hook.hpp>
#include <tessera/native/code_memory.hpp>
#include <tessera/native/compile.hpp>
#include <tessera/native/fault_watch.hpp>
#include <tessera/native/options.hpp>
#include <tessera/native/perf_map.hpp>
#include <tessera/native/worth.hpp>
#include <tessera/runtime/shared_memory.hpp>
#include <tessera/util/clock.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// True if there is machine code for this build: for its processor, and with handlers that end in jumps, which it
/// relies on.
#if defined(__x86_64__) && !defined(__ILP32__)
inline constexpr bool has_target = TESSERA_TAIL_CALLS;
#else
inline constexpr bool has_target = false;
#endif

class machine : public exec::native_hook {
public:
    machine(const compile_options& made_for, const native_options& options) noexcept
        : options_(made_for), all_(options.all), memory_(options.code_bytes), guards_(options.guard_pages) {
        threshold = options.threshold;
        compile = [](exec::native_hook& self, runtime::code_unit& unit, u32 index, u8* code,
                     const exec::function_ir& ir, view<exec::cell_origin> cells, view<u32> handlers) noexcept {
            machine& m = static_cast<machine&>(self);
            const u64 before = monotonic_ns();
            m.compile_function(unit, index, code, ir, cells, handlers);
            m.counters_.nanoseconds += monotonic_ns() - before;
        };
        way_in = [](exec::native_hook& self, const runtime::code_unit& unit, u32 index, u32 number) noexcept {
            return static_cast<machine&>(self).find_way_in(unit, index, number);
        };
        lead = [](exec::native_hook& self, const runtime::code_unit& unit, u8* cell, const u8* way) noexcept {
            machine& m = static_cast<machine&>(self);
            if (unit_code* const u = m.code_of(unit); u && (!u->guarded || u->note(cell, true)))
                exec::store_native(cell, way);
        };
        forbid_guards = [](exec::native_hook& self, const runtime::code_unit& unit) noexcept {
            machine& m = static_cast<machine&>(self);
            for (unit_code* u : m.units_)
                if (u->unit == &unit && u->guarded) m.take_back(*u);
        };
        gains = [](exec::native_hook& self, const runtime::code_unit& unit, const exec::function_ir& ir) noexcept {
            machine& m = static_cast<machine&>(self);
            const bool worth = m.all_ || is_worth_compiling(m.options_, *unit.module, ir);
            m.counters_.left += worth ? 0 : 1;
            return worth;
        };
        forget = [](exec::native_hook& self) noexcept {
            machine& m = static_cast<machine&>(self);
            for (unit_code* u : m.units_) {
                u->replaced.clear();
                m.forget_code(*u);
            }
        };
        destroy = [](exec::native_hook* self) noexcept { tessera::destroy(static_cast<machine*>(self)); };
    }
    ~machine() {
        if (guards_) {
            fault_watch::remove(faults_);
            runtime::stores_with_guards.fetch_sub(1, std::memory_order_relaxed);
        }
        for (unit_code* u : units_) tessera::destroy(u);
        tessera::destroy(compiler_);
    }
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    /// Makes the code that functions share. Where that cannot be had nothing will be compiled; `status` says why.
    /// False: the file `names` cannot be opened; null is none.
    [[nodiscard]] bool start(const runtime::store_data& store, const char* names) noexcept {
        if (names && !names_.open(names)) return false;
        if (!make_shared_code(store)) compile = nullptr;
        guards_ = guards_ && compile && fault_watch::add(memory_.begin(), memory_.reserved(), faults_);
        if (guards_) runtime::stores_with_guards.fetch_add(1, std::memory_order_relaxed);
        return true;
    }
    /// Whether there are guard pages, where a memory has them.
    bool has_guards() const noexcept { return guards_; }
    code_status status() const noexcept { return memory_.status(); }
    native_counters counters() const noexcept {
        native_counters c = counters_;
        c.code_bytes = memory_.used();
        return c;
    }

private:
    [[nodiscard]] bool make_shared_code(const runtime::store_data& store) noexcept {
        const exec::context example;
        const context_layout at(example, store);
        shared_code_maker maker;
        maker.make(at);
        const u8* const code = maker.failed() ? nullptr : memory_.add(maker.data(), maker.position());
        if (!code) return false;
        names_.add_shared(code, maker.position());
        const auto part = [&](unsigned n) { return code + maker.position_of(maker.labels[n]); };
        shared_ = {part(0), part(1), part(2), part(3), part(4), part(5), part(6), part(7), part(8), part(9), part(10)};
        faults_.begin(code, shared_.trap);
        compiler_ = create<compiler>(options_, at, shared_);
        return compiler_ != nullptr;
    }
    struct function {
        const u8* code = nullptr;
        u32 first_way = 0; ///< in unit_code::ways: into the function, then into its loops
    };
    struct unit_code {
        const runtime::code_unit* unit = nullptr;
        vec<const u8*> entries; ///< by function: what machine code calls
        vec<function> functions;
        vec<u32> ways;        ///< bytes from `function::code` on
        bool guarded = false; ///< its code relies on guard pages
        struct cell {
            u8* at = nullptr;
            const u8* handler = nullptr; ///< what it had
            bool tally = false;
        };
        vec<cell> replaced; ///< cells that lead into the code, while that relies on guard pages
        /// False: memory is out.
        [[nodiscard]] bool note(u8* at, bool tally) noexcept {
            return replaced.push_back({at, exec::load_native<const u8*>(at), tally});
        }
    };
    void forget_code(unit_code& u) noexcept {
        u.ways.clear();
        for (function& f : u.functions) f = {};
        for (const u8*& entry : u.entries) entry = shared_.callee;
    }
    /// All cells are as they were before `u` was compiled; those that count are about to find out again.
    void take_back(unit_code& u) noexcept {
        constexpr exec::layout l = exec::layout_of(exec::variant{exec::family::tally, 0, op::nop, {}});
        for (; !u.replaced.empty(); u.replaced.pop_back()) {
            const unit_code::cell c = u.replaced.back();
            exec::store_native(c.at, c.handler);
            if (c.tally) exec::store_native<u32>(c.at + l.words, 1);
        }
        for (const function& f : u.functions)
            if (f.code) --counters_.functions, --counters_.guarded;
        forget_code(u);
        u.guarded = false;
    }
    unit_code* code_of(const runtime::code_unit& unit) noexcept {
        for (unit_code* u : units_)
            if (u->unit == &unit) return u;
        unit_code* const made = create<unit_code>();
        const std::size_t n = unit.funcs.size();
        if (!made || !made->entries.resize(n) || !made->functions.resize(n) || !units_.push_back(made))
            return tessera::destroy(made), nullptr;
        made->unit = &unit;
        const auto& memories = unit.module->memories;
        made->guarded = guards_ && !memories.empty() && runtime::memory_data::can_be_guarded(memories[0].type);
        for (const u8*& entry : made->entries) entry = shared_.callee;
        return made;
    }
    const u8* find_way_in(const runtime::code_unit& unit, u32 index, u32 number) noexcept {
        for (const unit_code* u : units_)
            if (u->unit == &unit) {
                const function& f = u->functions[index];
                return f.code && threshold != 0 ? f.code + u->ways[f.first_way + number] : nullptr;
            }
        return nullptr;
    }
    void compile_function(runtime::code_unit& unit, u32 index, u8* cells, const exec::function_ir& ir,
                          view<exec::cell_origin> places, view<u32> handlers) noexcept {
        ++counters_.left;
        if (ir.scratch != 0) return; // slots beyond what a cell can name are moved around its operation
        unit_code* const to = code_of(unit);
        if (!to ||
            !compiler_->run({ir, *unit.module, *unit.layouts, index, cells, places, handlers, to->entries.data(),
                             threshold != 0, to->guarded}) ||
            !to->replaced.reserve(to->replaced.size() + compiler_->ways_in().size()))
            return;
        const u32 first = u32(to->ways.size());
        if (!to->ways.append(compiler_->tallies().data(), compiler_->tallies().size())) return;
        const u8* const code = memory_.add(compiler_->data(), compiler_->position());
        if (!code) {
            if (memory_.status() != code_status::ready) compile = nullptr; // what is lowered from now on is not counted
            return to->ways.truncate(first);
        }
        const auto& accesses = compiler_->guarded_accesses;
        if (to->guarded && !faults_.add(code, cells, {accesses.data(), accesses.size()}, places))
            return to->ways.truncate(first);
        to->entries[index] = code + compiler_->entry;
        to->functions[index] = {code, first};
        for (const way_in_cell& w : compiler_->ways_in()) {
            if (to->guarded) static_cast<void>(to->note(cells + w.cell, false)); // reserved
            exec::store_native(cells + w.cell, code + w.code);
        }
        const auto& names = unit.module->func_names;
        names_.add(code, compiler_->position(), index < names.size() ? names[index] : std::string_view(), index);
        --counters_.left;
        ++counters_.functions;
        counters_.guarded += to->guarded ? 1 : 0;
    }

    const compile_options options_;
    const bool all_;
    code_memory memory_;
    perf_map names_;
    shared_code shared_;
    compiler* compiler_ = nullptr;
    vec<unit_code*> units_;
    bool guards_; ///< wanted before `start`, had after it
    fault_table faults_;
    native_counters counters_;
};

} // namespace tessera::native
