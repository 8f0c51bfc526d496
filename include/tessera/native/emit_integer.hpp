// SPDX-License-Identifier: MIT
/// @file emit_integer.hpp
/// Operations on integers from stubs, by where operands and results are.
///
/// What a register holds of an i32 has zeros above, and so has what is written to its slot.
#pragma once

#include <tessera/native/code_buffer.hpp>
#include <tessera/num/relation.hpp>
#include <tessera/syntax/trap.hpp>

namespace tessera::inline TESSERA_ABI::native {

class integer_emitter : public code_buffer {
public:
    /// A way out of the code: where it is taken, `label` is what branches go to.
    struct exit {
        u32 label = 0;
        trap why = trap::none;
        u32 node = 0; ///< number of the operation
    };
    vec<exit> exits;
    u32 node = 0;     ///< number of the operation that is being emitted
    u64 blinding = 0; ///< what constants are hidden with, always another; 0: they are not

    /// The way out for a trap of this operation.
    u32 exit_for(trap why) noexcept {
        if (!exits.empty() && exits.back().why == why && exits.back().node == node) return exits.back().label;
        const u32 label = new_label();
        if (!exits.push_back({label, why, node})) failed_ = true;
        return label;
    }

    // ---- moves -----------------------------------------------------------------------------------------------------

    static constexpr u64 number(gp r) noexcept { return u64(r); }
    /// True if an instruction on `w` ? 64 : 32 bits can have the constant as an immediate.
    static constexpr bool fits(bool w, u64 value) noexcept { return !w || i64(value) == i64(i32(u32(value))); }

    /// True for a constant that must not be seen in the code: one of more than 16 bits, from which code could be made.
    bool hides(bool w, u64 value) const noexcept {
        const i64 number = w ? i64(value) : i64(i32(u32(value)));
        return blinding != 0 && number != i64(i16(u16(value)));
    }
    /// True if an instruction on `w` ? 64 : 32 bits can have the constant as an immediate, and may.
    bool shows(bool w, u64 value) const noexcept { return fits(w, value) && !hides(w, value); }

