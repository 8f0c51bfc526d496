// SPDX-License-Identifier: MIT
/// @file relation.hpp
/// How instructions relate: which commute, and a comparison's negation and mirror image.
#pragma once

#include <tessera/syntax/opcode.hpp>
#include <tessera/util/view.hpp>

namespace tessera::inline TESSERA_ABI::num {

namespace detail {
// The two kinds of comparison families, each in the order of its codes; the row says which member
// is the negation (integers only: with a NaN both a < b and a >= b are false) and which the mirror.
struct compare_relation {
    u8 negated;
    u8 swapped;
};
inline constexpr u8 no_relation = 0xff;
inline constexpr compare_relation integer_compares[] = {
    {1, 0}, // eq
    {0, 1}, // ne
    {8, 4}, // lt_s
    {9, 5}, // lt_u
    {6, 2}, // gt_s
    {7, 3}, // gt_u
    {4, 8}, // le_s
    {5, 9}, // le_u
    {2, 6}, // ge_s
    {3, 7}, // ge_u
};
inline constexpr compare_relation float_compares[] = {
    {1, 0},           // eq
    {0, 1},           // ne
    {no_relation, 3}, // lt
    {no_relation, 2}, // gt
    {no_relation, 5}, // le
    {no_relation, 4}, // ge
};
struct compare_family {
    op first;
    op last;
    const compare_relation* members;
};
inline constexpr compare_family compare_families[] = {
    {op::i32_eq, op::i32_ge_u, integer_compares},
    {op::i64_eq, op::i64_ge_u, integer_compares},
    {op::f32_eq, op::f32_ge, float_compares},
    {op::f64_eq, op::f64_ge, float_compares},
};
static_assert(u16(op::i32_ge_u) - u16(op::i32_eq) == 9 && u16(op::i64_ge_u) - u16(op::i64_eq) == 9);
static_assert(u16(op::f32_ge) - u16(op::f32_eq) == 5 && u16(op::f64_ge) - u16(op::f64_eq) == 5);
// Tables, since they are asked many times while a compiler makes the list of handlers.
constexpr auto related_ops(u8 compare_relation::*which) noexcept {
    std::array<op, op_count> table{};
    for (op& o : table) o = op::count_;
    for (const compare_family& f : compare_families)
        for (u16 i = 0; i <= u16(f.last) - u16(f.first); ++i)
            if (const u8 member = f.members[i].*which; member != no_relation)
                table[u16(f.first) + i] = op(u16(f.first) + member);
    return table;
}
inline constexpr auto negated_ops = related_ops(&compare_relation::negated);
inline constexpr auto swapped_ops = related_ops(&compare_relation::swapped);
} // namespace detail

/// The comparison that is true just when `o` is false; op::count_ if there is none (the order of
/// floats has none because of NaNs; eqz has none) or `o` does not compare two numbers.
constexpr op negated_compare(op o) noexcept { return detail::negated_ops[u16(o)]; }

/// The comparison `c` with c(b, a) == o(a, b); op::count_ if `o` does not compare two numbers.
constexpr op swapped_compare(op o) noexcept { return detail::swapped_ops[u16(o)]; }

/// True if `o` compares two numbers; eqz is none of these.
constexpr bool is_compare(op o) noexcept { return swapped_compare(o) != op::count_; }

namespace detail {
// Names of vector instructions without their shape. Lists of their own, since a list in a function is made again by
// each call while the compiler evaluates it.
inline constexpr std::string_view commuting_names[] = {
    "add",           "mul",       "and",         "or",
    "xor",           "eq",        "ne",          "min",
    "max",           "min_s",     "min_u",       "max_s",
    "max_u",         "add_sat_s", "add_sat_u",   "avgr_u",
    "q15mulr_sat_s", "q15mulr_s", "dot_i16x8_s", "dot_i8x16_i7x16_s"};
inline constexpr std::string_view float_names[] = {"add",
                                                   "sub",
                                                   "mul",
                                                   "div",
                                                   "sqrt",
                                                   "ceil",
                                                   "floor",
                                                   "trunc",
                                                   "nearest",
                                                   "min",
                                                   "max",
                                                   "madd",
                                                   "nmadd",
                                                   "demote_f64x2_zero",
                                                   "promote_low_f32x4"};
/// True if the vector instruction `text` is one of `names`, relaxed or not.
constexpr bool is_named(std::string_view text, view<std::string_view> names) noexcept {
    text.remove_prefix(text.find('.') + 1);
    if (text[0] == 'r' && text.substr(0, 8) == "relaxed_") text.remove_prefix(8);
    for (const std::string_view& one : names)
        if (text.size() == one.size() && text[0] == one[0] && text == one) return true;
    return false;
}
/// True if the vector instruction `text` does the same to each lane of two vectors, in whatever order.
constexpr bool commutes_in_lanes(std::string_view text) noexcept {
    return text.substr(text.find('.') + 1, 7) == "extmul_" || is_named(text, commuting_names);
}
constexpr bool commutes(op o) noexcept {
    if (const op_type& t = row(o).type; t.param_count == 2 && t.params[0] == 'v' && t.params[1] == 'v')
        return commutes_in_lanes(row(o).text);
    switch (o) {
    case op::i32_add:
    case op::i32_mul:
    case op::i32_and:
    case op::i32_or:
    case op::i32_xor:
    case op::i32_eq:
    case op::i32_ne:
    case op::i64_add:
    case op::i64_mul:
    case op::i64_and:
    case op::i64_or:
    case op::i64_xor:
    case op::i64_eq:
    case op::i64_ne:
    case op::f32_add:
    case op::f32_mul:
    case op::f32_min:
    case op::f32_max:
    case op::f32_eq:
    case op::f32_ne:
    case op::f64_add:
    case op::f64_mul:
    case op::f64_min:
    case op::f64_max:
    case op::f64_eq:
    case op::f64_ne:
    case op::i64_mul_wide_s:
    case op::i64_mul_wide_u: return true;
    default: return false;
    }
}
inline constexpr auto commutative = [] {
    std::array<bool, op_count> table{};
    for (u16 i = 0; i < op_count; ++i) table[i] = commutes(op(i));
    return table;
}();
} // namespace detail

/// True if `o` takes two operands whose order does not matter. Of two NaNs either may be the one that
/// is passed on, so float operations commute too.
constexpr bool is_commutative(op o) noexcept { return detail::commutative[u16(o)]; }

namespace detail {
/// The same of an instruction on vectors by its name: what computes floats, not what moves or compares them.
constexpr bool picks_nan_in_lanes(std::string_view text) noexcept {
    return text[0] == 'f' && is_named(text, float_names);
}
constexpr bool computes_float(op o) noexcept {
    const op_type& t = row(o).type;
    if (t.results[0] == 'v') return picks_nan_in_lanes(row(o).text);
    if (t.poly || t.result_count != 1 || (t.results[0] != 'f' && t.results[0] != 'd') || t.param_count == 0)
        return false;
    switch (o) {
    case op::f32_abs:
    case op::f32_neg:
    case op::f32_copysign:
    case op::f32_reinterpret_i32:
    case op::f32_load:
    case op::f64_abs:
    case op::f64_neg:
    case op::f64_copysign:
    case op::f64_reinterpret_i64:
    case op::f64_load:
    case op::f32x4_extract_lane:
    case op::f64x2_extract_lane: return false;
    default: return true;
    }
}
inline constexpr auto nan_pickers = [] {
    std::array<bool, op_count> table{};
    for (u16 i = 0; i < op_count; ++i) table[i] = computes_float(op(i));
    return table;
}();
} // namespace detail

/// True if a NaN that `o` gives is picked by the implementation, or canonical in the deterministic
/// profile (spec: exec/numerics, NaN Propagation). The other instructions that give floats move bits.
constexpr bool picks_nan(op o) noexcept { return detail::nan_pickers[u16(o)]; }

} // namespace tessera::num
