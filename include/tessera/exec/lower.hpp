// SPDX-License-Identifier: MIT
/// @file lower.hpp
/// From a validated function body to nodes, in one pass (spec: exec/instructions). The result is the
/// same every time it is computed, which is what positions and saved calls rely on.
#pragma once

#include <tessera/exec/aggregate_builder.hpp>
#include <tessera/exec/handlers/atomic.hpp>
#include <tessera/exec/handlers/special.hpp>
#include <tessera/exec/pins.hpp>
#include <tessera/exec/plain.hpp>

namespace tessera::inline TESSERA_ABI::exec {

namespace detail {
/// How an instruction is lowered: by its shape, or by a rule of its own.
enum class shape_kind : u8 { rule, unary, binary, ternary, load, store, extract_lane, replace_lane };
template <class = void>
inline constexpr auto shape_kinds = [] {
    std::array<shape_kind, op_count> kinds{};
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        if (is_pure(o, 1)) kinds[i] = shape_kind::unary;
        else if (is_pure(o, 2)) kinds[i] = shape_kind::binary;
        else if (is_pure(o, 3)) kinds[i] = shape_kind::ternary;
        else if (row(o).immediate == imm::lane)
            kinds[i] = row(o).type.param_count == 1 ? shape_kind::extract_lane : shape_kind::replace_lane;
        else if (is_load(o)) kinds[i] = shape_kind::load;
        else if (is_store(o)) kinds[i] = shape_kind::store;
    }
    kinds[u16(op::i32_eqz)] = kinds[u16(op::i64_eqz)] = shape_kind::rule;
    return kinds;
}();

/// The two instructions that a load or store of a lane is made of.
struct lane_access {
    op access = op::nop;
    op lane = op::nop;
};
template <class = void>
inline constexpr auto lane_accesses = []<std::size_t... I>(std::index_sequence<I...>) {
    constexpr u16 first = u16(op::v128_load8_lane);
    return std::array<lane_access, sizeof...(I)>{
        lane_access{num::sem<op(first + I)>::access, num::sem<op(first + I)>::lane}...};
}
(std::make_index_sequence<8>());
} // namespace detail

/// Lowers the functions of one unit. Kept between functions for the sake of its buffers.
template <features F>
class lowering : protected aggregate_builder, protected plain_state<F[feature::tracing]> {
public:
    lowering(function_ir& ir, const runtime::code_unit& unit) noexcept
        : aggregate_builder(ir, unit, num::apply<num::of_numbers>) {}
#if TESSERA_NATIVE
    lowering(function_ir& ir, const runtime::code_unit& unit, runtime::code_form form) noexcept : lowering(ir, unit) {
        slot_form_ = form == runtime::code_form::slots;
        counts_ = form == runtime::code_form::counted;
    }
#endif
    /// In plain mode; `known` gets what is known of the function, unless it is null.
    lowering(function_ir& ir, const runtime::code_unit& unit, plain_map* known) noexcept requires(F[feature::tracing])
        : lowering(ir, unit) {
        this->plain_ = true;
        this->known_ = known;
    }
    /// As the function of `store` was lowered that has `code`.
    static TESSERA_INLINE lowering again(function_ir& ir, const runtime::code_unit& unit,
                                         [[maybe_unused]] const runtime::store_data& store,
                                         [[maybe_unused]] const runtime::func_code& code) noexcept {
        if constexpr (F[feature::tracing])
            if (traced_pool::of(store)->plain) return lowering(ir, unit, nullptr);
#if TESSERA_NATIVE
        return lowering(ir, unit, code.form);
#else
        return lowering(ir, unit);
#endif
    }

    /// Fills the IR with function `index`, which is not imported, and answers `map`. False: memory is out.
    [[nodiscard]] bool run(u32 index, frame_map_request* map = nullptr) noexcept {
        map_ = map;
        if (!lower(index, false)) return false;
        return ir_.frame_slots <= most_slot || lower(index, true);
    }

protected:
    /// A reader of the body of function `index`, which stands before its locals.
    binary::instruction_reader<F> reader_of(u32 index) const noexcept {
        const byte_range range = module_.funcs[index].code;
        const u8* const base = module_.bytes.data();
        return {base, cursor(base + range.begin, base + range.end)};
    }
    /// Begins function `index` and takes its locals from `reader`.
    bool begin_function(binary::instruction_reader<F>& reader, u32 index, bool wide) noexcept {
        offset_ = module_.funcs[index].code.begin;
        index_ = index;
        if (!begin(index, wide)) return false;
        // The body is valid, so reading cannot fail; the results are looked at all the same.
        u32 groups = 0;
        if (!reader.leb_u32(groups)) return false;
        for (; groups; --groups) {
            u32 count = 0;
            val_type t;
            if (!reader.leb_u32(count) || !reader.type(t)) return false;
            add_locals(count, t);
        }
        return begin_body();
    }

