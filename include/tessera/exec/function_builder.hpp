// SPDX-License-Identifier: MIT
/// @file function_builder.hpp
/// Lowering without the reading: control, calls, variables and memory as nodes.
///
/// Values that cross a label lie in the slots of their stack heights, so every way to a label agrees
/// on them.
#pragma once

#include <tessera/binary/instruction.hpp>
#include <tessera/exec/builder.hpp>
#include <tessera/runtime/unit.hpp>
#include <tessera/util/racy.hpp>

namespace tessera::inline TESSERA_ABI::exec {

/// What does not depend on the set of features: control, calls, variables, memory.
class function_builder : public builder {
public:
    function_builder(function_ir& ir, const runtime::code_unit& unit, apply_function apply) noexcept
        : builder(ir, apply), module_(*unit.module), unit_(unit) {}

protected:
    enum class nest : u8 { block, loop, if_, func, try_, catch_ };
    struct control {
        nest kind = nest::block;
        u32 label = no_index;
        u32 else_label = no_index;
        u32 height = 0;             ///< entries below the parameters
        u32 type = no_index;        ///< type index, or
        val_type single = t_bottom; ///< one result, t_bottom for none
        u32 cost = 0;               ///< instructions counted when it began
        u32 loop = no_index;        ///< the innermost loop around it, in ir_.loops; a loop's own
        u32 region = no_index;      ///< the innermost one around the code in it, in ir_.catches
        u32 opened = no_index;      ///< its own region
        u32 clause = no_index;      ///< the last one of that region; in a legacy catch the one that leads here
        u32 then_at = no_index;     ///< of an `if` whose `else` is lowered first: where its first part begins
        u32 end_at = no_index;      ///< once that is lowered: what follows its end
    };

    view<val_type> params(const control& c) const noexcept {
        return c.type == no_index ? view<val_type>() : module_.types.params(c.type);
    }
    view<val_type> results(const control& c) const noexcept {
        if (c.type != no_index) return module_.types.results(c.type);
        return {&c.single, c.single == t_bottom ? 0u : 1u};
    }
    static u32 slots_of(view<val_type> types) noexcept {
        u32 n = 0;
        for (val_type t : types) n += t.slots();
        return n;
    }
    control& target(u32 depth) noexcept { return control_[control_.size() - 1 - depth]; }
    view<val_type> label_types(const control& c) const noexcept {
        return c.kind == nest::loop ? params(c) : results(c);
    }
    /// Slot of the first value of a label.
    u32 label_slot(const control& c) noexcept {
        return c.height < stack_.size() ? stack_[c.height].slot : stack_.next_slot();
    }

    // ---- the function's frame --------------------------------------------------------------------------------------

    /// Starts function `index`: parameters first, then add_locals, then begin_body.
    /// `wide`: the frame has more slots than operands can name.
    bool begin(u32 index, bool wide) noexcept {
        const u32 type = module_.funcs[index].type;
        const u32 in = slots_of(module_.types.params(type)), out = slots_of(module_.types.results(type));
        ir_.clear();
        ir_.header = in > out ? in : out;
        locals_.clear();
        control_.clear();
        block_start_ = safepoint_ = counted_ = dead_depth_ = safepoints_ = 0;
        for (u32& use : last_use_) use = 0;
        reachable_ = true;
        return_label_ = no_index;
        failed_ = false;
        next_local_ = 0;
        for (val_type t : module_.types.params(type)) add_locals(1, t);
        next_local_ = first_local_ = ir_.header + (wide ? 10 : 2);
        ir_.scratch = wide ? ir_.header + 2 : 0;
        control c;
        c.kind = nest::func;
        c.type = type;
        if (!control_.push_back(c)) failed_ = true;
        return !failed_;
    }
    void add_locals(u32 count, val_type t) noexcept {
        for (; count && !failed_; --count, next_local_ += t.slots())
            if (!locals_.push_back({t, next_local_})) failed_ = true;
    }
    bool begin_body() noexcept {
        if (failed_ || !stack_.start(u32(locals_.size()), next_local_)) return false;
#if TESSERA_NATIVE
        ir_.first_temp = next_local_;
        if (slot_form_)
            for (const local_def& local : locals_)
                if (local.type.is_ref() && !ir_.reference_locals.push_back(local.slot)) failed_ = true;
#endif
        note(map_point::start, 0);
        emit_tally(0);
        emit_plain(family::entry); // the encoder drops it where there is nothing to check
        zero_locals();
        start_block();
        return !failed_;
    }

