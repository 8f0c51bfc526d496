// SPDX-License-Identifier: MIT
/// @file quick.hpp
/// A short way through validation for the instructions that most code consists of.
#pragma once

#include <tessera/valid/aggregate.hpp>
#include <tessera/valid/rules.hpp>

#include <bit>

namespace tessera::inline TESSERA_ABI::valid {

/// How the short way takes an instruction. What has a signature is told by its immediate alone.
enum class quick_kind : u8 {
    none, ///< not at all
    operation,
    access,
    i32_constant,
    constant,
    local_get,
    local_set,
    local_tee,
    global_get,
    call,
    drop,
    br_if,
    br,
    unreachable,
    if_,
    block,
    end,
};

/// One instruction with an opcode of one byte. Types are byte codes.
struct quick_rule {
    quick_kind kind = quick_kind::none;
    u8 pops = 0; ///< operation and access: 1 or 2
    u8 pushes = 0;
    u8 deep = 0; ///< the deepest operand
    u8 top = 0;  ///< the topmost operand, which may be the same
    u8 result = 0;
    u8 most = 0; ///< access: the natural alignment; constant: bytes of the immediate, 0 for LEB128
};

namespace detail {

constexpr quick_kind quick_kind_of(op o) {
    switch (o) {
    case op::local_get: return quick_kind::local_get;
    case op::local_set: return quick_kind::local_set;
    case op::local_tee: return quick_kind::local_tee;
    case op::global_get: return quick_kind::global_get;
    case op::call: return quick_kind::call;
    case op::drop: return quick_kind::drop;
    case op::br_if: return quick_kind::br_if;
    case op::br: return quick_kind::br;
    case op::unreachable: return quick_kind::unreachable;
    case op::if_: return quick_kind::if_;
    case op::block:
    case op::loop: return quick_kind::block;
    case op::end: return quick_kind::end;
    default: break;
    }
    const op_rule rule = rule_of(o);
    if ((rule.flags & ~op_rule::memory) != 0) return quick_kind::none;
    switch (row(o).immediate) {
    case imm::none: return quick_kind::operation;
    case imm::memarg: return quick_kind::access;
    case imm::i32_const: return quick_kind::i32_constant;
    case imm::i64_const:
    case imm::f32_const:
    case imm::f64_const: return quick_kind::constant;
    default: return quick_kind::none;
    }
}
constexpr quick_rule quick_rule_of(op o) {
    const op_rule rule = rule_of(o);
    quick_rule quick;
    quick.kind = quick_kind_of(o);
    if (quick.kind > quick_kind::constant) return quick;
    const bool constant = quick.kind == quick_kind::i32_constant || quick.kind == quick_kind::constant;
    if (rule.param_count > 2 || rule.result_count > 1 || constant != (rule.param_count == 0)) return {};
    quick.pops = rule.param_count;
    quick.pushes = rule.result_count;
    quick.result = rule.results[0];
    if (!constant) {
        const auto type = [](u8 param) { return param == op_rule::address ? code::i32 : param; };
        quick.deep = type(rule.params[0]);
        quick.top = type(rule.params[rule.param_count - 1]);
    }
    quick.most = row(o).immediate == imm::f32_const ? 4 : row(o).immediate == imm::f64_const ? 8 : rule.align_log2;
    return quick;
}

} // namespace detail

/// By the first byte. Only of the first version: what no build lacks, and no feature has to be noted for.
inline constexpr auto quick_rules = [] {
    std::array<quick_rule, 256> rules{};
    for (u16 i = 0; i < op_count; ++i)
        if (row(op(i)).needs == feature::mvp && row(op(i)).prefix == 0)
            rules[row(op(i)).code] = detail::quick_rule_of(op(i));
    return rules;
}();

/// Takes instructions as long as they are common ones and nothing is wrong with them. It knows no
/// error: where something does not fit it stops before the instruction, for the full rules to judge.
class quick_validator : public aggregate_rules {
public:
    using aggregate_rules::aggregate_rules;

