// SPDX-License-Identifier: MIT
/// @file rules.hpp
/// What validation needs of each row of the instruction table, packed.
#pragma once

#include <tessera/syntax/opcode.hpp>
#include <tessera/syntax/types.hpp>

namespace tessera::inline TESSERA_ABI::valid {

/// One instruction's typing rule. An address type stands as `address` and is looked up.
struct op_rule {
    static constexpr u8 address = 1;                                 ///< in params: i32 or i64
    static constexpr u8 poly = 1, memory = 2, lanes = 4, atomic = 8; ///< bits of flags
    u8 params[4] = {};                                               ///< byte codes
    u8 results[2] = {};
    u8 param_count = 0;
    u8 result_count = 0;
    u8 flags = 0;      ///< 0 for what only pops and pushes
    u8 align_log2 = 0; ///< memory: the natural alignment
    u8 lane_count = 0; ///< lanes: what the lane index must be below
};

namespace detail {

constexpr u8 type_of_letter(char c) {
    switch (c) {
    case 'i': return code::i32;
    case 'l': return code::i64;
    case 'f': return code::f32;
    case 'd': return code::f64;
    case 'v': return code::v128;
    default: return op_rule::address;
    }
}
/// The number at the start of `text`; 0 if there is none.
constexpr unsigned leading_number(std::string_view text) {
    unsigned n = 0;
    for (char c : text) {
        if (c < '0' || c > '9') break;
        n = n * 10 + unsigned(c - '0');
    }
    return n;
}
/// How many lanes the shape at the start of the name has: "i8x16.extract_lane_s" 16.
constexpr unsigned lanes_of_shape(std::string_view text) { return leading_number(text.substr(text.find('x') + 1)); }
constexpr op_rule rule_of(op o) {
    const op_row& r = row(o);
    op_rule rule;
    if (r.type.poly) {
        rule.flags |= op_rule::poly;
        return rule;
    }
    rule.param_count = r.type.param_count;
    rule.result_count = r.type.result_count;
    for (unsigned i = 0; i < rule.param_count; ++i) rule.params[i] = type_of_letter(r.type.params[i]);
    for (unsigned i = 0; i < rule.result_count; ++i) rule.results[i] = type_of_letter(r.type.results[i]);
    if (r.immediate == imm::memarg || r.immediate == imm::memarg_lane) {
        rule.flags |= op_rule::memory;
        if (r.text.find("atomic") != std::string_view::npos) rule.flags |= op_rule::atomic;
        rule.align_log2 = natural_align[u16(o)];
    }
    if (r.immediate == imm::memarg_lane) {
        rule.flags |= op_rule::lanes;
        rule.lane_count = u8(16 >> natural_align[u16(o)]);
    }
    if (r.immediate == imm::lane) {
        rule.flags |= op_rule::lanes;
        rule.lane_count = u8(lanes_of_shape(r.text));
    }
    if (r.immediate == imm::shuffle) {
        rule.flags |= op_rule::lanes;
        rule.lane_count = 32;
    }
    return rule;
}

} // namespace detail

/// The rules, by `op`. A template, so that only who validates computes them.
template <class = void>
inline constexpr auto op_rules = [] {
    std::array<op_rule, op_count> rules{};
    for (u16 i = 0; i < op_count; ++i) rules[i] = detail::rule_of(op(i));
    return rules;
}();

} // namespace tessera::valid
