// SPDX-License-Identifier: MIT
/// @file text/instructions.hpp
/// Expressions: plain instructions, blocks, folded instructions (spec: text/instructions). Nesting
/// lives on a stack of its own, so its depth is limited by memory alone.
#pragma once

#include <tessera/text/immediates.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// Reads sequences of instructions.
class instruction_parser : public immediate_parser {
public:
    using immediate_parser::immediate_parser;

protected:
    /// Instructions up to the `)` that closes what is around them, which is not passed.
    [[nodiscard]] bool expression(chunk& to) noexcept { return sequence(to, false); }
    /// One folded instruction.
    [[nodiscard]] bool folded_instruction(chunk& to) noexcept {
        return at(token_kind::left) ? sequence(to, true) : unexpected();
    }

    bool in_function_ = false;
    writer hints_; ///< the current function's branch hints: offset, 1, hint
    u32 hint_count_ = 0;
    vec<named> label_names_; ///< the current function's; their indices count its block instructions
    u32 blocks_ = 0;

private:
    /// What an open parenthesis or an open block is in the middle of.
    enum class form : u8 {
        block,        ///< block … end, also loop, if, try_table, try
        plain,        ///< (i32.add …
        folded_block, ///< (block …, (loop …, (try_table …
        folded_if,    ///< (if …, before and between its parts
        folded_try,   ///< (try …, between its parts
        part,         ///< (then …, (else …, (do …, (catch …, (catch_all …
    };
    enum class stage : u8 { start, first, last, closed };
    struct frame {
        form shape = form::block;
        stage reached = stage::start; ///< if: start, then, else; try: start, do or catch, catch_all, delegate
        op code = op::block;
        i8 hint = -1;
        u32 held = 0; ///< where in held_ the bytes of the instruction are that is written at the end
        u32 at = 0;   ///< index of the instruction's token
        std::string_view label;
    };

    [[nodiscard]] bool sequence(chunk& to, bool single) noexcept {
        to_ = &to;
        frames_.clear();
        held_.clear();
        do {
            if (note_is_near() && !hint()) return false;
            if (to.failed() || held_.failed()) return out_of_memory();
            const token& t = peek();
            switch (t.kind) {
            case token_kind::keyword:
                if (!instruction(t)) return false;
                break;
            case token_kind::left:
                if (!open()) return false;
                break;
            case token_kind::right:
                if (frames_.empty()) return no_hint_left();
                if (!close()) return false;
                break;
            default: return unexpected();
            }
        } while (!single || !frames_.empty());
        return true;
    }

    // ---- instructions without parentheses

    [[nodiscard]] bool instruction(const token& t) noexcept {
        if (!is_op(word(t.match))) return unexpected();
        if (!frames_.empty() && may_hold_only_folded(frames_.back())) return unexpected();
        const op o = op(t.match);
        const u32 here = at_++;
        switch (o) {
        case op::block:
        case op::loop:
        case op::if_:
        case op::try_:
        case op::try_table: {
            frame f{form::block, stage::start, o, take_hint(), 0, here, {}};
            return block_label(f.label) && emit(f) && block_immediates(o, *to_) && push_label(f.label) &&
                   (frames_.push_back(f) || out_of_memory());
        }
        case op::else_:
            if (!in_block(op::if_) || frames_.back().reached != stage::start) return unexpected(t);
            frames_.back().reached = stage::last;
            return no_hint_left() && same_label() && mark_and_write(t, o);
        case op::catch_:
        case op::catch_all: {
            if (!in_block(op::try_) || frames_.back().reached == stage::last) return unexpected(t);
            frames_.back().reached = o == op::catch_ ? stage::first : stage::last;
            to_->mark(t);
            return no_hint_left() && plain(o, *to_);
        }
        case op::delegate:
            if (!in_block(op::try_) || frames_.back().reached != stage::start) return unexpected(t);
            pop_label();
            frames_.pop_back();
            to_->mark(t);
            return no_hint_left() && plain(o, *to_);
        case op::end:
            if (frames_.empty() || frames_.back().shape != form::block) return unexpected(t);
            if (!no_hint_left() || !same_label()) return false;
            pop_label();
            frames_.pop_back();
            return mark_and_write(t, o);
        default: {
            const frame f{form::plain, stage::start, o, take_hint(), 0, here, {}};
            return note_instruction(f) && plain(o, *to_);
        }
        }
    }
    bool in_block(op o) const noexcept {
        return !frames_.empty() && frames_.back().shape == form::block && frames_.back().code == o;
    }
    /// A label behind `else` or `end` must be the block's.
    [[nodiscard]] bool same_label() noexcept {
        if (!at(token_kind::id)) return true;
        const token& t = peek();
        std::string_view name;
        return id(name) && (name == frames_.back().label || fail(msg::mismatching_label, t, text(t)));
    }
    [[nodiscard]] bool mark_and_write(const token& t, op o) noexcept {
        to_->mark(t);
        return write(*to_, o);
    }

