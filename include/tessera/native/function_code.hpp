// SPDX-License-Identifier: MIT
/// @file function_code.hpp
/// The machine code of one function while it is made: where operands are, the frame, the ways out of the code and into
/// it.
///
/// Each node is one cell, too. A node without machine code is left to the interpreter: what registers hold goes to the
/// frame, its cell is executed, and the cell behind it leads back in. So every function can be compiled.
#pragma once

#include <tessera/exec/encode.hpp>
#include <tessera/exec/variants.hpp>
#include <tessera/native/checks.hpp>
#include <tessera/native/effects.hpp>
#include <tessera/native/registers.hpp>
#include <tessera/native/surroundings.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// The function to compile, as the interpreter has it.
struct compile_input {
    const exec::function_ir& ir;
    const module_data& module;
    const runtime::object_layouts& layouts; ///< of the store
    u32 func = 0;
    const u8* cells = nullptr;
    view<exec::cell_origin> places;     ///< by node
    view<u32> handlers;                 ///< labels where exceptions are caught
    const u8* const* entries = nullptr; ///< by function: what machine code calls
    bool counted = false;               ///< it is entered where its tally cells were
    bool guarded = false;               ///< memory 0 is
};

/// Where a cell leads into the code.
struct way_in_cell {
    u32 cell = 0; ///< byte offset of the cell
    u32 code = 0; ///< of the code
};

class function_code : public object_emitter {
protected:
    using node_type = exec::node;

    function_code(const compile_options& options, const context_layout& at, const shared_code& shared) noexcept
        : object_emitter({at.memory_size, at.globals, at.imported_globals, at.scratch, at.memories, at.memory_bytes,
                          at.memory_base, options.model.marks ? at.dirty : 0, at.marks, shared.meaning, shared.growth},
                         {at.heap, at.in_heap, shared.note}),
          options_(options), at_(at), shared_(shared) {
        blinding = options.blinding;
        avx = options.avx;
    }

    // ---- operands --------------------------------------------------------------------------------------------------

    u32 label_of(u32 label) const noexcept { return in_->ir.labels[label].node; }

