// SPDX-License-Identifier: MIT
/// @file stacks.hpp
/// The operand and control stacks of validation (spec: appendix/algorithm).
#pragma once

#include <tessera/syntax/opcode.hpp>
#include <tessera/valid/context.hpp>

namespace tessera::inline TESSERA_ABI::valid {

/// One open block.
struct frame {
    op opcode = op::block; ///< block for a function's body
    bool unreachable = false;
    u32 height = 0;      ///< of the operand stack at its start
    u32 inits = 0;       ///< how many locals were initialised before it
    u32 type = no_index; ///< type index, no_index: `result` says
    val_type result;     ///< t_bottom: no result
    u32 mark = 0;        ///< the br_table that checked its label last
};

/// Both stacks, and popping and pushing by type. Every method that can fail returns false and sets
/// the context's error, at the offset of the current instruction.
class stacks {
public:
    explicit stacks(context& c) noexcept : context_(c), types_(c.module().types) {}

protected:
    using types_span = view<val_type>;

    // ---- errors ----------------------------------------------------------------------------------
    bool fail(const message& what, std::string_view detail = {}) noexcept {
        return context_.fail(what, offset_, detail);
    }
    TESSERA_COLD bool fail_pop(val_type wanted) noexcept {
        description d;
        d << "instruction requires [" << wanted << "] but stack has [";
        if (size_ > floor_) d << data_[size_ - 1];
        return fail(msg::type_mismatch, d << "]");
    }
    TESSERA_COLD bool fail_rest(types_span wanted) noexcept {
        return fail(msg::type_mismatch, description() << "block requires " << wanted << " but stack has "
                                                      << types_span(data_ + floor_, size_ - floor_));
    }

    // ---- operands --------------------------------------------------------------------------------
    /// Makes room for `n` pushes.
    [[nodiscard]] TESSERA_INLINE bool room(std::size_t n) noexcept {
        return TESSERA_LIKELY(operands_.size() - size_ >= n) || grow(n);
    }
    [[nodiscard]] TESSERA_NOINLINE bool grow(std::size_t n) noexcept {
        if (!operands_.resize(operands_.size() * 2 + n + 32)) return context_.fail_memory();
        data_ = operands_.data();
        return true;
    }
    /// How many operands there is room for in all.
    std::size_t capacity() const noexcept { return operands_.size(); }
    /// Needs room.
    TESSERA_INLINE bool push(val_type t) noexcept {
        data_[size_++] = t;
        return true;
    }
    [[nodiscard]] TESSERA_INLINE bool pop_fast(val_type wanted) noexcept {
        if (TESSERA_LIKELY(size_ > floor_ && data_[size_ - 1] == wanted)) return --size_, true;
        return pop_slow(wanted);
    }
    /// The same for rules that are not worth the space.
    [[nodiscard]] TESSERA_NOINLINE bool pop(val_type wanted) noexcept { return pop_fast(wanted); }
    [[nodiscard]] TESSERA_NOINLINE bool pop_slow(val_type wanted) noexcept {
        if (size_ == floor_) return frames_.back().unreachable || fail_pop(wanted);
        if (!matches(context_.space(), data_[size_ - 1], wanted)) return fail_pop(wanted);
        --size_;
        return true;
    }
    /// Pops whatever there is; `out` is t_bottom where unreachable code has nothing.
    [[nodiscard]] bool pop_any(val_type& out) noexcept {
        if (TESSERA_LIKELY(size_ > floor_)) return out = data_[--size_], true;
        out = t_bottom;
        return frames_.back().unreachable || fail(msg::type_mismatch, "instruction requires a value but stack has []");
    }
    /// Pops a reference; where nothing is known of it, `out` is a reference to the bottom type.
    [[nodiscard]] bool pop_ref(val_type& out) noexcept {
        if (!pop_any(out)) return false;
        if (out == t_bottom) return out = val_type::ref(bottom_heap, false), true;
        if (out.is_ref()) return true;
        return fail(msg::type_mismatch, description()
                                            << "instruction requires a reference but stack has [" << out << "]");
    }
    [[nodiscard]] bool pop(types_span wanted) noexcept {
        for (std::size_t i = wanted.size(); i-- > 0;)
            if (!pop_fast(wanted[i])) return false;
        return true;
    }
    [[nodiscard]] bool push(types_span given) noexcept {
        if (!room(given.size())) return false;
        for (val_type t : given) push(t);
        return true;
    }
    /// Checks that the top operands match `wanted` and leaves them. For several labels in turn, which
    /// may each know another type of the same operands.
    [[nodiscard]] bool top_matches(types_span wanted) noexcept {
        const std::size_t here = size_ - floor_;
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            const val_type t = wanted[wanted.size() - 1 - i];
            if (i >= here) return frames_.back().unreachable || fail_rest(wanted);
            if (!matches(context_.space(), data_[size_ - 1 - i], t)) return fail_rest(wanted);
        }
        return true;
    }

