// SPDX-License-Identifier: MIT
/// @file nesting.hpp
/// Whether block instructions and their ends pair up (spec: binary/instructions, Control Instructions).
#pragma once

#include <tessera/binary/instruction.hpp>

namespace tessera::inline TESSERA_ABI::binary {

/// Follows the nesting of one expression without looking at types.
class nesting {
public:
    /// Begins a new expression.
    void start() noexcept {
        open_.clear();
        done_ = false;
    }
    /// True once the expression's own `end` was seen.
    bool done() const noexcept { return done_; }

    /// Takes the next instruction. False: it is misplaced, or memory is out; `in` has the error.
    [[nodiscard]] TESSERA_INLINE bool step(op code, reader& in, u32 offset) noexcept {
        switch (code) {
        case op::block:
        case op::loop:
        case op::if_:
        case op::try_:
        case op::try_table: return open_.push_back(code) || in.fail_memory();
        case op::else_: return follows(code, in, offset, op::if_, op::if_);
        case op::catch_: return follows(code, in, offset, op::try_, op::catch_);
        case op::catch_all: return follows(code, in, offset, op::try_, op::catch_);
        case op::delegate:
            if (!follows(code, in, offset, op::try_, op::try_)) return false;
            open_.pop_back();
            return true;
        case op::end:
            if (open_.empty()) done_ = true;
            else open_.pop_back();
            return true;
        default: return true;
        }
    }

private:
    bool follows(op code, reader& in, u32 offset, op first, op second) noexcept {
        if (open_.empty() || (open_.back() != first && open_.back() != second))
            return in.fail(msg::end_expected, in.at() - (in.offset() - offset), row(code).text);
        open_.back() = code;
        return true;
    }
    vec<op> open_;
    bool done_ = false;
};

} // namespace tessera::binary