    void zero_locals() noexcept {
        const u32 count = next_local_ - first_local_;
        if (count == 0) return;
        node n;
        n.words[0] = first_local_;
        if (slot_form_ || count > 4 * few_slots) {
            n.v = {family::zero_range, 0, op::nop, {}};
            n.words[1] = count;
            emit(n);
            return;
        }
        n.v = {family::zero_few, 0, op::nop, {}};
        for (; n.words[0] < next_local_; n.words[0] += few_slots) {
            emit(n);
            stack_.reach(n.words[0] + few_slots);
        }
    }

    void finish_function() noexcept {
        ir_.frame_slots = stack_.highest() + 1;
        ir_.cost = counted_;
    }

    u32 emit_plain(family f) noexcept {
        node n;
        n.v = {f, 0, op::nop, {}};
        return emit(n);
    }

    // ---- control ---------------------------------------------------------------------------------------------------

    /// `then_at`: the code that follows at once is the `else` of an `if`, and this is where its first part begins.
    void lower_block(nest kind, const binary::instruction& in, u32 then_at = no_index) noexcept {
        control c;
        c.then_at = then_at;
        c.kind = kind;
        c.type = in.block_type;
        c.single = in.block_type == no_index ? in.type : t_bottom;
        c.cost = counted_;
        entry condition;
        if (kind == nest::if_) condition = stack_.pop();
        settle_keeping(condition, stack_.size() - stack_.settled());
        stack_.set_settled(stack_.size());
        c.label = new_label();
        c.height = stack_.size() - u32(params(c).size());
        if (kind == nest::if_) {
            c.else_label = new_label();
            if (failed_) return;
            emit_branch_if(condition, then_at != no_index, c.else_label);
        }
        c.loop = control_.back().loop;
        c.region = control_.back().region;
        if (kind == nest::loop) {
            bind_label(c.label);
            if (!ir_.loops.push_back({c.label, position(), position(), c.loop})) failed_ = true;
            c.loop = u32(ir_.loops.size()) - 1;
            note(map_point::loop, c.loop);
            emit_tally(c.loop + 1);
        }
        if (!control_.push_back(c)) failed_ = true;
    }
    /// Makes temps of the `n` topmost entries. The comparison that made `condition`, which is popped,
    /// stays the last node, so that it can still become one with the branch: the copies do not touch
    /// what it reads, which are locals and slots above theirs.
    void settle_keeping(entry& condition, u32 n) noexcept {
        const bool keep = compare_just_made(condition) != nullptr;
        node compare;
        if (keep) compare = ir_.nodes.back(), ir_.nodes.pop_back();
        settle_top(n);
        if (!keep) return;
        condition.def = emit(compare);
    }

    void lower_else() noexcept {
        control& c = control_.back();
        if (reachable_) {
            place(c, results(c));
            emit_br(c.label);
        }
        const u32 label = c.else_label;
        bind_label(label);
        c.else_label = no_index;
        restart(c, params(c));
        note_height(label);
    }
    void lower_end() noexcept {
        const control c = control_.back();
        if (c.kind == nest::func) {
            if (reachable_) emit_return();
            if (return_label_ != no_index) {
                bind_label(return_label_);
                restart(c, results(c));
                note_height(return_label_);
                emit_return();
            }
            control_.pop_back();
            return;
        }
        if (reachable_) place(c, results(c));
        if (c.opened != no_index && c.kind != nest::catch_) end_region(c);
        control_.pop_back();
        if (c.kind == nest::loop) {
            ir_.labels[c.label].cost = counted_ - c.cost;
            ir_.loops[c.loop].end = position();
            start_block();
        } else {
            bind_label(c.label);
        }
        if (c.else_label != no_index) bind_label(c.else_label);
        restart(c, results(c));
        if (c.kind != nest::loop) note_height(c.label);
        note_height(c.else_label);
    }
    /// The stack after a label: what was below the block, then `types` in their slots.
    void restart(const control& c, view<val_type> types) noexcept {
        stack_.shrink(c.height);
        push_temps(types);
        stack_.set_settled(stack_.size());
        reachable_ = true;
    }
    void stop_here() noexcept {
        reachable_ = false;
        dead_depth_ = 0;
    }

