// SPDX-License-Identifier: MIT
/// @file folding.hpp
/// From a sequence of instructions to a tree of instructions and their operands (spec:
/// text/instructions, Folded Instructions). Read children first, a tree gives the sequence again.
#pragma once

#include <tessera/binary/nesting.hpp>
#include <tessera/text/stack_effect.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::text {

/// How a node is written.
enum class fold_shape : u8 {
    folded, ///< in parentheses with its operands
    flat,   ///< without: an operand is not right before it, or not its alone
    block,  ///< block, loop, try_table: the children are its content
    if_,    ///< the children are its condition, unless that is elsewhere, and parts
    try_,   ///< the children are parts
    then,   ///< part of an `if`
    else_,
    do_,    ///< part of a `try`; so are those that follow
    catch_, ///< catch or catch_all
    delegate,
};

/// An instruction, or a part of one.
struct fold_node {
    fold_shape shape = fold_shape::folded;
    u32 offset = 0;       ///< of the instruction in the module; `then` and `do` have none
    u32 first = no_index; ///< the first child
    u32 next = no_index;  ///< the next node with the same parent
    u32 block = 0;        ///< block instructions: how many there were before in the expression
};

/// Makes the tree of one expression. Takes time and memory in proportion to the number of instructions.
class folder : public effect_reader {
public:
    explicit folder(const module_data& m) noexcept : effect_reader(m), in_(m.bytes.data(), {}) {
        in_.module_ends(m.bytes.data() + m.bytes.size());
    }

    /// Reads the expression at the start of `code`, of function type `type` (no_index: it is
    /// constant). False: error().
    [[nodiscard]] bool run(cursor code, u32 type) noexcept {
        in_.restart(code);
        nodes_.clear();
        pending_.clear();
        values_.clear();
        frames_.clear();
        labels_.clear();
        blocks_ = 0;
        const stack_effect whole = type == no_index ? stack_effect{0, 1} : signature(type);
        if (!labels_.push_back({whole.pushes, 0, false, whole.known}) || !frames_.push_back({}))
            return in_.fail_memory();
        for (nesting_.start(); !nesting_.done();)
            if (!in_.next(now_) || !nesting_.step(now_.code, in_, now_.offset) || !take()) return false;
        root_ = link(0);
        return true;
    }
    const fold_node& operator[](u32 node) const noexcept { return nodes_[node]; }
    /// The first node of the expression; the others follow it.
    u32 root() const noexcept { return root_; }
    /// Behind the expression.
    const u8* at() const noexcept { return in_.at(); }
    /// How many block instructions the expression has.
    u32 blocks() const noexcept { return blocks_; }
    const tessera::error& error() const noexcept { return in_.error(); }

private:
    /// An open block, or the whole expression.
    struct frame {
        u32 node = no_index;
        u32 last = no_index; ///< the last child of `node` so far
        u32 part = no_index; ///< if, try: the part that is open
        u32 pending = 0;     ///< what of pending_ was there before it
        u32 values = 0;
        stack_effect type;
    };
    /// Values on the stack that one node left there.
    struct value_group {
        u32 pending; ///< the node's place in pending_, no_index for parameters of the block
        u32 count;
        bool whole; ///< the node can be an operand: in parentheses, and none of its values is taken
    };

    [[nodiscard]] bool take() noexcept {
        switch (now_.code) {
        case op::block:
        case op::loop:
        case op::try_table: return open(fold_shape::block);
        case op::if_: return open(fold_shape::if_);
        case op::try_: return open(fold_shape::try_);
        case op::else_:
            return close_part() && open_part(fold_shape::else_, now_.offset) && parameters(frames_.back().type.pops);
        case op::catch_:
            return close_part() && open_part(fold_shape::catch_, now_.offset) && parameters(tag(now_.index).pops);
        case op::catch_all: return close_part() && open_part(fold_shape::catch_, now_.offset);
        case op::delegate: return close_part() && open_part(fold_shape::delegate, now_.offset) && close();
        case op::end: return frames_.size() == 1 || close();
        default: return plain();
        }
    }
    [[nodiscard]] bool plain() noexcept {
        const stack_effect e = effect(now_);
        fold_node n;
        n.offset = now_.offset;
        if (!e.known || !operands(e.pops, n.first)) n.shape = fold_shape::flat;
        if (!e.known || e.ends) values_.truncate(frames_.back().values);
        return push(n, e.known ? e.pushes : 0);
    }

    // ---- blocks

