// SPDX-License-Identifier: MIT
/// @file instructions.hpp
/// The instructions a random program is made of, sorted by what they give.
#pragma once

#include "program.hpp"

namespace diff {

/// Instructions by what they give.
struct instruction_set {
    std::vector<op> unary[5], binary[5], hot[5], loads[5], compares[4], stores, ternary;
    std::vector<op> nan_makers; ///< on vectors
    std::vector<op> extracts[5], replaces, lane_loads, lane_stores;
    std::vector<op> atomics[5], atomic_stores;

    static unsigned kind(char letter) {
        return letter == 'i' ? 0 : letter == 'l' ? 1 : letter == 'f' ? 2 : letter == 'd' ? 3 : 4;
    }
    instruction_set() {
        for (u16 i = 0; i < tessera::op_count; ++i) {
            const tessera::op_row& r = tessera::op_table[i];
            const tessera::op_type& t = r.type;
            if (t.poly) continue;
            if (tessera::is_atomic_row(r)) {
                const bool waits = r.text.substr(0, 18) == "memory.atomic.wait";
                if (r.immediate == tessera::imm::memarg && !waits)
                    (t.result_count ? atomics[kind(t.results[0])] : atomic_stores).push_back(op(i));
                continue;
            }
            if (r.immediate == tessera::imm::lane)
                (t.param_count == 1 ? extracts[kind(t.results[0])] : replaces).push_back(op(i));
            if (r.immediate == tessera::imm::memarg_lane) (t.result_count ? lane_loads : lane_stores).push_back(op(i));
            if (r.prefix == 0xfd && tessera::num::picks_nan(op(i))) {
                nan_makers.push_back(op(i));
                continue;
            }
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
