// SPDX-License-Identifier: MIT
/// @file compile.hpp
/// From the nodes of a function to its machine code.
///
/// Each node is one cell, too. A node without machine code is left to the interpreter: what registers hold goes to the
/// frame, its cell is executed, and the cell behind it leads back in. So every function can be compiled.
#pragma once

#include <tessera/exec/encode.hpp>
#include <tessera/exec/variants.hpp>
#include <tessera/native/registers.hpp>
#include <tessera/native/surroundings.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// Of a build.
struct compile_options {
    exec::model model;
    bool instructions = false; ///< the processor has the newer ones that stubs use
};

/// The function to compile, as the interpreter has it.
struct compile_input {
    const exec::function_ir& ir;
    const module_data& module;
    u32 func = 0;
    const u8* cells = nullptr;
    view<exec::cell_origin> places;     ///< by node
    const u8* const* entries = nullptr; ///< by function: what machine code calls
};

/// Where a cell leads into the code.
struct way_in {
    u32 cell = 0; ///< byte offset of the cell
    u32 code = 0; ///< of the code
};

namespace detail {
constexpr char letter_of(exec::cls c) noexcept {
    return c == exec::cls::i64 ? 'l' : c == exec::cls::f32 ? 'f' : c == exec::cls::f64 ? 'd' : 'i';
}
inline bool has_vector(const module_data& m, const exec::node& n) noexcept {
    for (unsigned k = 0; k < 4; ++k)
        if (n.v.at[k] != exec::loc::none && class_of_operand(m, n, k) == exec::cls::v128) return true;
    return false;
}
} // namespace detail

/// What node `n` means for registers, and so whether it has machine code.
inline effect effect_of(const compile_options& o, const module_data& m, const exec::node& n) noexcept {
    using exec::family;
    constexpr u32 most_zeros = 32; // more are not written one by one
    const exec::variant& v = n.v;
    switch (v.fam) {
    case family::unary:
    case family::binary:
        if (o.model.canonical && num::picks_nan(v.code)) return effect::leave;
        if (num::has_instruction(v.code) && !o.instructions) return effect::leave;
        break;
    case family::load:
    case family::load_indexed:
    case family::store:
        // Another thread may make a shared memory larger, and the access is tried again then.
        for (const auto& memory : m.memories)
            if (memory.type.shared) return effect::leave;
        break;
    case family::call_lazy:
    case family::call_indirect: return effect::call;
    case family::zero_range: return n.words[1] <= most_zeros ? effect::plain : effect::leave;
    case family::move:
    case family::constant:
    case family::select:
    case family::global_get:
    case family::global_set:
    case family::imported_get:
    case family::imported_set:
    case family::br:
    case family::br_compare:
    case family::latch:
    case family::br_table:
    case family::return_:
    case family::entry: break;
    default: return effect::leave;
    }
    return detail::has_vector(m, n) ? effect::leave : effect::plain;
}

class compiler : emitter {
public:
    compiler(const compile_options& options, const context_layout& at, const shared_code& shared) noexcept
        : emitter({at.memory_size, at.globals, at.imported_globals, at.scratch, shared.meaning}), options_(options),
          at_(at), shared_(shared) {}

    vec<way_in> ways_in;
    u32 entry =
        0; ///< in the code: what machine code calls, with the frame at rdi, the return cell in r8, the link in r9
    using code_buffer::data;
    using code_buffer::position;

    /// False: memory is out.
    [[nodiscard]] bool run(const compile_input& in) noexcept {
        in_ = &in;
        clear();
        exits.clear();
        detours.clear();
        pauses_.clear();
        ways_in.clear();
        const std::size_t nodes = in.ir.nodes.size();
        if (!effects_.resize(nodes)) return false;
        for (u32 i = 0; i < nodes; ++i) effects_[i] = effect_of(options_, in.module, in.ir.nodes[i]);
        web_finder found(in.ir, in.module);
        register_assigner registers(in.ir, in.module, found);
        const view<effect> effects(effects_.data(), nodes);
        if (!found.run(effects) || !registers.run(effects)) return false;
        found_ = &found;
        registers_ = &registers;
        for (u32 i = 0; i <= nodes; ++i) new_label(); // one for each node
        prologue();
        for (u32 i = 0; i < nodes; ++i) {
            bind(i);
            node = i;
            emit(in.ir.nodes[i], i);
        }
        bind(u32(nodes));
        emit_detours();
        emit_pauses();
        emit_slow_calls();
        emit_exits();
        emit_ways_in();
        resolve();
        return !failed();
    }

private:
    using node_type = exec::node;

