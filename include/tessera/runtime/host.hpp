// SPDX-License-Identifier: MIT
/// @file runtime/host.hpp
/// Functions and objects of the host, without their C++ types.
#pragma once

#include <tessera/runtime/engine.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// Who called a host function.
struct caller {
    store_data* store = nullptr;
    instance_data* instance = nullptr; ///< null if the host itself called
};

/// A host function. Shared by the `imports` that define it and the stores that use it.
struct host_function {
    std::atomic<u32> owners{1};
    /// The function's type; a type index in it is not allowed, so it means the same in every store.
    view<val_type> params;
    view<val_type> results;
    /// Calls it: arguments in `slots`, results to `slots`, both from 0 on, which has room for
    /// the larger of both. False: it failed and set `why`, `slots` are lost.
    bool (*invoke)(host_function& self, caller& who, u64* slots, error& why) = nullptr;
    /// Frees `self`, whose last owner is gone.
    void (*destroy)(host_function* self) = nullptr;

    void retain() noexcept { owners.fetch_add(1, std::memory_order_relaxed); }
    void release() noexcept {
        if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(this);
    }
};

/// A host object a guest can hold as an externref.
struct host_object {
    void* object = nullptr;
    const void* type = nullptr; ///< address that stands for its C++ type
    /// `from` is the store's; null: the host owns it.
    void (*destroy)(const allocator* from, void* object) = nullptr;
    u32 next_free = 0; ///< while unused: index + 1 of the next unused one
    bool used = false;
};

} // namespace tessera::runtime
