// SPDX-License-Identifier: MIT
/// @file runtime/tag.hpp
/// A tag instance (spec: exec/runtime, Tag Instances).
#pragma once

#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// A tag: compared by address, its type is a function type without results.
struct tag_data {
    u32 type_id = 0; ///< the store's type id
    u32 self = 0;    ///< index in store_data::tags
};

} // namespace tessera::runtime