    /// Where operand `k` of node `i` is.
    place operand(const node_type& n, u32 i, unsigned k) const noexcept {
        if (n.v.at[k] == exec::loc::none) return {};
        if (n.v.at[k] == exec::loc::imm) return place::imm(n.operands[k]);
        const u32 w = found_->operand[4 * std::size_t(i) + k];
        if (w != no_index) {
            const web& x = found_->webs[w];
            if (x.reg != web::none) return place::reg(x.reg);
            if (k != 3 && is_remade(x)) return place::imm(constant_of(in_->ir.nodes[x.first]));
        }
        return place::slot(n.operands[k]);
    }
    /// True for a constant that is made where it is used.
    bool is_remade(const web& w) const noexcept {
        return !w.joined && !w.memory && is_constant(in_->ir.nodes[w.first]);
    }
    char letter(const node_type& n, unsigned k) const noexcept {
        return detail::letter_of(class_of_operand(in_->module, n, k));
    }
    u64 address_of_cell(u32 i) const noexcept {
        return u64(reinterpret_cast<std::uintptr_t>(in_->cells)) + in_->places[i].cell;
    }

    // ---- registers and the frame -----------------------------------------------------------------------------------

    void spill(const value_set& s) noexcept {
        registers_->each(s, [&](const web& w) {
            if (w.kind == bank::floating) fill_d(stubs::float_store_slot[w.wide], w.slot, w.reg);
            else fill_d(stubs::store_slot, w.slot, w.reg);
        });
    }
    void reload(const value_set& s) noexcept {
        registers_->each(s, [&](const web& w) {
            if (w.kind == bank::floating) fill_d(stubs::float_load_slot[w.wide], w.reg, w.slot);
            else fill_d(stubs::move[w.wide].m, w.reg, w.slot);
        });
    }
    void go_to(const u8* shared) noexcept {
        put_address(gp::rdx, shared);
        put(assembler().raw(0xff, 0xe2).made, {}); // jmp rdx
    }
    void put_address(gp to, const void* address) noexcept {
        fill_d(stubs::move_imm64, number(to), u64(reinterpret_cast<std::uintptr_t>(address)));
    }
    void cell_to_r8(u32 i) noexcept { fill_d(stubs::move_imm64, number(gp::r8), address_of_cell(i)); }

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

