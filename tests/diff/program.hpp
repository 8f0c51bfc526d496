// SPDX-License-Identifier: MIT
/// @file program.hpp
/// What a random program is: two modules that share functions, a table, a memory and globals, as bytes
/// and as the facts that the evaluator needs beside the bytes of the functions.
#pragma once

#include <tessera/tessera.hpp>

#include <string>
#include <vector>

namespace diff {

using tessera::f32;
using tessera::f64;
using tessera::i32;
using tessera::i64;
using tessera::no_index;
using tessera::op;
using tessera::u16;
using tessera::u32;
using tessera::u64;
using tessera::u8;
using tessera::val_type;

using bytes = std::vector<u8>;
using types = std::vector<val_type>;

/// Type 0 of every module is (i32) -> (i32); this is a reference to such a function.
inline constexpr val_type t_ref0 = val_type::ref(tessera::heap_type::index(0), true);
inline constexpr val_type t_i31 = val_type::ref(tessera::heap_type::abstract(tessera::code::i31), false);

/// A function's type, or what else a module defines as one.
struct signature {
    types params;
    types results;
    bytes other{}; ///< as the binary format has it; empty: a function's type
    friend bool operator==(const signature&, const signature&) = default;
};

/// A value: a number as its bits, a reference as 0 or a function's number plus one. `high` is the
/// upper half of a v128, or 1 for a NaN whose bits the specification leaves open.
struct cell {
    u64 low = 0;
    u64 high = 0;
};

/// `source`: the index in the first module of what is imported; no_index: it is the module's own.
struct func_plan {
    u32 type = 0;
    u32 source = no_index;
    bool host = false;
};
struct global_plan {
    val_type type;
    cell init;
    u32 source = no_index;
    bool host = false; ///< the host makes it
};
struct memory_plan {
    u32 min = 1;
    u32 max = 2;
    bool is64 = false;
    bool shared = false;
    u32 source = no_index;
};
struct tag_plan {
    u32 type = 0;
    u32 source = no_index;
};
struct module_plan {
    bytes wasm;
    std::vector<signature> types;
    u32 first_shape = 0; ///< type index of the first structure; see heap.hpp
    std::vector<func_plan> funcs;
    std::vector<global_plan> globals;
    std::vector<memory_plan> memories;
    std::vector<tag_plan> tags;
    bool own_table = true;
    u32 table_min = 8;
    u32 table_max = 12;
    u32 elem_at = 0;
    std::vector<u32> elem;         ///< segment 0, active
    std::vector<u32> passive_elem; ///< segment 1
    bytes data;                    ///< segment 0, passive
};
/// How many bits a lane has of what an instruction on vectors is named after.
inline u32 lane_bits(op o) {
    u32 bits = 0;
    for (const char c : tessera::row(o).text.substr(1)) {
        if (c < '0' || c > '9') break;
        bits = bits * 10 + u32(c - '0');
    }
    return bits;
}
struct call_plan {
    u32 module = 0;
    u32 func = 0;
    u32 gas = 0; ///< what global 0 is set to before: it bounds calls and loops
    std::vector<cell> args;
};
struct program {
    module_plan modules[2];
    std::vector<call_plan> calls;
    u32 pieces = 0; ///< statements and expressions that can be left out
};

} // namespace diff
