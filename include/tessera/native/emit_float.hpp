// SPDX-License-Identifier: MIT
/// @file emit_float.hpp
/// Operations on floats, and conversions, from stubs. What is rare is left to the instruction's meaning, which
/// `meaning` calls.
#pragma once

#include <tessera/native/emit_integer.hpp>

namespace tessera::inline TESSERA_ABI::native {

class float_emitter : public integer_emitter {
public:
    /// A rare way through an operation, away from the others: its meaning decides.
    struct detour {
        u32 label = 0;
        u32 back = 0;
        op code = op::nop;
        place a, d;
        u32 node = 0;
    };
    vec<detour> detours;

    static constexpr u64 first_float = 0, second_float = 1; ///< the vector registers for use in between

    // ---- moves -----------------------------------------------------------------------------------------------------

    void float_to(u64 to, place p, bool w) noexcept {
        if (p.is_slot()) return fill_d(stubs::float_load_slot[w], to, p.value);
        if (p.is_reg()) {
            if (p.value != to) fill_d(stubs::float_move, to, p.value);
            return;
        }
        if ((w ? p.value : u32(p.value)) == 0) return fill_d(stubs::float_zero, to);
        set_register(number(gp::rax), p.value, w);
        fill_d(stubs::float_of_bits[w], to, number(gp::rax));
    }
    u64 in_float(place p, bool w, u64 scratch) noexcept {
        if (p.is_reg()) return p.value;
        float_to(scratch, p, w);
        return scratch;
    }
    void store_float(place d, u64 register_, bool w) noexcept {
        if (d.is_slot()) fill_d(stubs::float_store_slot[w], d.value, register_);
        else if (d.value != register_) fill_d(stubs::float_move, d.value, register_);
    }
    void move_float(place d, place a, bool w) noexcept {
        if (d.is_reg()) return float_to(d.value, a, w);
        if (!a.is_reg()) return move_integer(d, a, w); // through an integer register, or none
        store_float(d, a.value, w);
    }
    /// The bits of a float in an integer register.
    void bits_to(gp to, place p, bool w) noexcept {
        if (p.is_reg()) fill_d(stubs::bits_of_float[w], number(to), p.value);
        else move_to(number(to), p, w);
    }
    /// A float from bits in rax.
    void float_from_rax(place d, bool w) noexcept {
        if (d.is_reg()) fill_d(stubs::float_of_bits[w], d.value, number(gp::rax));
        else store(d, number(gp::rax));
    }

    // ---- operations ------------------------------------------------------------------------------------------------

    bool unary_float(op o, place a, place d) noexcept {
        const op_type& t = row(o).type;
        const bool w = t.params[0] == 'd' || t.params[0] == 'l', result_w = t.results[0] == 'd';
        const u64 to = d.is_reg() ? d.value : first_float;
        switch (o) {
        case op::f32_abs:
        case op::f64_abs: return sign(stubs::clear_sign[w], a, d, w), true;
        case op::f32_neg:
        case op::f64_neg: return sign(stubs::turn_sign[w], a, d, w), true;
        case op::f32_sqrt:
        case op::f64_sqrt: arithmetic_with(stubs::arithmetic::sqrt, w, to, a); break;
        case op::f32_nearest:
        case op::f64_nearest: two(stubs::float_round[w], to, in_float(a, w, first_float), 0, 8); break;
        case op::f32_floor:
        case op::f64_floor: two(stubs::float_round[w], to, in_float(a, w, first_float), 0, 9); break;
        case op::f32_ceil:
        case op::f64_ceil: two(stubs::float_round[w], to, in_float(a, w, first_float), 0, 10); break;
        case op::f32_trunc:
        case op::f64_trunc: two(stubs::float_round[w], to, in_float(a, w, first_float), 0, 11); break;
        case op::f32_demote_f64: one(stubs::demote, to, in_float(a, true, first_float)); break;
        case op::f64_promote_f32: one(stubs::promote, to, in_float(a, false, first_float)); break;
        case op::f32_convert_i32_s:
        case op::f64_convert_i32_s: one(stubs::convert32[result_w], to, in_register(a, false, gp::rax)); break;
        case op::f32_convert_i32_u: // zeros are above
        case op::f64_convert_i32_u: one(stubs::convert64[result_w], to, in_register(a, false, gp::rax)); break;
        case op::f32_convert_i64_s:
        case op::f64_convert_i64_s: one(stubs::convert64[result_w], to, in_register(a, true, gp::rax)); break;
        case op::f32_reinterpret_i32:
        case op::f64_reinterpret_i64:
            if (a.is_reg() && d.is_reg()) one(stubs::float_of_bits[w], d.value, a.value);
            else if (d.is_reg()) float_to(d.value, a, w);
            else move_integer(d, a, w);
            return true;
        case op::i32_reinterpret_f32:
        case op::i64_reinterpret_f64:
            if (a.is_reg() && d.is_reg()) one(stubs::bits_of_float[w], d.value, a.value);
            else if (d.is_reg()) move_to(d.value, a, w);
            else move_float(d, a, w);
            return true;
        default: return truncate(o, a, d, w);
        }
        store_float(d, to, result_w);
        return true;
    }
    bool binary_float(op o, place a, place b, place d) noexcept {
        const bool w = row(o).type.params[0] == 'd';
        using stubs::arithmetic;
        switch (o) {
        case op::f32_add:
        case op::f64_add: return in_place_float(arithmetic::add, w, a, b, d), true;
        case op::f32_sub:
        case op::f64_sub: return in_place_float(arithmetic::sub, w, a, b, d), true;
        case op::f32_mul:
        case op::f64_mul: return in_place_float(arithmetic::mul, w, a, b, d), true;
        case op::f32_div:
        case op::f64_div: return in_place_float(arithmetic::div, w, a, b, d), true;
        case op::f32_min:
        case op::f64_min: return extreme(stubs::float_min[w], w, a, b, d), true;
        case op::f32_max:
        case op::f64_max: return extreme(stubs::float_max[w], w, a, b, d), true;
        case op::f32_copysign:
        case op::f64_copysign:
            bits_to(gp::rax, a, w);
            bits_to(gp::rcx, b, w);
            put(stubs::take_sign[w], {});
            return float_from_rax(d, w), true;
        default: break;
        }
        if (!num::is_compare(o)) return false;
        const float_condition c = compare_float(o, a, b);
        const u64 to = d.is_reg() ? d.value : number(gp::rax);
        if (c.equal) fill_d(stubs::set_equal, to);
        else if (c.unequal) fill_d(stubs::set_unequal, to);
        else fill_d(stubs::set[u8(c.holds)], to);
        store(d, to);
        return true;
    }

