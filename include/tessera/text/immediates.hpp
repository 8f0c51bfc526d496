// SPDX-License-Identifier: MIT
/// @file text/immediates.hpp
/// The immediates of plain instructions, per kind (spec: text/instructions).
#pragma once

#include <tessera/text/labels.hpp>
#include <tessera/text/types.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// Reads an instruction's immediates and writes the instruction.
class immediate_parser : public type_parser {
public:
    using type_parser::type_parser;

protected:
    /// Writes instruction `o`, whose keyword was passed, with the immediates that follow.
    [[nodiscard]] bool plain(op o, chunk& to) noexcept {
        u32 x = 0, y = 0;
        switch (row(o).immediate) {
        case imm::none:
            if (o == op::select && at_left(word::result)) return select(to);
            return write(to, o);
        case imm::zero_byte: return write(to, o, 0u);
        case imm::label: return label(x) && write(to, o, x);
        case imm::func: return index(space::func, x) && write(to, o, x);
        case imm::type: return index(space::type, x) && write(to, o, x);
        case imm::local: return index(space::local, x) && write(to, o, x);
        case imm::global: return index(space::global, x) && write(to, o, x);
        case imm::tag: return index(space::tag, x) && write(to, o, x);
        case imm::elem: return index(space::elem, x) && write(to, o, x);
        case imm::data: needs_data_count_ = true; return index(space::data, x) && write(to, o, x);
        case imm::table: return optional(space::table, x) && write(to, o, x);
        case imm::memory: return optional(space::memory, x) && write(to, o, x);
        case imm::table_table: return optional_pair(space::table, x, y) && write(to, o, x, y);
        case imm::memory_memory: return optional_pair(space::memory, x, y) && write(to, o, x, y);
        case imm::elem_table: return optional_before(space::table, space::elem, x, y) && write(to, o, y, x);
        case imm::data_memory:
            needs_data_count_ = true;
            return optional_before(space::memory, space::data, x, y) && write(to, o, y, x);
        case imm::call_indirect: return optional(space::table, x) && type_use(false, y) && write(to, o, y, x);
        case imm::field: return index(space::type, x) && index(space::field, y, x) && write(to, o, x, y);
        case imm::type_count: return index(space::type, x) && nat32(y) && write(to, o, x, y);
        case imm::type_type: return index(space::type, x) && index(space::type, y) && write(to, o, x, y);
        case imm::type_elem: return index(space::type, x) && index(space::elem, y) && write(to, o, x, y);
        case imm::type_data:
            needs_data_count_ = true;
            return index(space::type, x) && index(space::data, y) && write(to, o, x, y);
        case imm::labels: return labels(o, to);
        case imm::memarg: return memarg(o, to, false);
        case imm::memarg_lane: return memarg(o, to, true) && lane(to);
        case imm::lane: return write(to, o) && lane(to);
        case imm::shuffle: return write(to, o) && shuffle(to);
        case imm::i32_const: return integer(32, u64_) && write(to, o) && (to.leb_s(i32(u32(u64_))), true);
        case imm::i64_const: return integer(64, u64_) && write(to, o) && (to.leb_s(i64(u64_)), true);
        case imm::f32_const: return number<f32>(u32_) && write(to, o) && (to.fixed(u32_), true);
        case imm::f64_const: return number<f64>(u64_) && write(to, o) && (to.fixed(u64_), true);
        case imm::v128_const: {
            u8 bytes[16];
            if (!vector(bytes)) return false;
            static_cast<void>(write(to, o));
            to.raw(bytes, sizeof bytes);
            return true;
        }
        case imm::heap: {
            heap_type h;
            if (!heap(h)) return false;
            static_cast<void>(write(to, o));
            write_heap(to, h);
            return true;
        }
        case imm::ref_type: {
            val_type t;
            if (!ref_type(t)) return false;
            if (t.is_nullable()) o = o == op::ref_test ? op::ref_test_null : op::ref_cast_null;
            static_cast<void>(write(to, o));
            write_heap(to, t.heap());
            return true;
        }
        case imm::br_cast: {
            val_type from, target;
            if (!label(x) || !ref_type(from) || !ref_type(target)) return false;
            static_cast<void>(write(to, o));
            to.byte(u8(from.is_nullable() | target.is_nullable() << 1));
            to.leb_u(x);
            write_heap(to, from.heap());
            write_heap(to, target.heap());
            return true;
        }
        default: return unexpected(); // block and try_table are no plain instructions
        }
    }

    /// The opcode and numbers after it.
    template <class... X>
    bool write(chunk& to, op o, X... numbers) noexcept {
        binary::write_opcode(to, o);
        (to.leb_u(numbers), ...);
        return true;
    }

    // ---- labels

    [[nodiscard]] bool push_label(std::string_view name) noexcept { return labels_.push(name) || out_of_memory(); }
    void pop_label() noexcept { labels_.pop(); }
    /// A label's index: a number, or an identifier of a block around.
    [[nodiscard]] bool label(u32& out) noexcept {
        if (!at(token_kind::id)) return nat32(out);
        const token& t = peek();
        std::string_view name;
        if (!id(name)) return false;
        return labels_.find(name, out) || fail(msg::text_unknown[u8(space::label)], t, text(t));
    }
    label_stack labels_;

    bool needs_data_count_ = false;

