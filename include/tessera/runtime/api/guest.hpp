// SPDX-License-Identifier: MIT
/// @file runtime/api/guest.hpp
/// Parameters of host functions that are pointers into the caller's memory 0, checked before the
/// host function runs. They are valid until that memory grows, which calling the guest can cause.
#pragma once

#include <tessera/runtime/api/instance.hpp>

namespace tessera::inline TESSERA_ABI {

/// A (pointer, count) pair: two i32 parameters. Elements are read and written in little-endian
/// order, structures that are described (see guest_type) as a guest in C has them, at any alignment, in a shared memory
/// too.
template <class T>
class guest_span {
    static_assert(std::is_trivially_copyable_v<T>, "tessera: only trivially copyable types lie in a memory");

public:
    guest_span() noexcept = default;
    guest_span(u8* at, std::size_t count) noexcept : at_(at), count_(count) {}
    /// For the library: in the memory `in`.
    guest_span(u8* at, std::size_t count, const runtime::memory_data& in) noexcept
        : at_(at), count_(count), memory_(&in) {}

    std::size_t size() const noexcept { return count_; }
    bool empty() const noexcept { return count_ == 0; }
    /// Element `i`, which must be below size().
    T operator[](std::size_t i) const noexcept {
        return runtime::load_guest<T>(memory_ ? memory_->shared : nullptr, at_ + i * stride);
    }
    void set(std::size_t i, const T& v) const noexcept {
        u8* const to = at_ + i * stride;
        if (memory_) runtime::store_guest(*memory_, to, v);
        else runtime::guest_layout<T>::store(to, v);
    }
    /// All of it, as it lies there; nothing of a shared memory, see class memory, and memory::bytes for `rollback`.
    std::span<u8> bytes() const noexcept {
        if (memory_ && memory_->shared) return {at_, 0};
        if (memory_) memory_->note_write(at_, count_ * stride);
        return {at_, count_ * stride};
    }

private:
    static constexpr std::size_t stride = runtime::guest_layout<T>::size;
    u8* at_ = nullptr;
    std::size_t count_ = 0;
    const runtime::memory_data* memory_ = nullptr; ///< null: bytes of the host's
};

/// A pointer to one T: one i32 parameter. Structures in, structures out.
template <class T>
class guest_ptr {
    static_assert(std::is_trivially_copyable_v<T>, "tessera: only trivially copyable types lie in a memory");

public:
    guest_ptr() noexcept = default;
    explicit guest_ptr(u8* at) noexcept : one_(at, 1) {}
    /// For the library, as that of guest_span.
    guest_ptr(u8* at, const runtime::memory_data& in) noexcept : one_(at, 1, in) {}

    T get() const noexcept { return one_[0]; }
    void set(const T& v) const noexcept { one_.set(0, v); }

private:
    guest_span<T> one_;
};

/// Text of the guest: the same as a std::string_view parameter, two i32 parameters. Not checked
/// to be UTF-8.
using guest_string = std::string_view;

namespace runtime {

/// One parameter of a host function: the WebAssembly types it takes, and how it is made from slots.
/// `read` returns false and sets `why` if the guest passed what is out of bounds.
template <class P>
struct param {
    static_assert(wasm_value<P>,
                  "tessera: this parameter type is none WebAssembly has; use integers of 32 or 64 bits, f32, f64, "
                  "bool, v128, externref, func, std::string_view, std::span<T>, guest_span<T> or guest_ptr<T>");
    static constexpr std::array<val_type, 1> types{convert<P>::type};
    static constexpr u32 slots = convert<P>::slots;
    static bool read(caller& who, const u64* from, P& to, error&) noexcept {
        to = convert<P>::take(*who.store, from);
        return true;
    }
};

/// What is done with the bytes that a guest's pointer means.
enum class bytes_for : u8 {
    copies, ///< a proxy copies in and out, and says what it writes; they may be of a shared memory
    reading,
    writing, ///< by the host's own code, which says nothing
};
/// The memory in which a guest's pointer and count mean bytes, of which the first is `to`. Null: they are out of
/// bounds, there is no memory, or it is shared and must not be.
inline const memory_data* guest_bytes(const caller& who, u64 at, u64 count, u64 size, bytes_for use, u8*& to,
                                      error& why) noexcept {
    if (!who.instance || who.instance->memories.empty()) return why = error(msg::no_memory), nullptr;
    const memory_data& m = *who.instance->memories[0];
    // Both factors are below 2^32.
    if (!m.holds(at, count * size)) return why = error(trap::out_of_bounds_memory), nullptr;
    if (m.shared && use != bytes_for::copies) return why = error(msg::shared_view), nullptr;
    to = m.base + at;
    if (use == bytes_for::writing) m.note_write(to, count * size);
    return &m;
}

template <class T>
struct pair_param {
    static constexpr std::array<val_type, 2> types{t_i32, t_i32};
    static constexpr u32 slots = 2;
};
template <class T>
struct param<guest_span<T>> : pair_param<T> {
    static bool read(caller& who, const u64* from, guest_span<T>& to, error& why) noexcept {
        u8* at = nullptr;
        const memory_data* const in =
            guest_bytes(who, u32(from[0]), u32(from[1]), guest_layout<T>::size, bytes_for::copies, at, why);
        if (!in) return false;
        to = {at, std::size_t(u32(from[1])), *in};
        return true;
    }
};
template <class T>
struct param<std::span<T>> : pair_param<T> {
    static_assert(std::is_trivially_copyable_v<T>, "tessera: only trivially copyable types lie in a memory");
    static_assert(sizeof(T) == 1 || std::endian::native == std::endian::little,
                  "tessera: on this machine the guest's bytes are in another order; use guest_span<T>");
    static_assert(guest_layout<T>::size == sizeof(T),
                  "tessera: the guest has this type with another layout; use guest_span<T>");
    static bool read(caller& who, const u64* from, std::span<T>& to, error& why) noexcept {
        u8* at = nullptr;
        constexpr bytes_for use = std::is_const_v<T> ? bytes_for::reading : bytes_for::writing;
        if (!guest_bytes(who, u32(from[0]), u32(from[1]), sizeof(T), use, at, why)) return false;
        if (reinterpret_cast<std::uintptr_t>(at) % alignof(T) != 0) return why = error(msg::misaligned), false;
        to = {reinterpret_cast<T*>(at), std::size_t(u32(from[1]))};
        return true;
    }
};
template <>
struct param<std::string_view> : pair_param<char> {
    static bool read(caller& who, const u64* from, std::string_view& to, error& why) noexcept {
        u8* at = nullptr;
        if (!guest_bytes(who, u32(from[0]), u32(from[1]), 1, bytes_for::reading, at, why)) return false;
        to = {reinterpret_cast<const char*>(at), std::size_t(u32(from[1]))};
        return true;
    }
};
template <class T>
struct param<guest_ptr<T>> {
    static constexpr std::array<val_type, 1> types{t_i32};
    static constexpr u32 slots = 1;
    static bool read(caller& who, const u64* from, guest_ptr<T>& to, error& why) noexcept {
        u8* at = nullptr;
        const memory_data* const in =
            guest_bytes(who, u32(from[0]), 1, guest_layout<T>::size, bytes_for::copies, at, why);
        if (!in) return false;
        to = guest_ptr<T>(at, *in);
        return true;
    }
};

} // namespace runtime
} // namespace tessera