    /// Puts the topmost entries into the slots of a label. They may then be anywhere, so this is for
    /// the last use of the current stack.
    void place(const control& c, view<val_type> types) noexcept {
        const u32 n = u32(types.size());
        if (n == 0) return;
        const u32 to = label_slot(c);
        if (n == 1) {
            const entry& e = stack_.top();
            if (!(e.how == held::temp && e.slot == to) && !redirect(e, to)) move_to(to, e);
            return;
        }
        settle_top(n);
        emit_move(to, stack_.top(n - 1).slot, slots_of(types));
    }
    /// The same for a conditional branch, whose other way still needs the stack.
    TESSERA_NOINLINE void place_copy(const control& c, view<val_type> types) noexcept {
        const u32 n = u32(types.size());
        if (n == 0) return;
        const u32 to = label_slot(c);
        if (n == 1) {
            move_to(to, stack_.top());
            return;
        }
        emit_move(to, stack_.top(n - 1).slot, slots_of(types));
    }
    TESSERA_NOINLINE bool in_place(const control& c, view<val_type> types) noexcept {
        const u32 n = u32(types.size());
        if (n == 0) return true;
        const u32 to = label_slot(c);
        for (u32 i = 0; i < n; ++i)
            if (stack_.top(i).how != held::temp) return false;
        return stack_.top(n - 1).slot == to;
    }

    void emit_br(u32 label) noexcept {
        node n;
        n.v = {family::br, 0, op::nop, {}};
        n.label = label;
        emit(n);
        start_block();
    }
    void lower_br(u32 depth) noexcept {
        const control& c = target(depth);
        if (c.kind == nest::func) {
            emit_return();
        } else {
            place(c, label_types(c));
            emit_br(c.label);
        }
        stop_here();
    }
    /// Branches to `depth` if `condition` is not zero (`wanted`) or zero, keeping the stack.
    void lower_branch_if(entry condition, bool wanted, u32 depth) noexcept {
        const control& c = target(depth);
        const auto types = label_types(c);
        if (types.size() > 1) settle_keeping(condition, u32(types.size()));
        if (failed_) return;
        if (c.kind != nest::func && in_place(c, types)) return emit_branch_if(condition, wanted, c.label);
        const u32 over = new_label();
        if (failed_) return;
        emit_branch_if(condition, !wanted, over);
        if (c.kind == nest::func) {
            emit_return_copy();
        } else {
            place_copy(c, types);
            emit_br(c.label);
        }
        bind_label(over);
    }

    void lower_br_table(const binary::instruction& in) noexcept {
        entry index = stack_.pop();
        u32 most = 0;
        cursor list = in.list;
        for (u32 i = 0; i <= in.list_count; ++i) {
            const u32 n = u32(label_types(target(binary::immediate_reader::next_label(list))).size());
            most = n > most ? n : most;
        }
        node n;
        n.v = {family::br_table, 0, op::nop, {}};
        use_slot(n, 0, index);
        if (most > 1) settle_top(most);
        bind(n, 0, index);
        n.words[0] = in.list_count;
        n.words[1] = u32(ir_.targets.size());
        list = in.list;
        stubs_.clear();
        for (u32 i = 0; i <= in.list_count && !failed_; ++i) {
            const u32 depth = binary::immediate_reader::next_label(list);
            const control& c = target(depth);
            u32 label = c.label;
            // A way that moves values, returns or goes back goes through a stub of its own.
            if (c.kind == nest::func || c.kind == nest::loop || !in_place(c, label_types(c))) {
                label = stub_for(depth);
            }
            if (!ir_.targets.push_back(label)) failed_ = true;
        }
        emit(n);
        start_block();
        for (u32 i = 0; i < stubs_.size() && !failed_; ++i) {
            const control& c = target(stubs_[i].depth);
            bind_label(stubs_[i].label);
            control_mark_[control_.size() - 1 - stubs_[i].depth] = no_index;
            if (c.kind == nest::func) {
                emit_return_copy();
            } else {
                place_copy(c, label_types(c));
                emit_br(c.label);
            }
        }
        stop_here();
    }
    TESSERA_NOINLINE u32 stub_for(u32 depth) noexcept {
        const std::size_t at = control_.size() - 1 - depth;
        while (control_mark_.size() <= at)
            if (!control_mark_.push_back(no_index)) return failed_ = true, 0;
        if (control_mark_[at] == no_index) {
            control_mark_[at] = new_label();
            if (!stubs_.push_back({depth, control_mark_[at]})) failed_ = true;
        }
        return control_mark_[at];
    }

