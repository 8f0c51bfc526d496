// SPDX-License-Identifier: MIT
/// @file runtime/global.hpp
/// A global instance (spec: exec/runtime, Global Instances).
#pragma once

#include <tessera/syntax/types.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// A global. Its value is one 64-bit slot, or two for v128: a number zero-extended, a reference by
/// its 32 bits. Code holds the address of the cell, which does not change.
struct global_data {
    u64* cell = own;     ///< of an instance's global in instance_data::global_slots
    u64 own[2] = {0, 0}; ///< of the host's
    global_type type;    ///< a type index in it is the store's type id
    u32 self = 0;        ///< index in store_data::globals

    global_data() noexcept = default;
    global_data(const global_data&) = delete;
    global_data& operator=(const global_data&) = delete;
};

} // namespace tessera::runtime
