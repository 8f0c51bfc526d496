// SPDX-License-Identifier: MIT
/// @file runtime/api/memory.hpp
/// The handle of a memory.
#pragma once

#include <tessera/runtime/api/handle.hpp>
#include <tessera/runtime/api/layout.hpp>

namespace tessera::inline TESSERA_ABI {

namespace runtime {

/// Reads a T from a guest's memory, in little-endian order if it is a number or described; `shared` is null for a
/// memory that no other thread uses.
template <class T>
T load_guest(const shared_data* shared, const u8* from) noexcept {
    static_assert(std::is_trivially_copyable_v<T>, "tessera: only trivially copyable types lie in a memory");
    u8 copy[guest_layout<T>::size];
    if (shared) {
        shared->calls->copy(copy, from, sizeof copy);
        from = copy;
    }
    return guest_layout<T>::load(from);
}
/// Writes what load_guest reads.
template <class T>
void store_guest(const shared_data* shared, u8* to, const T& value) noexcept {
    static_assert(std::is_trivially_copyable_v<T>, "tessera: only trivially copyable types lie in a memory");
    u8 copy[guest_layout<T>::size];
    u8* const at = shared ? copy : to;
    guest_layout<T>::store(at, value);
    if (shared) shared->calls->copy(to, copy, sizeof copy);
}
/// The same in `m`, which gets to know of it.
template <class T>
void store_guest(const memory_data& m, u8* to, const T& value) noexcept {
    m.note_write(to, guest_layout<T>::size);
    store_guest(m.shared, to, value);
}

} // namespace runtime

/// A linear memory. Addresses count from 0; what lies out of bounds fails with the trap
/// "out of bounds memory access", so a host function can hand the error on.
///
/// Of a shared memory there are no views, since other threads may write what they show: `view` and `text`
/// fail with msg::shared_view and `bytes` is empty. Reading and writing copies, and never races with guests.
class memory : public runtime::handle {
public:
    using handle::handle;

    /// Size in bytes and in pages; 0 for an empty handle.
    u64 size() const noexcept {
        const runtime::memory_data* m = data();
        return m ? m->bytes_now() : 0;
    }
    u64 pages() const noexcept {
        const runtime::memory_data* m = data();
        return m ? m->pages() : 0;
    }
    /// The declared type; its minimum is not the current size.
    memory_type type() const noexcept {
        const runtime::memory_data* m = data();
        return m ? m->type : memory_type{};
    }
    /// Adds `delta` pages of zeros; the result is the size in pages before. Fails with
    /// msg::cannot_grow at the declared maximum, at a limit, or when memory is out. Views and
    /// spans taken before are invalid afterwards.
    result<u64> grow(u64 delta) const noexcept {
        runtime::memory_data* m = data();
        u64 old = 0;
        if (!m) return msg::stale_handle;
        if (!m->grow(delta, old)) return error(msg::cannot_grow, "memory");
        return old;
    }

    /// All bytes; valid until the memory grows, which guest code can do too. For `rollback` all of them count as
    /// written now, and what is written after its next `take` or `go_back` is missed: ask for them again then.
    std::span<u8> bytes() const noexcept {
        const runtime::memory_data* m = data();
        if (!m || m->shared) return {};
        m->note_write(m->base, m->size);
        return m->bytes();
    }
    /// `n` bytes at `at`; valid until the memory grows, and for `rollback` as `bytes` says.
    result<std::span<u8>> view(u64 at, u64 n) const noexcept {
        const runtime::memory_data* m = data();
        if (m && m->shared) return msg::shared_view;
        auto s = in_bounds(m, at, n);
        if (s) m->note_write(s->data(), n);
        return s;
    }
    /// The same, only to be read: they do not count as written.
    result<std::span<const u8>> peek(u64 at, u64 n) const noexcept {
        const runtime::memory_data* m = data();
        if (m && m->shared) return msg::shared_view;
        auto s = in_bounds(m, at, n);
        if (!s) return s.error();
        return std::span<const u8>(*s);
    }
    /// The same as text.
    result<std::string_view> text(u64 at, u64 n) const noexcept {
        auto s = peek(at, n);
        if (!s) return s.error();
        return std::string_view(reinterpret_cast<const char*>(s->data()), s->size());
    }
    /// Copies bytes out of the memory.
    result<void> read(u64 at, std::span<u8> to) const noexcept {
        const runtime::memory_data* m = data();
        auto s = in_bounds(m, at, to.size());
        if (!s) return s.error();
        runtime::copy_bytes(*m, to.data(), s->data(), to.size());
        return {};
    }
    /// Copies bytes into the memory; all or none.
    result<void> write(u64 at, std::span<const u8> from) const noexcept {
        const runtime::memory_data* m = data();
        auto s = in_bounds(m, at, from.size());
        if (!s) return s.error();
        m->note_write(s->data(), from.size());
        runtime::copy_bytes(*m, s->data(), from.data(), from.size());
        return {};
    }
    /// Copies text into the memory, without a final NUL.
    result<void> write(u64 at, std::string_view from) const noexcept {
        return write(at, std::span<const u8>(reinterpret_cast<const u8*>(from.data()), from.size()));
    }

    /// Reads a number in little-endian order, a structure that is described (see guest_type) as a guest in C has it, or
    /// another trivially copyable one as the host lays it out. `at` need not be aligned.
    template <class T>
    result<T> load(u64 at) const noexcept {
        const runtime::memory_data* m = data();
        auto s = in_bounds(m, at, runtime::guest_layout<T>::size);
        if (!s) return s.error();
        return runtime::load_guest<T>(m->shared, s->data());
    }
    /// Writes what `load` reads.
    template <class T>
    result<void> store(u64 at, const std::type_identity_t<T>& value) const noexcept {
        const runtime::memory_data* m = data();
        auto s = in_bounds(m, at, runtime::guest_layout<T>::size);
        if (!s) return s.error();
        runtime::store_guest(*m, s->data(), value);
        return {};
    }

private:
    static result<std::span<u8>> in_bounds(const runtime::memory_data* m, u64 at, u64 n) noexcept {
        if (!m) return msg::stale_handle;
        if (!m->holds(at, n)) return error(trap::out_of_bounds_memory);
        return std::span<u8>(m->base + at, std::size_t(n));
    }
    runtime::memory_data* data() const noexcept { return in(&runtime::store_data::memories); }
};

} // namespace tessera
