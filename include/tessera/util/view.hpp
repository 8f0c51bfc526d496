// SPDX-License-Identifier: MIT
/// @file view.hpp
/// A sequence of constant elements that somebody else owns.
///
/// std::span where nothing of its interface beyond this is needed: making one checks, for each element
/// type, the concepts of contiguous ranges, which costs every file that includes the library more than
/// a hundredth of a second for each such type. std::span stays for bytes and values.
#pragma once

#include <tessera/util/integers.hpp>

#include <span>

namespace tessera::inline TESSERA_ABI {

/// `size()` elements from `data()` on; valid as long as their owner keeps them where they are. A
/// std::span<const T> can be made of one.
template <class T>
class view {
public:
    constexpr view() noexcept = default;
    constexpr view(const T* data, std::size_t size) noexcept : data_(data), size_(size) {}
    template <std::size_t N>
    constexpr view(const T (&from)[N]) noexcept : data_(from), size_(N) {}
    /// Of a vec, a std::array, a std::vector, a std::span.
    template <class S>
    requires requires(const S& s) {
        static_cast<const T*>(s.data());
        s.size();
    }
    constexpr view(const S& from) noexcept : data_(from.data()), size_(from.size()) {}

    constexpr const T* data() const noexcept { return data_; }
    constexpr std::size_t size() const noexcept { return size_; }
    constexpr bool empty() const noexcept { return size_ == 0; }
    constexpr const T& operator[](std::size_t i) const noexcept { return data_[i]; }
    constexpr const T& back() const noexcept { return data_[size_ - 1]; }
    constexpr const T* begin() const noexcept { return data_; }
    constexpr const T* end() const noexcept { return data_ + size_; }
    /// The `n` first elements; there must be so many.
    constexpr view first(std::size_t n) const noexcept { return {data_, n}; }
    /// `n` elements from number `from` on; there must be so many.
    constexpr view subview(std::size_t from, std::size_t n) const noexcept { return {data_ + from, n}; }

private:
    const T* data_ = nullptr;
    std::size_t size_ = 0;
};

} // namespace tessera
