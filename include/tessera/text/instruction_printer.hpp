// SPDX-License-Identifier: MIT
/// @file instruction_printer.hpp
/// One instruction as text, per immediate kind (spec: text/instructions).
#pragma once

#include <tessera/binary/hints.hpp>
#include <tessera/text/labels.hpp>
#include <tessera/text/type_printer.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// Prints the instruction that `code_` read, without parentheses.
class instruction_printer : public type_printer {
public:
    explicit instruction_printer(const module_data& m) noexcept : type_printer(m), code_(m.bytes.data(), {}) {
        code_.module_ends(m.bytes.data() + m.bytes.size());
    }

protected:
    using instruction = binary::instruction;
    using immediate_reader = binary::immediate_reader;

    /// `label`: the name of the block, where it is one.
    void print(const instruction& in, std::string_view label) noexcept {
        const op_row& r = row(in.code);
        cursor list = in.list;
        out_ << r.text;
        switch (in.immediate) {
        case imm::none:
        case imm::zero_byte: return;
        case imm::block: return block(in, label);
        case imm::try_table:
            block(in, label);
            for (u32 i = 0; i < in.list_count; ++i) clause(immediate_reader::next_catch(list));
            return;
        case imm::label: return label_index(in.index);
        case imm::labels:
            while (!list.done() && !out_.failed()) label_index(immediate_reader::next_label(list));
            return;
        case imm::func: return item(space::func, in.index);
        case imm::type: return item(space::type, in.index);
        case imm::local: return item(space::local, in.index);
        case imm::global: return item(space::global, in.index);
        case imm::elem: return item(space::elem, in.index);
        case imm::data: return item(space::data, in.index);
        case imm::tag: return item(space::tag, in.index);
        case imm::table: return not_first(space::table, in.index);
        case imm::memory: return not_first(space::memory, in.index);
        case imm::table_table: return not_first_two(space::table, in);
        case imm::memory_memory: return not_first_two(space::memory, in);
        case imm::elem_table: not_first(space::table, in.index2); return item(space::elem, in.index);
        case imm::data_memory: not_first(space::memory, in.index2); return item(space::data, in.index);
        case imm::call_indirect: not_first(space::table, in.index2); return type_use(in.index);
        case imm::memarg: return memarg(in);
        case imm::memarg_lane: memarg(in); return number(in.lane);
        case imm::lane: return number(in.lane);
        case imm::shuffle:
            for (const u8* lane = list.at(); lane != list.end(); ++lane) number(*lane);
            return;
        case imm::i32_const:
        case imm::i64_const: return number(i64(in.value));
        case imm::f32_const: out_ << ' '; return out_.floating<f32>(u32(in.value));
        case imm::f64_const: out_ << ' '; return out_.floating<f64>(in.value);
        case imm::v128_const:
            out_ << " i32x4";
            for (const u8* lane = list.at(); lane != list.end(); lane += 4) {
                out_ << " 0x";
                out_.hex(load_le<u32>(lane), 8);
            }
            return;
        case imm::select_types:
            out_ << " (result";
            while (!list.done()) {
                out_ << ' ';
                type(code_.next_type(list));
            }
            out_ << ')';
            return;
        case imm::heap: out_ << ' '; return heap(in.type.heap());
        case imm::ref_type: out_ << ' '; return type(in.type);
        case imm::br_cast:
            label_index(in.index);
            out_ << ' ';
            type(in.type);
            out_ << ' ';
            return type(in.type2);
        case imm::field:
            item(space::type, in.index);
            out_ << ' ';
            return field_index(in.index, in.index2);
        case imm::type_count: item(space::type, in.index); return number(in.index2);
        case imm::type_data: item(space::type, in.index); return item(space::data, in.index2);
        case imm::type_elem: item(space::type, in.index); return item(space::elem, in.index2);
        case imm::type_type: item(space::type, in.index); return item(space::type, in.index2);
        }
    }
    /// The branch hint of the instruction, if it has one.
    void hint(const instruction& in) noexcept {
        if (!with_hints_ || (in.code != op::if_ && in.code != op::br_if)) return;
        if (const int likely = hints_.at(in.offset); likely >= 0)
            out_ << "(@" << word::branch_hint << (likely ? " \"\\01\") " : " \"\\00\") ");
    }

    /// False if nothing more can be written; `code_` has the error.
    [[nodiscard]] bool writable() noexcept {
        if (out_.lost()) return code_.fail_memory();
        return !out_.too_long() || code_.fail(msg::limit_reached, m_.bytes.data(), "characters of a text");
    }

    binary::instruction_reader<everything> code_;
    label_stack labels_; ///< around the instruction
    binary::branch_hints hints_;
    bool with_hints_ = false;

private:
    template <class T>
    void number(T n) noexcept {
        if constexpr (sizeof(T) < 4) out_ << ' ' << u32(n);
        else out_ << ' ' << n;
    }
    void item(space s, u32 i) noexcept {
        out_ << ' ';
        index(s, i);
    }
    void not_first(space s, u32 i) noexcept {
        if (i != 0) item(s, i);
    }
    void not_first_two(space s, const instruction& in) noexcept {
        if (in.index == 0 && in.index2 == 0) return;
        item(s, in.index);
        item(s, in.index2);
    }
    void memarg(const instruction& in) noexcept {
        not_first(space::memory, in.index);
        if (in.value) out_ << ' ' << word::offset_is << in.value;
        if (in.align != natural_align[u16(in.code)]) out_ << ' ' << word::align_is << (u64{1} << in.align);
    }
    void block(const instruction& in, std::string_view label) noexcept {
        if (label.empty()) {
            out_ << " (;@" << labels_.size() << ";)";
        } else {
            out_ << ' ';
            out_.identifier(label);
        }
        if (in.block_type != no_index) type_use(in.block_type);
        else if (in.type != t_bottom) values(text_of(word::result), {&in.type, 1});
    }
    /// A label without a visible name is a number, and the one its block is marked with a comment.
    void label_index(u32 i) noexcept {
        const std::string_view name = labels_.visible_name(i);
        out_ << ' ';
        if (!name.empty()) return out_.identifier(name);
        out_ << i;
        if (i < labels_.size()) out_ << " (;@" << labels_.size() - 1 - i << ";)";
    }
    void clause(const binary::catch_clause& c) noexcept {
        static constexpr std::string_view words[] = {"catch", "catch_ref", "catch_all", "catch_all_ref"};
        out_ << " (" << words[u8(c.kind)];
        if (c.kind < binary::catch_kind::all) item(space::tag, c.tag);
        label_index(c.label);
        out_ << ')';
    }
};

} // namespace tessera::text
TESSERA_SMALL_END