    // ---- frames ----------------------------------------------------------------------------------
    types_span params(const frame& f) const noexcept {
        return f.type == no_index ? types_span() : types_.params(f.type);
    }
    types_span results(const frame& f) const noexcept {
        if (f.type != no_index) return types_.results(f.type);
        return {&f.result, f.result == t_bottom ? 0u : 1u};
    }
    /// What a branch to the block carries.
    types_span label(const frame& f) const noexcept { return f.opcode == op::loop ? params(f) : results(f); }

    /// Opens a block above the current operands.
    [[nodiscard]] bool open(op opcode, u32 type, val_type result) noexcept {
        frame f;
        f.opcode = opcode;
        f.height = size_;
        f.inits = u32(inits_.size());
        f.type = type;
        f.result = result;
        floor_ = size_;
        return frames_.push_back(f) || context_.fail_memory();
    }
    /// Checks that the innermost block leaves its results and nothing else, which are then gone.
    [[nodiscard]] bool finish() noexcept {
        const frame& f = frames_.back();
        if (!pop(results(f))) return false;
        if (TESSERA_UNLIKELY(size_ != floor_)) return fail_rest(results(f));
        if (TESSERA_UNLIKELY(inits_.size() > f.inits)) forget_inits(f.inits);
        return true;
    }
    /// Closes the innermost block; `closed` is what it was.
    [[nodiscard]] bool close(frame& closed) noexcept {
        if (!finish()) return false;
        closed = frames_.back();
        frames_.pop_back();
        floor_ = frames_.empty() ? 0 : frames_.back().height;
        return true;
    }
    /// The rest of the innermost block is never reached.
    void unreachable() noexcept {
        size_ = floor_;
        frames_.back().unreachable = true;
    }
    [[nodiscard]] bool find_label(u32 depth, frame*& out) noexcept {
        if (!context_.exists(depth, frames_.size(), msg::unknown_label, offset_)) return false;
        out = &frames_[frames_.size() - 1 - depth];
        return true;
    }

    // ---- locals ----------------------------------------------------------------------------------
    /// Adds `n` locals; those that are no parameters and have no default start out uninitialised.
    [[nodiscard]] bool add_locals(u32 n, val_type t, bool param) noexcept {
        for (u32 i = 0; i < n && flat_.size() < most_flat; ++i)
            if (!flat_.push_back(t)) return false;
        local_count_ += n;
        if (n != 0 && local_count_ > most_flat && !runs_.push_back({local_count_, t})) return false;
        if (t.is_defaultable() || param) return true;
        tracking_ = true;
        return true;
    }
    /// The first locals, as many as are looked up by index alone.
    types_span near_locals() const noexcept { return {flat_.data(), flat_.size()}; }
    /// True if locals were initialised in the block that `f` opened.
    bool initialised_since(const frame& f) const noexcept { return inits_.size() > f.inits; }
    void clear_locals() noexcept {
        flat_.clear();
        runs_.clear();
        inits_.clear();
        initialised_.clear();
        tracking_ = false;
        local_count_ = param_count_ = 0;
    }
    [[nodiscard]] TESSERA_INLINE bool local(u32 index, val_type& out) noexcept {
        if (TESSERA_LIKELY(index < flat_.size())) return out = flat_[index], true;
        return far_local(index, out);
    }
    [[nodiscard]] TESSERA_NOINLINE bool far_local(u32 index, val_type& out) noexcept {
        if (!context_.exists(index, local_count_, msg::unknown_local, offset_)) return false;
        std::size_t low = 0, high = runs_.size(); // the first run that ends behind the index
        while (low < high) {
            const std::size_t middle = low + (high - low) / 2;
            if (runs_[middle].end > index) high = middle;
            else low = middle + 1;
        }
        out = runs_[low].type;
        return true;
    }
    bool is_initialised(u32 index, val_type t) const noexcept {
        return t.is_defaultable() || index < param_count_ || (index < initialised_.size() && initialised_[index]);
    }
    [[nodiscard]] bool initialise(u32 index) noexcept {
        if (index >= initialised_.size() && !initialised_.resize(local_count_)) return context_.fail_memory();
        initialised_[index] = true;
        return inits_.push_back(index) || context_.fail_memory();
    }
    TESSERA_NOINLINE void forget_inits(u32 height) noexcept {
        for (; inits_.size() > height; inits_.pop_back()) initialised_[inits_.back()] = false;
    }

    context& context_;
    const type_section& types_;
    u32 offset_ = 0; ///< of the current instruction
    u32 size_ = 0;   ///< operands
    u32 floor_ = 0;  ///< the innermost frame's height
    val_type* data_ = nullptr;
    vec<frame> frames_;
    u32 param_count_ = 0;
    u32 local_count_ = 0;
    bool tracking_ = false; ///< there are locals without a default value

private:
    // Locals are looked up in a flat array; behind its end, which keeps 50,000 locals declared in
    // four bytes from costing more than those, in runs.
    static constexpr u32 most_flat = 1024;
    struct run {
        u32 end;
        val_type type;
    };
    vec<val_type> operands_;
    vec<val_type> flat_;
    vec<run> runs_;
    vec<u8> initialised_; ///< by local
    vec<u32> inits_;      ///< locals in the order in which they were initialised
};

} // namespace tessera::valid
