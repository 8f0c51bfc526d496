// SPDX-License-Identifier: MIT
/// @file native/emit_vector.hpp
/// Operations on vectors, which lie in the frame, from stubs.
#pragma once

#include <tessera/native/emit.hpp>
#include <tessera/native/vector_stubs.hpp>

namespace tessera::inline TESSERA_ABI::native {

class vector_emitter : public emitter {
public:
    using emitter::emitter;

    static constexpr bool has_vector_stub(op o) noexcept {
        return vector_stub_of[u16(o)] != 0xff || is_swizzle(o) || is_bitselect(o);
    }
    static constexpr bool is_swizzle(op o) noexcept { return o == op::i8x16_swizzle || o == op::i8x16_relaxed_swizzle; }
    static constexpr bool is_bitselect(op o) noexcept {
        return o == op::v128_bitselect || (o >= op::i8x16_relaxed_laneselect && o <= op::i64x2_relaxed_laneselect);
    }

    /// Control can come here from elsewhere, so nothing is known of xmm0.
    void forget_held() noexcept { held_at_ = no_index; }
    void vector_to(u64 to, place p) noexcept { vector_to(to, p, holds(p)); }
    /// From xmm0, after which that is still known to have it.
    void store_vector(place d) noexcept {
        fill_d(stubs::vector_store_slot, d.value, first_float);
        held_ = d.value;
        held_at_ = position();
    }
    void move_vector(place a, place d) noexcept {
        vector_to(first_float, a);
        store_vector(d);
    }
    /// Stored as one, since a load of 16 bytes would wait for two stores of 8.
    void vector_constant(u64 low, u64 high, place d) noexcept {
        constant_to(first_float, low, high);
        store_vector(d);
    }
    void select_vector(place a, place b, place c, place d) noexcept {
        const u32 over = new_label();
        if (c.is_imm()) return move_vector(u32(c.value) != 0 ? a : b, d);
        test_condition(c);
        vector_to(first_float, b);
        jump_if(cond::e, over);
        vector_to(first_float, a);
        bind(over);
        store_vector(d);
    }
    /// What has_vector_stub is true of. `lane`: of an instruction that names one.
    void vector(op o, place a, place b, place c, place d, u32 lane = 0) noexcept {
        if (is_swizzle(o)) return swizzle(a, b, d);
        if (is_bitselect(o)) return bitselect(a, b, c, d);
        const op_type& t = row(o).type;
        const stubs::detail::vector_code& v = stubs::vectors[vector_stub_of[u16(o)]];
        if (row(o).immediate == imm::lane && t.param_count == 1) return extract(v.code, o, a, d, lane);
        const bool two_vectors = t.param_count >= 2 && t.params[1] == 'v';
        if (two_vectors) { // xmm1 before xmm0, which may have either
            const place left = v.swapped ? b : a, right = v.swapped ? a : b;
            const bool has_left = holds(left);
            vector_to(second_float, right);
            vector_to(first_float, left, has_left);
        } else if (t.params[0] == 'v') {
            const bool has = holds(a);
            if (t.param_count == 2) number_to(row(o).immediate == imm::lane ? gp::rax : gp::rcx, t.params[1], b);
            vector_to(first_float, a, has);
        } else {
            number_to(gp::rax, t.params[0], a);
        }
        if (v.more) {
            two(stubs::vector_store_field, 2, 0, u64(around().scratch) + 16);
            two(stubs::vector_store_field, 3, 0, u64(around().scratch) + 32);
            if (t.param_count == 3) vector_to(2, c);
            if (v.constant[0] != 0) {
                constant_to(2, v.constant[0], v.constant[1]);
            }
        }
        two(v.code, 0, 0, 0, lane);
        if (v.more) {
            two(stubs::vector_load_field, 2, 0, u64(around().scratch) + 16);
            two(stubs::vector_load_field, 3, 0, u64(around().scratch) + 32);
        }
        if (t.results[0] == 'v') store_vector(d);
        else store(d, number(gp::rax));
    }
    /// `lanes`: of 32 bytes, one a byte.
    void shuffle(place a, place b, const u8* lanes, place d) noexcept {
        const auto part = [&](place from_vector, u8 first) {
            u64 mask[2] = {};
            for (unsigned i = 0; i < 16; ++i) {
                const unsigned n = unsigned(lanes[i]) - first;
                mask[i / 8] |= u64(n < 16 ? n : 0x80) << 8 * (i % 8); // the highest bit makes 0
            }
            constant_to(1, mask[0], mask[1]);
            vector_to(0, from_vector);
            one(stubs::vector_shuffle, 0, 1);
        };
        part(a, 0);
        two(stubs::vector_store_field, 0, 0, u64(around().scratch));
        part(b, 16);
        two(stubs::vector_load_field, 1, 0, u64(around().scratch));
        one(stubs::vector_or, 0, 1);
        store_vector(d);
    }
    void load_vector(op o, place a, const access_range& range, place d) noexcept {
        reach(stubs::vector_accesses[vector_access_of(o)], size_of(o), a, range, 0);
        if (const op splat = splat_after(o); splat != op::nop) put(stubs::vectors[vector_stub_of[u16(splat)]].code, {});
        store_vector(d);
    }
    void store_vector_to(op o, place a, place b, const access_range& range) noexcept {
        if (range.again != no_index) forget_held(); // it may start again without
        vector_to(0, b);
        reach(stubs::vector_accesses[vector_access_of(o)], size_of(o), a, range, 0);
        mark(size_of(o), a, range);
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
    /// True if xmm0 has what is in the slot, since that was just stored from there.
    bool holds(place p) const noexcept { return held_at_ == position() && held_ == p.value; }
    void vector_to(u64 to, place p, bool held) noexcept {
        if (!held) fill_d(stubs::vector_load_slot, to, p.value);
        else if (to != first_float) fill_d(stubs::float_move, to, first_float);
    }
    void bitselect(place a, place b, place c, place d) noexcept {
        vector_to(0, a);
        vector_to(1, b);
        one(stubs::vector_xor, 0, 1);
        vector_to(1, c);
        one(stubs::vector_and, 0, 1);
        vector_to(1, b);
        one(stubs::vector_xor, 0, 1);
        store_vector(d);
    }
    void swizzle(place a, place b, place d) noexcept {
        set_register(number(gp::rax), 0x7070'7070'7070'7070, true); // makes the highest bit of what is beyond 15
        fill_d(stubs::vector_of_rax, 0);
        vector_to(1, b);
        one(stubs::vector_add_saturated, 1, 0);
        vector_to(0, a);
        one(stubs::vector_shuffle, 0, 1);
        store_vector(d);
    }
    /// rax = what is in the context at `field`.
    void pointer(i32 field) noexcept { two(stubs::field_load, number(gp::rax), number(context_register), u64(field)); }
    void imported_pointer(u32 index) noexcept {
        pointer(around().imported_globals);
        two(stubs::field_load, number(gp::rax), number(gp::rax), 8 * u64(index));
    }
    void load_field(u32 offset, place d) noexcept {
        two(stubs::field_load_vector, 0, number(gp::rax), offset);
        store_vector(d);
    }
    void store_field(u32 offset, place a) noexcept {
        vector_to(0, a);
        two(stubs::field_store_vector, 0, number(gp::rax), offset);
    }
    void constant_to(u64 to, u64 low, u64 high) noexcept {
        if (low == 0 && high == 0) return fill_d(stubs::float_zero, to);
        set_register(number(gp::rax), low, true);
        if (low == high) return fill_d(stubs::vector_of_rax, to);
        set_register(number(gp::rcx), high, true);
        fill_d(stubs::vector_of_halves, to);
    }
    void number_to(gp to, char letter, place p) noexcept {
        if (is_float(letter)) bits_to(to, p, letter == 'd');
        else move_to(number(to), p, letter == 'l');
    }
    void extract(const stub& s, op o, place a, place d, u32 lane) noexcept {
        const char letter = row(o).type.results[0];
        const u64 to = d.is_reg() ? d.value : is_float(letter) ? first_float : number(gp::rax);
        two(s, to, 0, 8 * a.value + lane * lane_bytes(o));
        if (is_float(letter)) store_float(d, to, letter == 'd');
        else store(d, to);
    }
    static constexpr u32 lane_bytes(op o) noexcept {
        switch (o) {
        case op::i8x16_extract_lane_s:
        case op::i8x16_extract_lane_u: return 1;
        case op::i16x8_extract_lane_s:
        case op::i16x8_extract_lane_u: return 2;
        case op::i32x4_extract_lane:
        case op::f32x4_extract_lane: return 4;
        default: return 8;
        }
    }

    u64 held_ = 0;           ///< slot
    u32 held_at_ = no_index; ///< place in the code where xmm0 has what is in it
};

} // namespace tessera::native