    bool lower(u32 index, bool wide) noexcept {
        binary::instruction_reader<F> reader = reader_of(index);
        if (!begin_function(reader, index, wide)) return false;
        if constexpr (F[feature::tracing]) begin_plain(index);
        binary::instruction in;
        while (!control_.empty()) {
            if (!reader.next(in)) return false;
            ++counted_;
            offset_ = in.offset;
            if constexpr (F[feature::tracing])
                if (this->plain_) {
                    if (!step_plain(in, reader)) return false;
                    continue;
                }
            if (reachable_ || leaves_dead_code(in)) step(in, reader);
            if (failed_) return false;
        }
        finish_function();
#if TESSERA_NATIVE
        // A call that stops before a tally stops at the instruction behind it.
        for (u32 i = 0; counts_ && i + 1 < ir_.nodes.size(); ++i)
            if (ir_.nodes[i].v.fam == family::tally) ir_.nodes[i].offset = ir_.nodes[i + 1].offset;
#endif
        if constexpr (F[feature::tracing])
            if (this->plain_) return true;
        return pin_locals();
    }

    // ---- plain mode ------------------------------------------------------------------------------------------------

    void begin_plain(u32 index) noexcept {
        if (!this->plain_) return;
        this->start_plain(index, module_.types[module_.funcs[index].type].params);
        if (!this->known_) return;
        for (const local_def& local : locals_)
            if (!this->known_->locals.push_back({local.type, local.slot, no_index})) failed_ = true;
    }
    /// One instruction, with nothing of those around it: all values are in slots before and after.
    bool step_plain(const binary::instruction& in, binary::instruction_reader<F>& reader) noexcept {
        const u32 before = stack_.size(), outer = control_.back().height;
        const bool traced = reachable_;
        if (traced) {
            node n;
            n.v.fam = family::trace;
            n.words[1] = this->point_++;
            emit_safepoint(n);
            start_block();
            if (plain_map* const known = this->known_) {
                const u32 top = before ? this->shape_[before - 1] : no_index;
                if (!known->points.push_back({0, in.offset, top, before, before, in.code, false})) failed_ = true;
            }
        }
        const u32 values = leaving_values(in);
        if (reachable_ || leaves_dead_code(in)) step(in, reader);
        if (failed_ || control_.empty()) return !failed_;
        const u32 untouched = stack_.settled() < before ? stack_.settled() : before;
        if (reachable_) settle_all();
        start_block();
        if (!this->known_ || failed_) return !failed_;
        if (traced) {
            plain_point& point = this->known_->points.back();
            const bool nests = ends_block(in.code);
            point.leaves = !reachable_;
            point.kept = values ? before - values : nests ? before : untouched;
        }
        if (!reachable_) return true;
        const u32 low = ends_block(in.code) ? outer : untouched;
        return this->describe(stack_, low && low == stack_.size() ? low - 1 : low); // the topmost may have another type
    }
    static bool ends_block(op o) noexcept {
        return o == op::end || o == op::else_ || o == op::catch_ || o == op::catch_all || o == op::delegate;
    }
    /// How many values an instruction takes with it that goes elsewhere for good.
    u32 leaving_values(const binary::instruction& in) noexcept {
        if (!reachable_) return 0;
        switch (in.code) {
        case op::br: return u32(label_types(target(in.index)).size());
        case op::return_: return u32(results(control_[0]).size());
        default: return 0;
        }
    }
    bool pin_locals() noexcept {
        if (ir_.loops.empty() || slot_form_) return true;
        vec<slot_class> classes;
        const u32 slots = next_local_ < most_slot ? next_local_ : u32(most_slot);
        if (!classes.resize(slots)) return false;
        for (const local_def& local : locals_)
            if (local.slot < slots && (has_vector_register || local.type.slots() == 1))
                classes[local.slot] = {class_of(local.type), true};
        return pin_pass(ir_, classes, F[feature::fuel] || F[feature::interruption], F[feature::fuel]).run();
    }