    /// Where operand `k` of node `i` is.
    place operand(const node_type& n, u32 i, unsigned k) const noexcept {
        const exec::loc at = location(n, k);
        if (at == exec::loc::none) return {};
        if (at == exec::loc::imm) return place::imm(n.operands[k]);
        const u32 w = found_->operand[4 * std::size_t(i) + k];
        if (w != no_index) {
            const web& x = found_->webs[w];
            if (x.reg != web::none) return place::reg(x.reg);
            if (k != 3 && is_remade(x)) return place::imm(constant_of(in_->ir.nodes[x.first]));
        }
        return place::slot(operand_of(n, k));
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
            if (w.kind == bank::vector) fill_d(stubs::vector_store_slot, w.slot, w.reg);
            else if (w.kind == bank::floating) fill_d(stubs::float_store_slot[w.wide], w.slot, w.reg);
            else fill_d(stubs::store_slot, w.slot, w.reg);
        });
    }
    void reload(const value_set& s) noexcept {
        registers_->each(s, [&](const web& w) {
            if (w.kind == bank::vector) fill_d(stubs::vector_load_slot, w.reg, w.slot);
            else if (w.kind == bank::floating) fill_d(stubs::float_load_slot[w.wide], w.reg, w.slot);
            else fill_d(stubs::move[w.wide].m, w.reg, w.slot);
        });
    }
    /// To shared code that wants cell `i` in r8. The way there, which is long, is the function's last piece of code.
    void go_to(const u8* shared, u32 i) noexcept {
        set_register(number(gp::r8), in_->places[i].cell, false);
        for (const tail& t : tails_)
            if (t.shared == shared) return jump(t.label);
        if (!tails_.push_back({shared, new_label()})) return static_cast<void>(failed_ = true);
        jump(tails_.back().label);
    }
    struct tail {
        const u8* shared;
        u32 label;
    };
    void emit_tails() noexcept {
        for (const tail& t : tails_) {
            bind(t.label);
            put_address(gp::rdx, in_->cells);
            fill_db(stubs::alus[1][u8(stubs::alu::add)].r, number(gp::r8), number(gp::rdx));
            go_to(t.shared);
        }
        tails_.clear();
    }
    void go_to(const u8* shared) noexcept {
        put_address(gp::rdx, shared);
        put(assembler().raw(0xff, 0xe2).made, {}); // jmp rdx
    }
    void put_address(gp to, const void* address) noexcept {
        fill_d(stubs::move_imm64, number(to), u64(reinterpret_cast<std::uintptr_t>(address)));
    }
    void cell_to_r8(u32 i) noexcept { fill_d(stubs::move_imm64, number(gp::r8), address_of_cell(i)); }

    // ---- checks that reach farther ---------------------------------------------------------------------------------

    access_range range_of(const node_type& n, u32 i, place a) noexcept {
        const memory_type& type = in_->module.memories[memory_of(n)].type;
        const u64 constant = !a.is_imm() || n.v.at[0] != exec::loc::slot ? 0
                             : type.limits.is64                          ? a.value
                                                                         : u32(a.value);
        access_range r(end_of(n, constant));
        r.memory = memory_of(n);
        r.is64 = type.limits.is64;
        r.guarded = in_->guarded && r.memory == 0 && is_plain_access(n);
        if (r.guarded) return r;
        if (type.shared) r.again = i;
        if (!is_access(n) || a.is_imm()) return r;
        if (blinding != 0) return r; // the distance to what another access has checked would be seen
        r.checked = reaches_[i];
        if (r.checked <= r.end) return r;
        r.out = new_label();
        const u32 first = u32(kept_.size());
        for (const u32 w : alive_)
            if (found_->webs[w].last >= i && !kept_.push_back(w)) failed_ = true;
        if (!early_.push_back({r.out, i, first, u32(kept_.size())})) failed_ = true;
        return r;
    }
    /// A way out before an access that may trap, or one behind it: everything goes to the frame.
    struct early_leave {
        u32 label;
        u32 node;
        u32 first, last; ///< of `kept_`
    };
    void emit_early_leaves() noexcept {
        for (const early_leave& e : early_) {
            bind(e.label);
            spill(registers_->dirty[e.node] & registers_->live_in[e.node]);
            for (u32 k = e.first; k < e.last; ++k) {
                const web& w = found_->webs[kept_[k]];
                const char type = w.kind == bank::floating ? (w.wide ? 'd' : 'f') : w.wide ? 'l' : 'i';
                if (w.kind == bank::vector) store_vector(place::slot(w.slot), w.reg);
                else if (w.reg != web::none) move(type, place::reg(w.reg), place::slot(w.slot));
                else move(type, place::imm(constant_of(in_->ir.nodes[w.first])), place::slot(w.slot));
            }
            go_to(shared_.leave, e.node);
        }
        early_.clear();
        kept_.clear();
    }
    /// Values between labels that are not in the frame.
    void note_alive(u32 i) noexcept {
        std::size_t kept = 0;
        for (const u32 w : alive_)
            if (found_->webs[w].last > i) alive_[kept++] = w;
        alive_.truncate(kept);
        const u32 made = found_->operand[4 * std::size_t(i) + 3];
        if (made == no_index) return;
        const web& w = found_->webs[made];
        if (w.joined || w.memory || w.first != i || (w.reg == web::none && !is_remade(w))) return;
        if (!alive_.push_back(made)) failed_ = true;
    }
    /// The whole access, which no other check covers.
    access_range range_of_atomic(const node_type& n, u32 i, place a) const noexcept {
        if (n.v.code == op::atomic_fence) return {0};
        const memory_type& type = in_->module.memories[n.words[1]].type;
        const u64 size = u64{1} << natural_align[u16(n.v.code)];
        const u64 address = !a.is_imm() ? 0 : type.limits.is64 ? a.value : u32(a.value), end = n.wide + size;
        access_range r(end < size || end + address < address ? 0 : end + address);
        r.memory = n.words[1];
        r.is64 = type.limits.is64;
        if (type.shared) r.again = i;
        return r;
    }
    /// True for a node that the interpreter goes on with as machine code: behind what was left to it, and where a loop
    /// begins or a function whose entry pays, since calls that stopped there go on there.
    bool can_enter(u32 i) const noexcept {
        return i == 0 || effects_[i - 1] != effect::plain || is_handler(i) || (i < resumes_.size() && resumes_[i]);
    }
    /// Notes where calls go on that stopped. False: memory is out.
    [[nodiscard]] bool note_resumes() noexcept {
        resumes_.clear();
        if (!options_.model.fuel && !options_.model.interrupt) return true;
        const exec::function_ir& ir = in_->ir;
        if (!resumes_.resize(ir.nodes.size())) return false;
        for (const exec::loop_def& l : ir.loops) resumes_[label_of(l.label)] = true;
        for (u32 i = 0; i + 1 < ir.nodes.size(); ++i)
            if (ir.nodes[i].v.fam == exec::family::entry) resumes_[i + 1] = true;
        return true;
    }
    // ---- other ways out --------------------------------------------------------------------------------------------

    void leave(u32 i) noexcept {
        spill(registers_->dirty[i] & registers_->live_in[i]);
        go_to(shared_.leave, i);
    }

    // Safepoints: what they cannot do is left to their cells.

    /// A structure of fields of 4 bytes, if there is a free cell of its class.
    void make_words(const node_type& n, u32 i, place d) noexcept {
        const u32 slot = n.words[0], fields = u32(u16(n.v.code));
        spill(registers_->dirty[i] & registers_->live_in[i] & registers_->temps(slot, slot + fields));
        take_cell(n.words[2], n.words[3], n.words[1], aside(i));
        for (u32 k = 0; k < fields; ++k) set_field_of_new(runtime::object_header + 4 * k, 2, slot + k);
        give_made(slot, d);
    }
    /// Any other that is not large; false: it is, or has vectors, and nothing was emitted.
    bool make_struct(const node_type& n, u32 i, place d) noexcept {
        constexpr u32 most_bytes = 256;
        const bool by_default = n.v.code == op::struct_new_default;
        if (!by_default && n.v.code != op::struct_new) return false;
        const runtime::object_layouts& layouts = in_->layouts;
        const u32 slot = n.words[0], type = n.words[1], size = layouts[type].size;
        const view<field_type> fields = in_->module.types.fields_of(n.words[2]);
        for (const field_type& f : fields)
            if (f.type == t_v128) return false;
        if (size > most_bytes) return false;
        const u32 cls = runtime::object_heap::class_of(size);
        if (!by_default)
            spill(registers_->dirty[i] & registers_->live_in[i] & registers_->temps(slot, slot + u32(fields.size())));
        take_cell(cls, runtime::object_heap::class_bytes(cls), runtime::object_heap::header_of(type), aside(i));
        if (by_default)
            for (u32 at = runtime::object_header; at < size; at += 8) clear_of_new(at);
        else
            for (u32 k = 0; k < fields.size(); ++k)
                set_field_of_new(layouts.offset(type, k), runtime::stored_log2(fields[k].type), slot + k);
        give_made(slot, d);
        return true;
    }
    void give_made(u32 slot, place d) noexcept {
        give_new(slot);
        if (d.is_reg()) move_to(d.value, place::reg(gp::rax), true);
    }
    /// By the instruction's function.
    void do_special(const node_type& n, u32 i, place d) noexcept {
        if (make_struct(n, i, d)) return;
        spill(registers_->dirty[i] & registers_->live_in[i] & registers_->temps(0));
        fill_d(stubs::move_imm64, number(gp::rdx), address_of_cell(i));
        fill_d(stubs::move[0].i, number(gp::rcx), u64(n.v.code));
        put_address(gp::rax, shared_.special);
        put(stubs::call_rax, {});
        one(stubs::test[0], 0, number(gp::rax));
        jump_if(cond::e, aside(i));
        if (d.is_reg()) move_to(d.value, place::slot(n.words[0]), true);
    }
    u32 aside(u32 i) noexcept {
        const u32 label = new_label();
        if (!asides_.push_back({label, i})) failed_ = true;
        return label;
    }
    void emit_asides() noexcept {
        for (const slow_call& s : asides_) {
            bind(s.label);
            leave(s.node);
        }
        asides_.clear();
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
            go_to(shared_.leave, s.node);
        }
        slow_calls_.clear();
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
            go_to(shared_.pause, p.next);
        }
    }

    /// What calls of the host have in common: calls that of rax on the slots at rdx. One of another instance, or where
    /// much of the native stack is taken, goes to its cell, which is in r8.
    void emit_host_call() noexcept {
        if (host_ == no_index) return;
        const u32 leave_it = new_label(), failed = new_label();
        bind(host_);
        host_ = no_index;
        const auto copy = [&](gp to, gp from_register) { fill_d(stubs::move[1].r, number(to), number(from_register)); };
        const auto address = [&](gp to, gp from_pointer, i64 distance) {
            two(assembler().rx({0, 0x8d, true}, stubs::D, stubs::A, gp::rsp, 0, stubs::B).made, number(to),
                number(from_pointer), u64(distance));
        };
        // Callees keep these.
        copy(gp::r12, gp::rax);
        copy(gp::r13, gp::rdx);
        address(gp::rcx, gp::rsp, i64{host_stack_bytes} - native_stack_bytes);
        two(stubs::compare_field[1], number(gp::rcx), number(context_register), u64(at_.native_limit));
        jump_if(cond::b, leave_it);
        get_field(gp::rcx, gp::rax, at_.record_host);
        one(stubs::test[1], 0, number(gp::rcx));
        jump_if(cond::e, leave_it);
        two(stubs::field_store, number(gp::r8), number(context_register), u64(at_.stop_pc)); // for the collector
        two(stubs::field_store, number(frame_register), number(context_register), u64(at_.fp));
        put(stubs::align_stack, {});
        if (options_.model.fuel || !called_directly) {
            copy(gp::rdi, context_register);
            copy(gp::rsi, gp::rax);
            const auto helper = options_.model.fuel ? &call_host<true> : &call_host<false>;
            fill_d(stubs::move_imm64, number(gp::rax), u64(reinterpret_cast<std::uintptr_t>(helper)));
            put(stubs::call_rax, {});
        } else {
            copy(gp::rdi, gp::rcx);
            address(gp::rsi, context_register, at_.who);
            address(gp::rcx, context_register, at_.failure);
            two(assembler().m({0, 0xff}, 2, gp::rdi, stubs::B).made, 0, 0, u64(at_.host_invoke));
        }
        put(stubs::restore_stack, {});
        get_field(frame_register, context_register, at_.fp);
        // What context::refresh does.
        get_field(gp::rcx, context_register, at_.store);
        get_field(gp::rcx, gp::rcx, at_.store_funcs);
        two(stubs::field_store, number(gp::rcx), number(context_register), u64(at_.records));
        get_field(gp::rcx, context_register, at_.memory);
        get_field(memory_register, gp::rcx, at_.memory_base);
        get_field(gp::rcx, gp::rcx, at_.memory_bytes);
        two(stubs::field_store, number(gp::rcx), number(context_register), u64(at_.memory_size));
        put(assembler().raw(0x84, 0xc0).made, {}); // test al, al
        jump_if(cond::e, failed);
        put(stubs::ret, {});
        bind(failed);
        go_to(shared_.failure);
        bind(leave_it);
        go_to(shared_.leave);
    }
    void get_field(gp to, gp from_pointer, i32 field) noexcept {
        two(stubs::field_load, number(to), number(from_pointer), u64(field));
    }

    void emit_exits() noexcept {
        bind(slow_);
        fill_d(stubs::move[0].i, number(gp::rax), in_->func);
        go_to(shared_.callee);
        for (const exit& e : exits) {
            bind(e.label);
            if (e.why != trap::none) set_register(number(gp::rax), u64(e.why), false);
            go_to(shared_.trap, e.node);
        }
    }
    /// Cells of nodes that control comes to from the interpreter.
    void emit_ways_in() noexcept {
        const std::size_t nodes = in_->ir.nodes.size();
        bool empty = true; // control can come to the next node from the interpreter
        for (u32 i = 0; i < nodes; ++i) {
            const bool here = empty || can_enter(i);
            empty = here && i + 1 < nodes && in_->places[i].cell == in_->places[i + 1].cell; // no cell of its own
            if (!here || empty || effects_[i] == effect::leave) continue;
            if (effects_[i] == effect::safepoint || is_left_at_times(in_->ir.nodes[i])) continue;
            if (!ways_in_.push_back({in_->places[i].cell, position()})) failed_ = true;
            emit_way_in(i);
        }
        if (!in_->counted) return;
        tally(0);
        for (const exec::loop_def& l : in_->ir.loops) tally(label_of(l.label));
    }
    void tally(u32 node_number) noexcept {
        if (!tallies_.push_back(position())) failed_ = true;
        emit_way_in(node_number);
    }
    void emit_way_in(u32 i) noexcept {
        const u32 inner = new_label();
        put(stubs::address, {}, inner);
        if (enter_ == no_index) enter_ = new_label();
        jump(enter_);
        bind(inner);
        reload(registers_->live_in[i]);
        jump(i);
    }
    /// A call whose cell does what is not simple.
    static bool is_left_at_times(const node_type& n) noexcept {
        using exec::family;
        switch (n.v.fam) {
        case family::call_record:
        case family::call_indirect:
        case family::call_ref:
        case family::return_call_lazy:
        case family::return_call_indirect:
        case family::return_call_ref: return true;
        default: return false;
        }
    }
    bool is_handler(u32 i) const noexcept {
        for (u32 l = in_->handlers.empty() ? no_index : found_->label_at[i]; l != no_index; l = found_->label_next[l])
            for (const u32 handler : in_->handlers)
                if (handler == l) return true;
        return false;
    }
    /// With what the interpreter's handlers pass in rdx left as it is.
    void emit_enter() noexcept {
        if (enter_ == no_index) return;
        bind(enter_);
        put_address(gp::r11, in_->guarded ? shared_.enter_guarded : shared_.enter);
        put(assembler().raw(0x41, 0xff, 0xe3).made, {}); // jmp r11
        enter_ = no_index;
    }

    vec<way_in_cell> ways_in_;
    vec<u32> tallies_; ///< ways in that tally cells lead to: into the function, then into its loops
    const compile_options options_;
    const context_layout at_;
    const shared_code shared_;
    const compile_input* in_ = nullptr;
    web_finder* found_ = nullptr;
    register_assigner* registers_ = nullptr;
    vec<effect> effects_;
    vec<bool> resumes_; ///< by node: calls that stopped go on there; empty if none do
    vec<tail> tails_;
    vec<pause> pauses_;
    vec<slow_call> slow_calls_, asides_;
    vec<early_leave> early_;
    vec<u32> alive_, kept_; ///< webs
    vec<u64> reaches_;      ///< see fold_checks
    u32 host_ = no_index;   ///< label: see emit_host_call
    u32 slow_ = 0;          ///< label: a call that needs more stack
    u32 enter_ = no_index;  ///< label: the way from the interpreter to the code in r10
};

} // namespace tessera::native
