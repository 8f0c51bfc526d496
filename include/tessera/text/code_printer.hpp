// SPDX-License-Identifier: MIT
/// @file code_printer.hpp
/// Expressions as text, one instruction a line or folded (spec: text/instructions).
#pragma once

#include <tessera/text/folding.hpp>
#include <tessera/text/instruction_printer.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// Prints function bodies and constant expressions. Nesting lives on stacks, so its depth is limited by
/// memory alone.
class code_printer : public instruction_printer {
public:
    explicit code_printer(const module_data& m) noexcept : instruction_printer(m), tree_(m) {}

protected:
    /// The instructions of function `func`, which begin at `code`, each on a line of its own.
    [[nodiscard]] bool flat_body(u32 func, cursor code, std::size_t depth) noexcept {
        u32 blocks = 0;
        code_.restart(code);
        labels_.clear();
        if (!labels_.push({})) return code_.fail_memory();
        const auto line = [&](u32 outwards) { out_.line(depth + labels_.size() - 1 - outwards); };
        for (nesting_.start();;) {
            if (!writable() || !code_.next(in_) || !nesting_.step(in_.code, code_, in_.offset)) return false;
            if (nesting_.done()) return end_of_body(func, blocks, code_.at());
            switch (in_.code) {
            case op::block:
            case op::loop:
            case op::if_:
            case op::try_:
            case op::try_table: {
                const std::string_view label = names_.find(binary::name_kind::label, blocks++, func);
                line(0);
                hint(in_);
                print(in_, label);
                if (!labels_.push(label)) return code_.fail_memory();
                break;
            }
            case op::else_:
            case op::catch_:
            case op::catch_all:
                line(1);
                print(in_, {});
                break;
            case op::end:
            case op::delegate: labels_.pop(); [[fallthrough]];
            default:
                line(0);
                hint(in_);
                print(in_, {});
            }
        }
    }
    /// The same, folded.
    [[nodiscard]] bool folded_body(u32 func, cursor code, std::size_t depth) noexcept {
        labels_.clear();
        if (!tree_.run(code, m_.funcs[func].type)) return fail_tree();
        if (!labels_.push({})) return code_.fail_memory();
        return nodes(depth, func, true) && end_of_body(func, tree_.blocks(), tree_.at());
    }
    /// A constant expression at the start of `code`, folded. `wrapper`: the word to put around what is
    /// not one instruction with its operands. `after` is set to its end.
    [[nodiscard]] bool constant(cursor code, std::string_view wrapper, const u8*& after) noexcept {
        labels_.clear();
        if (!tree_.run(code, no_index)) return fail_tree();
        after = tree_.at();
        const u32 root = tree_.root();
        const bool single = root != no_index && tree_[root].shape != fold_shape::flat && tree_[root].next == no_index;
        if (single || wrapper.empty()) return nodes(2, no_index, false);
        out_ << " (" << wrapper;
        if (!nodes(2, no_index, false)) return false;
        out_ << ')';
        return true;
    }
    [[nodiscard]] bool constant(const const_expr& e, std::string_view wrapper) noexcept {
        const u8* after = nullptr;
        return constant(bytes(e.code), wrapper, after);
    }
    cursor bytes(byte_range r) const noexcept { return {m_.bytes.data() + r.begin, m_.bytes.data() + r.end}; }

    binary::module_names names_;
    std::size_t labels_named_ = 0;    ///< names of labels that were used
    bool unused_label_names_ = false; ///< there was one for a block that is not there
    const error* problem_ = nullptr;  ///< where it is not that of code_

private:
    struct open_node {
        u32 node;
        u32 labels;        ///< around it
        std::size_t start; ///< in the text
    };

    /// A node of the tree, which may be a part, up to its first child. False: memory is out.
    [[nodiscard]] bool head(const fold_node& n, u32 func) noexcept {
        switch (n.shape) {
        case fold_shape::then: out_ << word::then; return labels_.push(pending_label(func));
        case fold_shape::do_: out_ << word::do_; return true;
        case fold_shape::delegate: labels_.pop(); break;
        default: break;
        }
        std::string_view label;
        const bool opens = n.shape == fold_shape::block || n.shape == fold_shape::if_ || n.shape == fold_shape::try_;
        if (opens && func != no_index) label = names_.find(binary::name_kind::label, n.block, func);
        print(in_, label);
        return !opens || n.shape == fold_shape::if_ || labels_.push(label); // an `if` has its label from `then` on
    }
    /// The label of the `if` whose `then` comes.
    std::string_view pending_label(u32 func) const noexcept {
        return func == no_index ? std::string_view()
                                : names_.find(binary::name_kind::label, tree_[open_.back().node].block, func);
    }
    /// The tree, walked through from parent to children.
    [[nodiscard]] bool nodes(std::size_t depth, u32 func, bool lines) noexcept {
        u32 node = tree_.root();
        open_.clear();
        for (;;) {
            if (node != no_index) {
                const fold_node& n = tree_[node];
                const bool has_code = n.shape != fold_shape::then && n.shape != fold_shape::do_;
                if (lines || !open_.empty()) out_.line(depth + open_.size());
                else out_ << ' ';
                const open_node opened{node, labels_.size(), out_.size()};
                if (!writable()) return false;
                if (has_code) {
                    code_.restart(cursor(m_.bytes.data() + n.offset, m_.bytes.data() + m_.bytes.size()));
                    if (!code_.next(in_)) return false;
                    hint(in_);
                }
                if (n.shape == fold_shape::flat) {
                    print(in_, {});
                    node = n.next;
                    continue;
                }
                out_ << '(';
                if (!head(n, func) || !open_.push_back(opened)) return code_.fail_memory();
                node = n.first;
                continue;
            }
            if (open_.empty()) return true;
            const open_node closed = open_.back();
            open_.pop_back();
            out_ << ')';
            out_.join_lines(closed.start);
            const fold_shape shape = tree_[closed.node].shape;
            if (shape == fold_shape::block || shape == fold_shape::if_ || shape == fold_shape::try_)
                while (labels_.size() > closed.labels) labels_.pop();
            node = tree_[closed.node].next;
        }
    }
    [[nodiscard]] bool fail_tree() noexcept {
        problem_ = &tree_.error();
        return false;
    }
    /// Checks that nothing is left of the body of `func`, and which names of labels were used.
    [[nodiscard]] bool end_of_body(u32 func, u32 blocks, const u8* at) noexcept {
        const auto labels = names_.owned_by(binary::name_kind::label, func);
        labels_named_ += labels.size();
        if (!labels.empty() && labels.back().index >= blocks) unused_label_names_ = true;
        return at == m_.bytes.data() + m_.funcs[func].code.end || code_.fail(msg::section_size_mismatch, at);
    }

    folder tree_;
    binary::nesting nesting_;
    instruction in_;
    vec<open_node> open_;
};

} // namespace tessera::text
TESSERA_SMALL_END
