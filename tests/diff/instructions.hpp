// SPDX-License-Identifier: MIT
/// @file instructions.hpp
/// The instructions a random program is made of, sorted by what they give.
#pragma once

#include "program.hpp"

namespace diff {

/// Instructions by what they give.
struct instruction_set {
    std::vector<op> unary[5], binary[5], hot[5], loads[5], compares[4], stores, ternary;

    static unsigned kind(char letter) {
        return letter == 'i' ? 0 : letter == 'l' ? 1 : letter == 'f' ? 2 : letter == 'd' ? 3 : 4;
    }
    /// Of vectors only what leaves no bits open: those of a NaN are looked after in numbers only. No atomic
    /// instructions: most addresses would be traps.
    static bool is_usable(op o) {
        const tessera::op_row& r = tessera::row(o);
        const std::string_view letters(r.type.params, r.type.param_count);
        const bool floats =
            letters.find_first_of("fd") != letters.npos || r.type.results[0] == 'f' || r.type.results[0] == 'd';
        return !r.type.poly && !tessera::is_atomic_row(r) &&
               !(r.prefix == 0xfd && (floats || tessera::num::picks_nan(o)));
    }
    instruction_set() {
        for (u16 i = 0; i < tessera::op_count; ++i) {
            const tessera::op_row& r = tessera::op_table[i];
            const tessera::op_type& t = r.type;
            if (!is_usable(op(i))) continue;
            if (r.immediate == tessera::imm::none && t.result_count == 1 && t.param_count == 1)
                unary[kind(t.results[0])].push_back(op(i));
            if (r.immediate == tessera::imm::none && t.result_count == 1 && t.param_count == 2) {
                binary[kind(t.results[0])].push_back(op(i));
                if (tessera::num::is_compare(op(i))) compares[kind(t.params[0])].push_back(op(i));
                if (t.results[0] == 'v' && tessera::exec::detail::is_hot_vector(op(i))) hot[4].push_back(op(i));
                for (const char* name : {".add", ".sub", ".mul", ".and", ".or", ".xor", ".shl", ".shr_s", ".shr_u"})
                    if (r.prefix == 0 && r.text.substr(3) == name) hot[kind(t.results[0])].push_back(op(i));
            }
            if (r.immediate == tessera::imm::none && t.result_count == 1 && t.param_count == 3)
                ternary.push_back(op(i));
            if (r.immediate == tessera::imm::memarg && t.param_count == 1 && t.result_count == 1)
                loads[kind(t.results[0])].push_back(op(i));
            if (r.immediate == tessera::imm::memarg && t.param_count == 2 && t.result_count == 0)
                stores.push_back(op(i));
        }
    }
    static const instruction_set& get() {
        static const instruction_set set;
        return set;
    }
};
inline val_type type_of(char letter) {
    return letter == 'i'   ? tessera::t_i32
           : letter == 'l' ? tessera::t_i64
           : letter == 'f' ? tessera::t_f32
           : letter == 'd' ? tessera::t_f64
                           : tessera::t_v128;
}

} // namespace diff