    /// A number of type F, as its bits.
    template <class F>
    [[nodiscard]] bool number(bits_of_size<sizeof(F)>& out) noexcept {
        const token& t = peek();
        if (!at_number()) return unexpected();
        if (!parse_float<F>(text(t), out)) return fail(msg::constant_range, t, text(t));
        static_cast<void>(next());
        return true;
    }
    [[nodiscard]] bool integer(unsigned bits, u64& out) noexcept {
        const token& t = peek();
        if (!at_number() || at(token_kind::floating)) return unexpected();
        if (!parse_int(text(t), bits, out)) return fail(msg::constant_range, t, text(t));
        static_cast<void>(next());
        return true;
    }
    /// What follows v128.const: a shape and its lanes.
    [[nodiscard]] bool vector(u8 (&bytes)[16]) noexcept {
        if (!at(token_kind::keyword)) return unexpected();
        const token& shape = peek();
        u32 lanes = 0;
        switch (word(shape.match)) {
        case word::i8x16: lanes = 16; break;
        case word::i16x8: lanes = 8; break;
        case word::i32x4:
        case word::f32x4: lanes = 4; break;
        case word::i64x2:
        case word::f64x2: lanes = 2; break;
        default: return unexpected();
        }
        static_cast<void>(next());
        const u32 there = numbers_ahead();
        if (there != lanes && peek(there).kind != token_kind::reserved) return fail(msg::lane_literals, shape);
        for (u32 i = 0; i < lanes; ++i) {
            u64 lane_bits = 0;
            u32 narrow = 0;
            if (shape.is(word::f32x4)) {
                if (!number<f32>(narrow)) return false;
                lane_bits = narrow;
            } else if (shape.is(word::f64x2) ? !number<f64>(lane_bits) : !integer(128 / lanes, lane_bits)) {
                return false;
            }
            for (u32 k = 0; k < 16 / lanes; ++k) bytes[i * (16 / lanes) + k] = u8(lane_bits >> (8 * k));
        }
        return true;
    }

private:
    /// How many numbers come next.
    u32 numbers_ahead() const noexcept {
        u32 n = 0;
        while (peek(n).kind == token_kind::nat || peek(n).kind == token_kind::integer ||
               peek(n).kind == token_kind::floating)
            ++n;
        return n;
    }
    [[nodiscard]] bool optional(space s, u32& x) noexcept { return !at_index() || index(s, x); }
    [[nodiscard]] bool optional_pair(space s, u32& x, u32& y) noexcept {
        return !at_index() || (index(s, x) && index(s, y));
    }
    /// One index is of space `s`; of two the first is of space `before`.
    [[nodiscard]] bool optional_before(space before, space s, u32& x, u32& y) noexcept {
        const token_kind second = peek(1).kind;
        if ((second == token_kind::nat || second == token_kind::id) && !index(before, x)) return false;
        return index(s, y);
    }
    [[nodiscard]] bool select(chunk& to) noexcept {
        signature_.clear();
        while (enter(word::result))
            if (!values(signature_)) return false;
        static_cast<void>(write(to, op::select_t, signature_.size()));
        for (val_type t : signature_) write_type(to, t);
        return true;
    }
    [[nodiscard]] bool labels(op o, chunk& to) noexcept {
        u32 count = 0;
        while (peek(count).kind == token_kind::nat || peek(count).kind == token_kind::id) ++count;
        if (count == 0) return unexpected();
        static_cast<void>(write(to, o, count - 1));
        for (; count > 0; --count) {
            u32 x = 0;
            if (!label(x)) return false;
            to.leb_u(x);
        }
        return true;
    }
    /// Before a lane, a number is a memory index only if another number or `offset=` or `align=` follows.
    [[nodiscard]] bool memarg(op o, chunk& to, bool lane_follows) noexcept {
        u32 memory = 0;
        u64 offset = 0, align = u64{1} << natural_align[u16(o)];
        const token& second = peek(1);
        if (at_index() && (!lane_follows || at(token_kind::id) || second.kind == token_kind::nat ||
                           second.is(word::offset_is) || second.is(word::align_is)))
            if (!index(space::memory, memory)) return false;
        if (!number_after(word::offset_is, offset) || !number_after(word::align_is, align)) return false;
        static_cast<void>(write(to, o));
        binary::write_memarg(to, u32(std::countr_zero(align)), memory, offset);
        return true;
    }
    /// `offset=` or `align=` with its number, if it is next.
    [[nodiscard]] bool number_after(word w, u64& out) noexcept {
        const token& t = peek();
        if (!accept(w)) return true;
        if (!parse_nat(text(t).substr(text_of(w).size()), out)) return fail(msg::i64_range, t, text(t));
        return w != word::align_is || std::has_single_bit(out) || fail(msg::text_alignment, t);
    }
    [[nodiscard]] bool lane(chunk& to) noexcept {
        const token& t = peek();
        u64 value = 0;
        if (!at(token_kind::nat)) return unexpected();
        if (!parse_nat(text(t), value) || value > 0xff) return fail(msg::i8_range, t, text(t));
        static_cast<void>(next());
        to.byte(u8(value));
        return true;
    }
    [[nodiscard]] bool shuffle(chunk& to) noexcept {
        const u32 there = numbers_ahead();
        if (there != 16)
            return peek(there).kind == token_kind::reserved ? unexpected(peek(there)) : fail(msg::lane_length, peek());
        for (u32 i = 0; i < 16; ++i) {
            if (!at(token_kind::nat)) return fail(msg::i8_range, peek(), text(peek()));
            if (!lane(to)) return false;
        }
        return true;
    }

    u32 u32_ = 0; // where constants are read to
    u64 u64_ = 0;
};

} // namespace tessera::text
TESSERA_SMALL_END
