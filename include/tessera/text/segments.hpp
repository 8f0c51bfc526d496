// SPDX-License-Identifier: MIT
/// @file text/segments.hpp
/// Element and data segments, and the tables and memories that are written with their content
/// (spec: text/modules, Element Segments and Data Segments).
#pragma once

#include <tessera/text/definitions.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// Reads the fields `elem` and `data`, and the short forms of `table` and `memory`.
class segment_parser : public definition_parser {
public:
    using definition_parser::definition_parser;

protected:
    [[nodiscard]] bool elem_field(const token& t) noexcept {
        segment s;
        offset_.clear();
        if (!pass_id()) return false;
        if (accept(word::declare)) s.mode = segment_mode::declarative;
        else if (!active(space::table, word::table, s.mode, s.target)) return false;
        items_.clear();
        s.type = func_type;
        if (accept(word::func) || (s.mode == segment_mode::active && !at_ref_type())) {
            if (!func_items(false)) return false;
        } else {
            s.expressions = true;
            if (!ref_type(s.type) || !expression_items()) return false;
        }
        write_elem(t, s);
        return leave();
    }
    [[nodiscard]] bool data_field(const token& t) noexcept {
        segment_mode mode = segment_mode::passive;
        u32 memory = 0;
        offset_.clear();
        if (!pass_id() || !active(space::memory, word::memory, mode, memory)) return false;
        bytes_.clear();
        if (!strings(bytes_)) return false;
        write_data(t, mode, memory);
        return leave();
    }

    /// `(table 10 20 …` has its limits; this is `(table funcref (elem …))`.
    [[nodiscard]] bool table_of_elements(const token& t, u32 x, table_type& type) noexcept {
        if (!ref_type(type.element)) return false;
        const token& where = peek();
        if (!enter(word::elem)) return unexpected();
        segment s{segment_mode::active, false, x, func_type};
        items_.clear();
        if (at(token_kind::left)) {
            s.expressions = true;
            s.type = type.element;
            if (!expression_items()) return false;
        } else {
            // Functions by index make a segment of type (ref func), which fits only tables of functions.
            s.expressions = type.element != t_funcref && type.element != func_type;
            if (s.expressions) s.type = type.element;
            if (!func_items(s.expressions)) return false;
        }
        type.limits.min = type.limits.max = items_.count;
        type.limits.has_max = true;
        chunk& to = define(space::table, s_table, t);
        write_table(to, type);
        zero_offset(type.limits.is64);
        write_elem(where, s);
        ++defined_[u8(space::elem)];
        return leave() && leave();
    }
    /// `(memory (data …))`.
    [[nodiscard]] bool memory_of_data(const token& t, u32 x, memory_type& type) noexcept {
        if (!page_size(type)) return false;
        const token& where = peek();
        if (!enter(word::data)) return unexpected();
        bytes_.clear();
        if (!strings(bytes_)) return false;
        const u64 page = type.page_log2 < 63 ? u64{1} << type.page_log2 : u64{1} << 63;
        type.limits.min = type.limits.max = bytes_.size() / page + (bytes_.size() % page != 0);
        type.limits.has_max = true;
        write_memory(define(space::memory, s_memory, t), type);
        zero_offset(type.limits.is64);
        write_data(where, segment_mode::active, x);
        return leave() && leave();
    }

private:
    static constexpr val_type func_type = val_type::ref(heap_type::abstract(code::func), false);
    struct segment {
        segment_mode mode = segment_mode::passive;
        bool expressions = false;
        u32 target = 0;
        val_type type;
    };

    void zero_offset(bool is64) noexcept {
        offset_.clear();
        static_cast<void>(write(offset_, is64 ? op::i64_const : op::i32_const, 0u));
        offset_.byte(0x0b);
    }

    /// What makes a segment active, if it is there: the table or memory, and the offset.
    [[nodiscard]] bool active(space s, word w, segment_mode& mode, u32& x) noexcept {
        // The number alone is how 1.0 was written before it had a standard.
        if (at(token_kind::nat) && peek(1).kind == token_kind::left) {
            if (!index(s, x)) return false;
        } else if (enter(w)) {
            if (!index(s, x) || !leave()) return false;
        } else if (!at(token_kind::left) || at_ref_type()) {
            return true;
        }
        mode = segment_mode::active;
        if (enter(word::offset)) return constant(offset_) && leave();
        return folded_constant(offset_);
    }
    bool at_ref_type() const noexcept { return at_left(word::ref) || (at(token_kind::keyword) && !at(word::func)); }

    [[nodiscard]] bool func_items(bool as_expressions) noexcept {
        for (; !at(token_kind::right); ++items_.count) {
            u32 x = 0;
            if (!index(space::func, x)) return false;
            if (as_expressions) {
                static_cast<void>(write(items_, op::ref_func, x));
                items_.byte(0x0b);
            } else {
                items_.leb_u(x);
            }
        }
        return true;
    }
    [[nodiscard]] bool expression_items() noexcept {
        for (; at(token_kind::left); ++items_.count) {
            if (enter(word::item)) {
                if (!constant(items_) || !leave()) return false;
            } else if (!folded_constant(items_)) {
                return false;
            }
        }
        return true;
    }
    /// Of the eight forms the shortest that says what the text says (spec: binary/modules, Element Section).
    void write_elem(const token& t, const segment& s) noexcept {
        chunk& to = sections_[s_elem];
        const bool active_ = s.mode == segment_mode::active;
        const bool bare = active_ && s.target == 0 && (!s.expressions || s.type == t_funcref);
        to.mark(t);
        to.byte(u8((active_ ? (bare ? 0 : 2) : s.mode == segment_mode::passive ? 1 : 3) | (s.expressions ? 4 : 0)));
        if (active_ && !bare) to.leb_u(s.target);
        if (active_) to.append(offset_);
        if (!bare) {
            if (s.expressions) write_type(to, s.type);
            else to.byte(0);
        }
        to.leb_u(items_.count);
        to.append(items_);
        ++to.count;
    }
    void write_data(const token& t, segment_mode mode, u32 memory) noexcept {
        chunk& to = sections_[s_data];
        to.mark(t);
        to.byte(u8(mode == segment_mode::passive ? 1 : memory == 0 ? 0 : 2));
        if (mode == segment_mode::active && memory != 0) to.leb_u(memory);
        if (mode == segment_mode::active) to.append(offset_);
        to.leb_u(bytes_.size());
        to.raw(bytes_.data(), bytes_.size());
        ++to.count;
    }

    chunk items_; ///< an element segment's; `count` of them
    chunk offset_;
    vec<u8> bytes_;
};

} // namespace tessera::text
TESSERA_SMALL_END
