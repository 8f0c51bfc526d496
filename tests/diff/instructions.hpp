// SPDX-License-Identifier: MIT
/// @file instructions.hpp
/// The instructions a random program is made of, sorted by what they give.
#pragma once

#include "program.hpp"

namespace diff {

/// Instructions by what they give.
struct instruction_set {
    std::vector<op> unary[4], binary[4], hot[4], loads[4], compares[4], stores;

    static unsigned kind(char letter) { return letter == 'i' ? 0 : letter == 'l' ? 1 : letter == 'f' ? 2 : 3; }
    instruction_set() {
        for (u16 i = 0; i < tessera::op_count; ++i) {
            const tessera::op_row& r = tessera::op_table[i];
            const tessera::op_type& t = r.type;
            if (!r.executed || t.poly) continue;
            if (r.immediate == tessera::imm::none && t.result_count == 1 && t.param_count == 1)
                unary[kind(t.results[0])].push_back(op(i));
            if (r.immediate == tessera::imm::none && t.result_count == 1 && t.param_count == 2) {
                binary[kind(t.results[0])].push_back(op(i));
                if (tessera::num::is_compare(op(i))) compares[kind(t.params[0])].push_back(op(i));
                for (const char* name : {".add", ".sub", ".mul", ".and", ".or", ".xor", ".shl", ".shr_s", ".shr_u"})
                    if (r.text.substr(3) == name) hot[kind(t.results[0])].push_back(op(i));
            }
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
                           : tessera::t_f64;
}

} // namespace diff
