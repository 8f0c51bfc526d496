// SPDX-License-Identifier: MIT
/// @file runtime/shared_memory.hpp
/// A shared memory with its wait queue (spec: threads proposal). Only builds with feature::threads, and
/// hosts that make one, name what is here.
#pragma once

#include <tessera/runtime/memory.hpp>
#include <tessera/runtime/wait_queue.hpp>
#include <tessera/util/racy.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

#if TESSERA_NATIVE
/// How many stores of the process have guard pages. While one has, memories are made for it that belong to no store.
inline constinit std::atomic<u32> stores_with_guards{0};
#endif

class shared_object final : public shared_data {
public:
    shared_object() noexcept { calls = &all_calls; }

    /// Gives the memory its declared minimum, and address space for its maximum; as memory_data::allocate.
    [[nodiscard]] bool allocate(const memory_type& t, u64 most, account* sum, std::string_view& limit) noexcept {
        type = t;
#if TESSERA_NATIVE
        pages_.guarded = stores_with_guards.load(std::memory_order_relaxed) != 0;
#endif
        if (!pages_.allocate(t, most, sum, limit)) return false;
        base = pages_.base;
#if TESSERA_NATIVE
        guarded = pages_.guarded;
#endif
        size.store(pages_.size, std::memory_order_release);
        return true;
    }
    wait_queue& queue() noexcept { return queue_; }

private:
    static bool grow(shared_data& self, u64 delta_pages, u64& old_pages) noexcept {
        shared_object& s = static_cast<shared_object&>(self);
        const locked hold(s.growing_);
        if (!s.pages_.grow(delta_pages, old_pages)) return false;
        s.size.store(s.pages_.size, std::memory_order_release);
        return true;
    }
    static void disown(shared_data& self) noexcept {
        shared_object& s = static_cast<shared_object&>(self);
        const locked hold(s.growing_);
        if (s.pages_.total) s.pages_.total->give(s.pages_.size);
        s.pages_.total = nullptr;
    }
    static void end(shared_data* self) noexcept { destroy(static_cast<shared_object*>(self)); }

    static constexpr shared_calls all_calls{&grow, &disown, &end, &copy_racy, &fill_racy};

    mutex growing_; ///< held while `pages_` changes
    memory_data pages_;
    wait_queue queue_;
};

/// A new shared memory with one owner; null as memory_data::allocate fails.
inline shared_data* make_shared(const memory_type& t, u64 most, account* sum, std::string_view& limit) noexcept {
    limit = {};
    shared_object* const made = create<shared_object>();
    if (made && made->allocate(t, most, sum, limit)) return made;
    destroy(made);
    return nullptr;
}

} // namespace tessera::runtime
