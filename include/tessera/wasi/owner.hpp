// SPDX-License-Identifier: MIT
/// @file wasi/owner.hpp
/// Shared ownership of an object that counts its owners.
#pragma once

#include <tessera/util/vec.hpp>

#include <atomic>

namespace tessera::inline TESSERA_ABI::wasi {

/// Keeps an object with a count of its owners alive; empty or not. Copies share it, also between threads.
template <class T>
class owner {
public:
    owner() noexcept = default;
    /// Takes over the one reference that a new object has; null is allowed.
    explicit owner(T* adopted) noexcept : object_(adopted) {}
    owner(const owner& other) noexcept : object_(other.object_) {
        if (object_) object_->owners_.fetch_add(1, std::memory_order_relaxed);
    }
    owner(owner&& other) noexcept : object_(other.object_) { other.object_ = nullptr; }
    owner& operator=(owner other) noexcept {
        T* const mine = object_;
        object_ = other.object_;
        other.object_ = mine;
        return *this;
    }
    ~owner() {
        if (object_ && object_->owners_.fetch_sub(1, std::memory_order_acq_rel) == 1) destroy(object_);
    }
    T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }

private:
    T* object_ = nullptr;
};
} // namespace tessera