    /// In code that cannot be reached only the nesting counts; true at the end or else that leaves it.
    bool leaves_dead_code(const binary::instruction& in) noexcept {
        if (in.immediate == imm::block || in.immediate == imm::try_table) ++dead_depth_;
        else if (in.code == op::end || in.code == op::delegate) return dead_depth_ == 0 || dead_depth_-- == 0;
        return dead_depth_ == 0 && (in.code == op::else_ || in.code == op::catch_ || in.code == op::catch_all);
    }

    void step(const binary::instruction& in, binary::instruction_reader<F>& reader) noexcept {
        switch (detail::shape_kinds<>[u16(in.code)]) {
        case detail::shape_kind::unary: return lower_unary(in.code);
        case detail::shape_kind::binary: return lower_binary(in.code);
        case detail::shape_kind::ternary: return lower_ternary(in.code);
        case detail::shape_kind::extract_lane: return lower_extract_lane(in.code, in.lane);
        case detail::shape_kind::replace_lane: return lower_replace_lane(in.code, in.lane);
        case detail::shape_kind::load: return lower_load(in);
        case detail::shape_kind::store: return lower_store(in);
        case detail::shape_kind::rule: return step_rule(in, reader);
        }
    }
    void step_rule(const binary::instruction& in, binary::instruction_reader<F>& reader) noexcept {
        switch (in.code) {
        case op::nop: return;
        case op::unreachable: return emit_plain(family::unreachable), stop_here();
        case op::block: return lower_block(nest::block, in);
        case op::loop: return lower_block(nest::loop, in);
        case op::if_: return lower_if(in, reader);
        case op::else_: return lower_between(in, reader);
        case op::end: return lower_between(in, reader);
        case op::br: return lower_br(in.index);
        case op::br_if: return lower_branch_if(stack_.pop(), true, in.index);
        case op::br_table: return lower_br_table(in);
        case op::return_: return emit_return(), stop_here();
        case op::call: return lower_call(in.index, false);
        case op::return_call: return lower_call(in.index, true);
        case op::call_indirect: return lower_call_indirect(in, false);
        case op::return_call_indirect: return lower_call_indirect(in, true);
        case op::drop: return static_cast<void>(stack_.pop());
        case op::select: return lower_select(t_bottom);
        case op::select_t: {
            cursor list = in.list;
            return lower_select(reader.next_type(list));
        }
        case op::local_get: return push_local(in.index);
        case op::local_set: return lower_local_set(in.index, false);
        case op::local_tee: return lower_local_set(in.index, true);
        case op::global_get: return lower_global_get(in.index);
        case op::global_set: return lower_global_set(in.index);
        case op::i32_const: return push_constant(t_i32, u32(in.value));
        case op::i64_const: return push_constant(t_i64, in.value);
        case op::f32_const: return push_constant(t_f32, u32(in.value));
        case op::f64_const: return push_constant(t_f64, in.value);
        case op::i32_eqz: return lower_eqz(t_i32);
        case op::i64_eqz: return lower_eqz(t_i64);
        case op::ref_is_null: return lower_eqz(t_i32);
        case op::ref_null: return push_constant(in.type, 0);
        default: break;
        }
        if constexpr (F[feature::simd]) {
            if (in.code == op::v128_const) return lower_vector_constant(in.list);
            if (in.code == op::i8x16_shuffle) return lower_shuffle(in);
            if (in.immediate == imm::memarg_lane) return lower_lane_access(in);
        }
        if constexpr (F[feature::function_references]) switch (in.code) {
            case op::call_ref: return lower_call_ref(in.index, false);
            case op::return_call_ref: return lower_call_ref(in.index, true);
            case op::ref_as_non_null: return lower_null_check();
            case op::br_on_null: return lower_br_on_null(in.index);
            case op::br_on_non_null: return lower_br_on_non_null(in.index);
            default: break;
            }
        if constexpr (F[feature::gc])
            if (row(in.code).needs == feature::gc) return lower_aggregate(in);
        if constexpr (F[feature::exceptions]) switch (in.code) {
            case op::try_table: return lower_try_table(in);
            case op::throw_: return lower_throw(in.index);
            case op::throw_ref: return lower_throw_ref();
            default: break;
            }
        if constexpr (F[feature::legacy_exceptions]) switch (in.code) {
            case op::try_: return lower_try(in);
            case op::catch_: return lower_catch(in.index);
            case op::catch_all: return lower_catch(no_index);
            case op::delegate: return lower_delegate(in.index);
            case op::rethrow: return lower_rethrow(in.index);
            default: break;
            }
        if constexpr (F[feature::threads])
            if (is_atomic_row(row(in.code))) return lower_atomic(in, atomic_form(in.code));
        lower_as_special(in);
    }