    /// Returns the topmost entries.
    void emit_return() noexcept { emit_return_of(true); }
    void emit_return_copy() noexcept { emit_return_of(false); }
    TESSERA_NOINLINE void emit_return_of(bool last) noexcept {
        const auto types = results(control_[0]);
        node n;
        n.v = {family::return_, 0, class_code(cls::i32), {}};
        n.words[0] = ir_.header * 8;
        if (types.size() == 1) {
            entry e = stack_.top();
            n.v.code = class_code(class_of(types[0]));
            use(n, 0, e);
            if (last) bind(n, 0, e);
        } else if (!types.empty()) {
            if (last) settle_top(u32(types.size()));
            const entry& first = stack_.top(u32(types.size()) - 1);
            emit_move(0, first.how == held::temp ? first.slot : slot_of(first), slots_of(types));
            n.v.code = op(0);
        } else {
            n.v.code = op(0);
        }
        emit(n);
        start_block();
    }

    // ---- calls -----------------------------------------------------------------------------------------------------

    /// Makes temps of the arguments of `type` and takes them off the stack; the slot of the first.
    u32 take_arguments(u32 type) noexcept {
        const u32 n = u32(module_.types.params(type).size());
        settle_top(n);
        const u32 at = n ? stack_.top(n - 1).slot : stack_.next_slot();
        stack_.shrink(stack_.size() - n);
        return at;
    }
    void finish_call(node& n, u32 type, u32 at) noexcept {
        n.words[0] = at * 8;
        emit_safepoint(n);
        push_temps(module_.types.results(type));
        const u32 out = slots_of(module_.types.results(type));
        stack_.reach(at + out);
    }
    void finish_tail_call(node& n, u32 type, u32 at) noexcept {
        n.words[0] = at;
        n.words[1] = slots_of(module_.types.params(type));
        n.words[2] = ir_.header * 8;
        emit_safepoint(n);
        stop_here();
    }
    void lower_call(u32 func, bool tail) noexcept {
        const u32 type = module_.funcs[func].type;
        const bool imported = func < module_.imported_funcs;
        const u32 at = take_arguments(type);
        node n;
        if (tail) {
            n.v.fam = imported ? family::return_call_record : family::return_call_lazy;
            n.words[3] = func;
            finish_tail_call(n, type, at);
        } else {
            n.v.fam = imported ? family::call_record : family::call_lazy;
            n.words[1] = func;
            finish_call(n, type, at);
        }
    }
    void lower_call_indirect(const binary::instruction& in, bool tail) noexcept {
        lower_call_through(family::call_indirect, family::return_call_indirect, in.index, tail, in.index2,
                           unit_.type_ids[in.index]);
    }
    void lower_call_ref(u32 type, bool tail) noexcept {
        lower_call_through(family::call_ref, family::return_call_ref, type, tail, 0, 0);
    }
    void lower_call_through(family call, family tail_call, u32 type, bool tail, u32 table, u32 type_id) noexcept {
        entry callee = stack_.pop();
        node n;
        n.v.fam = tail ? tail_call : call;
        use_slot(n, 0, callee);
        const u32 at = take_arguments(type);
        if (!tail && call == family::call_indirect) bind(n, 0, callee);
        const u32 first = tail ? 3 : 1;
        n.words[first] = table;
        n.words[first + 1] = type_id;
        if (tail) finish_tail_call(n, type, at);
        else finish_call(n, type, at);
    }

    // ---- exceptions ------------------------------------------------------------------------------------------------

