// SPDX-License-Identifier: MIT
/// @file compile.hpp
/// From the nodes of a function to its machine code.
#pragma once

#include <tessera/native/function_code.hpp>

namespace tessera::inline TESSERA_ABI::native {

class compiler : function_code {
public:
    compiler(const compile_options& options, const context_layout& at, const shared_code& shared) noexcept
        : function_code(options, at, shared) {}

    /// Where in the code it is that machine code calls, with the frame at rdi, the return cell in r8, the link in r9.
    u32 entry = 0;
    using code_buffer::data;
    using code_buffer::position;
    view<way_in_cell> ways_in() const noexcept { return {ways_in_.data(), ways_in_.size()}; }
    using emitter::guarded_accesses;
    view<u32> tallies() const noexcept { return {tallies_.data(), tallies_.size()}; }

    /// False: memory is out.
    [[nodiscard]] bool run(const compile_input& in) noexcept {
        in_ = &in;
        clear();
        exits.clear();
        guarded_accesses.clear();
        detours.clear();
        pauses_.clear();
        ways_in_.clear();
        tallies_.clear();
        const std::size_t nodes = in.ir.nodes.size();
        if (!effects_.resize(nodes) || !note_resumes()) return false;
        for (u32 i = 0; i < nodes; ++i) effects_[i] = effect_of(options_, in.module, in.ir.nodes[i]);
        web_finder found(in.ir, in.module);
        register_assigner registers(in.ir, in.module, found);
        const view<effect> effects(effects_.data(), nodes);
        if (!found.run(effects) || !registers.run(effects, in.handlers)) return false;
        found_ = &found;
        registers_ = &registers;
        for (u8 k = 0; k < 2; ++k) used[k] = registers.uses_float(u8(2 + k));
        // A cell that leads into the code is not one to leave at.
        if (!fold_checks(in.ir, effects, found, reaches_, [&](u32 i) { return i > 1 && !can_enter(i); })) return false;
        alive_.clear();
        for (u32 i = 0; i <= nodes; ++i) new_label(); // one for each node
        prologue();
        for (u32 i = 0; i < nodes; ++i) {
            bind(i);
            node = i;
            emit(in.ir.nodes[i], i);
            copy(i);
            note_alive(i);
        }
        bind(u32(nodes));
        emit_detours();
        emit_notes();
        emit_asides();
        emit_pauses();
        emit_slow_calls();
        emit_early_leaves();
        emit_host_call();
        emit_exits();
        emit_ways_in();
        emit_enter();
        emit_tails();
        emit_constants();
        resolve();
        return !failed();
    }

private:
    void prologue() noexcept {
        const exec::function_ir& ir = in_->ir;
        const u32 slow = slow_ = new_label();
        entry = position();
        two(assembler().rm({0, 0x8d, true}, gp::rax, gp::rdi, stubs::B).made, 0, 0, 8 * u64(ir.frame_slots));
        two(assembler().rm({0, 0x3b, true}, gp::rax, context_register, stubs::B).made, 0, 0, u64(at_.stack_end));
        jump_if(cond::a, slow);
        two(assembler().rm({0, 0x3b, true}, gp::rsp, context_register, stubs::B).made, 0, 0, u64(at_.native_limit));
        jump_if(cond::b, slow);
        fill_d(stubs::store_slot, ir.header, number(gp::r8));
        fill_d(stubs::store_slot, u64(ir.header) + 1, number(gp::r9));
        if (!registers_->live_in.empty()) reload(registers_->live_in[0]);
    }

    // ---- nodes -----------------------------------------------------------------------------------------------------

