// SPDX-License-Identifier: MIT
/// @file runtime/tag.hpp
/// A tag instance (spec: exec/runtime, Tag Instances).
#pragma once

#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// A tag: compared by address, its type is a function type without results.
struct tag_data {
    u32 type_id = 0; ///< the store's type id
    u32 self = 0;    ///< index in store_data::tags
};

/// An exception that a reference of the exn hierarchy means (spec: exec/runtime, Exception Instances).
struct exception_object {
    const tag_data* tag = nullptr;
    vec<u64> slots;
};

} // namespace tessera::runtime