    /// The block that was just begun catches what is thrown in it.
    void begin_region() noexcept {
        control& c = control_.back();
        runtime::catch_region r;
        r.begin = new_label();
        r.end = new_label();
        r.parent = r.outward = c.region;
        if (failed_) return;
        bind_label(r.begin); // no operation is joined with one outside
        c.region = c.opened = u32(ir_.catches.regions.size());
        if (!ir_.catches.regions.push_back(r)) failed_ = true;
    }
    void end_region(const control& c) noexcept { ir_.labels[ir_.catches.regions[c.opened].end].node = position(); }
    /// Adds a clause to those of `c`'s region; `loop`: the innermost one around where it goes on.
    void add_clause(control& c, const runtime::catch_clause& clause, u32 loop) noexcept {
        auto& all = ir_.catches.clauses;
        if (!all.push_back(clause) || !ir_.catch_loops.push_back(loop)) {
            failed_ = true;
            return;
        }
        const u32 added = u32(all.size()) - 1;
        (c.clause == no_index ? ir_.catches.regions[c.opened].first : all[c.clause].next) = added;
        c.clause = added;
    }
    view<val_type> tag_params(u32 tag) const noexcept { return module_.types.params(module_.tags[tag].type); }

    void lower_try_table(const binary::instruction& in) noexcept {
        lower_block(nest::block, in);
        if (!failed_) begin_region();
        cursor list = in.list;
        for (u32 i = 0; i < in.list_count && !failed_; ++i) {
            const binary::catch_clause from = binary::immediate_reader::next_catch(list);
            const control& to = target(from.label + 1); // labels are those outside
            runtime::catch_clause made;
            u32 slot = label_slot(to);
            if (from.kind == binary::catch_kind::tag || from.kind == binary::catch_kind::tag_ref) {
                made.tag = from.tag;
                if (const u32 n = slots_of(tag_params(from.tag))) made.values = slot, slot += n;
            }
            if (from.kind == binary::catch_kind::tag_ref || from.kind == binary::catch_kind::all_ref)
                made.reference = slot++;
            stack_.reach(slot);
            made.target = to.kind == nest::func ? return_label() : to.label;
            made.goes_back = to.kind == nest::loop;
            add_clause(control_.back(), made, to.loop);
        }
    }
    /// Where the function's results, in the slots of its label, are returned.
    u32 return_label() noexcept {
        if (return_label_ == no_index) return_label_ = new_label();
        return return_label_;
    }
    void lower_throw(u32 tag) noexcept { emit_throw(take_arguments(module_.tags[tag].type), tag); }
    void lower_throw_ref() noexcept {
        entry e = stack_.pop();
        if (e.how == held::constant) settle_popped(e);
        emit_throw(slot_of(e), no_index);
    }
    void emit_throw(u32 slot, u32 tag) noexcept {
        node n;
        n.v.fam = family::throw_;
        n.words[0] = slot;
        n.words[1] = tag;
        emit_safepoint(n);
        stop_here();
    }

    // Legacy. Below its values a catch keeps what rethrow needs: the values once more if the clause has a
    // tag, else a reference. They are on the operand stack, so what they are is known like everything on it.

    void lower_try(const binary::instruction& in) noexcept {
        lower_block(nest::try_, in);
        if (!failed_) begin_region();
    }
    /// `tag` is no_index for catch_all.
    void lower_catch(u32 tag) noexcept {
        control& c = control_.back();
        if (reachable_) {
            place(c, results(c));
            emit_br(c.label);
        }
        if (c.kind == nest::try_) {
            end_region(c);
            c.kind = nest::catch_;
            c.region = ir_.catches.regions[c.opened].parent;
        }
        runtime::catch_clause made;
        made.tag = tag;
        made.target = new_label();
        stack_.shrink(c.height);
        u32 slot = stack_.next_slot();
        if (tag == no_index) {
            made.reference = slot;
            made.wants_reference = false; // a rethrow does
            push_temp(t_exnref);
        } else if (const u32 n = slots_of(tag_params(tag))) {
            made.copy = slot;
            made.values = slot + n;
            push_temps(tag_params(tag));
            push_temps(tag_params(tag));
        }
        stack_.set_settled(stack_.size());
        add_clause(c, made, c.loop);
        if (failed_) return;
        bind_label(made.target);
        reachable_ = true;
    }
    /// The end of a try whose exceptions go to the handlers around a label, as if thrown there.
    void lower_delegate(u32 depth) noexcept {
        ir_.catches.regions[control_.back().opened].outward = target(depth + 1).region;
        lower_end();
    }
    void lower_rethrow(u32 depth) noexcept {
        const control& c = target(depth);
        runtime::catch_clause& clause = ir_.catches.clauses[c.clause];
        clause.wants_reference = true;
        emit_throw(label_slot(c), clause.tag);
    }

    // ---- everything else -------------------------------------------------------------------------------------------

