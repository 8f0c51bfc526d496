// SPDX-License-Identifier: MIT
/// @file exception_heap.hpp
/// Exceptions that references mean (spec: exec/runtime, Exception Instances). One is made only where a
/// clause asks for a reference, and lives until nothing that might be a reference to it is left.
///
/// References count up from a number that programs have little use for, so that a number is seldom taken
/// for one: who looks for references may look at every slot, whatever its type. Objects do not move.
#pragma once

#include <tessera/runtime/tag.hpp>
#include <tessera/util/vec.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// An exception; its values follow, in slots.
struct exception_object {
    const tag_data* tag = nullptr;
    u32 count = 0;                       ///< of slots
    bool marked = false;                 ///< only while unused ones are looked for
    exception_object* pending = nullptr; ///< marked, and its values not looked at yet: the next such one

    u64* slots() noexcept { return reinterpret_cast<u64*>(this + 1); }
    u64 bytes() const noexcept { return sizeof *this + 8 * u64(count); }
};
static_assert(sizeof(exception_object) % alignof(u64) == 0);

class exception_heap {
public:
    exception_heap() noexcept = default;
    exception_heap(const exception_heap&) = delete;
    exception_heap& operator=(const exception_heap&) = delete;
    ~exception_heap() { clear(); }

    /// What `reference` means; null if it means nothing, such as one that a host kept for too long.
    exception_object* find(u64 reference) const noexcept {
        const u64 index = reference - first_reference;
        return index < items_.size() ? items_[std::size_t(index)] : nullptr;
    }
    /// True if it is time to look for unused ones before `count` more slots are taken.
    bool is_due(u32 count, u64 most) const noexcept {
        const u64 after = bytes_ + sizeof(exception_object) + 8 * u64(count);
        return after > due_ || after > most || items_.size() >= most_items;
    }
    /// A reference to a new one; 0 when memory is out or there would be more than `most` bytes of them.
    u32 make(const tag_data& tag, const u64* slots, u32 count, u64 most) noexcept {
        const u64 size = sizeof(exception_object) + 8 * u64(count);
        if (size > most || bytes_ > most - size) return 0;
        if (free_.empty()) {
            if (items_.size() >= most_items || !free_.reserve(items_.size() + 1) || !items_.push_back(nullptr))
                return 0;
            static_cast<void>(free_.push_back(u32(items_.size()) - 1)); // reserved
        }
        void* const at = TESSERA_ALLOCATE(std::size_t(size));
        if (!at) return 0;
        exception_object* const made = ::new (at) exception_object;
        made->tag = &tag;
        made->count = count;
        if (count) std::memcpy(made->slots(), slots, 8 * std::size_t(count));
        bytes_ += size;
        const u32 index = free_.back();
        free_.pop_back();
        items_[index] = made;
        return first_reference + index;
    }

    /// Notes that what `slots` may refer to is in use.
    void mark(const u64* slots, u64 count) noexcept {
        for (u64 i = 0; i < count; ++i) mark(slots[i]);
    }
    void mark(u64 reference) noexcept {
        exception_object* const found = find(reference);
        if (!found || found->marked) return;
        found->marked = true;
        found->pending = pending_;
        pending_ = found;
    }
    /// Frees what was not marked, nor is in the values of what was.
    void sweep() noexcept {
        while (exception_object* const next = pending_) {
            pending_ = next->pending;
            mark(next->slots(), next->count);
        }
        for (std::size_t i = 0; i < items_.size(); ++i) {
            exception_object* const one = items_[i];
            if (!one || std::exchange(one->marked, false)) continue;
            bytes_ -= one->bytes();
            TESSERA_DEALLOCATE(one);
            items_[i] = nullptr;
            static_cast<void>(free_.push_back(u32(i))); // reserved
        }
        due_ = 2 * bytes_ < least ? least : 2 * bytes_;
    }
    void clear() noexcept {
        for (exception_object* one : items_) TESSERA_DEALLOCATE(one);
        items_ = {};
        free_ = {};
        bytes_ = 0;
        due_ = least;
    }

private:
    static constexpr u64 least = 64 * 1024;
    static constexpr u32 first_reference = 0x6b00'0000, most_items = u32{1} << 24;

    vec<exception_object*> items_; ///< null: unused
    vec<u32> free_;                ///< the unused ones; has room for all
    exception_object* pending_ = nullptr;
    u64 bytes_ = 0;
    u64 due_ = least; ///< bytes at which unused ones are looked for
};

} // namespace tessera::runtime
