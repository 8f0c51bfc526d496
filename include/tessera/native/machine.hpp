// SPDX-License-Identifier: MIT
/// @file native/machine.hpp
/// The machine code of a store: compiles functions when they are lowered and owns what comes of it.
#pragma once

#include <tessera/exec/native_hook.hpp>
#include <tessera/native/code_memory.hpp>
#include <tessera/native/compile.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// True if there is machine code for this build: for its processor, and with handlers that end in jumps, which it
/// relies on.
#if defined(__x86_64__)
inline constexpr bool has_target = TESSERA_TAIL_CALLS;
#else
inline constexpr bool has_target = false;
#endif

/// What a store may spend on machine code.
struct native_limits {
    u64 code_bytes = 64 << 20;
};
/// What has come of it.
struct native_counters {
    u64 functions = 0; ///< compiled
    u64 left = 0;      ///< not compiled: memory was out, or the frame is too large for it
    u64 code_bytes = 0;
};

class machine : public exec::native_hook {
public:
    machine(const compile_options& options, const native_limits& limits) noexcept
        : options_(options), memory_(limits.code_bytes) {
        compile = [](exec::native_hook& self, runtime::code_unit& unit, u32 index, const exec::function_ir& ir,
                     view<exec::cell_origin> cells, view<u32> handlers) noexcept {
            static_cast<machine&>(self).compile_function(unit, index, ir, cells, handlers);
        };
        forget = [](exec::native_hook& self) noexcept {
            machine& m = static_cast<machine&>(self);
            for (const unit_entries& u : m.units_)
                for (std::size_t i = 0; i < u.unit->funcs.size(); ++i) u.entries[i] = m.shared_.callee;
        };
        destroy = [](exec::native_hook* self) noexcept { tessera::destroy(static_cast<machine*>(self)); };
    }
    ~machine() {
        for (unit_entries& u : units_) TESSERA_DEALLOCATE(u.entries);
        tessera::destroy(compiler_);
    }
    machine(const machine&) = delete;
    machine& operator=(const machine&) = delete;

    /// Makes the code that functions share. Where that cannot be had nothing will be compiled; `status` says why.
    void start() noexcept {
        if (!make_shared_code()) compile = nullptr;
    }
    code_status status() const noexcept { return memory_.status(); }
    native_counters counters() const noexcept {
        native_counters c = counters_;
        c.code_bytes = memory_.used();
        return c;
    }

private:
    [[nodiscard]] bool make_shared_code() noexcept {
        const exec::context example;
        const context_layout at(example);
        shared_code_maker maker;
        maker.make(at);
        const u8* const code = maker.failed() ? nullptr : memory_.add(maker.data(), maker.position());
        if (!code) return false;
        const auto part = [&](unsigned n) { return code + maker.position_of(maker.labels[n]); };
        shared_ = {part(0), part(1), part(2), part(3), part(4), part(5), part(6)};
        compiler_ = create<compiler>(options_, at, shared_);
        return compiler_ != nullptr;
    }
    struct unit_entries {
        const runtime::code_unit* unit = nullptr;
        const u8** entries = nullptr; ///< by function
    };
    const u8** entries_of(const runtime::code_unit& unit) noexcept {
        for (const unit_entries& u : units_)
            if (u.unit == &unit) return u.entries;
        const std::size_t n = unit.funcs.size();
        const u8** const made = static_cast<const u8**>(TESSERA_ALLOCATE((n ? n : 1) * sizeof(const u8*)));
        if (!made) return nullptr;
        for (std::size_t i = 0; i < n; ++i) made[i] = shared_.callee;
        if (!units_.push_back({&unit, made})) return TESSERA_DEALLOCATE(made), nullptr;
        return made;
    }
    void compile_function(runtime::code_unit& unit, u32 index, const exec::function_ir& ir,
                          view<exec::cell_origin> cells, view<u32> handlers) noexcept {
        ++counters_.left;
        if (ir.scratch != 0) return; // slots beyond what a cell can name are moved around its operation
        const u8** const entries = entries_of(unit);
        u8* const at = unit.funcs[index].cells;
        if (!entries || !compiler_->run({ir, *unit.module, index, at, cells, handlers, entries})) return;
        const u8* const code = memory_.add(compiler_->data(), compiler_->position());
        if (!code) return;
        entries[index] = code + compiler_->entry;
        for (const way_in& w : compiler_->ways_in()) exec::store_native(at + w.cell, code + w.code);
        --counters_.left;
        ++counters_.functions;
    }

    const compile_options options_;
    code_memory memory_;
    shared_code shared_;
    compiler* compiler_ = nullptr;
    vec<unit_entries> units_;
    native_counters counters_;
};

} // namespace tessera::native
