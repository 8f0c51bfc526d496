// SPDX-License-Identifier: MIT
/// @file result.hpp
/// A value or an error, with the names of std::expected.
#pragma once

#include <tessera/util/integers.hpp>

#include <new>
#include <utility>

namespace tessera::inline TESSERA_ABI {

class error; // syntax/error.hpp

/// Either a T or an E. `*r` and `r->` need `has_value()`, `r.error()` needs its contrary; both are
/// unchecked, as in std::expected.
template <class T, class E = error>
class [[nodiscard]] result {
public:
    using value_type = T;
    using error_type = E;

    result() noexcept : has_(true) { ::new (static_cast<void*>(&value_)) T(); }
    template <class U = T>
    requires(std::is_constructible_v<T, U&&> && !std::is_same_v<std::remove_cvref_t<U>, result> &&
             !std::is_same_v<std::remove_cvref_t<U>, E> && std::is_convertible_v<U&&, T>) result(U&& value)
    noexcept : has_(true) { ::new (static_cast<void*>(&value_)) T(static_cast<T>(std::forward<U>(value))); }
    template <class U>
    requires(std::is_convertible_v<U&&, E> && !std::is_convertible_v<U&&, T> &&
             !std::is_same_v<std::remove_cvref_t<U>, result>) result(U&& why)
    noexcept : has_(false) { ::new (static_cast<void*>(&error_)) E(std::forward<U>(why)); }
    result(result&& other) noexcept : has_(other.has_) {
        if (has_) ::new (static_cast<void*>(&value_)) T(std::move(other.value_));
        else ::new (static_cast<void*>(&error_)) E(std::move(other.error_));
    }
    result(const result& other) noexcept requires(std::is_copy_constructible_v<T>) : has_(other.has_) {
        if (has_) ::new (static_cast<void*>(&value_)) T(other.value_);
        else ::new (static_cast<void*>(&error_)) E(other.error_);
    }
    result& operator=(result&& other) noexcept {
        if (this != &other) {
            this->~result();
            ::new (static_cast<void*>(this)) result(std::move(other));
        }
        return *this;
    }
    ~result() {
        if (has_) value_.~T();
        else error_.~E();
    }

    bool has_value() const noexcept { return has_; }
    explicit operator bool() const noexcept { return has_; }
    T& operator*() & noexcept { return value_; }
    const T& operator*() const& noexcept { return value_; }
    T&& operator*() && noexcept { return std::move(value_); }
    T* operator->() noexcept { return __builtin_addressof(value_); }
    const T* operator->() const noexcept { return __builtin_addressof(value_); }
    const E& error() const& noexcept { return error_; }
    E& error() & noexcept { return error_; }
    E&& error() && noexcept { return std::move(error_); }
    /// The value, or `other` where there is none.
    template <class U>
    T value_or(U&& other) const& noexcept {
        return has_ ? value_ : static_cast<T>(std::forward<U>(other));
    }

private:
    union {
        T value_;
        E error_;
    };
    bool has_;
};

/// Success without a value, or an E.
template <class E>
class [[nodiscard]] result<void, E> {
public:
    using value_type = void;
    using error_type = E;

    result() noexcept : has_(true) {}
    template <class U>
    requires(std::is_convertible_v<U&&, E> && !std::is_same_v<std::remove_cvref_t<U>, result>) result(U&& why)
    noexcept : has_(false) { ::new (static_cast<void*>(&error_)) E(std::forward<U>(why)); }
    result(result&& other) noexcept : has_(other.has_) {
        if (!has_) ::new (static_cast<void*>(&error_)) E(std::move(other.error_));
    }
    result(const result& other) noexcept : has_(other.has_) {
        if (!has_) ::new (static_cast<void*>(&error_)) E(other.error_);
    }
    result& operator=(result&& other) noexcept {
        if (this != &other) {
            this->~result();
            ::new (static_cast<void*>(this)) result(std::move(other));
        }
        return *this;
    }
    ~result() {
        if (!has_) error_.~E();
    }

    bool has_value() const noexcept { return has_; }
    explicit operator bool() const noexcept { return has_; }
    void operator*() const noexcept {}
    const E& error() const& noexcept { return error_; }
    E& error() & noexcept { return error_; }
    E&& error() && noexcept { return std::move(error_); }

private:
    union {
        E error_;
    };
    bool has_;
};

} // namespace tessera
