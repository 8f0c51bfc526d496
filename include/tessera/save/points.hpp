// SPDX-License-Identifier: MIT
/// @file save/points.hpp
/// Where calls stand, in terms of wasm: before an instruction, or in a call, and what each slot of a frame is there.
///
/// A call stops at a function's entry, at the head of a loop, behind a special instruction, before one that found no
/// room, and its callers stand in calls. Each of these is named by the offset of an instruction, so that another build
/// finds it. Nothing else is kept: the function is lowered once more, which tells where its values are.
#pragma once

#include <tessera/exec/encode.hpp>
#include <tessera/exec/lower.hpp>
#include <tessera/save/live_values.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::saving {

/// Finds points. Kept between functions for the sake of its buffers.
template <features F>
class point_finder : exec::lowering<F> {
    using base = exec::lowering<F>;
    enum class standing : u8 { none, start, loop, after, during };

public:
    /// For the function of `unit` that has `code`, lowered as that was.
#if TESSERA_NATIVE
    point_finder(exec::function_ir& ir, const runtime::code_unit& unit, const runtime::func_code& code,
                 point_cache& budget) noexcept
        : base(ir, unit, code.form), live_(ir, *unit.module, budget) {}
#else
    point_finder(exec::function_ir& ir, const runtime::code_unit& unit, const runtime::func_code&,
                 point_cache& budget) noexcept
        : base(ir, unit), live_(ir, *unit.module, budget) {}
#endif

    /// What is at byte `cell` of the code of function `func`: the cell that a paused call goes on with, or a byte of a
    /// cell that calls. False: memory is out, or calls cannot stand there.
    [[nodiscard]] bool at_cell(u32 func, u32 cell, bool calls, frame_point& out) noexcept {
        vec<exec::cell_origin> cells;
        if (!base::run(func) || !exec::encoder<F>(this->ir_).origins(cells)) return false;
        u32 n = 0; // the last node that begins at or before the place
        for (u32 i = 0; i < cells.size() && cells[i].cell <= cell; ++i) n = i;
        wanted_ = {};
        wanted_.calls = calls;
        const exec::node here = this->ir_.nodes[n];
        if (calls || exec::makes_object(here.v) || here.v.fam == exec::family::atomic) {
            wanted_.offset = here.offset;
        } else {
            wanted_.place = standing::start;
            if (n > 0 && this->ir_.nodes[n - 1].safepoint != no_index) {
                wanted_.place = standing::after;
                wanted_.number = this->ir_.nodes[n - 1].safepoint;
            }
            for (u32 l = 0; l < this->ir_.loops.size(); ++l)
                if (const u32 label = this->ir_.loops[l].label;
                    landing_of(label) == n || this->ir_.labels[label].node == n) {
                    wanted_.place = standing::loop;
                    wanted_.number = l;
                }
        }
        return find(func, out);
    }
    /// The point before the instruction at `offset`, or in that call. False: memory is out, or there is none.
    [[nodiscard]] bool at_offset(u32 func, u32 offset, bool calls, frame_point& out) noexcept {
        wanted_ = {};
        wanted_.offset = offset;
        wanted_.calls = calls;
        return find(func, out);
    }

    /// True if looking for it would take absurdly long.
    bool too_long() const noexcept { return live_.too_long; }

private:
    struct request {
        u32 offset = no_index;           ///< of the instruction, or
        standing place = standing::none; ///< a place and
        u32 number = 0;                  ///< the loop's or the safepoint's
        bool calls = false;
    };

    u32 landing_of(u32 label) const noexcept {
        const exec::label_def& l = this->ir_.labels[label];
        return l.landing == no_index ? l.node : l.landing;
    }
    bool find(u32 func, frame_point& out) noexcept {
        out_ = &out;
        if (!lower_again(func, false) || (this->ir_.frame_slots > exec::most_slot && !lower_again(func, true)))
            return false;
        if (found_ == standing::none) return false;
        follow_values();
        if (!this->pin_locals()) return false;
        vec<exec::cell_origin> cells;
        if (!exec::encoder<F>(this->ir_).origins(cells)) return false;
        const u32 n = node_found();
        if (n >= cells.size()) return false;
        out.cell = cells[n].cell;
        if (!live_.run(out, n, wanted_.calls ? n - 1 : no_index)) return false;
        if (!wanted_.calls) return true;
        out.arguments = this->ir_.nodes[n - 1].words[0];
        out.results = call_type_;
        return true;
    }
    /// The node at which the call goes on.
    u32 node_found() const noexcept {
        if (found_ == standing::start) return u32(this->counts_) + 1; // behind the entry
        if (found_ == standing::loop) return landing_of(this->ir_.loops[number_].label);
        for (u32 i = 0; i < this->ir_.nodes.size(); ++i)
            if (this->ir_.nodes[i].safepoint == number_)
                return found_ == standing::during && !wanted_.calls ? i : i + 1;
        return no_index;
    }