    [[nodiscard]] bool open(fold_shape shape) noexcept {
        frame f;
        fold_node n;
        n.shape = shape;
        n.offset = now_.offset;
        n.block = blocks_++;
        f.type = block_type(now_);
        // The condition is an operand; parameters stay where they are.
        if (shape == fold_shape::if_) static_cast<void>(operands(1, n.first));
        consume(f.type.pops);
        f.last = n.first;
        f.node = u32(nodes_.size());
        f.pending = u32(pending_.size());
        f.values = u32(values_.size());
        const bool back = now_.code == op::loop;
        if (!nodes_.push_back(n) || !frames_.push_back(f) ||
            !labels_.push_back({back ? f.type.pops : f.type.pushes, 0, false, f.type.known}))
            return in_.fail_memory();
        if (shape == fold_shape::if_ && !open_part(fold_shape::then, 0)) return false;
        if (shape == fold_shape::try_ && !open_part(fold_shape::do_, 0)) return false;
        return parameters(f.type.pops);
    }
    [[nodiscard]] bool open_part(fold_shape shape, u32 offset) noexcept {
        fold_node n;
        n.shape = shape;
        n.offset = offset;
        frames_.back().part = u32(nodes_.size());
        return nodes_.push_back(n) || in_.fail_memory();
    }
    /// Ends the part that is open, which becomes the last child.
    [[nodiscard]] bool close_part() noexcept {
        frame& f = frames_.back();
        nodes_[f.part].first = content(f);
        append(f, f.part);
        return true;
    }
    [[nodiscard]] bool close() noexcept {
        frame& f = frames_.back();
        if (f.part != no_index) static_cast<void>(close_part());
        else append(f, content(f));
        const frame closed = f;
        frames_.pop_back();
        labels_.pop_back();
        const u32 results = closed.type.pushes;
        return (pending_.push_back(closed.node) &&
                (results == 0 || values_.push_back({u32(pending_.size() - 1), results, true}))) ||
               in_.fail_memory();
    }
    void append(frame& f, u32 child) noexcept {
        if (child == no_index) return;
        (f.last == no_index ? nodes_[f.node].first : nodes_[f.last].next) = child;
        f.last = child;
    }
    /// What is in the innermost block or part, as a list of nodes; nothing is there afterwards.
    u32 content(const frame& f) noexcept {
        values_.truncate(f.values);
        return link(f.pending);
    }
    /// Makes a list of the pending nodes from place `from` on.
    u32 link(std::size_t from) noexcept {
        if (from == pending_.size()) return no_index;
        for (std::size_t i = from; i + 1 < pending_.size(); ++i) nodes_[pending_[i]].next = pending_[i + 1];
        const u32 first = pending_[from];
        pending_.truncate(from);
        return first;
    }

    // ---- values

    [[nodiscard]] bool push(const fold_node& n, u32 results) noexcept {
        if (!nodes_.push_back(n) || !pending_.push_back(u32(nodes_.size() - 1))) return in_.fail_memory();
        const bool whole = n.shape != fold_shape::flat;
        return results == 0 || values_.push_back({u32(pending_.size() - 1), results, whole}) || in_.fail_memory();
    }
    [[nodiscard]] bool parameters(u32 n) noexcept {
        return n == 0 || values_.push_back({no_index, n, false}) || in_.fail_memory();
    }

    /// Takes `n` values. True if they are those of the last pending nodes, which are then children, in
    /// the list `first`.
    [[nodiscard]] bool operands(u32 n, u32& first) noexcept {
        std::size_t v = values_.size(), p = pending_.size();
        for (u32 wanted = n; wanted > 0; --v, --p) {
            if (v == frames_.back().values) break;
            const value_group& g = values_[v - 1];
            if (!g.whole || g.pending + 1 != p || g.count > wanted) break;
            wanted -= g.count;
            if (wanted != 0) continue;
            values_.truncate(v - 1);
            first = link(p - 1);
            return true;
        }
        if (n == 0) return true;
        consume(n);
        return false;
    }
    /// Takes `n` values, as many of them as there are.
    void consume(u32 n) noexcept {
        while (n > 0 && values_.size() > frames_.back().values) {
            value_group& g = values_.back();
            if (g.count > n) {
                g.count -= n;
                g.whole = false;
                return;
            }
            n -= g.count;
            values_.pop_back();
        }
    }

    binary::instruction_reader<everything> in_;
    binary::nesting nesting_;
    instruction now_;
    vec<fold_node> nodes_;
    vec<u32> pending_;        ///< nodes that have no parent yet, those of open blocks one after the other
    vec<value_group> values_; ///< on the stack
    vec<frame> frames_;
    u32 root_ = no_index;
    u32 blocks_ = 0;
};

} // namespace tessera::text
TESSERA_SMALL_END
