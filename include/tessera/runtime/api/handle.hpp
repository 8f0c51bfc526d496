// SPDX-License-Identifier: MIT
/// @file runtime/api/handle.hpp
/// What every handle is: two words, a store and a place in it.
#pragma once

#include <tessera/runtime/link.hpp>

namespace tessera::inline TESSERA_ABI {

class imports;

namespace runtime {

struct access;

/// A place in a store. Copying it copies two words; the object stays the store's. A handle is empty
/// when default-made and stale after its store was reset: it then fails with msg::stale_handle. It
/// must not be used after its store is destroyed.
class handle {
public:
    handle() noexcept = default;
    handle(store_data& store, u32 index) noexcept : store_(&store), index_(index), epoch_(store.epoch) {}

    /// True if the handle denotes an object of a store that was not reset since.
    explicit operator bool() const noexcept { return store_ && store_->epoch == epoch_; }
    friend bool operator==(const handle&, const handle&) noexcept = default;

protected:
    friend access;
    /// The object at this place of `list`, null for an empty or stale handle.
    template <class T>
    T* in(vec<T*> store_data::*list) const noexcept {
        return TESSERA_LIKELY(bool(*this)) ? (store_->*list)[index_] : nullptr;
    }

    store_data* store_ = nullptr;
    u32 index_ = 0;
    u32 epoch_ = 0;
};

/// The library's way into handles; not for users.
struct access {
    static store_data* store(const handle& h) noexcept { return h.store_; }
    static u32 index(const handle& h) noexcept { return h.index_; }
    template <class T>
    static T* get(const handle& h, vec<T*> store_data::*list) noexcept {
        return h.in(list);
    }
};

} // namespace runtime
} // namespace tessera