    /// What node `i` has written is where the collector looks for it, too.
    void copy(u32 i) noexcept {
        const u32 made = found_->operand[4 * std::size_t(i) + 3];
        if (made == no_index || effects_[i] == effect::leave) return;
        const web& w = found_->webs[made];
        if (w.copied && w.reg != web::none) fill_d(stubs::store_slot, w.slot, w.reg);
    }
    void emit(const node_type& n, u32 i) noexcept {
        using exec::family;
        if (effects_[i] == effect::leave) return leave(i);
        const exec::variant& v = n.v;
        const place a = operand(n, i, 0), b = operand(n, i, 1), c = operand(n, i, 2), d = operand(n, i, 3);
        if (detail::has_vector(in_->module, n)) return emit_vector(n, i, a, b, c, d);
        switch (v.fam) {
        case family::unary: return unary(v.code, a, d);
        case family::binary: return binary(v.code, a, b, d);
        case family::move:
        case family::constant:
            if (!is_constant(n)) return move(letter(n, 3), a, d);
            if (const u32 w = found_->operand[4 * std::size_t(i) + 3]; w != no_index && is_remade(found_->webs[w]))
                return;
            return move(letter(n, 3), place::imm(constant_of(n)), d);
        case family::select: return select(letter(n, 3), a, b, c, d);
        case family::load:
        case family::load_wide: return load(v.code, a, range_of(n, i, a), d);
        case family::load_indexed:
            return load(v.code, indexed(a, b, u8(v.flags >> exec::flag::shift)), range_of(n, i, place::reg(gp::rcx)),
                        d);
        case family::store:
        case family::store_wide: return store_to(v.code, a, b, range_of(n, i, a));
        case family::global_get: return global_get(letter(n, 3), n.words[0], d);
        case family::global_set: return global_set(letter(n, 0), n.words[0], a);
        case family::imported_get: return imported_get(letter(n, 3), n.words[0], d);
        case family::imported_set: return imported_set(letter(n, 0), n.words[0], a);
        case family::br: return branch(n, i);
        case family::br_compare: {
            const bool negated = (v.flags & exec::flag::negated) != 0;
            if (!charges(n, i)) return branch_if(v.code, negated, a, b, label_of(n.label));
            const u32 over = new_label();
            branch_if(v.code, !negated, a, b, over);
            branch(n, i);
            return bind(over);
        }
        case family::latch: return latch(n, i, a, b);
        case family::br_table: return table(n, a);
        case family::return_: return give_back(n, a);
        case family::call_lazy:
            spill(registers_->dirty[i] & registers_->live_in[i]);
            fill_d(stubs::move[0].i, number(gp::rax), n.words[1]);
            return call(n, i);
        case family::call_record: spill(registers_->dirty[i] & registers_->live_in[i]); return call_host(n, i);
        case family::call_indirect:
        case family::call_ref:
            spill(registers_->dirty[i] & registers_->live_in[i]);
            find_callee(n, i, a);
            number_of_callee();
            return call(n, i);
        case family::return_call_lazy:
        case family::return_call_indirect:
        case family::return_call_ref: spill(registers_->dirty[i] & registers_->live_in[i]); return tail_call(n, i, a);
        case family::zero_range: return zero(n, i);
        case family::atomic: return atomic(v.code, a, b, c, range_of_atomic(n, i, a), d);
        case family::struct_new: return make_words(n, i, d);
        case family::special: return do_special(n, i, d);
        case family::struct_get: return struct_get(v.code, a, n.words[0], d);
        case family::struct_set: return struct_set(v.code, a, n.words[0], b, (v.flags & exec::flag::reference) != 0);
        case family::array_get: return array_get(v.code, a, b, d);
        case family::array_set: return array_set(v.code, a, b, c, (v.flags & exec::flag::reference) != 0);
        case family::array_len: return array_len(a, d);
        case family::ref_test: return ref_test(a, {n.words[0]}, n.words[1] >> 1, (n.words[1] & 1) != 0, d);
        case family::ref_cast: return ref_cast(a, {n.words[0]}, n.words[1] >> 1, (n.words[1] & 1) != 0);
        case family::null_check: return null_check(a, trap(n.words[0]));
        case family::entry: return pay(i, in_->ir.cost, i + 1, {});
        default: return;
        }
    }
    void emit_vector(const node_type& n, u32 i, place a, place b, place c, place d) noexcept {
        using exec::family;
        const op o = n.v.code;
        switch (n.v.fam) {
        case family::unary:
        case family::binary:
        case family::extract_lane:
        case family::replace_lane:
        case family::ternary: return vector(o, a, b, c, d, n.words[0]);
        case family::load:
        case family::load_wide: return load_vector(o, a, range_of(n, i, a), d);
        case family::store:
        case family::store_wide: return store_vector_to(o, a, b, range_of(n, i, a));
        case family::move: return move_vector(a, d);
        case family::select: return select_vector(a, b, c, d);
        case family::vector_constant:
            return vector_constant(n.words[0] | u64{n.words[1]} << 32, n.words[2] | u64{n.words[3]} << 32, d);
        case family::shuffle: {
            u8 lanes[16];
            for (unsigned k = 0; k < 16; ++k) lanes[k] = u8(n.words[k / 4] >> 8 * (k % 4));
            return shuffle(a, b, lanes, d);
        }
        case family::global_get: return vector_global_get(n.words[0], d);
        case family::global_set: return vector_global_set(n.words[0], a);
        case family::imported_get: return vector_imported_get(n.words[0], d);
        case family::imported_set: return vector_imported_set(n.words[0], a);
        default: return give_back(n, a);
        }
    }
    void zero(const node_type& n, u32 i) noexcept {
        for (u32 slot = n.words[0]; slot < n.words[0] + n.words[1]; ++slot) {
            u32 in_register = 0; // slots
            for (const bank k : banks) {
                const u32 w = found_->joined(slot, k);
                if (w == no_index || found_->webs[w].reg == web::none) continue;
                in_register = found_->webs[w].copied ? 0 : k == bank::vector ? 2 : 1;
                if (!register_assigner::has(registers_->live_out[i], found_->webs[w])) continue;
                fill_d(k == bank::integer ? stubs::zero : stubs::float_zero, found_->webs[w].reg);
            }
            if (in_register == 2) ++slot;
            else if (in_register == 0) fill_d(stubs::store_slot_imm, slot);
        }
    }
    void latch(const node_type& n, u32 i, place a, place b) noexcept {
        const bool w = row(n.v.code).type.params[0] == 'l';
        binary(w ? op::i64_add : op::i32_add, a, place::imm(u64(i64(i32(n.words[0])))), a);
        if (!charges(n, i)) return branch_if(n.v.code, false, a, b, label_of(n.label));
        const u32 over = new_label();
        branch_if(n.v.code, true, a, b, over);
        branch(n, i);
        bind(over);
    }
    void table(const node_type& n, place a) noexcept {
        move_to(number(gp::rax), a, false);
        two(stubs::jump_table, 0, 0, n.words[0]);
        const u32 base = position();
        for (u32 t = 0; t <= n.words[0]; ++t) put_distance(base, label_of(in_->ir.targets[n.words[1] + t]));
    }
    void give_back(const node_type& n, place a) noexcept {
        if (n.v.at[0] != exec::loc::none && detail::has_vector(in_->module, n)) move_vector(a, place::slot(0));
        else if (n.v.at[0] != exec::loc::none) move(letter(n, 0), a, place::slot(0));
        fill_d(stubs::move[0].i, number(gp::rax), n.words[0]);
        put(stubs::ret, {});
    }
    /// Label of the way to the cell of call `i`. An index or a reference in rdx goes to its slot there.
    u32 slow_way(u32 i) noexcept {
        const u32 slow = new_label();
        if (!slow_calls_.push_back({slow, i})) failed_ = true;
        return slow;
    }
    /// rax = the function that a call is of, which is one of this instance. What is not simple, traps too, is left to
    /// the cell.
    void find_callee(const node_type& n, u32 i, place from_slot) noexcept {
        using exec::family;
        const u32 slow = slow_way(i);
        const bool by_reference = n.v.fam == family::call_ref || n.v.fam == family::return_call_ref;
        const u32 first = n.v.fam == family::return_call_indirect ? 3 : 1; // words: table, type
        move_to(number(gp::rdx), from_slot, letter(n, 0) == 'l');
        if (by_reference) {
            fill_d(stubs::move[0].r, number(gp::rax), number(gp::rdx));
        } else {
            get_field(gp::rcx, context_register, at_.tables);
            get_field(gp::rcx, gp::rcx, i32(8 * n.words[first]));
            two(stubs::compare_field[1], number(gp::rdx), number(gp::rcx), u64(at_.table_size));
            jump_if(cond::ae, slow);
            get_field(gp::rcx, gp::rcx, at_.table_items);
            put(assembler().rx({0, 0x8b}, gp::rax, gp::rcx, gp::rdx, 2).made, {});
        }
        one(stubs::test[0], 0, number(gp::rax));
        jump_if(cond::e, slow);
        get_field(gp::rcx, context_register, at_.records);
        two(assembler().rx({0, 0x8b, true}, gp::rax, gp::rcx, gp::rax, 3, stubs::B).made, 0, 0, u64(0) - 8);
        if (!by_reference) {
            set_register(number(gp::rcx), n.words[first + 1], false);
            two(stubs::compare_field[0], number(gp::rcx), number(gp::rax), u64(at_.record_type));
            jump_if(cond::ne, slow);
        }
        get_field(gp::rcx, context_register, at_.instance);
        two(stubs::compare_field[1], number(gp::rcx), number(gp::rax), u64(at_.record_instance));
        jump_if(cond::ne, slow);
    }
    void number_of_callee() noexcept {
        two(assembler().rm({0, 0x8b}, gp::rax, gp::rax, stubs::B).made, 0, 0, u64(at_.record_index));
    }
    /// Of an imported function; one of another instance is left to the cell.
    void call_host(const node_type& n, u32 i) noexcept {
        cell_to_r8(i);
        two(assembler().rm({0, 0x8d, true}, gp::rdx, frame_register, stubs::B).made, 0, 0, n.words[0]);
        get_field(gp::rax, context_register, at_.funcs);
        get_field(gp::rax, gp::rax, i32(8 * n.words[1]));
        if (host_ == no_index) host_ = new_label();
        put(stubs::call, {}, host_);
        reload(registers_->live_out[i]);
    }
    /// Where the stack has no room for the callee's frame, or nobody knows how large that is, it is left to the cell.
    void tail_call(const node_type& n, u32 i, place from_slot) noexcept {
        if (n.v.fam == exec::family::return_call_lazy) {
            get_field(gp::rax, context_register, at_.funcs);
            get_field(gp::rax, gp::rax, i32(8 * n.words[3]));
        } else {
            find_callee(n, i, from_slot);
        }
        const u32 slow = slow_way(i);
        two(assembler().rm({0, 0x8b}, gp::rcx, gp::rax, stubs::B).made, 0, 0, u64(at_.record_frame));
        one(stubs::test[0], 0, number(gp::rcx));
        jump_if(cond::e, slow);
        put(assembler().rx({0, 0x8d, true}, gp::rcx, frame_register, gp::rcx, 3).made, {});
        two(stubs::compare_field[1], number(gp::rcx), number(context_register), u64(at_.stack_end));
        jump_if(cond::a, slow);
        number_of_callee();
        fill_d(stubs::move[1].m, number(gp::r8), n.words[2] / 8);
        fill_d(stubs::move[1].m, number(gp::r9), n.words[2] / 8 + 1);
        for (u32 k = 0; k < n.words[1]; ++k) {
            fill_d(stubs::move[1].m, number(gp::rcx), n.words[0] + k);
            fill_d(stubs::store_slot, k, number(gp::rcx));
        }
        put_address(gp::r10, in_->entries);
        put(stubs::jump_entry, {});
    }
    /// Of function eax.
    void call(const node_type& n, u32 i) noexcept {
        using stubs::alu;
        cell_to_r8(i + 1);
        fill_d(stubs::move[0].i, number(gp::r9), n.words[0]);
        put_address(gp::r10, in_->entries);
        const auto step = [&](alu how) {
            const bool near = n.words[0] < 128;
            if (n.words[0])
                fill_db(near ? stubs::alus_imm8[1][u8(how)] : stubs::alus[1][u8(how)].i, number(gp::rdi), n.words[0]);
        };
        step(alu::add);
        put(stubs::call_entry, {});
        step(alu::sub);
        reload(registers_->live_out[i]);
    }
    // ---- branches, fuel, interruption ------------------------------------------------------------------------------

