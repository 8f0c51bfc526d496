// SPDX-License-Identifier: MIT
/// @file native/emit_vector.hpp
/// Operations on vectors, in registers or in the frame, from stubs.
#pragma once

#include <tessera/native/emit.hpp>
#include <tessera/native/vector_stubs.hpp>

namespace tessera::inline TESSERA_ABI::native {

class vector_emitter : public emitter {
public:
    using emitter::emitter;

    bool avx = false;            ///< the processor has it
    bool used[2] = {true, true}; ///< xmm2, xmm3: whether they may hold values

    static constexpr bool has_vector_stub(op o) noexcept {
        return vector_stub_of[u16(o)] != 0xff || is_swizzle(o) || is_bitselect(o) || is_composed(o);
    }
    static constexpr bool is_swizzle(op o) noexcept { return o == op::i8x16_swizzle || o == op::i8x16_relaxed_swizzle; }
    static constexpr bool is_bitselect(op o) noexcept {
        return o == op::v128_bitselect || (o >= op::i8x16_relaxed_laneselect && o <= op::i64x2_relaxed_laneselect);
    }
    /// True for what is two or three others.
    static constexpr bool is_composed(op o) noexcept {
        return (o >= op::f32x4_relaxed_madd && o <= op::f64x2_relaxed_nmadd) ||
               o == op::i32x4_relaxed_dot_i8x16_i7x16_add_s;
    }

    void vector_to(u64 to, place p) noexcept {
        if (p.is_slot()) fill_d(stubs::vector_load_slot, to, p.value);
        else if (p.value != to) fill_d(stubs::float_move, to, p.value);
    }
    u64 in_vector(place p, u64 scratch) noexcept {
        if (p.is_reg()) return p.value;
        vector_to(scratch, p);
        return scratch;
    }
    void store_vector(place d, u64 register_) noexcept {
        if (d.is_slot()) fill_d(stubs::vector_store_slot, d.value, register_);
        else if (d.value != register_) fill_d(stubs::float_move, d.value, register_);
    }
    void move_vector(place a, place d) noexcept {
        if (d.is_reg()) vector_to(d.value, a);
        else store_vector(d, in_vector(a, first_float));
    }
    /// Stored as one, since a load of 16 bytes would wait for two stores of 8.
    void vector_constant(u64 low, u64 high, place d) noexcept {
        const u64 to = target_of(d);
        constant_to(to, low, high);
        store_vector(d, to);
    }
    void select_vector(place a, place b, place c, place d) noexcept {
        if (c.is_imm()) return move_vector(u32(c.value) != 0 ? a : b, d);
        const u32 over = new_label();
        const u64 to = a == d ? first_float : target_of(d);
        vector_to(to, b);
        test_condition(c);
        jump_if(cond::e, over);
        vector_to(to, a);
        bind(over);
        store_vector(d, to);
    }
    /// What has_vector_stub is true of. `lane`: of an instruction that names one.
    void vector(op o, place a, place b, place c, place d, u32 lane = 0) noexcept {
        if (is_swizzle(o)) return swizzle(a, b, d);
        if (is_bitselect(o)) return bitselect(a, b, c, d);
        if (is_composed(o)) return composed(o, a, b, c, d);
        const op_type& t = row(o).type;
        const stubs::detail::vector_code& v = stubs::vectors[avx][vector_stub_of[u16(o)]];
        if (row(o).immediate == imm::lane) {
            if (t.param_count == 1) extract(v.code, o, a, d, lane);
            else replace(v, t.params[1], a, b, d, lane);
            return;
        }
        if (t.params[0] != 'v') return splat(v.code, t.params[0], a, d);
        if (t.param_count == 2 && t.params[1] != 'v') {
            if (b.is_imm() && shift_by(o, u32(b.value), a, d)) return;
            move_to(number(gp::rcx), b, false);
            b = {};
        }
        if (v.swapped) std::swap(a, b);
        if (v.fixed) return fixed(v, a, b, d);
        if (b.is_reg() && b == d && a != b && num::is_commutative(o)) std::swap(a, b);
        if (t.results[0] == 'v') return combine(v.code, v.in_place, v.apart, a, b, d);
        const u64 to = d.is_reg() ? d.value : number(gp::rax);
        one(v.code, to, in_vector(a, first_float));
        store(d, to);
    }
    /// `lanes`: of 32 bytes, one a byte.
    void shuffle(place a, place b, const u8* lanes, place d) noexcept {
        u8 all[16];
        bool from_a = true, from_b = true;
        for (unsigned i = 0; i < 16; ++i) {
            all[i] = a == b ? lanes[i] & 15 : lanes[i];
            (all[i] < 16 ? from_b : from_a) = false;
        }
        if (from_a || from_b) shuffle_one(from_a ? a : b, all, d);
        else if (!shuffle_pair(a, b, all, d)) shuffle_two(a, b, all, d);
    }
    void load_vector(op o, place a, const access_range& range, place d) noexcept {
        const stubs::access& s = stubs::vector_accesses[vector_access_of(o)];
        const bool bytes = o == op::v128_load8_splat, words = o == op::v128_load16_splat;
        if (bytes || words) {
            reach(s, size_of(o), a, range, number(gp::rax));
            return vector(bytes ? op::i8x16_splat : op::i16x8_splat, place::reg(gp::rax), {}, {}, d);
        }
        const u64 to = target_of(d);
        reach(s, size_of(o), a, range, to);
        if (o == op::v128_load32_splat) one(stubs::vector_order, to, to);
        store_vector(d, to);
    }
    void store_vector_to(op o, place a, place b, const access_range& range) noexcept {
        const u64 value = in_vector(b, first_float);
        reach(stubs::vector_accesses[vector_access_of(o)], size_of(o), a, range, value);
        mark(size_of(o), a, range);
    }
    /// Constants that code has loaded, behind the code.
    void emit_constants() noexcept {
        for (const literal& c : constants_) {
            bind(c.label);
            two(stubs::vector_bits, 0, c.low, c.high);
        }
        constants_.clear();
    }