    // The first part of an `if` ends with a branch over the second, which just goes on. So where a hint says that
    // the first part is the likely one, it becomes the second, and the branch asks the opposite.

    void lower_if(const binary::instruction& in, binary::instruction_reader<F>& reader) noexcept {
        if (TESSERA_LIKELY(unit_.hints.at(in.offset) != 1)) return lower_block(nest::if_, in);
        const u32 then_at = reader.offset(), else_at = else_of(reader);
        if (else_at == no_index) return lower_block(nest::if_, in);
        lower_block(nest::if_, in, then_at);
        go_to(reader, else_at);
    }
    /// An `else` or `end`.
    void lower_between(const binary::instruction& in, binary::instruction_reader<F>& reader) noexcept {
        control& c = control_.back();
        if (TESSERA_LIKELY(c.then_at == no_index)) return in.code == op::else_ ? lower_else() : lower_end();
        if (in.code == op::end) { // of the part that was lowered first
            c.end_at = reader.offset();
            lower_else();
            return go_to(reader, c.then_at);
        }
        const u32 end_at = c.end_at;
        lower_end();
        go_to(reader, end_at);
    }
    void go_to(binary::instruction_reader<F>& reader, u32 offset) noexcept {
        const u8* const base = module_.bytes.data();
        reader.restart(cursor(base + offset, base + module_.funcs[index_].code.end));
    }
    /// Behind the `else` of the `if` whose first part is next; no_index where there is none near. The longer that part
    /// is the less a branch matters, and looking for it takes time.
    static u32 else_of(binary::instruction_reader<F> reader) noexcept {
        binary::instruction in;
        u32 depth = 0;
        for (unsigned n = 0; n < 100 && reader.next(in); ++n) {
            if (in.immediate == imm::block || in.immediate == imm::try_table) ++depth;
            else if (in.code == op::else_ && depth == 0) return reader.offset();
            else if ((in.code == op::end || in.code == op::delegate) && depth-- == 0) break;
        }
        return no_index;
    }

    void lower_lane_access(const binary::instruction& in) noexcept {
        const auto [access, lane] = detail::lane_accesses<>[u16(in.code) - u16(op::v128_load8_lane)];
        if (in.code <= op::v128_load64_lane) lower_load_lane(in, access, lane);
        else lower_store_lane(in, access, lane);
    }
    void lower_null_check() noexcept {
        entry e = stack_.pop();
        settle_popped(e);
        node n;
        n.v.fam = family::null_check;
        n.words[0] = u32(trap::null_reference);
        use_slot(n, 0, e);
        emit(n);
        push_temp(e.type);
    }
    void lower_br_on_null(u32 depth) noexcept {
        const entry e = settled_reference();
        stack_.pop();
        lower_branch_if(e, false, depth);
        push_temp(e.type);
        note_height_here(); // with the reference
    }
    void lower_br_on_non_null(u32 depth) noexcept {
        lower_branch_if(settled_reference(), true, depth);
        stack_.pop();
    }

    /// Instructions of family::special: operands and results follow from the row or the instruction.
    void lower_as_special(const binary::instruction& in) noexcept {
        const val_type address = uses_memory64(in) ? t_i64 : t_i32;
        u32 operands = 0;
        val_type results[2] = {t_i64, t_i64};
        u32 result_count = 0;
        const auto gives = [&](u32 n, val_type t) { operands = n, results[0] = t, result_count = 1; };
        switch (in.code) {
        case op::memory_size:
        case op::table_size: gives(0, address); break;
        case op::memory_grow: gives(1, address); break;
        case op::table_grow: gives(2, address); break;
        case op::table_get: gives(1, module_.tables[in.index].type.element); break;
        case op::ref_func: gives(0, t_funcref); break;
        case op::table_set: operands = 2; break;
        case op::data_drop:
        case op::elem_drop: break;
        case op::memory_fill:
        case op::memory_copy:
        case op::memory_init:
        case op::table_fill:
        case op::table_copy:
        case op::table_init: operands = 3; break;
        default: // wide arithmetic
            operands = row(in.code).type.param_count;
            result_count = row(in.code).type.result_count;
        }
        lower_special(in.code, operands, in.index, in.index2, {results, result_count});
    }
    bool uses_memory64(const binary::instruction& in) const noexcept {
        if (in.immediate == imm::memory) return module_.memories[in.index].type.limits.is64;
        return in.immediate == imm::table && module_.tables[in.index].type.limits.is64;
    }

    u32 index_ = 0; ///< of the function
};

} // namespace tessera::exec