    void emit(const node_type& n, u32 i) noexcept {
        using exec::family;
        if (effects_[i] == effect::leave) return leave(i);
        const exec::variant& v = n.v;
        const place a = operand(n, i, 0), b = operand(n, i, 1), c = operand(n, i, 2), d = operand(n, i, 3);
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
        case family::load: return load(v.code, a, end_of(n, a), d);
        case family::load_indexed: return load(v.code, indexed(a, b, u8(v.flags >> exec::flag::shift)), n.words[0], d);
        case family::store: return store_to(v.code, a, b, end_of(n, a));
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
        case family::call_indirect:
            spill(registers_->dirty[i] & registers_->live_in[i]);
            find_callee(n, i, a);
            return call(n, i);
        case family::zero_range: return zero(n, i);
        case family::entry: return pay(i, in_->ir.cost, i + 1, {});
        default: return;
        }
    }
    /// Where the access of `n` ends, from its address on; of a constant address from 0 on.
    static u32 end_of(const node_type& n, place address) noexcept {
        return n.words[0] + (address.is_imm() && n.v.at[0] == exec::loc::slot ? u32(address.value) : 0u);
    }
    u32 label_of(u32 label) const noexcept { return in_->ir.labels[label].node; }

    void zero(const node_type& n, u32) noexcept {
        for (u32 slot = n.words[0]; slot < n.words[0] + n.words[1]; ++slot) {
            bool in_register = false;
            for (const bank k : {bank::integer, bank::floating}) {
                const u32 w = found_->joined(slot, k);
                if (w == no_index || found_->webs[w].reg == web::none) continue;
                in_register = true;
                fill_d(k == bank::integer ? stubs::zero : stubs::float_zero, found_->webs[w].reg);
            }
            if (!in_register) fill_d(stubs::store_slot_imm, slot);
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
        if (n.v.at[0] != exec::loc::none) move(letter(n, 0), a, place::slot(0));
        fill_d(stubs::move[0].i, number(gp::rax), n.words[0]);
        put(stubs::ret, {});
    }
    /// eax = the index of the function that an indirect call is of. What is not simple, traps too, is left to the cell.
    void find_callee(const node_type& n, u32 i, place index) noexcept {
        const u32 slow = new_label();
        if (!slow_calls_.push_back({slow, i})) failed_ = true;
        const auto get = [&](gp to, gp from_pointer, i32 field) {
            two(stubs::field_load, number(to), number(from_pointer), u64(field));
        };
        move_to(number(gp::rdx), index, letter(n, 0) == 'l');
        get(gp::rcx, context_register, at_.tables);
        get(gp::rcx, gp::rcx, i32(8 * n.words[1]));
        two(stubs::compare_field[1], number(gp::rdx), number(gp::rcx), u64(at_.table_size));
        jump_if(cond::ae, slow);
        get(gp::rcx, gp::rcx, at_.table_items);
        put(assembler().rx({0, 0x8b}, gp::rax, gp::rcx, gp::rdx, 2).made, {});
        one(stubs::test[0], 0, number(gp::rax));
        jump_if(cond::e, slow);
        get(gp::rcx, context_register, at_.records);
        two(assembler().rx({0, 0x8b, true}, gp::rax, gp::rcx, gp::rax, 3, stubs::B).made, 0, 0, u64(0) - 8);
        set_register(number(gp::rcx), n.words[2], false);
        two(stubs::compare_field[0], number(gp::rcx), number(gp::rax), u64(at_.record_type));
        jump_if(cond::ne, slow);
        get(gp::rcx, context_register, at_.instance);
        two(stubs::compare_field[1], number(gp::rcx), number(gp::rax), u64(at_.record_instance));
        jump_if(cond::ne, slow);
        two(assembler().rm({0, 0x8b}, gp::rax, gp::rax, stubs::B).made, 0, 0, u64(at_.record_index));
    }
    struct slow_call {
        u32 label;
        u32 node;
    };
    void emit_slow_calls() noexcept {
        for (const slow_call& s : slow_calls_) {
            bind(s.label);
            const node_type& n = in_->ir.nodes[s.node];
            if (n.v.at[0] == exec::loc::slot) fill_d(stubs::store_slot, n.operands[0], number(gp::rdx));
            cell_to_r8(s.node);
            go_to(shared_.leave);
        }
        slow_calls_.clear();
    }
    /// Of function eax.
    void call(const node_type& n, u32 i) noexcept {
        using stubs::alu;
        cell_to_r8(i + 1);
        fill_d(stubs::move[0].i, number(gp::r9), n.words[0]);
        put_address(gp::r10, in_->entries);
        if (n.words[0]) fill_db(stubs::alus[1][u8(alu::add)].i, number(gp::rdi), n.words[0]);
        put(stubs::call_entry, {});
        if (n.words[0]) fill_db(stubs::alus[1][u8(alu::sub)].i, number(gp::rdi), n.words[0]);
        reload(registers_->live_out[i]);
    }
    void leave(u32 i) noexcept {
        spill(registers_->dirty[i] & registers_->live_in[i]);
        cell_to_r8(i);
        go_to(shared_.leave);
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
    struct pause {
        u32 label;
        trap why;
        u32 next;
        value_set unsaved;
    };
    void emit_pauses() noexcept {
        for (const pause& p : pauses_) {
            bind(p.label);
            spill(p.unsaved);
            set_register(number(gp::rax), u64(p.why), false);
            cell_to_r8(p.next);
            go_to(shared_.pause);
        }
    }

    // ---- ways out and in -------------------------------------------------------------------------------------------

    void emit_exits() noexcept {
        bind(slow_);
        fill_d(stubs::move[0].i, number(gp::rax), in_->func);
        go_to(shared_.callee);
        for (const exit& e : exits) {
            bind(e.label);
            cell_to_r8(e.node);
            if (e.why == trap::out_of_bounds_memory) {
                go_to(shared_.bounds);
                continue;
            }
            if (e.why != trap::none) set_register(number(gp::rax), u64(e.why), false);
            go_to(shared_.trap);
        }
    }
    /// Cells of nodes that control comes to from the interpreter.
    void emit_ways_in() noexcept {
        const std::size_t nodes = in_->ir.nodes.size();
        bool empty = true; // control can come to the next node from the interpreter
        for (u32 i = 0; i < nodes; ++i) {
            const bool here = empty || effects_[i - 1] != effect::plain;
            empty = here && i + 1 < nodes && in_->places[i].cell == in_->places[i + 1].cell; // no cell of its own
            if (!here || empty || effects_[i] == effect::leave) continue;
            if (in_->ir.nodes[i].v.fam == exec::family::call_indirect) continue; // which is left to its cell at times
            if (!ways_in.push_back({in_->places[i].cell, position()})) failed_ = true;
            const u32 inner = new_label();
            fillings none;
            put(stubs::address, none, inner);
            fill_d(stubs::move[1].r, number(gp::r10), number(gp::rax));
            go_to_by_r11(shared_.enter);
            bind(inner);
            reload(registers_->live_in[i]);
            jump(i);
        }
    }
    /// With what the interpreter's handlers pass in rdx left as it is.
    void go_to_by_r11(const u8* shared) noexcept {
        put_address(gp::r11, shared);
        put(assembler().raw(0x41, 0xff, 0xe3).made, {}); // jmp r11
    }

    const compile_options options_;
    const context_layout at_;
    const shared_code shared_;
    const compile_input* in_ = nullptr;
    web_finder* found_ = nullptr;
    register_assigner* registers_ = nullptr;
    vec<effect> effects_;
    vec<pause> pauses_;
    vec<slow_call> slow_calls_;
    u32 slow_ = 0; ///< label: a call that needs more stack
};

} // namespace tessera::native
