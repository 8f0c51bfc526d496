// SPDX-License-Identifier: MIT
/// @file native/emit_atomic.hpp
/// Atomic instructions from stubs (spec: threads proposal). Those that sleep or wake have none.
#pragma once

#include <tessera/native/atomic_stubs.hpp>
#include <tessera/native/emit_vector.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::native {

class atomic_emitter : public vector_emitter {
public:
    using vector_emitter::vector_emitter;

    static constexpr bool has_atomic_code(op o) noexcept {
        return o == op::atomic_fence || (is_atomic_row(row(o)) && row(o).code >= row(op::i32_atomic_load).code);
    }
    /// What has_atomic_code is true of: of the address `a` and the operands `b` and `c`.
    void atomic(op o, place a, place b, place c, const access_range& range, place d) noexcept {
        if (o == op::atomic_fence) return put(stubs::fence, {});
        const u32 width = natural_align[u16(o)];
        if (change_of(o) != change::load) mark(u32{1} << width, a, range); // first, while `a` is where it was
        if (!point(a, range, u64{1} << width)) return;
        const bool w = width == 3;
        switch (change_of(o)) {
        case change::load: {
            const u64 to = d.is_reg() ? d.value : number(gp::rax);
            fill_d(stubs::atomic_loads[width], to);
            return store(d, to);
        }
        case change::store: move_to(number(gp::rdx), b, w); return put(stubs::atomic_exchange[width], {});
        case change::add: move_to(number(gp::rdx), b, w); return give(stubs::atomic_add[width], width, gp::rdx, d);
        case change::sub:
            move_to(number(gp::rdx), b, w);
            fill_d(stubs::negate[w], number(gp::rdx));
            return give(stubs::atomic_add[width], width, gp::rdx, d);
        case change::exchange:
            move_to(number(gp::rdx), b, w);
            return give(stubs::atomic_exchange[width], width, gp::rdx, d);
        case change::replace:
            move_to(number(gp::rax), b, w);
            move_to(number(gp::rdx), c, w);
            return give(stubs::atomic_replace[width], width, gp::rax, d);
        case change::and_: return compute(stubs::alu::and_, width, b, d);
        case change::or_: return compute(stubs::alu::or_, width, b, d);
        case change::xor_: return compute(stubs::alu::xor_, width, b, d);
        }
    }

private:
    /// In the order of the table of instructions, seven each.
    enum class change : u8 { load, store, add, sub, and_, or_, xor_, exchange, replace };
    static constexpr change change_of(op o) noexcept {
        return change((row(o).code - row(op::i32_atomic_load).code) / 7);
    }
    /// rcx = the place of the access, after the checks. False: there is none, whatever the address.
    bool point(place a, const access_range& range, u64 size) noexcept {
        const u64 near = blinding != 0 ? 0x7fff : 0x7fff'ffff; // what an instruction has beside the address
        if (range.end == 0) return jump(exit_for(trap::out_of_bounds_memory)), false;
        if (a.is_imm()) {
            set_register(number(gp::rax), range.end, true);
        } else {
            const u64 address = in_register(a, range.is64, gp::rcx);
            if (range.end > near || range.is64) {
                set_register(number(gp::rax), range.end, true);
                fill_db(stubs::alus[1][u8(stubs::alu::add)].r, number(gp::rax), address);
                if (range.is64) jump_if(cond::b, exit_for(trap::out_of_bounds_memory));
            } else {
                two(stubs::access_end, 0, address, range.end);
            }
        }
        const bool other = range.memory != 0;
        if (other) {
            two(stubs::field_load, number(gp::rcx), number(context_register), u64(around().memories));
            two(stubs::field_load, number(gp::rcx), number(gp::rcx), 8 * u64(range.memory));
        }
        check(range);
        if (other) two(stubs::field_load, number(gp::rcx), number(gp::rcx), u64(around().base));
        if (size > 1) {
            fillings v;
            v[from::b] = i64(size - 1);
            put(stubs::check_alignment, v, exit_for(trap::unaligned_atomic));
        }
        fill_db(other ? stubs::atomic_place_of_other : stubs::atomic_place, 0, u64(0) - size);
        return true;
    }
    /// After `s` what was there is in `made`.
    void give(const stub& s, u32 width, gp made, place d) noexcept {
        put(s, {});
        if (width < 2) one(stubs::zero_extend[width], number(made), number(made));
        store(d, number(made));
    }
    /// What is there op= `b`: again until nobody comes between.
    void compute(stubs::alu what, u32 width, place b, place d) noexcept {
        const bool w = width == 3, aside = b.is_imm() && !shows(w, b.value);
        if (aside) { // a constant that must not be seen takes two registers
            set_register(number(gp::rdx), b.value, w);
            two(stubs::field_store, number(gp::rdx), number(context_register), u64(around().scratch));
        }
        fill_d(stubs::atomic_loads[width], number(gp::rax));
        const u32 again = new_label();
        bind(again);
        one(stubs::move[w].r, number(gp::rdx), number(gp::rax));
        const stubs::shapes& s = stubs::alus[w][u8(what)];
        if (aside) fill_db(stubs::alus_field[w][u8(what)], 0, u64(around().scratch));
        else fill_db(b.is_reg() ? s.r : b.is_slot() ? s.m : s.i, number(gp::rdx), b.value);
        put(stubs::atomic_replace[width], {});
        jump_if(cond::ne, again);
        store(d, number(gp::rax)); // nothing is above what was loaded
    }
};

} // namespace tessera::native
TESSERA_SMALL_END
