// SPDX-License-Identifier: MIT
/// @file save/rollback.hpp
/// States of a store, frame after frame, to go back to: the public class.
#pragma once

#include <tessera/save/api.hpp>

namespace tessera::inline TESSERA_ABI {
namespace runtime {
struct dirty_pages;
}

namespace saving {

/// What knows the marks of an engine; one for each set of features.
struct frame_marks {
    /// The marks of the store; null: memory is out.
    runtime::dirty_pages* (*dirty)(runtime::store_data& s) noexcept = nullptr;
    /// How many calls run or wait.
    u32 (*calls)(const runtime::store_data& s) noexcept = nullptr;
};
/// Of the engine with the features F; save/ring.hpp defines it.
template <features F>
const frame_marks& marks_for() noexcept;

/// A memory as it was when a state was last taken or gone back to.
struct memory_image {
    const u8* base = nullptr;
    u64 size = 0;
    vec<u8> bytes;
};
/// What a state was, as far as it differs from the one after it; all but the memories as it was.
struct ring_frame {
    struct page {
        u32 memory;
        u32 number; ///< of the page
    };
    vec<page> pages; ///< which differ from those of the state before
    vec<u8> before;  ///< what they were in it, one after the other
    vec<u64> sizes;  ///< of all memories
    vec<u64> globals, table_sizes;
    vec<u32> items;    ///< of all tables
    vec<u32> segments; ///< of all passive segments in turn: how many elements, and these; or whether there are bytes
    u64 fuel = 0;
};

/// The ring without its features.
class frame_ring {
public:
    frame_ring(runtime::store_data* s, const frame_marks& marks, u32 most) noexcept
        : store_(s), marks_(marks), most_(most ? most : 1) {}
    TESSERA_API result<u64> take() noexcept;
    TESSERA_API result<void> go_back(u64 number) noexcept;
    TESSERA_API result<void> touch(const memory& m, u64 at, u64 n) noexcept;
    u64 oldest() const noexcept { return next_ - frames_.size(); }
    u64 next() const noexcept { return next_; }

private:
    bool check(error& why) noexcept;
    bool copy_rest(ring_frame& f) noexcept;
    void restore_rest(const ring_frame& f) noexcept;
    bool take_memory(u32 m, ring_frame& f) noexcept;
    bool begin() noexcept;
    template <class Function>
    bool each_changed(u32 m, Function f) noexcept;
    void set_size(u32 m, u64 size) noexcept;

    runtime::store_data* store_;
    const frame_marks& marks_;
    u32 most_;
    u32 epoch_ = 0;
    std::size_t instances_ = 0;
    u64 next_ = 0; ///< number of the next state
    vec<memory_image> images_;
    vec<ring_frame*> frames_; ///< oldest first
    vec<ring_frame*> spare_;

public:
    frame_ring(const frame_ring&) = delete;
    frame_ring& operator=(const frame_ring&) = delete;
    ~frame_ring() {
        for (ring_frame* f : frames_) destroy(f);
        for (ring_frame* f : spare_) destroy(f);
    }
};

} // namespace saving

/// The last states of a store, one for each frame of a game: takes them, and goes back to one of them. What it costs
/// depends on how many pages of 4 KiB the guest has written to since the last state, not on how large its memories are;
/// for that it has a copy of each memory of its own. Needs feature::dirty_marks.
///
/// A state is what memories, tables, globals and segments hold, and the fuel. What the host writes to a memory is part
/// of it, by whatever it is written: `memory`, guest_ptr, guest_span, results of a `game::binding`, functions of WASI.
/// Bytes that were handed out (memory::bytes and memory::view, guest_span::bytes, std::span<T> parameters) count as
/// written when they are handed out; what is written to them after the next `take` or `go_back` is missed, unless
/// `touch` says so. There must be no objects in the heap and no shared memories, and no call may run or wait when a
/// state is taken or gone back to.
template <features F>
class rollback {
    static_assert(F[feature::dirty_marks], "tessera: rollback needs a set with feature::dirty_marks");

public:
    /// Keeps the last `frames` states of `s`, which must outlive it and not be moved.
    rollback(store<F>& s, u32 frames) noexcept : ring_(s.data(), saving::marks_for<F>(), frames) {}

    /// Takes the state as it is; its number, one more than that of the last. The oldest one is forgotten when the ring
    /// is full, all of them when instances were made since the last. Fails with msg::already_running, msg::out_of_range
    /// with the reason as detail, msg::stale_handle for a store that could not be made, msg::out_of_memory.
    result<u64> take() noexcept { return ring_.take(); }
    /// Makes the store what it was when state `number` was taken, and forgets the states after it. Fails like take, and
    /// with msg::out_of_range for a state that is not kept or from before instances were made.
    result<void> go_back(u64 number) noexcept { return ring_.go_back(number); }
    /// The host has written, or is about to write, `n` bytes at `at` by a pointer that it had before the last `take` or
    /// `go_back`. Fails with msg::stale_handle or msg::out_of_range.
    result<void> touch(const memory& m, u64 at, u64 n) noexcept { return ring_.touch(m, at, n); }
    /// The states that are kept have the numbers from `oldest` on to before `next`.
    u64 oldest() const noexcept { return ring_.oldest(); }
    u64 next() const noexcept { return ring_.next(); }

private:
    saving::frame_ring ring_;
};

} // namespace tessera
