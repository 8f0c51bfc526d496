// SPDX-License-Identifier: MIT
/// @file binary/limits.hpp
/// How large a module may be.
#pragma once

#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI {

/// The implementation limits of modules; the defaults are those of the WebAssembly JavaScript
/// interface (its section "Limits"). A module beyond one is refused with msg::limit_reached, whose
/// detail names the limit.
struct module_limits {
    u64 module_size = u64{1} << 30; ///< bytes
    u32 types = 1'000'000;
    u32 group_size = 1'000'000; ///< types in a recursion group
    u32 subtype_depth = 63;
    u32 imports = 1'000'000;
    u32 exports = 1'000'000;
    u32 functions = 1'000'000;
    u32 tables = 100'000;
    u32 memories = 100;
    u32 globals = 1'000'000;
    u32 tags = 1'000'000;
    u32 elem_segments = 10'000'000;
    u32 elem_items = 10'000'000; ///< in one segment
    u32 data_segments = 100'000;
    u32 function_size = 7'654'321; ///< bytes
    u32 locals = 50'000;           ///< of a function, parameters included
    u32 params = 1'000;
    u32 results = 1'000;
    u32 fields = 10'000;         ///< of a structure
    u32 br_table = 65'520;       ///< labels of one br_table
    u32 array_operands = 10'000; ///< of one array.new_fixed
};

} // namespace tessera