    void set_register(u64 to, u64 value, bool w) noexcept {
        if (!w) value = u32(value);
        if (hides(w, value)) return set_hidden(to, value);
        if (value == 0) fill_d(stubs::zero, to);
        else if (value <= 0xffff'ffff) fill_d(stubs::move[0].i, to, value);
        else if (fits(true, value)) fill_d(stubs::move[1].i, to, value);
        else fill_d(stubs::move_imm64, to, value);
    }
    /// Does not leave flags as they are if it is of a constant.
    void move_to(u64 to, place p, bool w) noexcept {
        if (p.is_imm()) return set_register(to, p.value, w);
        if (p.is_slot()) return fill_d(stubs::move[w].m, to, p.value);
        if (p.value != to) fill_d(stubs::move[w].r, to, p.value);
    }
    /// The register that has `p`, which is `scratch` if it must be fetched.
    u64 in_register(place p, bool w, gp scratch) noexcept {
        if (p.is_reg()) return p.value;
        move_to(number(scratch), p, w);
        return number(scratch);
    }
    /// Where a result is best computed: its own register unless one of `others` is there.
    static u64 target(place d, std::initializer_list<place> others) noexcept {
        if (!d.is_reg()) return number(gp::rax);
        for (place o : others)
            if (o == d) return number(gp::rax);
        return d.value;
    }
    void store(place d, u64 from_register) noexcept {
        if (d.is_slot()) fill_d(stubs::store_slot, d.value, from_register);
        else if (d.value != from_register) fill_d(stubs::move[1].r, d.value, from_register);
    }
    void move_integer(place d, place a, bool w) noexcept {
        if (d.is_reg()) return move_to(d.value, a, w);
        const u64 value = w ? a.value : u32(a.value);
        if (a.is_imm() && shows(true, value)) return fill_d(stubs::store_slot_imm, d.value, value);
        store(d, in_register(a, w, gp::rax));
    }

    // ---- arithmetic ------------------------------------------------------------------------------------------------

    /// Emits `o` if it has stubs. False: it has not, and nothing was emitted.
    bool unary_integer(op o, place a, place d) noexcept {
        const bool w = row(o).type.params[0] == 'l';
        const u64 to = d.is_reg() ? d.value : number(gp::rax);
        switch (o) {
        case op::i32_eqz:
        case op::i64_eqz: compare_integer(w, a, place::imm(0)); return set(cond::e, d), true;
        case op::i32_wrap_i64: // clears what is above, in its own register, too
            if (a.is_reg()) one(stubs::move[0].r, to, a.value);
            else move_to(to, a, false);
            break;
        case op::i64_extend_i32_u: return move_integer(d, a, false), true; // nothing is above
        case op::i64_extend_i32_s:
        case op::i64_extend32_s: one(stubs::extend32, to, in_register(a, false, gp::rax)); break;
        case op::i32_extend8_s:
        case op::i64_extend8_s: one(stubs::extend8[w], to, in_register(a, false, gp::rax)); break;
        case op::i32_extend16_s:
        case op::i64_extend16_s: one(stubs::extend16[w], to, in_register(a, false, gp::rax)); break;
        case op::i32_popcnt:
        case op::i64_popcnt: one(stubs::population[w], to, in_register(a, w, gp::rax)); break;
        case op::i32_clz:
        case op::i64_clz: counted(stubs::leading_zeros[w], a, d, w); return true;
        case op::i32_ctz:
        case op::i64_ctz: counted(stubs::trailing_zeros[w], a, d, w); return true;
        default: return false;
        }
        store(d, to);
        return true;
    }
    bool binary_integer(op o, place a, place b, place d) noexcept {
        const bool w = row(o).type.params[0] == 'l';
        if (const cond c = condition_of(o); c != no_condition) {
            compare_integer(w, a, b);
            return set(c, d), true;
        }
        using stubs::alu;
        using stubs::shift;
        switch (o) {
        case op::i32_add:
        case op::i64_add: return in_place(alu::add, w, a, b, d), true;
        case op::i32_sub:
        case op::i64_sub: return in_place(alu::sub, w, a, b, d), true;
        case op::i32_and:
        case op::i64_and: return in_place(alu::and_, w, a, b, d), true;
        case op::i32_or:
        case op::i64_or: return in_place(alu::or_, w, a, b, d), true;
        case op::i32_xor:
        case op::i64_xor: return in_place(alu::xor_, w, a, b, d), true;
        case op::i32_mul:
        case op::i64_mul: return multiply(w, a, b, d), true;
        case op::i32_shl:
        case op::i64_shl: return shifted(shift::shl, w, a, b, d), true;
        case op::i32_shr_s:
        case op::i64_shr_s: return shifted(shift::sar, w, a, b, d), true;
        case op::i32_shr_u:
        case op::i64_shr_u: return shifted(shift::shr, w, a, b, d), true;
        case op::i32_rotl:
        case op::i64_rotl: return shifted(shift::rotl, w, a, b, d), true;
        case op::i32_rotr:
        case op::i64_rotr: return shifted(shift::rotr, w, a, b, d), true;
        case op::i32_div_s:
        case op::i64_div_s: return divide(true, false, w, a, b, d), true;
        case op::i32_div_u:
        case op::i64_div_u: return divide(false, false, w, a, b, d), true;
        case op::i32_rem_s:
        case op::i64_rem_s: return divide(true, true, w, a, b, d), true;
        case op::i32_rem_u:
        case op::i64_rem_u: return divide(false, true, w, a, b, d), true;
        default: return false;
        }
    }

    // ---- comparisons -----------------------------------------------------------------------------------------------

    static constexpr cond no_condition = cond(16);
    /// What the flags show when a comparison of integers holds.
    static constexpr cond condition_of(op o) noexcept {
        constexpr cond all[] = {cond::e, cond::ne, cond::l,  cond::b,  cond::g,
                                cond::a, cond::le, cond::be, cond::ge, cond::ae};
        if (o >= op::i32_eq && o <= op::i32_ge_u) return all[u16(o) - u16(op::i32_eq)];
        if (o >= op::i64_eq && o <= op::i64_ge_u) return all[u16(o) - u16(op::i64_eq)];
        return no_condition;
    }
    /// Sets the flags.
    void compare_integer(bool w, place a, place b) noexcept {
        if (a.is_slot() && b.is_imm() && shows(w, b.value))
            return fill_db(stubs::compare_slot_imm[w], a.value, b.value);
        const u64 left = in_register(a, w, gp::rax);
        if (b.is_imm() && (w ? b.value : u32(b.value)) == 0) return one(stubs::test[w], 0, left);
        alu_with(stubs::alu::cmp, w, left, b);
    }
    void set(cond c, place d) noexcept {
        const u64 to = d.is_reg() ? d.value : number(gp::rax);
        fill_d(stubs::set[u8(c)], to);
        store(d, to);
    }
    void jump_if(cond c, u32 label) noexcept { put(stubs::jump_if[u8(c)], {}, label); }
    void jump(u32 label) noexcept { put(stubs::jump, {}, label); }
    /// d = c ? a : b
    void select_integer(bool w, place a, place b, place c, place d) noexcept {
        const u64 to = target(d, {a, c});
        const u64 first = in_register(a, w, gp::rcx);
        move_to(to, b, w);
        test_condition(c);
        one(stubs::move_if[u8(cond::ne)], to, first);
        store(d, to);
    }
    void test_condition(place c) noexcept { compare_integer(false, c, place::imm(0)); }

protected:
    // Filling in the operands that most stubs have.
    void fill_d(const stub& s, u64 d, u64 a = 0) noexcept {
        fillings v;
        v[from::d] = i64(d);
        v[from::a] = i64(a);
        put(s, v);
    }
    void fill_db(const stub& s, u64 d, u64 b) noexcept {
        fillings v;
        v[from::d] = i64(d);
        v[from::b] = i64(b);
        put(s, v);
    }
    void one(const stub& s, u64 d, u64 a) noexcept { fill_d(s, d, a); }
    void two(const stub& s, u64 d, u64 a, u64 b, u64 x = 0) noexcept {
        fillings v;
        v[from::d] = i64(d);
        v[from::a] = i64(a);
        v[from::b] = i64(b);
        v[from::x] = i64(x);
        put(s, v);
    }

private:
    /// The constant in steps none of which shows it.
    void set_hidden(u64 to, u64 value) noexcept {
        const u32 low = u32(value);
        u32 high = u32(value >> 32);
        const auto hidden = [&](u32 number_, bool w) {
            const u64 key = next_key();
            if (!w) fill_d(stubs::move[0].i, to, number_ ^ u32(key));
            else fill_db(stubs::alus[1][u8(stubs::alu::xor_)].i, to, number_ ^ u32(key));
            fill_db(stubs::alus[w][u8(stubs::alu::xor_)].i, to, u32(key));
        };
        if (high == 0) return hidden(low, false);
        if ((low & 0x8000'0000) != 0) high = ~high; // the immediate of a 64-bit instruction is extended with its sign
        hidden(high, false);
        fill_db(stubs::shifts_imm[1][u8(stubs::shift::shl)], to, 32);
        hidden(low, true);
    }
    /// The next of a sequence (splitmix64) that `blinding` begins.
    u64 next_key() noexcept {
        u64 z = blinding += 0x9e37'79b9'7f4a'7c15;
        z = (z ^ z >> 30) * 0xbf58'476d'1ce4'e5b9;
        z = (z ^ z >> 27) * 0x94d0'49bb'1331'11eb;
        return z ^ z >> 31;
    }
    void counted(const stub& s, place a, place d, bool w) noexcept {
        one(s, 0, in_register(a, w, gp::rdx));
        store(d, number(gp::rax));
    }
    /// The register `d` op= `b`.
    void alu_with(stubs::alu what, bool w, u64 d, place b) noexcept {
        const stubs::shapes& s = stubs::alus[w][u8(what)];
        if (b.is_reg()) return fill_db(s.r, d, b.value);
        if (b.is_slot()) return fill_db(s.m, d, b.value);
        if (!shows(w, b.value)) {
            move_to(number(gp::rdx), b, w);
            return fill_db(s.r, d, number(gp::rdx));
        }
        const i32 value = i32(u32(b.value));
        if (value == i8(value)) fill_db(stubs::alus_imm8[w][u8(what)], d, b.value);
        else fill_db(s.i, d, b.value);
    }
    void in_place(stubs::alu what, bool w, place a, place b, place d) noexcept {
        if (what != stubs::alu::sub && (b == d || a.is_imm())) std::swap(a, b);
        if (what == stubs::alu::add && d.is_reg() && a.is_reg() && a != d) {
            if (b.is_reg()) return two(stubs::add_to[w], d.value, a.value, b.value);
            if (b.is_imm() && shows(w, b.value)) return two(stubs::add_imm_to[w], d.value, a.value, b.value);
        }
        const u64 to = target(d, {b == a ? place() : b});
        move_to(to, a, w);
        alu_with(what, w, to, b == a && a == d ? place::reg(to) : b);
        store(d, to);
    }
    void multiply(bool w, place a, place b, place d) noexcept {
        if (a.is_imm() || b == d) std::swap(a, b);
        const stubs::shapes& s = stubs::multiply[w];
        if (b.is_imm() && !shows(w, b.value)) {
            move_to(number(gp::rdx), b, w);
            b = place::reg(gp::rdx);
        }
        if (b.is_imm()) {
            const u64 to = d.is_reg() ? d.value : number(gp::rax);
            two(s.i, to, in_register(a, w, gp::rax), b.value);
            return store(d, to);
        }
        const u64 to = target(d, {b == a ? place() : b});
        move_to(to, a, w);
        fill_db(b.is_reg() ? s.r : s.m, to, b.value);
        store(d, to);
    }
    void shifted(stubs::shift how, bool w, place a, place b, place d) noexcept {
        if (!b.is_imm()) move_to(number(gp::rcx), b, false);
        const u64 to = d.is_reg() ? d.value : number(gp::rax);
        move_to(to, a, w);
        if (b.is_imm()) fill_db(stubs::shifts_imm[w][u8(how)], to, b.value & (w ? 63 : 31));
        else fill_d(stubs::shifts_cl[w][u8(how)], to);
        store(d, to);
    }
    void divide(bool is_signed, bool remainder, bool w, place a, place b, place d) noexcept {
        move_to(number(gp::rcx), b, w);
        move_to(number(gp::rax), a, w);
        if (!b.is_imm() || (w ? b.value : u32(b.value)) == 0)
            put(stubs::check_divisor[w], {}, exit_for(trap::integer_divide_by_zero));
        if (!is_signed) put(stubs::divide_unsigned[w], {});
        else if (remainder) put(stubs::remainder_signed[w], {});
        else put(stubs::divide_signed[w], {}, exit_for(trap::integer_overflow));
        store(d, number(remainder ? gp::rdx : gp::rax));
    }
};

} // namespace tessera::native