    // ---- globals, see emitter --------------------------------------------------------------------------------------

    void vector_global_get(u32 offset, place d) noexcept {
        pointer(around().globals);
        load_field(offset, d);
    }
    void vector_global_set(u32 offset, place a) noexcept {
        pointer(around().globals);
        store_field(offset, a);
    }
    void vector_imported_get(u32 index, place d) noexcept {
        imported_pointer(index);
        load_field(0, d);
    }
    void vector_imported_set(u32 index, place a) noexcept {
        imported_pointer(index);
        store_field(0, a);
    }

private:
    static u64 target_of(place d) noexcept { return d.is_reg() ? d.value : first_float; }
    /// By a stub of one operand or two. See stubs::detail::vector_code.
    void combine(const stub& s, bool in_place, bool apart, place a, place b, place d, u64 x = 0) noexcept {
        const bool has_second = b.what != place::kind::none;
        const u64 second = has_second ? in_vector(b, second_float) : second_float;
        u64 to = target_of(d);
        if (has_second && apart && to == second) to = first_float;
        if (in_place) vector_to(to, a);
        two(s, to, in_place ? to : in_vector(a, first_float), second, x);
        store_vector(d, to);
    }
    void fixed(const stubs::detail::vector_code& v, place a, place b, place d) noexcept {
        if (b.what != place::kind::none) vector_to(second_float, b);
        vector_to(first_float, a);
        const auto aside = [&](const stub& s, u64 but) {
            for (u64 k = 0; k < 2; ++k)
                if (used[k] && but != 2 + k) two(s, 2 + k, 0, u64(around().scratch) + 16 * (1 + k));
        };
        const u64 result = d.is_reg() ? d.value : no_index;
        aside(stubs::vector_store_field, result);
        if (v.constant[0] != 0) constant_to(2, v.constant[0], v.constant[1]);
        put(v.code, {});
        aside(stubs::vector_load_field, result);
        store_vector(d, first_float);
    }
    /// Multiplications with an addition are rounded twice, as their meaning is.
    void composed(op o, place a, place b, place c, place d) noexcept {
        const place product = place::reg(first_float), other = place::reg(second_float);
        const auto madd = [&](op multiply, op with) {
            vector(multiply, a, b, {}, product);
            if (with == op::f32x4_add || with == op::f64x2_add) return vector(with, product, c, {}, d);
            move_vector(product, other); // c - a * b
            vector(with, c, other, {}, d);
        };
        switch (o) {
        case op::f32x4_relaxed_madd: return madd(op::f32x4_mul, op::f32x4_add);
        case op::f32x4_relaxed_nmadd: return madd(op::f32x4_mul, op::f32x4_sub);
        case op::f64x2_relaxed_madd: return madd(op::f64x2_mul, op::f64x2_add);
        case op::f64x2_relaxed_nmadd: return madd(op::f64x2_mul, op::f64x2_sub);
        default: break;
        }
        vector(op::i16x8_relaxed_dot_i8x16_i7x16_s, a, b, {}, product);
        vector(op::i32x4_extadd_pairwise_i16x8_s, product, {}, {}, product);
        vector(op::i32x4_add, product, c, {}, d);
    }
    void bitselect(place a, place b, place c, place d) noexcept {
        const place made = place::reg(first_float);
        vector(op::v128_xor, a, b, {}, made);
        vector(op::v128_and, made, c, {}, made);
        vector(op::v128_xor, made, b, {}, d);
    }
    void swizzle(place a, place b, place d) noexcept {
        constexpr u64 up = 0x7070'7070'7070'7070; // makes the highest bit of what is beyond 15
        const place names = place::reg(second_float);
        b = place::reg(in_vector(b, first_float));
        constant_to(second_float, up, up);
        vector(op::i8x16_add_sat_u, names, b, {}, names);
        pair(10, a, names, d);
    }
    /// By number `n` of stubs::vector_pairs.
    void pair(unsigned n, place a, place b, place d, u64 x = 0) noexcept {
        combine(stubs::vector_pairs[avx][n], !avx, !avx, a, b, d, x);
    }
    void shuffle_one(place a, const u8* lanes, place d) noexcept {
        u8 order = 0;
        if (!orders(lanes, order)) {
            mask_to(second_float, lanes, lanes[0] & 16u);
            return pair(10, a, place::reg(second_float), d);
        }
        const u64 to = target_of(d);
        two(stubs::vector_order, to, in_vector(a, first_float), 0, order);
        store_vector(d, to);
    }
    /// What one instruction does to two registers. False: it is something else.
    bool shuffle_pair(place a, place b, const u8* lanes, place d) noexcept {
        const auto combined = [&](unsigned n, bool b_first, u64 x = 0) {
            return pair(n, b_first ? b : a, b_first ? a : b, d, x), true;
        };
        const bool turned = lanes[0] >= 16;
        const auto is = [&](auto expected) {
            for (unsigned i = 0; i < 16; ++i)
                if (lanes[i] != (expected(i) ^ (turned ? 16u : 0u))) return false;
            return true;
        };
        for (unsigned n = 0; n < 8; ++n) {
            const unsigned bytes = 1u << n % 4, first = n < 4 ? 0 : 8;
            if (is([&](unsigned i) { return first + i / bytes / 2 * bytes + i % bytes + (i / bytes % 2 ? 16u : 0u); }))
                return combined(n, turned);
        }
        const unsigned begin = lanes[0] & 15;
        if (is([&](unsigned i) { return begin + i; })) return combined(9, !turned, begin);
        u8 order = 0;
        const bool halves = is([&](unsigned i) { return (lanes[i] & 15u) + (i < 8 ? 0u : 16u); });
        return halves && orders(lanes, order) && combined(8, turned, order);
    }
    void shuffle_two(place a, place b, const u8* lanes, place d) noexcept {
        const place first = place::reg(target_of(d)), second = place::reg(first_float),
                    other = place::reg(second_float);
        const auto part = [&](place p, u8 begin, place to) {
            mask_to(second_float, lanes, begin);
            pair(10, p, other, to);
        };
        const bool b_first = d == b; // what is made in `d` comes first
        part(b_first ? b : a, b_first ? 16 : 0, first);
        if (!d.is_reg()) two(stubs::vector_store_field, first.value, 0, u64(around().scratch));
        part(b_first ? a : b, b_first ? 0 : 16, second);
        if (!d.is_reg()) two(stubs::vector_load_field, other.value, 0, u64(around().scratch));
        vector(op::v128_or, first, d.is_reg() ? second : other, {}, d);
    }
    /// True if `lanes` are four lanes of 32 bits each, `order`, of whatever register.
    static bool orders(const u8* lanes, u8& order) noexcept {
        order = 0;
        for (unsigned i = 0; i < 16; ++i) {
            if (lanes[i] % 4 != i % 4 || lanes[i] / 4 != lanes[i & 12] / 4) return false;
            if (i % 4 == 0) order = u8(order | (lanes[i] / 4 % 4) << i / 2);
        }
        return true;
    }
    /// `to` = the mask for the lanes of the register that has those from `first` on.
    void mask_to(u64 to, const u8* lanes, u32 first) noexcept {
        u64 mask[2] = {};
        for (unsigned i = 0; i < 16; ++i) {
            const u32 n = u32(lanes[i]) - first;
            mask[i / 8] |= u64(n < 16 ? n : 0x80) << 8 * (i % 8); // the highest bit makes 0
        }
        constant_to(to, mask[0], mask[1]);
    }
    /// False: not by an immediate.
    bool shift_by(op o, u32 count, place a, place d) noexcept {
        const bool bytes = o == op::i8x16_shl || o == op::i8x16_shr_u;
        if (bytes) o = o == op::i8x16_shl ? op::i16x8_shl : op::i16x8_shr_u;
        const u8 n = stubs::shift_place(o);
        if (n == 0xff) return false;
        count &= bytes ? 7u : (16u << n / 3) - 1;
        const u64 to = target_of(d);
        vector_to(to, a);
        two(stubs::vector_shifts_imm[n], to, 0, 0, count);
        if (bytes) {
            const u64 kept = u8(o == op::i16x8_shl ? 0xffu << count : 0xffu >> count) * 0x0101'0101'0101'0101u;
            constant_to(second_float, kept, kept);
            vector(op::v128_and, place::reg(to), place::reg(second_float), {}, place::reg(to));
        }
        store_vector(d, to);
        return true;
    }
    void splat(const stub& s, char letter, place a, place d) noexcept {
        const u64 to = target_of(d);
        one(s, to, is_float(letter) ? in_float(a, letter == 'd', first_float) : in_register(a, letter == 'l', gp::rax));
        store_vector(d, to);
    }
    void replace(const stubs::detail::vector_code& v, char letter, place a, place b, place d, u32 lane) noexcept {
        if (!is_float(letter)) {
            const u64 second = in_register(b, letter == 'l', gp::rax), to = target_of(d);
            if (v.in_place) vector_to(to, a);
            two(v.code, to, v.in_place ? to : in_vector(a, first_float), second, lane);
            return store_vector(d, to);
        }
        b = place::reg(in_float(b, letter == 'd', second_float));
        if (letter == 'd' && lane == 0) combine(stubs::vector_low, true, true, a, b, d);
        else combine(v.code, v.in_place, v.apart, a, b, d, letter == 'd' ? 0 : 16 * lane);
    }
    void extract(const stub& s, op o, place a, place d, u32 lane) noexcept {
        const char letter = row(o).type.results[0];
        const unsigned n = u16(o) - u16(op::i8x16_extract_lane_s);
        const bool wide = letter == 'l' || letter == 'd';
        const u64 to = d.is_reg() ? d.value : is_float(letter) ? first_float : number(gp::rax);
        if (a.is_slot()) two(stubs::vector_lanes[n], to, 0, 8 * a.value + lane * vector_lane_bytes[n]);
        else if (lane != 0 || vector_lane_bytes[n] < 4) two(s, to, a.value, 0, lane);
        else if (is_float(letter)) return store_float(d, a.value, wide);
        else one(stubs::bits_of_float[wide], to, a.value);
        if (is_float(letter)) store_float(d, to, wide);
        else store(d, to);
    }
    /// rax = what is in the context at `field`.
    void pointer(i32 field) noexcept { two(stubs::field_load, number(gp::rax), number(context_register), u64(field)); }
    void imported_pointer(u32 index) noexcept {
        pointer(around().imported_globals);
        two(stubs::field_load, number(gp::rax), number(gp::rax), 8 * u64(index));
    }
    void load_field(u32 offset, place d) noexcept {
        const u64 to = target_of(d);
        two(stubs::field_load_vector, to, number(gp::rax), offset);
        store_vector(d, to);
    }
    void store_field(u32 offset, place a) noexcept {
        two(stubs::field_store_vector, in_vector(a, first_float), number(gp::rax), offset);
    }
    void constant_to(u64 to, u64 low, u64 high) noexcept {
        if (low == 0 && high == 0) return fill_d(stubs::float_zero, to);
        if ((low & high) == ~u64{0}) return fill_d(stubs::vector_ones, to);
        if (blinding == 0) return put_load(to, low, high);
        set_register(number(gp::rax), low, true);
        if (low == high) return fill_d(stubs::vector_of_rax, to);
        set_register(number(gp::rcx), high, true);
        fill_d(stubs::vector_of_halves, to);
    }
    void put_load(u64 to, u64 low, u64 high) noexcept {
        constexpr std::size_t near = 16; // as many are looked at
        u32 label = no_index;
        for (std::size_t n = constants_.size(), i = n; i > 0 && n - i < near && label == no_index; --i)
            if (constants_[i - 1].low == low && constants_[i - 1].high == high) label = constants_[i - 1].label;
        if (label == no_index) {
            label = new_label();
            if (!constants_.push_back({low, high, label})) failed_ = true;
        }
        fillings v;
        v[from::d] = i64(to);
        put(stubs::vector_load_constant, v, label);
    }

    struct literal {
        u64 low = 0, high = 0;
        u32 label = 0;
    };
    vec<literal> constants_;
};

} // namespace tessera::native
