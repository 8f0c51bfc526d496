// SPDX-License-Identifier: MIT
/// @file opcode.hpp
/// The instruction set, as data: `enum class op` and `op_table`, both made from opcodes.def.
#pragma once

#include <tessera/features.hpp>
#include <tessera/syntax/immediate.hpp>

#include <array>
#include <initializer_list>
#include <string_view>

namespace tessera::inline TESSERA_ABI {

/// Every instruction by its name in the text format, `.` written as `_`; C++ keywords get a trailing `_`.
enum class op : u16 {
#define OP(id, ...) id,
#include <tessera/syntax/opcodes.def>
#undef OP
    count_,
};
inline constexpr u16 op_count = u16(op::count_);

/// An instruction's type, read from the table's `sig` column: `ii_i` takes two i32 and gives one.
/// Letters: i l f d v are i32 i64 f32 f64 v128; a is the address type of the memory in the memarg.
/// `poly`: the type depends on immediates or on the stack; a rule in valid/ says how.
struct op_type {
    char params[4] = {};
    char results[2] = {};
    u8 param_count = 0;
    u8 result_count = 0;
    bool poly = false;
};
void row_needs_an_underscore_in_its_signature(); // not constexpr on purpose: reaching it is the error
consteval op_type parse_op_type(std::string_view text) {
    op_type t;
    if (text == "poly") {
        t.poly = true;
        return t;
    }
    bool after = false;
    for (char c : text) {
        if (c == '_') after = true;
        else if (after) t.results[t.result_count++] = c;
        else t.params[t.param_count++] = c;
    }
    if (!after) row_needs_an_underscore_in_its_signature();
    return t;
}

/// One row of the table.
struct op_row {
    std::string_view text; ///< its name in the text format
    u8 prefix;             ///< 0 for none, or 0xfb 0xfc 0xfd 0xfe
    u16 code;              ///< the byte after the prefix, or the u32 in LEB128
    imm immediate;
    op_type type;
    feature needs;
};

/// Column `meaning` of a row whose meaning is not a function of its operands: control, calls, tables.
struct special {};

inline constexpr op_row op_table[] = {
#define OP(id, text, prefix, code, immediate, sig, needs, ...)                                                         \
    {text, prefix, code, imm::immediate, parse_op_type(#sig), feature::needs},
#include <tessera/syntax/opcodes.def>
#undef OP
};

constexpr const op_row& row(op o) noexcept { return op_table[u16(o)]; }

/// The feature that `f` lacks for instruction `o`, `feature::count_` if it has what `o` needs: its row's
/// feature, and for the tail call through a typed reference a second one.
constexpr feature lacking(features f, op o) noexcept {
    if (!f[row(o).needs]) return row(o).needs;
    if (o == op::return_call_ref && !f[feature::function_references]) return feature::function_references;
    return feature::count_;
}
constexpr bool has(features f, op o) noexcept { return lacking(f, o) == feature::count_; }

/// True for the instructions of the threads proposal, which are all those behind this prefix.
constexpr bool is_atomic_row(const op_row& r) noexcept { return r.prefix == 0xfe; }

/// Log2 of how many bytes the instruction accesses in memory, which is the largest alignment its
/// memarg may state and the one the text format leaves out; 0 for what accesses none. Read from the
/// instruction's name: the number after the first dot counts (`load8`, `rmw16`, `wait32`), else that of
/// its type.
constexpr u8 access_log2(const op_row& r) {
    if (r.immediate != imm::memarg && r.immediate != imm::memarg_lane) return 0;
    const std::string_view text = r.text;
    if (text == "memory.atomic.notify") return 2;
    std::size_t at = 0;
    unsigned bits = 0;
    const auto number = [&] {
        for (bits = 0; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
            bits = bits * 10 + unsigned(text[at] - '0');
        return bits != 0;
    };
    while (text[at] != '.') ++at;
    while (at < text.size() && !number()) ++at;
    if (bits == 0) at = 1, number();
    else if (at < text.size() && text[at] == 'x') bits *= unsigned(text[at + 1] - '0'); // load8x8 is 64 bits
    return u8(std::bit_width(bits) - 4);
}
inline constexpr std::array<u8, op_count> natural_align = [] {
    std::array<u8, op_count> logs{};
    for (u16 i = 0; i < op_count; ++i) logs[i] = access_log2(op_table[i]);
    return logs;
}();

static_assert(sizeof op_table / sizeof *op_table == op_count);
/// The largest code behind any prefix, plus one.
inline constexpr u16 most_codes = 0x120;

/// From the code behind `Prefix` to the instruction; `op::count_` where there is none or it needs a
/// feature that `F` lacks. `op_codes<everything>` tells the two cases apart.
template <features F, u8 Prefix>
inline constexpr auto op_codes = [] {
    std::array<op, Prefix == 0 ? 256 : most_codes> codes{};
    for (op& code : codes) code = op::count_; // compiles faster than fill
    for (u16 i = 0; i < op_count; ++i)
        if (op_table[i].prefix == Prefix && has(F, op(i))) codes[op_table[i].code] = op(i);
    return codes;
}();

} // namespace tessera