    // ---- lowering once more, as lowering::lower does it ------------------------------------------------------------

    bool lower_again(u32 func, bool wide) noexcept {
        found_ = previous_ = standing::none;
        scanning_ = false;
        decided_for_ = no_index;
        binary::instruction_reader<F> reader = this->reader_of(func);
        if (!this->begin_function(reader, func, wide)) return false;
        previous_ = standing::start;
        binary::instruction in;
        while (!this->control_.empty()) {
            const binary::instruction_reader<F> before = reader;
            if (!reader.next(in)) return false;
            ++this->counted_;
            this->offset_ = in.offset;
            if (this->reachable_) look_at(in, before);
            const u32 height = this->stack_.size(), safepoints = this->safepoints_;
            const bool reached = this->reachable_;
            if (reached || this->leaves_dead_code(in)) this->step(in, reader);
            if (this->failed_) return false;
            if (!reached) continue;
            if (stops_at_ && found_ == standing::during && !wanted_.calls) settle_operands(height);
            if (!this->reachable_) scanning_ = false;
            previous_ = stops_behind(in.code) && this->safepoints_ != safepoints ? standing::after : standing::none;
            if (in.code == op::loop) previous_ = standing::loop;
        }
        this->finish_function();
        return true;
    }
    static bool stops_behind(op o) noexcept { return F[feature::fuel] && exec::is_special(o); }
    static bool does_nothing(op o) noexcept { return o == op::nop || o == op::block || o == op::loop; }

    /// Before an instruction that control reaches.
    void look_at(const binary::instruction& in, const binary::instruction_reader<F>& reader) noexcept {
        stops_at_ = false;
        if (wanted_.calls) {
            if (in.offset == wanted_.offset && is_call(in)) found(standing::during, this->safepoints_, in.offset);
        } else {
            const u32 number = previous_ == standing::loop ? u32(this->ir_.loops.size()) - 1 : this->safepoints_ - 1;
            const bool here =
                previous_ != standing::none &&
                (wanted_.place == standing::none ||
                 (wanted_.place == previous_ && (previous_ == standing::start || wanted_.number == number)));
            if (here) read_beginnings(in.offset, reader);
            // Where loops begin one in the other, only the innermost is taken for what follows.
            if (here && (wanted_.place != standing::none ||
                         (beginnings_.end == wanted_.offset && beginnings_.last_loop < in.offset))) {
                found(previous_, number, beginnings_.end);
            } else if (in.offset == wanted_.offset && found_ == standing::none && stops_before(in.code)) {
                stops_at_ = true;
                found(standing::during, this->safepoints_, in.offset);
            }
        }
        if (found_ != standing::none && in.offset == out_->offset) {
            // What a call throws may be caught here, where a local that is set later has its old value.
            scanning_ = this->ir_.catches.regions.empty();
            if (wanted_.calls) return;
        }
        if (scanning_) scan(in);
    }
    static bool stops_before(op o) noexcept {
        if constexpr (F[feature::gc])
            if (exec::is_allocation(o)) return true;
        return F[feature::threads] && (o == op::memory_atomic_wait32 || o == op::memory_atomic_wait64);
    }
    /// Instructions that do nothing but begin a block, from one on; no other may come between.
    struct block_beginnings {
        u32 begin = 0;
        u32 end = 0;       ///< offset of the instruction after them
        u32 last_loop = 0; ///< of the last of them that is a loop
    };
    void read_beginnings(u32 at, binary::instruction_reader<F> reader) noexcept {
        if (at >= beginnings_.begin && at < beginnings_.end) return; // read once, however many loops begin there
        beginnings_ = {at, no_index, 0};
        binary::instruction in;
        while (reader.next(in)) {
            if (in.code == op::loop) beginnings_.last_loop = in.offset;
            if (does_nothing(in.code)) continue;
            beginnings_.end = in.offset;
            return;
        }
    }
    bool is_call(const binary::instruction& in) noexcept {
        taken_ = 0;
        switch (in.code) {
        case op::call: call_type_ = this->module_.funcs[in.index].type; break;
        case op::call_indirect: call_type_ = in.index, taken_ = 1; break;
        default:
            if (!F[feature::function_references] || in.code != op::call_ref) return false;
            call_type_ = in.index, taken_ = 1;
        }
        taken_ += u32(this->module_.types.params(call_type_).size());
        return true;
    }
    /// It is here: writes down what is where.
    void found(standing p, u32 number, u32 offset) noexcept {
        found_ = p;
        number_ = number;
        out_->offset = offset;
        out_->locals.clear();
        out_->operands.clear();
        makers_.clear();
        const u32 params = this->module_.types[this->module_.funcs[this->index_].type].params;
        for (const auto& l : this->locals_) // before a function begins, only its parameters are there
            if (!out_->locals.push_back(
                    {l.type, l.slot, false, p == standing::start && out_->locals.size() >= params, {}}))
                this->failed_ = true;
        const u32 kept = this->stack_.size() - (wanted_.calls ? taken_ : 0);
        for (u32 i = 0; i < kept && !this->failed_; ++i) {
            const exec::entry& e = this->stack_[i];
            // Where the value is a local's it has the local's type, whatever a conversion says of this copy.
            const val_type t = e.how == exec::held::local ? this->locals_[e.local].type : e.type;
            frame_value v{t, this->slot_of(e), e.how == exec::held::constant, false, {e.value, 0}};
            const bool made = e.how == exec::held::temp && e.def < this->ir_.nodes.size() &&
                              this->ir_.nodes[e.def].v.at[3] == exec::loc::slot &&
                              this->ir_.nodes[e.def].operands[3] == e.slot;
            if (!out_->operands.push_back(v) || !makers_.push_back(made ? e.def : no_index)) this->failed_ = true;
        }
    }
    /// The instruction takes its operands from the slots of their heights; `height`: of the stack before it.
    void settle_operands(u32 height) noexcept {
        const u32 kept = this->stack_.size() - 1; // and it leaves one result
        for (u32 i = kept; i < height && i < out_->operands.size(); ++i) {
            out_->operands[i].slot =
                i == kept ? this->stack_[kept].slot : out_->operands[i - 1].slot + out_->operands[i - 1].type.slots();
            out_->operands[i].is_constant = false;
            makers_[i] = no_index;
        }
        stops_at_ = false;
    }

