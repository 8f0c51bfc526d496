// SPDX-License-Identifier: MIT
/// @file game/guest_heap.hpp
/// Room in a guest's memory for what the host passes to it: from the guest's own malloc, or a range that it gives.
#pragma once

#include <tessera/runtime/api/instance.hpp>

namespace tessera::inline TESSERA_ABI::game {

/// Allocates in one guest's memory. A handle, cheap to copy but for the state of a range; invalid after the store.
class guest_heap {
public:
    /// By the functions that the instance exports, of types [i32] -> [i32] and [i32] -> [], and its exported memory.
    /// `free` may be missing: `give_back` then does nothing. Fails with msg::unknown_export or msg::wrong_type.
    static result<guest_heap> exported(const instance& of, std::string_view malloc = "malloc",
                                       std::string_view free = "free",
                                       std::string_view memory_name = "memory") noexcept {
        guest_heap made;
        auto m = of.get<memory>(memory_name);
        if (!m) return m.error();
        auto f = of.get<u32(u32)>(malloc);
        if (!f) return f.error();
        made.memory_ = *m;
        made.malloc_ = *f;
        if (auto g = of.get<void(u32)>(free)) made.free_ = *g;
        else if (!g.error().is(msg::unknown_export)) return g.error();
        return made;
    }
    /// In `size` bytes at `at` of `m`, one after the other; `clear` makes all of it free. Fails with the trap "out of
    /// bounds memory access" if they are not there. An address of 0 is not given out.
    static result<guest_heap> range(const memory& m, u32 at, u32 size) noexcept {
        if (!m) return msg::stale_handle;
        if (at > m.size() || size > m.size() - at) return error(trap::out_of_bounds_memory);
        guest_heap made;
        made.memory_ = m;
        made.begin_ = made.next_ = at;
        made.end_ = at + (size < ~at ? size : ~at); // the last byte of 4 GiB stays unused
        return made;
    }

    /// The address of `bytes` bytes, aligned to 16 in a range and else as malloc does. Fails with msg::cannot_grow when
    /// the range is used up or malloc gives 0, with the trap "out of bounds memory access" if what it gives is not
    /// there, and as malloc does.
    result<u32> allocate(u32 bytes) noexcept {
        if (malloc_) {
            auto at = malloc_(bytes ? bytes : 1);
            if (!at) return at;
            if (*at == 0) return error(msg::cannot_grow, "malloc of the guest");
            if (*at > memory_.size() || bytes > memory_.size() - *at) return error(trap::out_of_bounds_memory);
            return at;
        }
        const u64 at = next_ == 0 ? 16 : (u64{next_} + 15) / 16 * 16, room = bytes ? bytes : 1;
        if (at > end_ || room > end_ - at) return error(msg::cannot_grow, "range of a guest_heap");
        next_ = u32(at + room);
        return u32(at);
    }
    /// Gives back what `allocate` gave; in a range nothing happens. Fails as the guest's function does.
    result<void> give_back(u32 at) noexcept {
        if (!free_ || at == 0) return {};
        return free_(at);
    }
    /// Makes all of a range free again.
    void clear() noexcept { next_ = begin_; }

    /// The address of a copy of `text`, which is followed by a NUL. Fails like allocate.
    result<u32> copy(std::string_view text) noexcept {
        if (text.size() >= ~u32{0}) return error(msg::out_of_range, "size of a text");
        auto at = allocate(u32(text.size()) + 1);
        if (!at) return at;
        if (auto ok = memory_.write(*at, text); !ok) return ok.error();
        if (auto ok = memory_.store<u8>(*at + text.size(), 0); !ok) return ok.error();
        return at;
    }
    /// The address of copies of `all`: numbers, or structures that are described. Fails like allocate.
    template <class T>
    result<u32> copy(std::span<const T> all) noexcept {
        constexpr u32 size = runtime::guest_layout<T>::size;
        if (all.size() > ~u32{0} / size) return error(msg::out_of_range, "size of a sequence");
        auto at = allocate(u32(all.size()) * size);
        if (!at) return at;
        for (std::size_t i = 0; i < all.size(); ++i)
            if (auto ok = memory_.store<T>(*at + i * size, all[i]); !ok) return ok.error();
        return at;
    }
    /// The address of a copy of one. Fails like allocate.
    template <class T>
    requires(std::is_arithmetic_v<T> || runtime::described<T>) result<u32> copy(const T& one)
    noexcept { return copy(std::span<const T>(&one, 1)); }

    const memory& in() const noexcept { return memory_; }

private:
    memory memory_;
    typed_func<u32(u32)> malloc_;
    typed_func<void(u32)> free_;
    u32 begin_ = 0, next_ = 0, end_ = 0; ///< of a range
};

} // namespace tessera::game