    /// A reference that a branch looks at and that goes on: it must be in a slot for both.
    entry settled_reference() noexcept {
        settle_top(1);
        stack_.top().def = no_index;
        return stack_.top();
    }
    void lower_select(val_type t) noexcept {
        entry c = stack_.pop(), b = stack_.pop(), a = stack_.pop();
        if (t == t_bottom) t = a.type;
        node n;
        n.v = {family::select, 0, class_code(class_of(t)), {loc::none, loc::none, loc::slot, loc::slot}};
        use(n, 0, a);
        use(n, 1, b);
        use_slot(n, 2, c);
        bind(n, 2, c);
        emit_result(n, t);
    }
    void lower_global_get(u32 global) noexcept {
        const val_type t = module_.globals[global].type.type;
        node n = global_access(global, t, family::global_get, family::imported_get);
        n.v.at[3] = loc::slot;
        emit_result(n, t);
    }
    void lower_global_set(u32 global) noexcept {
        const val_type t = module_.globals[global].type.type;
        entry e = stack_.pop();
        node n = global_access(global, t, family::global_set, family::imported_set);
        if (n.v.fam == family::imported_set) {
            use_slot(n, 0, e);
        } else {
            use(n, 0, e);
            bind(n, 0, e);
        }
        emit(n);
    }
    node global_access(u32 global, val_type t, family own, family imported) const noexcept {
        const cls c = class_of(t);
        node n;
        if (global < module_.imported_globals) {
            n.v = {imported, 0, class_code(c == cls::v128 ? c : cls::i64), {}};
            n.words[0] = global;
        } else {
            n.v = {own, 0, class_code(c), {}};
            n.words[0] = 16 * (global - module_.imported_globals);
        }
        return n;
    }
    /// An instruction that runs on `operands` consecutive temps and leaves `types` in their place.
    void lower_special(op o, u32 operands, u32 index, u32 index2, view<val_type> types) noexcept {
        settle_top(operands);
        node n;
        n.v = {family::special, 0, o, {}};
        n.words[0] = operands ? stack_.top(operands - 1).slot : stack_.next_slot();
        n.words[1] = index;
        n.words[2] = index2;
        emit_safepoint(n);
        stack_.shrink(stack_.size() - operands);
        push_temps(types);
        after_safepoint();
    }

    /// An atomic instruction, on consecutive temps as well.
    void lower_atomic(const binary::instruction& in, op form) noexcept {
        const op_type& t = row(in.code).type;
        settle_top(t.param_count);
        node n;
        n.v = {family::atomic, 0, form, {}};
        n.words[0] = t.param_count ? stack_.top(t.param_count - 1u).slot : stack_.next_slot();
        n.words[1] = in.index;
        n.wide = in.value;
        stack_.shrink(stack_.size() - t.param_count);
        emit_safepoint(n);
        if (t.result_count) push_temp(type_of_letter(t.results[0]));
    }