    bool thorough = false; ///< true: the full rules take every instruction, for tests to compare

protected:
    /// Validates from `at` on and returns where it stopped, which may be `at`. The expression ends at `end`.
    [[nodiscard]] TESSERA_NOINLINE const u8* quick(const u8* at, const u8* const end) noexcept {
        if (thorough) return at;
        const module_data& m = context_.module();
        const bool narrow_memory = !m.memories.empty() && !m.memories[0].type.limits.is64;
        const types_span locals = tracking_ ? types_span() : near_locals();
        val_type* top = data_ + size_; // one behind the topmost operand
        val_type* floor = data_ + floor_;
        val_type* const full = data_ + capacity();
        const auto is = [](val_type t, u8 byte_code) { return t.bits == byte_code; };
        u32 index = 0;

        // No instruction here is longer than the margin, so nothing below looks for the end.
        while (end - at >= margin) {
            const quick_rule& r = quick_rules[*at];
            const u8* next = at + 1;
            switch (r.kind) {
            case quick_kind::access:
                if (!narrow_memory || at[1] > r.most || !short_index(next = at + 2, index)) goto stop;
                [[fallthrough]];
            case quick_kind::operation:
                if (top - floor < r.pops || !is(top[-1], r.top) || !is(top[-std::ptrdiff_t(r.pops)], r.deep)) goto stop;
                top -= r.pops;
                *top = val_type::number(r.result); // at least one was popped
                top += r.pushes;
                break;
            case quick_kind::i32_constant:
                if (top == full || !short_i32(next)) goto stop;
                *top++ = t_i32;
                break;
            case quick_kind::constant:
                if (top == full) goto stop;
                next += r.most != 0 ? r.most : leb_size(load_le<u64>(next));
                if (next == at + 1) goto stop;
                *top++ = val_type::number(r.result);
                break;
            case quick_kind::local_get:
                if (!short_index(next, index) || index >= locals.size() || top == full) goto stop;
                *top++ = locals[index];
                break;
            case quick_kind::local_set:
                if (!short_index(next, index) || index >= locals.size() || top == floor || top[-1] != locals[index])
                    goto stop;
                --top;
                break;
            case quick_kind::local_tee:
                if (!short_index(next, index) || index >= locals.size() || top == floor || top[-1] != locals[index])
                    goto stop;
                break;
            case quick_kind::global_get:
                if (!short_index(next, index) || index >= m.globals.size() || top == full) goto stop;
                *top++ = m.globals[index].type.type;
                break;
            case quick_kind::call: {
                if (!short_index(next, index) || index >= m.funcs.size()) goto stop;
                const types_span params = types_.params(m.funcs[index].type);
                const types_span results = types_.results(m.funcs[index].type);
                if (std::size_t(top - floor) < params.size() ||
                    std::size_t(full - top) + params.size() < results.size())
                    goto stop;
                const val_type* const given = top - params.size();
                for (std::size_t i = 0; i < params.size(); ++i)
                    if (given[i] != params[i]) goto stop;
                top -= params.size();
                for (val_type t : results) *top++ = t;
                break;
            }
            case quick_kind::drop:
                if (top == floor) goto stop;
                --top;
                break;
            case quick_kind::br_if:
                if (top == floor || !is(top[-1], code::i32) || !plain_label(*next++)) goto stop;
                --top;
                break;
            case quick_kind::br:
                if (!plain_label(*next++)) goto stop;
                [[fallthrough]];
            case quick_kind::unreachable:
                top = floor;
                frames_.back().unreachable = true;
                break;
            case quick_kind::if_:
            case quick_kind::block: {
                const val_type type = val_type::number(*next++);
                const u32 pops = r.kind == quick_kind::if_;
                if (!is(type, code::empty_block) && !type.is_number()) goto stop;
                if (pops && (top == floor || !is(top[-1], code::i32))) goto stop;
                size_ = u32(top - data_) - pops;
                if (!open(op_codes<everything, 0>[*at], no_index, is(type, code::empty_block) ? t_bottom : type))
                    return at; // memory is out, and will be when the full rules get here
                floor = top -= pops;
                break;
            }
            case quick_kind::end: {
                // The function's own block has a type index, so there is one around this.
                const frame& f = frames_.back();
                const bool result = f.result != t_bottom;
                if (f.type != no_index || f.opcode == op::if_ || std::size_t(top - floor) != result ||
                    (result && top[-1] != f.result) || initialised_since(f))
                    goto stop;
                frames_.pop_back();
                floor = data_ + frames_.back().height;
                break;
            }
            default: goto stop;
            }
            at = next;
        }
    stop:
        size_ = u32(top - data_);
        floor_ = u32(floor - data_);
        return at;
    }

private:
    static constexpr std::ptrdiff_t margin = 16;

    /// How many of the eight bytes a LEB128 number at their start has; 0 if it does not end in them.
    static unsigned leb_size(u64 bytes) noexcept {
        const u64 ends = ~bytes & 0x8080'8080'8080'8080;
        return ends == 0 ? 0u : unsigned(std::countr_zero(ends)) / 8 + 1;
    }
    /// The same of a number of at most 32 bits: for five bytes, whose last has four bits that count, `ok`
    /// says whether its other bits are right.
    template <class Ok>
    static TESSERA_INLINE bool short_leb(const u8*& at, u64 bytes, Ok ok) noexcept {
        const unsigned size = leb_size(bytes);
        at += size;
        return size - 1 < 4 || (size == 5 && ok(unsigned(bytes >> 32 & 0xff)));
    }
    static TESSERA_INLINE bool short_i32(const u8*& at) noexcept {
        return short_leb(at, load_le<u64>(at), [](unsigned last) { return last < 8 || last >= 0x78; });
    }
    /// Linkers leave room for the largest number, so five bytes are not rare.
    static TESSERA_INLINE bool short_index(const u8*& at, u32& out) noexcept {
        if (TESSERA_LIKELY(*at < 0x80)) return out = *at++, true;
        u64 bytes = load_le<u64>(at);
        const u8* const from = at;
        if (!short_leb(at, bytes, [](unsigned last) { return last < 16; })) return false;
        bytes &= ~u64{0} >> (64 - 8 * (at - from));
        out = u32((bytes & 0x7f) | (bytes >> 1 & 0x3f80) | (bytes >> 2 & 0x1f'c000) | (bytes >> 3 & 0xfe0'0000) |
                  (bytes >> 4 & 0xf000'0000));
        return true;
    }
    /// True if there is a label of that depth and a branch to it certainly takes no values.
    bool plain_label(u32 depth) const noexcept {
        if (depth >= frames_.size() || depth > 0x7f) return false;
        const frame& f = frames_[frames_.size() - 1 - depth];
        return f.type == no_index && (f.result == t_bottom || f.opcode == op::loop);
    }
};

} // namespace tessera::valid
