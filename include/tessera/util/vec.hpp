// SPDX-License-Identifier: MIT
/// @file vec.hpp
/// A growable array whose every allocation can fail, with and without exceptions.
#pragma once

#include <tessera/util/allocator.hpp>
#include <tessera/util/view.hpp>

#include <new>
#include <utility>

namespace tessera::inline TESSERA_ABI {

namespace detail {
/// What a vec consists of, whatever its elements are: code that is compiled once.
struct vec_storage {
    void* data_ = nullptr;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
    const allocator* from_ = nullptr;

    /// Room for `n` elements of `element` bytes, which can be copied as bytes. False: memory is out,
    /// nothing changed.
    TESSERA_NOINLINE bool move_to(std::size_t n, std::size_t element) noexcept {
        if (n > std::size_t(-1) / 2 / element) return false;
        void* const fresh = allocate_in(from_, n * element);
        if (!fresh) return false;
        if (size_) std::memcpy(fresh, data_, size_ * element);
        release_in(from_, data_, capacity_ * element);
        data_ = fresh;
        capacity_ = n;
        return true;
    }
    TESSERA_NOINLINE void give_back(std::size_t element) noexcept {
        release_in(from_, data_, capacity_ * element);
        data_ = nullptr;
        size_ = capacity_ = 0;
    }
};
} // namespace detail

/// A contiguous sequence of T. What allocates returns false when memory is out and then changes
/// nothing. T must be movable without throwing. Not copyable; `assign` copies and can fail.
template <class T>
class vec : detail::vec_storage {
public:
    vec() noexcept = default;
    /// One that allocates from `from`, which must outlive it; null is as without.
    explicit vec(const allocator* from) noexcept { from_ = from; }
    vec(vec&& other) noexcept {
        from_ = other.from_;
        take(other);
    }
    /// Content stays in the room it is in; a sequence without room leaves this one where it allocates.
    vec& operator=(vec&& other) noexcept {
        if (this != &other) {
            release();
            take(other);
        }
        return *this;
    }
    vec(const vec&) = delete;
    vec& operator=(const vec&) = delete;
    ~vec() { release(); }

    T* data() noexcept { return static_cast<T*>(data_); }
    const T* data() const noexcept { return static_cast<const T*>(data_); }
    std::size_t size() const noexcept { return size_; }
    std::size_t capacity() const noexcept { return capacity_; }
    /// Where it allocates; null: by the macros.
    const allocator* from() const noexcept { return from_; }
    /// Allocates from `from`, for one that has no room yet.
    void allocate_from(const allocator* from) noexcept { from_ = from; }
    bool empty() const noexcept { return size_ == 0; }
    T& operator[](std::size_t i) noexcept { return data()[i]; }
    const T& operator[](std::size_t i) const noexcept { return data()[i]; }
    T& back() noexcept { return data()[size_ - 1]; }
    const T& back() const noexcept { return data()[size_ - 1]; }
    T* begin() noexcept { return data(); }
    T* end() noexcept { return data() + size_; }
    const T* begin() const noexcept { return data(); }
    const T* end() const noexcept { return data() + size_; }