    // ---- comparisons -----------------------------------------------------------------------------------------------

    /// What the flags show when a comparison holds: one condition, or one of the two that need two.
    struct float_condition {
        cond holds = cond::a;
        bool equal = false;
        bool unequal = false;
    };
    float_condition compare_float(op o, place a, place b) noexcept {
        const bool w = row(o).type.params[0] == 'd';
        const u32 n = u32(o) - u32(w ? op::f64_eq : op::f32_eq); // eq ne lt gt le ge
        if (n == 2 || n == 4) std::swap(a, b);                   // a condition that a NaN does not meet
        const u64 left = in_float(a, w, first_float);
        if (b.is_imm()) float_to(second_float, b, w), b = place::reg(second_float);
        const stubs::shapes& s = stubs::float_compare[w];
        two(b.is_reg() ? s.r : s.m, 0, left, b.value);
        return {n < 4 ? cond::a : cond::ae, n == 0, n == 1};
    }
    /// To `label` if the comparison whose flags are set holds (or, `negated`, does not).
    void jump_if_float(float_condition c, bool negated, u32 label) noexcept {
        if ((c.equal && !negated) || (c.unequal && negated)) return put(stubs::jump_equal, {}, label);
        if (c.equal || c.unequal) {
            jump_if(cond::p, label);
            return jump_if(cond::ne, label);
        }
        jump_if(negated ? not_(c.holds) : c.holds, label);
    }
    void select_float(bool w, place a, place b, place c, place d) noexcept {
        const u64 to = d.is_reg() && a != d ? d.value : first_float;
        float_to(to, b, w);
        const u32 over = new_label();
        test_condition(c);
        jump_if(cond::e, over);
        float_to(to, a, w);
        bind(over);
        store_float(d, to, w);
    }

private:
    void sign(const stub& s, place a, place d, bool w) noexcept {
        bits_to(gp::rax, a, w);
        put(s, {});
        float_from_rax(d, w);
    }
    void arithmetic_with(stubs::arithmetic what, bool w, u64 d, place b) noexcept {
        const stubs::shapes& s = stubs::floats[w][u8(what)];
        if (b.is_imm()) float_to(second_float, b, w), b = place::reg(second_float);
        fill_db(b.is_reg() ? s.r : s.m, d, b.value);
    }
    void in_place_float(stubs::arithmetic what, bool w, place a, place b, place d) noexcept {
        if ((what == stubs::arithmetic::add || what == stubs::arithmetic::mul) && b == d) std::swap(a, b);
        const u64 to = d.is_reg() && (b != d || a == b) ? d.value : first_float;
        float_to(to, a, w);
        arithmetic_with(what, w, to, b);
        store_float(d, to, w);
    }
    void extreme(const stub& s, bool w, place a, place b, place d) noexcept {
        const u64 other = in_float(b, w, second_float);
        const u64 to = d.is_reg() && d.value != other ? d.value : first_float;
        float_to(to, a, w);
        fill_db(s, to, other);
        store_float(d, to, w);
    }
    /// From a float to an integer: what fits in the ordinary way here, the rest by a detour.
    bool truncate(op o, place a, place d, bool w) noexcept {
        const stub* s = nullptr;
        switch (o) {
        case op::i32_trunc_f32_s:
        case op::i32_trunc_f64_s:
        case op::i32_trunc_sat_f32_s:
        case op::i32_trunc_sat_f64_s: s = &stubs::truncate_i32[w]; break;
        case op::i32_trunc_f32_u:
        case op::i32_trunc_f64_u:
        case op::i32_trunc_sat_f32_u:
        case op::i32_trunc_sat_f64_u: s = &stubs::truncate_u32[w]; break;
        case op::i64_trunc_f32_s:
        case op::i64_trunc_f64_s:
        case op::i64_trunc_sat_f32_s:
        case op::i64_trunc_sat_f64_s: s = &stubs::truncate_i64[w]; break;
        case op::i64_trunc_f32_u:
        case op::i64_trunc_f64_u:
        case op::i64_trunc_sat_f32_u:
        case op::i64_trunc_sat_f64_u: s = &stubs::truncate_u64[w]; break;
        default: return false;
        }
        const u64 value = in_float(a, w, first_float);
        detour way{new_label(), new_label(), o, place::reg(value), d, node};
        if (!detours.push_back(way)) failed_ = true;
        fillings v;
        v[from::a] = i64(value);
        put(*s, v, way.label);
        const bool wide = row(o).type.results[0] == 'l';
        if (d.is_reg()) fill_d(stubs::move[wide].r, d.value, number(gp::rax));
        else {
            if (!wide) fill_d(stubs::move[0].r, number(gp::rax), number(gp::rax));
            store(d, number(gp::rax));
        }
        bind(way.back);
        return true;
    }
};

} // namespace tessera::native