    // ---- what a value's slot is in truth ---------------------------------------------------------------------------

    // Lowering lets the maker of a value write to the local that the value is put into later in the same basic block.
    // At a point between the two the value is there already, and the local's old one is gone. Whether it does depends
    // on the build, so that a local which is set before anything else is said to be dead wherever it stands.

    void scan(const binary::instruction& in) noexcept {
        switch (in.code) {
        case op::local_get:
        case op::local_set:
        case op::local_tee:
            if (decided_for_ != out_->offset) {
                decided_.clear();
                decided_for_ = out_->offset;
            }
            if (in.index >= decided_.size() && !decided_.resize(this->locals_.size())) {
                this->failed_ = true;
                return;
            }
            if (decided_[in.index]) return;
            decided_[in.index] = true;
            if (in.code != op::local_get) out_->locals[in.index].is_dead = true;
            return;
        default:
            if (changes_flow(in)) scanning_ = false, decided_for_ = no_index;
        }
    }
    static bool changes_flow(const binary::instruction& in) noexcept {
        switch (in.immediate) {
        case imm::label:
        case imm::labels:
        case imm::br_cast: return true;
        default: break;
        }
        switch (in.code) {
        case op::loop:
        case op::if_:
        case op::else_:
        case op::end:
        case op::return_:
        case op::unreachable: return true;
        default: return in.code != op::block && (in.immediate == imm::block || in.immediate == imm::try_table);
        }
    }
    void follow_values() noexcept {
        const auto overlap = [](const frame_value& a, const frame_value& b) {
            return a.slot < b.slot + b.type.slots() && b.slot < a.slot + a.type.slots();
        };
        for (std::size_t i = 0; i < makers_.size(); ++i) {
            if (makers_[i] == no_index) continue;
            frame_value& v = out_->operands[i];
            const u32 to = u32(this->ir_.nodes[makers_[i]].operands[3]);
            if (to == v.slot) continue;
            v.slot = to;
            for (frame_value& l : out_->locals)
                if (overlap(l, v)) l.is_dead = true;
            for (frame_value& o : out_->operands)
                if (&o != &v && !o.is_constant && overlap(o, v)) o.is_dead = true;
        }
    }

    live_values live_;
    request wanted_;
    frame_point* out_ = nullptr;
    standing found_ = standing::none;
    standing previous_ = standing::none; ///< what the next instruction stands behind
    u32 number_ = 0;
    u32 taken_ = 0;
    u32 call_type_ = 0;
    block_beginnings beginnings_;
    bool stops_at_ = false;
    bool scanning_ = false;
    vec<u32> makers_; ///< by operand: the node that made it
    vec<bool> decided_;
    u32 decided_for_ = no_index;
};

} // namespace tessera::saving
TESSERA_SMALL_END