    /// True if the narrow form can do the access: memory 0, 32-bit addresses, `offset + size` in 32 bits.
    bool narrow(const binary::instruction& in, u64 size) const noexcept {
        return in.index == 0 && !module_.memories[0].type.limits.is64 && in.value <= 0xffff'ffff - size &&
               wide_flags(0) == 0;
    }
    /// The flags of an access to `memory` in the wide form.
    u8 wide_flags(u32 memory) const noexcept {
        return !racy_is_free && module_.memories[memory].type.shared ? flag::shared : u8(0);
    }
    /// A constant address goes into the cell's offset, where there is such a handler.
    bool add_constant_address(node& n, const entry& a) noexcept {
        variant v = n.v;
        v.at[0] = loc::imm;
        if (a.how != held::constant || !exists(with_slots(v))) return false;
        n.v.at[0] = loc::imm;
        n.words[0] += u32(a.value);
        return true;
    }
    void lower_load(const binary::instruction& in) noexcept { load_from(in, stack_.pop()); }
    void load_from(const binary::instruction& in, entry a) noexcept {
        const u64 size = u64{1} << natural_align[u16(in.code)];
        const val_type t = type_of_letter(row(in.code).type.results[0]);
        node n;
        n.v = {family::load, 0, in.code, {}};
        if (!narrow(in, size)) return lower_load_wide(in, a, t);
        n.words[0] = u32(in.value + size);
        if (a.how == held::constant && a.value + in.value + size > 0xffff'ffff) return lower_load_wide(in, a, t);
        if (!add_constant_address(n, a) && !join_index(n, a)) {
            use_slot(n, 0, a);
            n.v.at[3] = loc::slot;
            bind(n, 0, a);
        }
        emit_result(n, t);
    }
    /// An address just computed as base + index, or base + (index << scale), becomes part of the load.
    bool join_index(node& n, const entry& a) noexcept {
        if (!detail::is_hot_load(n.v.code) || a.how != held::temp || a.def == no_index || a.def < block_start_ ||
            a.def + 1 != position())
            return false;
        const node add = ir_.nodes[a.def];
        if (add.v.fam != family::binary || add.v.code != op::i32_add || add.v.at[3] != loc::slot ||
            add.operands[3] != a.slot)
            return false;
        node joined = n;
        joined.v.fam = family::load_indexed;
        // i32.add has the accumulator first and the immediate second; here the base comes first.
        joined.v.at[0] = add.v.at[1];
        joined.operands[0] = add.operands[1];
        joined.v.at[1] = add.v.at[0];
        joined.operands[1] = add.operands[0];
        joined.v.at[3] = loc::slot;
        if (!exists(joined.v)) return false;
        take_last();
        // In slot form a temporary takes the way of an accumulator: nothing else uses it any more.
        const bool passed =
            slot_form_ ? add.v.at[0] == loc::slot && add.operands[0] >= stack_.next_slot() : add.v.at[0] == loc::acc;
        if (passed && position() > block_start_) {
            const node& shift = ir_.nodes.back();
            const u8 scale = natural_align[u16(n.v.code)];
            if (shift.v.fam == family::binary && shift.v.code == op::i32_shl && shift.v.at[1] == loc::imm &&
                (slot_form_ ? shift.operands[3] == add.operands[0] : shift.v.at[3] == loc::acc) && scale != 0 &&
                (shift.operands[1] & 31) == scale && detail::slot_or_acc(shift.v.at[0])) {
                variant scaled = joined.v;
                scaled.flags = u8(scale << flag::shift);
                scaled.at[1] = shift.v.at[0];
                if (exists(scaled)) {
                    joined.v = scaled;
                    joined.operands[1] = shift.operands[0];
                    take_last();
                }
            }
        }
        if (joined.v.at[1] == loc::acc) last_use_[0] = position();
        n = joined;
        return true;
    }
    void lower_load_wide(const binary::instruction& in, entry& a, val_type t) noexcept {
        node n;
        n.v = {family::load_wide, wide_flags(in.index), in.code, {}};
        n.words[0] = in.index;
        n.wide = in.value;
        use_slot(n, 0, a);
        emit_result(n, t);
    }
    void lower_store(const binary::instruction& in) noexcept {
        const u64 size = u64{1} << natural_align[u16(in.code)];
        entry b = stack_.pop(), a = stack_.pop();
        node n;
        if (!narrow(in, size) || (a.how == held::constant && a.value + in.value + size > 0xffff'ffff)) {
            n.v = {family::store_wide, wide_flags(in.index), in.code, {}};
            n.words[0] = in.index;
            n.wide = in.value;
            use_slot(n, 0, a);
            use_slot(n, 1, b);
            emit(n);
            return;
        }
        n.v = {family::store, 0, in.code, {}};
        n.words[0] = u32(in.value + size);
        if (!add_constant_address(n, a)) use_slot(n, 0, a);
        name_operand(n, 1, b);
        if (b.how == held::constant && (n.v.at[1] != loc::imm || !exists(n.v))) use_slot(n, 1, b);
        bind(n, 1, b);
        bind(n, 0, a);
        emit(n);
    }

    const module_data& module_;
    const runtime::code_unit& unit_;
    vec<control> control_;
    struct stub {
        u32 depth;
        u32 label;
    };
    vec<stub> stubs_;
    vec<u32> control_mark_;       ///< by control entry: its stub's label while a br_table is lowered
    u32 return_label_ = no_index; ///< where exceptions go that a clause hands to the function's own label
    u32 first_local_ = 0;         ///< slot of the first local that is no parameter
    u32 next_local_ = 0;          ///< slot of the next local
    u32 counted_ = 0;             ///< instructions read so far
    u32 dead_depth_ = 0;          ///< blocks opened in code that cannot be reached
    bool reachable_ = true;
};

} // namespace tessera::exec
