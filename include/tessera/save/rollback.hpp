// SPDX-License-Identifier: MIT
/// @file save/rollback.hpp
/// States of a store, frame after frame, to go back to: the public class.
#pragma once

#include <tessera/runtime/api/keepable.hpp>
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
    /// How often all cells were freed.
    u32 (*forgotten)(const runtime::store_data& s) noexcept = nullptr;
    /// A call of the engine; null: memory is out.
    void* (*make_call)(runtime::store_data& s) noexcept = nullptr;
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
/// A call as it stood, see save/kept_calls.hpp.
struct kept_call {
    u32 func = 0; ///< its place
    u8 standing = 0;
    bool is_over = true; ///< what follows says nothing, but for the results
    bool paused = false;
    bool in_host = false;
    trap why = trap::none;
    vec<u64> results;
    runtime::kept_figures figures;
    vec<u8> stack; ///< from its beginning
    u64 depth = 0; ///< of the frame, in it
    const u8* pc = nullptr;
    const u8* stop_pc = nullptr;
    i64 fuel = 0;
    runtime::func_record* callee = nullptr;
    u64 delta = 0;
    const u8* return_pc = nullptr;
    u64 link = 0;
    runtime::instance_data* instance = nullptr;
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
    vec<kept_call> calls;
    u32 forgotten = 0; ///< frame_marks::forgotten
};

/// The ring without its features.
class frame_ring {
public:
    frame_ring(runtime::store_data* s, const frame_marks& marks, u32 most) noexcept
        : store_(s), marks_(marks), most_(most ? most : 1) {}
    TESSERA_API result<u64> take(std::span<const keepable_call> calls) noexcept;
    TESSERA_API result<void> go_back(u64 number, std::span<const keepable_call> calls) noexcept;
    TESSERA_API result<void> touch(const memory& m, u64 at, u64 n) noexcept;
    u64 oldest() const noexcept { return next_ - frames_.size(); }
    u64 next() const noexcept { return next_; }

private:
    bool check(std::span<const keepable_call> calls, error& why) noexcept;
    bool copy_calls(std::span<const keepable_call> calls, ring_frame& f, error& why) noexcept;
    bool make_calls(std::span<const keepable_call> calls, const ring_frame& f, error& why) noexcept;
    void put_back_calls(std::span<const keepable_call> calls, const ring_frame& f) noexcept;
    void give_up_made(std::span<const keepable_call> calls, const ring_frame& f) noexcept;
    void end_call(void* call, const runtime::func_record& f) noexcept;
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
    vec<void*> made_;       ///< while it goes back: by call, the engine's that it will be
    vec<vec<u64>> results_; ///< and its results

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
/// `touch` says so. There must be no objects in the heap and no shared memories, and no call may run when a state is
/// taken or gone back to.
///
/// Calls that stand, suspended or not begun, are part of a state if they are given with it, and all that stand must be.
/// Going back is given as many, in the same order, and each becomes what the one in its place was: it stands there
/// again, whatever has become of it since, or is over as it was. Calls that were started since must be over or stand in
/// such a place, which ends them; an object that is gone is replaced by any other one of a call of the store.
template <features F>
class rollback {
    static_assert(F[feature::dirty_marks], "tessera: rollback needs a set with feature::dirty_marks");

public:
    /// Keeps the last `frames` states of `s`, which must outlive it and not be moved.
    rollback(store<F>& s, u32 frames) noexcept : ring_(s.data(), saving::marks_for<F>(), frames) {}

    /// Takes the state as it is; its number, one more than that of the last. The oldest one is forgotten when the ring
    /// is full, all of them when instances were made since the last. `calls`: all that stand, and others that may at
    /// times. Fails with msg::already_running, if a call runs or one that stands is not given; msg::other_store;
    /// msg::out_of_range with the reason as detail, too, for a call that waits for an operation of the host's or was
    /// answered with references; msg::stale_handle for a store that could not be made; msg::out_of_memory.
    result<u64> take(std::span<const keepable_call> calls = {}) noexcept { return ring_.take(calls); }
    /// Makes the store and the calls what they were when state `number` was taken, and forgets the states after it.
    /// Fails like take, with msg::out_of_range, too, for a state that is not kept, from before instances were made or,
    /// if calls stood there, from before a debugger came or went, and for another number of calls; all stays as it is.
    result<void> go_back(u64 number, std::span<const keepable_call> calls = {}) noexcept {
        return ring_.go_back(number, calls);
    }
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
