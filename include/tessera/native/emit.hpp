// SPDX-License-Identifier: MIT
/// @file native/emit.hpp
/// All operations on scalars, memories and globals, from stubs or by a call of the instruction's meaning.
#pragma once

#include <tessera/native/emit_float.hpp>

namespace tessera::inline TESSERA_ABI::native {

/// Where the code finds what it needs: distances in bytes from what rbp points at, and addresses.
struct surroundings {
    i32 memory_size = 0;      ///< u64: bytes of memory 0
    i32 globals = 0;          ///< pointer to the slots of the instance's own globals
    i32 imported_globals = 0; ///< pointer to pointers to the slots of imported ones
    i32 scratch = 0;          ///< u64[6]: operands and results of meanings, registers that are put aside
    i32 memories = 0;         ///< pointer to pointers to memories
    i32 bytes = 0;            ///< u64: of a memory, behind what a pointer to it points at
    i32 base = 0;             ///< pointer: to the first of them
    i32 dirty = 0;            ///< pointer to the marks of pages; 0: nothing is marked
    i32 marks = 0;            ///< behind what it points at: the first mark
    /// Calls the meaning of the instruction whose number is in ecx on `scratch`; the trap is in eax
    /// afterwards. Leaves all registers alone but rax, rcx, rdx, xmm0 and xmm1.
    const u8* meaning = nullptr;
    /// Sets eax, unless no memory has grown since its size was looked at. Leaves the same registers alone.
    const u8* growth = nullptr;
};

/// Which bytes of a memory an access needs, and where it goes that is beyond them.
struct access_range {
    u64 end = 0;     ///< behind the access, counted from its address; from 0 if that is a constant. 0: beyond 64 bits
    u64 checked = 0; ///< how far the check goes; 0: there is none, since one before it has looked as far
    u32 memory = 0;
    bool is64 = false;    ///< addresses have 64 bits
    u32 out = no_index;   ///< label for what is beyond; no_index: it is a trap
    u32 again = no_index; ///< label of the access, which starts again if the memory has grown; no_index: it cannot
    bool guarded = false; ///< nothing is checked: what is beyond cannot be accessed

    constexpr access_range(u64 end_, u64 checked_) noexcept : end(end_), checked(checked_) {}
    constexpr access_range(u64 end_) noexcept : access_range(end_, end_) {}
};

/// An access to a guarded memory: where its instruction begins in the code of its function, and the node.
struct guarded_access {
    u32 at = 0;
    u32 node = 0;
};

class emitter : public float_emitter {
public:
    vec<guarded_access> guarded_accesses; ///< in order

    explicit emitter(const surroundings& around) noexcept : around_(around) {}

    /// True for an operation that is computed here, or has a stub for what is common in it.
    static constexpr bool is_float(char letter) noexcept { return letter == 'f' || letter == 'd'; }

    void unary(op o, place a, place d) noexcept {
        const op_type& t = row(o).type;
        const bool floats = is_float(t.params[0]) || is_float(t.results[0]);
        if (floats ? unary_float(o, a, d) : unary_integer(o, a, d)) return;
        const place operands[] = {a};
        meaning(o, {operands, 1}, d);
    }
    void binary(op o, place a, place b, place d) noexcept {
        if (is_float(row(o).type.params[0]) ? binary_float(o, a, b, d) : binary_integer(o, a, b, d)) return;
        const place operands[] = {a, b};
        meaning(o, {operands, 2}, d);
    }
    /// Branches to `label` if `a o b` is not zero (or, `negated`, is).
    void branch_if(op o, bool negated, place a, place b, u32 label) noexcept {
        if (is_float(row(o).type.params[0])) return jump_if_float(compare_float(o, a, b), negated, label);
        compare_integer(row(o).type.params[0] == 'l', a, b);
        const cond c = condition_of(o);
        jump_if(negated ? not_(c) : c, label);
    }
    /// `letter`: the type, as in signatures.
    void move(char letter, place a, place d) noexcept {
        if (is_float(letter)) move_float(d, a, letter == 'd');
        else move_integer(d, a, letter == 'l');
    }
    void select(char letter, place a, place b, place c, place d) noexcept {
        if (c.is_imm()) return move(letter, u32(c.value) != 0 ? a : b, d);
        if (is_float(letter)) select_float(letter == 'd', a, b, c, d);
        else select_integer(letter == 'l', a, b, c, d);
    }
    /// By the meaning, whatever it takes.
    void meaning(op o, view<place> operands, place d) noexcept {
        const op_type& t = row(o).type;
        u32 at = u32(around_.scratch);
        for (std::size_t k = 0; k < operands.size(); ++k, at += 8) {
            if (is_float(t.params[k])) bits_to(gp::rax, operands[k], t.params[k] == 'd');
            else move_to(number(gp::rax), operands[k], t.params[k] == 'l');
            two(stubs::field_store, number(gp::rax), number(context_register), at);
        }
        fill_d(stubs::move[0].i, number(gp::rcx), u64(o));
        fill_d(stubs::move_imm64, number(gp::rax), u64(reinterpret_cast<std::uintptr_t>(around_.meaning)));
        put(stubs::call_rax, {});
        one(stubs::test[0], 0, number(gp::rax));
        put(stubs::jump_if[u8(cond::ne)], {}, exit_for(trap::none));
        two(stubs::field_load, number(gp::rax), number(context_register), u32(around_.scratch));
        if (is_float(t.results[0])) float_from_rax(d, t.results[0] == 'd');
        else store(d, number(gp::rax));
    }
    /// What is done aside, once the rest is there.
    void emit_detours() noexcept {
        for (std::size_t i = 0; i < detours.size(); ++i) {
            const detour way = detours[i];
            node = way.node;
            bind(way.label);
            meaning(way.code, {&way.a, 1}, way.d);
            jump(way.back);
        }
        detours.clear();
        for (const growth& g : growths_) {
            node = g.node;
            bind(g.label);
            fill_d(stubs::move_imm64, number(gp::rax), u64(reinterpret_cast<std::uintptr_t>(around_.growth)));
            put(stubs::call_rax, {});
            one(stubs::test[0], 0, number(gp::rax));
            jump_if(cond::ne, g.again);
            jump(exit_for(trap::out_of_bounds_memory));
        }
        growths_.clear();
    }