    // ---- folded instructions

    static bool may_hold_only_folded(const frame& f) noexcept {
        return f.shape == form::plain || f.shape == form::folded_if || f.shape == form::folded_try;
    }
    /// At `(`.
    [[nodiscard]] bool open() noexcept {
        const token& t = peek(1);
        if (t.kind != token_kind::keyword) return unexpected(t);
        const word w = word(t.match);
        if (!frames_.empty()) {
            frame& f = frames_.back();
            if (f.shape == form::folded_if && (w == word::then || f.reached != stage::start))
                return open_if_part(f, w, t);
            if (f.shape == form::folded_try) return open_try_part(f, w, t);
        }
        if (!is_op(w)) return unexpected(t);
        const op o = op(t.match);
        frame f{form::folded_block, stage::start, o, take_hint(), u32(held_.size()), at_ + 1, {}};
        at_ += 2;
        switch (o) {
        case op::else_:
        case op::end:
        case op::catch_:
        case op::catch_all:
        case op::delegate: return unexpected(t);
        case op::block:
        case op::loop:
        case op::try_:
        case op::try_table:
            if (o == op::try_) f.shape = form::folded_try;
            if (!block_label(f.label) || !emit(f) || !block_immediates(o, *to_) || !push_label(f.label)) return false;
            break;
        case op::if_:
            // Its condition comes first and does not see its label.
            f.shape = form::folded_if;
            if (!block_label(f.label) || !write(held_, o) || !block_immediates(o, held_)) return false;
            break;
        default:
            f.shape = form::plain;
            if (!plain(o, held_)) return false;
            break;
        }
        return frames_.push_back(f) || out_of_memory();
    }
    /// At the `(` of a part of an `if`: `f` is its frame.
    [[nodiscard]] bool open_if_part(frame& f, word w, const token& t) noexcept {
        if (w == word::then && f.reached == stage::start) {
            if (!release(f) || !count_block(f) || !push_label(f.label)) return false;
            f.reached = stage::first;
        } else if (w == word_of(op::else_) && f.reached == stage::first) {
            if (!mark_and_write(t, op::else_)) return false;
            f.reached = stage::last;
        } else {
            return unexpected(t);
        }
        at_ += 2;
        return no_hint_left() && push_part();
    }
    [[nodiscard]] bool open_try_part(frame& f, word w, const token& t) noexcept {
        at_ += 2;
        if (!no_hint_left()) return false;
        if (w == word::do_ && f.reached == stage::start) {
            f.reached = stage::first;
            return push_part();
        }
        const bool after_do = f.reached == stage::first;
        to_->mark(t);
        if ((w == word_of(op::catch_) || w == word_of(op::catch_all)) && after_do) {
            f.code = op::catch_; // a catch was there: delegate may not follow
            if (w == word_of(op::catch_all)) f.reached = stage::last;
            return plain(op(t.match), *to_) && push_part();
        }
        if (w == word_of(op::delegate) && after_do && f.code == op::try_) {
            pop_label(); // the label counts from outside
            f.reached = stage::closed;
            return plain(op::delegate, *to_) && leave();
        }
        return unexpected(t);
    }
    [[nodiscard]] bool push_part() noexcept {
        return frames_.push_back({form::part, stage::start, op::block, -1, 0, 0, {}}) || out_of_memory();
    }
    /// At `)`.
    [[nodiscard]] bool close() noexcept {
        const frame f = frames_.back();
        if (!no_hint_left()) return false;
        switch (f.shape) {
        case form::block: return unexpected();
        case form::plain:
            if (!release(f)) return false;
            break;
        case form::part: break;
        default:
            if (f.reached == stage::closed) break;
            if (f.reached == stage::start && f.shape != form::folded_block) return unexpected();
            pop_label();
            if (!mark_and_write(peek(), op::end)) return false;
        }
        frames_.pop_back();
        return leave();
    }
    /// Writes what was held back until the operands were written.
    [[nodiscard]] bool release(const frame& f) noexcept {
        if (!note_instruction(f)) return false;
        to_->raw(held_.data() + f.held, held_.size() - f.held);
        held_.truncate(f.held);
        return true;
    }