    /// Makes room for `n` elements in all. False: memory is out, nothing changed.
    [[nodiscard]] bool reserve(std::size_t n) noexcept { return n <= capacity_ || grow(n); }
    /// Appends `value`. False: memory is out, nothing changed.
    [[nodiscard]] bool push_back(T value) noexcept {
        if (TESSERA_UNLIKELY(size_ == capacity_) && !grow(capacity_ < 4 ? 8 : capacity_ * 2)) return false;
        ::new (static_cast<void*>(data() + size_)) T(std::move(value));
        ++size_;
        return true;
    }
    /// Appends copies of the `n` elements at `from`. False: memory is out, nothing changed.
    [[nodiscard]] bool append(const T* from, std::size_t n) noexcept {
        if (n > capacity_ - size_ && !grow(size_ + n < capacity_ * 2 ? capacity_ * 2 : size_ + n)) return false;
        if constexpr (std::is_trivially_copyable_v<T>) {
            if (n) std::memcpy(static_cast<void*>(data() + size_), static_cast<const void*>(from), n * sizeof(T));
        } else {
            for (std::size_t i = 0; i < n; ++i) ::new (static_cast<void*>(data() + size_ + i)) T(from[i]);
        }
        size_ += n;
        return true;
    }
    /// Makes the size `n`; new elements are value-initialised. False: memory is out, nothing changed.
    [[nodiscard]] TESSERA_NOINLINE bool resize(std::size_t n) noexcept {
        if (!reserve(n)) return false;
        if (n < size_) truncate(n);
        for (; size_ < n; ++size_) ::new (static_cast<void*>(data() + size_)) T();
        return true;
    }
    /// Replaces the content by copies of `from`. False: memory is out, the content is then empty.
    [[nodiscard]] bool assign(view<T> from) noexcept {
        clear();
        return append(from.data(), from.size());
    }
    /// Drops elements until `n` are left; never allocates. `n` must not be more than size().
    void truncate(std::size_t n) noexcept {
        if constexpr (std::is_trivially_copyable_v<T>) size_ = n; // its destructor does nothing, too
        else
            for (T *at = end(), *const last = data() + n; at != last; --size_) (--at)->~T();
    }
    void pop_back() noexcept { truncate(size_ - 1); }
    void clear() noexcept { truncate(0); }

private:
    /// The rare part of what appends, out of the way.
    bool grow(std::size_t n) noexcept {
        if constexpr (std::is_trivially_copyable_v<T>) return move_to(n, sizeof(T));
        else return move_each_to(n);
    }
    TESSERA_NOINLINE bool move_each_to(std::size_t n) noexcept {
        if (n > std::size_t(-1) / 2 / sizeof(T)) return false;
        T* fresh = static_cast<T*>(allocate_in(from_, n * sizeof(T)));
        if (!fresh) return false;
        for (std::size_t i = 0; i < size_; ++i) {
            ::new (static_cast<void*>(fresh + i)) T(std::move(data()[i]));
            data()[i].~T();
        }
        release_in(from_, data_, capacity_ * sizeof(T));
        data_ = fresh;
        capacity_ = n;
        return true;
    }
    // By hand: std::exchange costs a dozen type traits for each T.
    void take(vec& other) noexcept {
        if (other.capacity_ != 0) from_ = other.from_;
        data_ = other.data_;
        size_ = other.size_;
        capacity_ = other.capacity_;
        other.data_ = nullptr;
        other.size_ = other.capacity_ = 0;
    }
    void release() noexcept {
        if constexpr (!std::is_trivially_copyable_v<T>) clear();
        this->give_back(sizeof(T));
    }
};

/// Makes a T from `args` in memory of an allocator, or of the heap if `from` is null; returns null when memory is out.
/// Ends with `destroy_in`.
template <class T, class... A>
T* create_in(const allocator* from, A&&... args) noexcept {
    void* at = allocate_in(from, sizeof(T));
    return at ? ::new (at) T(std::forward<A>(args)...) : nullptr;
}
/// Ends what `create_in` made with the same `from`; null is allowed.
template <class T>
void destroy_in(const allocator* from, T* object) noexcept {
    if (!object) return;
    object->~T();
    release_in(from, object, sizeof(T));
}
/// Makes a T on the heap from `args`, or returns null when memory is out. Ends with `destroy`.
template <class T, class... A>
T* create(A&&... args) noexcept {
    void* at = TESSERA_ALLOCATE(sizeof(T));
    return at ? ::new (at) T(std::forward<A>(args)...) : nullptr;
}
/// Ends what `create` made; null is allowed.
template <class T>
void destroy(T* object) noexcept {
    if (!object) return;
    object->~T();
    TESSERA_DEALLOCATE(object);
}

} // namespace tessera