    // ---- memories --------------------------------------------------------------------------------------------------

    /// d = what is at `a`.
    void load(op o, place a, const access_range& range, place d) noexcept {
        const char letter = row(o).type.results[0];
        const u64 to = d.is_reg() ? d.value : is_float(letter) ? first_float : number(gp::rax);
        reach(stubs::loads[u16(o) - u16(op::i32_load)], size_of(o), a, range, to);
        if (is_float(letter)) store_float(d, to, letter == 'd');
        else store(d, to);
    }
    void store_to(op o, place a, place b, const access_range& range) noexcept {
        const char letter = row(o).type.params[1];
        const u64 value =
            is_float(letter) ? in_float(b, letter == 'd', second_float) : in_register(b, letter == 'l', gp::rdx);
        reach(stubs::stores[u16(o) - u16(op::i32_store)], size_of(o), a, range, value);
        mark(size_of(o), a, range);
    }
    /// The address of an access to an element: 32 bits of a + (b << scale), in a place of its own.
    place indexed(place a, place b, u8 scale) noexcept {
        const u64 index = in_register(b, false, gp::rcx);
        if (a.is_imm() && hides(false, a.value)) a = place::reg(in_register(a, false, gp::rax));
        if (a.is_imm()) two(stubs::index_constant[scale], 0, 0, index, a.value);
        else two(stubs::index_address[scale], 0, in_register(a, false, gp::rax), index);
        return place::reg(gp::rcx);
    }

    // ---- globals ---------------------------------------------------------------------------------------------------

    /// The instance's own global, `offset` bytes behind the first.
    void global_get(char letter, u32 offset, place d) noexcept {
        two(stubs::field_load, number(gp::rax), number(context_register), u32(around_.globals));
        field_get(letter, offset, d);
    }
    void global_set(char letter, u32 offset, place a) noexcept {
        two(stubs::field_load, number(gp::rdx), number(context_register), u32(around_.globals));
        field_set(letter, offset, a);
    }
    void imported_get(char letter, u32 index, place d) noexcept {
        two(stubs::field_load, number(gp::rax), number(context_register), u32(around_.imported_globals));
        two(stubs::field_load, number(gp::rax), number(gp::rax), 8 * index);
        field_get(letter, 0, d);
    }
    void imported_set(char letter, u32 index, place a) noexcept {
        two(stubs::field_load, number(gp::rdx), number(context_register), u32(around_.imported_globals));
        two(stubs::field_load, number(gp::rdx), number(gp::rdx), 8 * index);
        field_set(letter, 0, a);
    }

protected:
    const surroundings& around() const noexcept { return around_; }
    static constexpr u32 size_of(op o) noexcept { return 1u << natural_align[u16(o)]; }
    /// The access `s` of `size` bytes with the register `with`, after the check.
    void reach(const stubs::access& s, u32 size, place a, const access_range& range, u64 with) noexcept {
        const u64 near = blinding != 0 ? 0x7fff : 0x7fff'ffff; // what an instruction has beside the address
        if (range.guarded) return reach_guarded(s, a, range.end - size, with, near);
        if (range.end == 0) return jump(exit_for(trap::out_of_bounds_memory));
        const bool constant = a.is_imm(), other = range.memory != 0;
        const u64 address = constant ? number(gp::rax) : in_register(a, range.is64, gp::rcx);
        u64 in_rax = range.checked; // beside the address
        if (constant) {
            set_register(number(gp::rax), range.end, true);
            in_rax = range.end;
        } else if (range.checked > near || (range.checked != 0 && range.is64)) {
            set_register(number(gp::rax), range.checked, true);
            fill_db(stubs::alus[1][u8(stubs::alu::add)].r, number(gp::rax), address);
            if (range.is64) jump_if(cond::b, range.out != no_index ? range.out : exit_for(trap::out_of_bounds_memory));
        } else if (range.checked != 0) {
            two(stubs::access_end, 0, address, range.checked);
        } else if (other) {
            move_to(number(gp::rax), place::reg(address), true);
        }
        if (other) {
            two(stubs::field_load, number(gp::rcx), number(context_register), u64(around_.memories));
            two(stubs::field_load, number(gp::rcx), number(gp::rcx), 8 * u64(range.memory));
        }
        if (constant || range.checked != 0) check(range);
        if (other) {
            two(stubs::field_load, number(gp::rcx), number(gp::rcx), u64(around_.base));
            return two(s.o, with, 0, range.end - size - in_rax);
        }
        if (range.end > near) return two(s.r, with, number(gp::rax), range.end - size - in_rax);
        if (constant) two(s.i, with, 0, range.end - size);
        else two(s.r, with, address, range.end - size);
    }