    bool charges(const node_type& n, u32 i) const noexcept {
        return (options_.model.fuel || options_.model.interrupt) && label_of(n.label) <= i;
    }
    void branch(const node_type& n, u32 i) noexcept {
        const u32 to = label_of(n.label);
        if (charges(n, i)) pay(i, in_->ir.labels[n.label].cost, to, registers_->written(i));
        jump(to);
    }
    /// Pays `cost` and looks whether it shall stop, which it then does before node `next`. `made`: what node `i`
    /// writes.
    void pay(u32 i, u32 cost, u32 next, const value_set& made) noexcept {
        if (!options_.model.fuel && !options_.model.interrupt) return;
        const value_set unsaved = (registers_->dirty[i] | made) & registers_->live_in[next];
        const auto way = [&](trap why) {
            const u32 label = new_label();
            if (!pauses_.push_back({label, why, next, unsaved})) failed_ = true;
            return label;
        };
        if (options_.model.fuel) {
            fillings v;
            v[from::b] = at_.fuel;
            v[from::c] = cost;
            put(stubs::charge, v, way(trap::out_of_fuel));
        }
        if (!options_.model.interrupt) return;
        two(stubs::field_load, number(gp::rax), number(context_register), u64(at_.interrupt));
        put(stubs::check_flag, {}, way(trap::interrupted));
    }
};

} // namespace tessera::native