    // ---- what the forms share

    [[nodiscard]] bool block_label(std::string_view& name) noexcept { return !at(token_kind::id) || id(name); }
    [[nodiscard]] bool emit(const frame& f) noexcept {
        return note_instruction(f) && count_block(f) && write(*to_, f.code);
    }
    [[nodiscard]] bool count_block(const frame& f) noexcept {
        const u32 index = blocks_++;
        return !in_function_ || f.label.empty() || label_names_.push_back({index, f.label}) || out_of_memory();
    }
    [[nodiscard]] bool block_immediates(op o, chunk& to) noexcept {
        return block_type(to) && (o != op::try_table || catches(to));
    }
    /// The catch clauses of try_table: their labels are those outside of it.
    [[nodiscard]] bool catches(chunk& to) noexcept {
        u32 count = 0;
        clauses_.clear();
        for (; at(token_kind::left) && peek(1).kind == token_kind::keyword; ++count) {
            const token& t = peek(1);
            u8 kind = 0;
            if (t.is(word_of(op::catch_))) kind = 0;
            else if (t.is(word::catch_ref)) kind = 1;
            else if (t.is(word_of(op::catch_all))) kind = 2;
            else if (t.is(word::catch_all_ref)) kind = 3;
            else break;
            at_ += 2;
            u32 x = 0;
            clauses_.byte(kind);
            if (kind < 2) {
                if (!index(space::tag, x)) return false;
                clauses_.leb_u(x);
            }
            if (!label(x) || !leave()) return false;
            clauses_.leb_u(x);
        }
        to.leb_u(count);
        to.raw(clauses_.data(), clauses_.size());
        return !clauses_.failed() || out_of_memory();
    }

    // ---- positions and branch hints

    /// The instruction of `f` is written next.
    [[nodiscard]] bool note_instruction(const frame& f) noexcept {
        const token& t = list_.tokens[f.at];
        if (f.hint >= 0) {
            if (f.code != op::if_ && f.code != op::br_if) return fail(msg::hint_target, t);
            hints_.leb_u(to_->size());
            hints_.byte(1);
            hints_.byte(u8(f.hint));
            ++hint_count_;
        }
        to_->mark(t);
        return true;
    }
    /// At an annotation.
    [[nodiscard]] bool hint() noexcept {
        if (!pass_notes()) return false;
        while (const annotation* a = note()) {
            if (a->name != word::branch_hint || !in_function_) return misplaced(*a);
            if (hint_ >= 0) return fail_note(msg::hint_duplicate, *a);
            take_note();
            token_list content;
            if (!lexer::run(list_, *a, content)) return out_of_memory();
            if (content.tokens.size() != 2 || content.tokens[0].kind != token_kind::string)
                return fail_note(msg::hint_token, *a);
            vec<u8> value;
            if (!append_string(content.text(content.tokens[0]), value)) return out_of_memory();
            if (value.size() != 1 || value[0] > 1) return fail_note(msg::hint_token, *a);
            hint_ = i8(value[0]);
            if (!pass_notes()) return false;
        }
        return true;
    }
    i8 take_hint() noexcept { return std::exchange(hint_, i8(-1)); }
    /// A hint must not stand before what is no instruction.
    [[nodiscard]] bool no_hint_left() noexcept { return take_hint() < 0 || fail(msg::hint_target, peek()); }

    chunk* to_ = nullptr;
    vec<frame> frames_;
    chunk held_; ///< instructions of open parentheses whose operands come first
    writer clauses_;
    i8 hint_ = -1;
};

} // namespace tessera::text
TESSERA_SMALL_END
