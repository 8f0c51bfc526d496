// SPDX-License-Identifier: MIT
/// @file runtime/api/keepable.hpp
/// A call as it is given to who keeps states of a store: an execution, or what is made of one.
#pragma once

#include <tessera/runtime/api/execution.hpp>

namespace tessera::inline TESSERA_ABI {

namespace runtime {
/// What is to be kept of an object around an execution.
struct kept_figures {
    vec<u64> words;
    error why{error::unlikely()};
};
/// How it is.
struct keeping {
    /// False: `why` says what cannot be kept.
    bool (*note)(const void* self, kept_figures& to, error& why) noexcept;
    /// So that `put_back` cannot fail. False: memory is out.
    bool (*make_room)(void* self, const kept_figures& from) noexcept;
    void (*put_back)(void* self, const kept_figures& from) noexcept;
};
} // namespace runtime

/// A call whose state is taken and put back together with that of its store, see `rollback`: an execution, or
/// game::call::keepable(). Refers to it.
class keepable_call {
public:
    keepable_call(execution& x) noexcept : x_(&x) {}
    /// For the library: `self` is around `x`.
    keepable_call(execution& x, void* self, const runtime::keeping& how) noexcept : x_(&x), self_(self), how_(&how) {}

    /// For the library.
    execution& of() const noexcept { return *x_; }
    bool note(runtime::kept_figures& to, error& why) const noexcept { return !how_ || how_->note(self_, to, why); }
    bool make_room(const runtime::kept_figures& from) const noexcept { return !how_ || how_->make_room(self_, from); }
    void put_back(const runtime::kept_figures& from) const noexcept {
        if (how_) how_->put_back(self_, from);
    }

private:
    execution* x_;
    void* self_ = nullptr;
    const runtime::keeping* how_ = nullptr;
};

} // namespace tessera
