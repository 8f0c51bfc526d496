// SPDX-License-Identifier: MIT
/// @file runtime/api/shared_memory.hpp
/// A memory that guests in several stores, on several threads, use at the same time.
#pragma once

#include <tessera/runtime/api/memory.hpp>
#include <tessera/runtime/shared_memory.hpp>
#include <tessera/util/atomics.hpp>

namespace tessera::inline TESSERA_ABI {

/// A shared memory, of which this is one owner: it belongs to no store and lasts as long as somebody uses it.
/// Made by `make`, or found by `get<shared_memory>` of an instance whose module declares one; offered to any
/// number of stores by imports::define. It never moves, and only grows.
///
/// Any thread may use it at any time, through copies of this object. What is copied in or out is not
/// ordered with what others do; for that there are the atomic operations, of unsigned integers at addresses
/// that are multiples of their size. Errors are those of `memory`.
class shared_memory {
public:
    shared_memory() noexcept = default;
    shared_memory(const shared_memory& other) noexcept : data_(other.data_) {
        if (data_) data_->retain();
    }
    shared_memory(shared_memory&& other) noexcept : data_(std::exchange(other.data_, nullptr)) {}
    shared_memory& operator=(shared_memory other) noexcept {
        std::swap(data_, other.data_);
        return *this;
    }
    ~shared_memory() {
        if (data_) data_->release();
    }
    /// For the library: another owner of `data`.
    explicit shared_memory(runtime::shared_data& data) noexcept : data_(&data) { data.retain(); }

    /// A new one, all zeros, with address space for its maximum, which `type` must have. It does not grow beyond
    /// `most_bytes`, and is counted in no store. Fails at that limit or when memory is out.
    static result<shared_memory> make(memory_type type, u64 most_bytes = limits().memory_bytes) noexcept {
        type.shared = true;
        if (!type.limits.has_max || type.limits.min > type.limits.max || (type.page_log2 != 16 && type.page_log2 != 0))
            return error(msg::out_of_range, "memory type");
        std::string_view limit;
        runtime::shared_data* const made = runtime::make_shared(type, most_bytes, nullptr, limit);
        if (!made) return limit.empty() ? error(msg::out_of_memory) : error(msg::limit_reached, limit);
        shared_memory m;
        m.data_ = made;
        return m;
    }

    /// False if it is empty, as one made by default.
    explicit operator bool() const noexcept { return data_ != nullptr; }
    friend bool operator==(const shared_memory&, const shared_memory&) noexcept = default;

    u64 size() const noexcept { return data_ ? data_->size.load(std::memory_order_acquire) : 0; }
    u64 pages() const noexcept { return data_ ? data_->pages() : 0; }
    memory_type type() const noexcept { return data_ ? data_->type : memory_type{}; }
    result<u64> grow(u64 delta) const noexcept {
        u64 old = 0;
        if (!data_) return msg::stale_handle;
        if (!data_->calls->grow(*data_, delta, old)) return error(msg::cannot_grow, "memory");
        return old;
    }

    /// Where it lies. Only for bytes that no other thread uses at the time.
    u8* data() const noexcept { return data_ ? data_->base : nullptr; }

    /// Copies bytes out of the memory, and into it; all or none.
    result<void> read(u64 at, std::span<u8> to) const noexcept {
        auto place = in_bounds(at, to.size());
        if (!place) return place.error();
        data_->calls->copy(to.data(), *place, to.size());
        return {};
    }
    result<void> write(u64 at, std::span<const u8> from) const noexcept {
        auto place = in_bounds(at, from.size());
        if (!place) return place.error();
        data_->calls->copy(*place, from.data(), from.size());
        return {};
    }
    result<void> write(u64 at, std::string_view from) const noexcept {
        return write(at, std::span<const u8>(reinterpret_cast<const u8*>(from.data()), from.size()));
    }
    /// As memory::load and memory::store.
    template <class T>
    result<T> load(u64 at) const noexcept {
        auto place = in_bounds(at, sizeof(T));
        if (!place) return place.error();
        return runtime::load_guest<T>(data_, *place);
    }
    template <class T>
    result<void> store(u64 at, const std::type_identity_t<T>& value) const noexcept {
        auto place = in_bounds(at, sizeof(T));
        if (!place) return place.error();
        runtime::store_guest(data_, *place, value);
        return {};
    }

    /// Sequentially consistent, as the guests' atomic instructions are. They fail with the trap
    /// "unaligned atomic" where `at` is no multiple of the size.
    template <class T>
    result<T> atomic_load(u64 at) const noexcept {
        auto place = in_place<T>(at);
        if (!place) return place.error();
        return tessera::load_atomic<T>(*place);
    }
    template <class T>
    result<void> atomic_store(u64 at, std::type_identity_t<T> value) const noexcept {
        auto place = in_place<T>(at);
        if (!place) return place.error();
        tessera::store_atomic<T>(*place, value);
        return {};
    }
    /// Stores `fresh` if `expected` lies there; the result is what did lie there.
    template <class T>
    result<T> compare_exchange(u64 at, std::type_identity_t<T> expected, std::type_identity_t<T> fresh) const noexcept {
        auto place = in_place<T>(at);
        if (!place) return place.error();
        static_cast<void>(tessera::replace_atomic<T>(*place, expected, fresh));
        return expected;
    }
    /// Wakes guests that wait for the address, at most `most`, who came first comes first; how many there were.
    result<u32> notify(u64 at, u32 most = ~u32{0}) const noexcept {
        auto place = in_place<u32>(at);
        if (!place) return place.error();
        return static_cast<runtime::shared_object*>(data_)->queue().notify(at, most);
    }

    /// For the library.
    runtime::shared_data* owned() const noexcept { return data_; }

private:
    result<u8*> in_bounds(u64 at, u64 n) const noexcept {
        if (!data_) return msg::stale_handle;
        const u64 all = size();
        if (at > all || n > all - at) return error(trap::out_of_bounds_memory);
        return data_->base + at;
    }
    template <class T>
    result<u8*> in_place(u64 at) const noexcept {
        static_assert(std::is_same_v<T, bits_of_size<sizeof(T)>>,
                      "tessera: atomic operations are of u8, u16, u32 and u64");
        auto place = in_bounds(at, sizeof(T));
        if (place && at % sizeof(T) != 0) return error(trap::unaligned_atomic);
        return place;
    }

    runtime::shared_data* data_ = nullptr;
};

} // namespace tessera