    /// Marks the page that the store has written to which `reach` made. Leaves all registers alone but rax and rcx.
    void mark(u32 size, place a, const access_range& range) noexcept {
        if (around_.dirty == 0 || range.end == 0) return;
        const u64 near = blinding != 0 ? 0x7fff : 0x7fff'ffff, offset = range.end - size;
        const bool other = range.memory != 0, far = other || offset > near;
        if (far) { // from the beginning of the memory, in rax
            if (a.is_imm()) {
                set_register(number(gp::rax), offset, true);
            } else {
                const u64 address = in_register(a, range.is64, gp::rcx);
                set_register(number(gp::rax), offset, true);
                fill_db(stubs::alus[1][u8(stubs::alu::add)].r, number(gp::rax), address);
            }
        }
        if (other) {
            two(stubs::field_load, number(gp::rcx), number(context_register), u64(around_.memories));
            two(stubs::field_load, number(gp::rcx), number(gp::rcx), 8 * u64(range.memory));
            two(stubs::field_load, number(gp::rcx), number(gp::rcx), u64(around_.base));
            two(stubs::access_place.o, 0, 0, 0);
        } else if (far) {
            two(stubs::access_place.r, 0, number(gp::rax), 0);
        } else if (a.is_imm()) {
            two(stubs::access_place.i, 0, 0, offset);
        } else {
            two(stubs::access_place.r, 0, in_register(a, range.is64, gp::rcx), offset);
        }
        fillings v;
        v[from::b] = around_.dirty;
        v[from::c] = around_.marks;
        put(stubs::mark_page, v);
    }

    /// `offset`: of the access from the address `a`; from 0 if that is a constant.
    void reach_guarded(const stubs::access& s, place a, u64 offset, u64 with, u64 near) noexcept {
        const bool far = offset > near;
        const u64 address = a.is_imm() ? number(gp::rax) : in_register(a, false, gp::rcx);
        if (far) {
            set_register(number(gp::rax), offset, true);
            if (!a.is_imm()) fill_db(stubs::alus[1][u8(stubs::alu::add)].r, number(gp::rax), address);
        }
        if (!guarded_accesses.push_back({position(), node})) failed_ = true;
        if (far) two(s.r, with, number(gp::rax), 0);
        else if (a.is_imm()) two(s.i, with, 0, offset);
        else two(s.r, with, address, offset);
    }
    /// Behind this, what rax is not more than the memory's size; of another one than memory 0 the pointer is in rcx.
    void check(const access_range& range) noexcept {
        u32 out = range.out;
        if (out == no_index && range.again != no_index) {
            out = new_label();
            if (!growths_.push_back({out, range.again, node})) failed_ = true;
        }
        if (out == no_index) out = exit_for(trap::out_of_bounds_memory);
        if (range.memory != 0) {
            two(stubs::compare_field[1], number(gp::rax), number(gp::rcx), u64(around_.bytes));
            return jump_if(cond::a, out);
        }
        fillings v;
        v[from::c] = around_.memory_size;
        put(stubs::check_bounds, v, out);
    }

private:
    // By the pointer in rax, in rdx.
    void field_get(char letter, u32 offset, place d) noexcept {
        if (d.is_reg() && is_float(letter))
            return two(stubs::field_load_float[letter == 'd'], d.value, number(gp::rax), offset);
        const u64 to = d.is_reg() ? d.value : number(gp::rax);
        two(stubs::field_load, to, number(gp::rax), offset);
        store(d, to);
    }
    void field_set(char letter, u32 offset, place a) noexcept {
        if (a.is_reg() && is_float(letter))
            return two(stubs::field_store_float[letter == 'd'], a.value, number(gp::rdx), offset);
        const u64 value = is_float(letter) ? (bits_to(gp::rax, a, letter == 'd'), number(gp::rax))
                                           : in_register(a, letter == 'l', gp::rax);
        two(stubs::field_store, value, number(gp::rdx), offset);
    }

    struct growth {
        u32 label = 0;
        u32 again = 0;
        u32 node = 0;
    };
    vec<growth> growths_;
    const surroundings around_;
};

} // namespace tessera::native
