// SPDX-License-Identifier: MIT
/// @file heap.hpp
/// The heap of a store: structures, arrays and exceptions, whose references are byte offsets in it.
///
/// The heap consists of blocks of 32 KiB. A block has cells of one size; what is larger than half a block takes
/// whole blocks. Nothing moves. One bit for each 8 bytes says which cells were alive when marking last ended:
/// cells without it are free, and are handed out in runs, from which allocating is an addition. What is handed
/// out while marking goes on is marked at once. See collector.hpp for marking.
#pragma once

#include <tessera/runtime/memory.hpp>
#include <tessera/runtime/object_layout.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI {

/// What a heap is and did; times in nanoseconds.
struct heap_statistics {
    u64 bytes_live = 0;  ///< of objects that were alive when marking last ended
    u64 bytes_used = 0;  ///< the same and all that was handed out since
    u64 bytes_total = 0; ///< of the heap, free space included; what limits::heap_bytes limits
    u64 collections = 0;
    u64 longest_pause = 0;
    u64 total_pause = 0;
};

namespace runtime {

class object_heap {
public:
    static constexpr u32 block_log2 = 15, block_bytes = u32{1} << block_log2;
    /// Cells have 8, 16, … 64 bytes, then four sizes for each doubling, up to half a block.
    static constexpr u32 classes = 40, most_small = block_bytes / 2;
    static constexpr u32 class_of(u32 bytes) noexcept {
        const u32 units = (bytes + 7) / 8;
        if (units <= 8) return units == 0 ? 0 : units - 1;
        const u32 log2 = u32(std::bit_width(units - 1)) - 1;
        return 8 + (log2 - 3) * 4 + ((units - 1 - (u32{1} << log2)) >> (log2 - 2));
    }
    static constexpr u32 class_bytes(u32 c) noexcept {
        if (c < 8) return 8 * (c + 1);
        const u32 log2 = (c - 8) / 4 + 3, step = (c - 8) % 4 + 1;
        return 8 * ((u32{1} << log2) + step * (u32{1} << (log2 - 2)));
    }
    /// Bytes to hand out at least between two collections.
    static constexpr u64 least_budget = 1024 * 1024;
    static constexpr u32 header_of(u32 type) noexcept { return type << 1 | 1; }

    /// Cells of one class that are free and contiguous.
    struct span {
        u32 next = 0;
        u32 end = 0;
    };

    // ---- objects ---------------------------------------------------------------------------------------------------

    /// The heap of objects of the types in `all`.
    explicit object_heap(const valid::type_registry& all, const allocator* from = nullptr) noexcept
        : layouts(all, from), all_(all), memory_(from), blocks_(from), live_(from), marks_(from) {}

    object_layouts layouts;

    TESSERA_INLINE u8* at(u32 reference) const noexcept { return memory_.base + reference; }
    TESSERA_INLINE u32 reference_to(const u8* object) const noexcept { return u32(object - memory_.base); }
    /// The type of an object by the store's id.
    TESSERA_INLINE u32 type_of(u32 reference) const noexcept { return load_le<u32>(at(reference)) >> 1; }
    /// The length of an array; the tag of an exception, as its index in store_data::tags.
    u32 length_of(u32 reference) const noexcept { return load_le<u32>(at(reference) + 4); }
    /// Bytes of an array of `t` with its header.
    static u64 array_bytes(const object_type& t, u32 length) noexcept {
        return (object_header + (u64{length} << t.element_log2) + 7) & ~u64{7};
    }

    /// An object from free cells that are at hand; its fields are not set. 0: there are none, and `refill` may
    /// find some. `length` is what length_of gives.
    TESSERA_INLINE u32 take(u32 cls, u32 bytes_of_cell, u32 head, u32 length) noexcept {
        const u32 made = take_cell(cls, bytes_of_cell);
        if (TESSERA_LIKELY(made != 0)) set_header(made, head, length);
        return made;
    }
    /// The same without its header.
    TESSERA_INLINE u32 take_cell(u32 cls, u32 bytes_of_cell) noexcept {
        span& s = spans_[cls];
        const u32 made = s.next;
        if (TESSERA_UNLIKELY(made == s.end)) return 0;
        s.next = made + bytes_of_cell;
        return made;
    }
    /// True if there are free cells of the class, after looking for some and growing the heap up to its limit.
    bool has_room(u32 cls) noexcept { return spans_[cls].next != spans_[cls].end || refill(cls); }
    /// The same for any size.
    u32 take_at_once(u64 bytes, u32 type, u32 length) noexcept {
        if (bytes > most_small) return 0;
        const u32 cls = class_of(u32(bytes));
        return take(cls, class_bytes(cls), header_of(type), length);
    }
    /// Looks for free cells, and grows the heap up to its limit. 0: neither is possible.
    TESSERA_NOINLINE u32 take_slowly(u64 bytes, u32 type, u32 length) noexcept {
        if (bytes > most_small) return take_large(bytes, type, length);
        const u32 cls = class_of(u32(bytes));
        if (!has_room(cls)) return 0;
        return take(cls, class_bytes(cls), header_of(type), length);
    }

    // ---- marks -----------------------------------------------------------------------------------------------------

    /// True while marking goes on: who overwrites a reference in an object must `shade` it before, so that what
    /// could be reached when marking began gets marked.
    TESSERA_INLINE bool marking() const noexcept { return marking_; }
    /// Marks an object; true if it was not marked before.
    TESSERA_INLINE bool mark(u32 reference) noexcept {
        u64& word = marks_[reference >> 9];
        const u64 bit = u64{1} << (reference >> 3 & 63);
        if (word & bit) return false;
        word |= bit;
        ++blocks_[reference >> block_log2].marked;
        return true;
    }
    bool is_marked(u32 reference) const noexcept { return test(marks_, reference); }
    /// Forgets all marks, and marks what is handed out and not used yet.
    void begin_marking() noexcept {
        if (!marks_.empty()) std::memset(marks_.data(), 0, marks_.size() * sizeof(u64));
        for (block& k : blocks_) k.marked = 0;
        for (u32 c = 0; c < classes; ++c) mark_cells(spans_[c].next, spans_[c].end, class_bytes(c));
        marking_ = true;
    }
    /// Notes a reference that is about to be overwritten. False: there is no room, `empty_log` makes it.
    TESSERA_INLINE bool log(u32 reference) noexcept {
        if (TESSERA_UNLIKELY(log_next_ == log_ + log_size)) return false;
        *log_next_++ = reference;
        return true;
    }
    template <class Function>
    void empty_log(Function f) noexcept {
        while (log_next_ != log_) f(*--log_next_);
    }
    void cancel_marking() noexcept { marking_ = false; }
    /// What is not marked is free from now on.
    void end_marking() noexcept {
        marking_ = false;
        std::swap(live_, marks_);
        for (u32 c = 0; c < classes; ++c) unswept_[c] = current_[c] = 0;
        u64 bytes = 0;
        for (u32 b = u32(blocks_.size()); b-- > 1;) {
            block& k = blocks_[b];
            if (k.state == large) {
                if (k.marked != 0) bytes += u64{k.next} << block_log2;
                else
                    for (u32 i = 0, n = k.next; i < n; ++i) release(b + i);
            } else if (k.state < classes) {
                bytes += u64{k.marked} * class_bytes(k.state);
                if (k.marked == 0) release(b);
                else k.next = unswept_[k.state], unswept_[k.state] = b;
            }
        }
        for (const span& s : spans_) bytes -= s.end - s.next; // marked, but nobody's yet
        since_ = 0;
        statistics.bytes_live = bytes;
        ++statistics.collections;
    }
    /// Calls `f(reference)` for every object that is marked.
    template <class Function>
    void each_marked(Function f) noexcept {
        for (u32 b = 1; b < blocks_.size(); ++b) {
            if (blocks_[b].state == large && is_marked(b << block_log2)) f(b << block_log2);
            if (blocks_[b].state >= classes) continue;
            for (u32 i = 0; i < words_of_block; ++i)
                for (u64 word = marks_[std::size_t(b) * words_of_block + i]; word; word &= word - 1) {
                    const u32 r = (b << block_log2) + (i << 9) + u32(std::countr_zero(word)) * 8;
                    if (load_le<u32>(at(r)) != 0) f(r); // not handed out cells
                }
        }
    }

    // ---- figures ---------------------------------------------------------------------------------------------------

    u64 limit = 0;             ///< bytes
    u64 worked = 0;            ///< how much was handed out when marking last went on
    u64 budget = least_budget; ///< bytes to hand out before the next collection
    bool single = false;       ///< cells are handed out one by one, so that each comes by take_slowly
    heap_statistics statistics;

    heap_statistics figures() const noexcept {
        heap_statistics now = statistics;
        now.bytes_used = now.bytes_live + since_;
        now.bytes_total = total();
        return now;
    }
    /// Bytes handed out since marking last ended.
    u64 since() const noexcept { return since_; }
    /// Bytes of all blocks.
    u64 total() const noexcept { return blocks_.empty() ? 0 : u64(blocks_.size() - 1) << block_log2; }

    /// True if `reference` is an object that is alive, as far as is known. For tests and for what a host gives.
    bool is_object(u32 reference) const noexcept {
        const u32 b = reference >> block_log2;
        if (!is_heap_ref(reference) || b >= blocks_.size() || blocks_[b].state == unused) return false;
        const u32 in = reference & (block_bytes - 1);
        if (!test(live_, reference)) return false;
        if (blocks_[b].state == large ? in != 0 : blocks_[b].state >= classes || in % class_bytes(blocks_[b].state))
            return false;
        const u32 head = load_le<u32>(at(reference));
        return (head & 1) != 0 && layouts.knows(head >> 1);
    }

#if TESSERA_NATIVE
    /// What machine code reads and writes: distances in bytes from the heap. A pointer, spans by class, a byte, a
    /// pointer into the log and where that ends; pointers to the object_types and lists of object_layouts.
    struct places {
        i32 base = 0, spans = 0, marking = 0, log_next = 0, log_end = 0, types = 0, words = 0;
    };
    places where() const noexcept {
        const auto at = [this](const auto& member) {
            return i32(reinterpret_cast<const u8*>(&member) - reinterpret_cast<const u8*>(this));
        };
        const i32 types = at(layouts);
        return {at(memory_.base),
                at(spans_),
                at(marking_),
                at(log_next_),
                at(log_) + i32(sizeof log_),
                types + layouts.types_at(),
                types + layouts.words_at()};
    }
#endif

    /// Frees everything; the limit stays.
    void clear() noexcept {
        const u64 most = limit;
        const bool one = single;
        const valid::type_registry& all = all_;
        const allocator* const from = memory_.from;
        this->~object_heap();
        ::new (static_cast<void*>(this)) object_heap(all, from);
        limit = most;
        single = one;
    }

private:
    // What a block is: cells of the class of this number, or
    static constexpr u8 large = 0xfd, large_rest = 0xfe, unused = 0xff;
    static constexpr u32 words_of_block = block_bytes / 8 / 64;
    /// Offsets have 32 bits, and so has the end of the last block; block 0 is null's.
    static constexpr u32 most_blocks = (u32{1} << (32 - block_log2)) - 1;
    static constexpr u32 growth = (1024 * 1024) >> block_log2;
    struct block {
        u8 state = unused;
        u16 marked = 0; ///< cells, so that nothing has to be counted when marking ends
        u32 next = 0;   ///< in the list it is in; large: the number of blocks
    };

    static bool test(const vec<u64>& bits, u32 reference) noexcept {
        return (bits[reference >> 9] >> (reference >> 3 & 63) & 1) != 0;
    }
    static void set(vec<u64>& bits, u32 reference) noexcept { bits[reference >> 9] |= u64{1} << (reference >> 3 & 63); }
    TESSERA_INLINE void set_header(u32 made, u32 head, u32 length) noexcept {
        store_le<u32>(at(made), head);
        store_le<u32>(at(made) + 4, length);
    }
    void mark_cells(u32 from, u32 to, u32 bytes) noexcept {
        for (; from != to; from += bytes) mark(from);
    }
    void release(u32 b) noexcept {
        blocks_[b] = {};
        ++free_;
        first_free_ = b < first_free_ ? b : first_free_;
    }
    bool refill(u32 c) noexcept {
        while (!find_cells(c)) {
            if ((current_[c] = unswept_[c]) != 0) unswept_[c] = blocks_[current_[c]].next;
            else if ((current_[c] = take_blocks(1)) != 0) blocks_[current_[c]] = {u8(c), 0, 0};
            else return false;
            scan_[c] = current_[c] << block_log2;
        }
        return true;
    }
    /// The next free cells of the block that class `c` is at. That the first word of each is 0 tells them from objects.
    bool find_cells(u32 c) noexcept {
        if (current_[c] == 0) return false;
        const u32 bytes = class_bytes(c), end = (current_[c] << block_log2) + block_bytes / bytes * bytes;
        u32 at = scan_[c];
        while (at != end && test(live_, at)) at += bytes;
        const u32 first = at;
        while (at != end && !test(live_, at)) {
            store_le<u32>(this->at(at), 0);
            at += bytes;
            if (single) break;
        }
        scan_[c] = at;
        if (at == first) return false;
        spans_[c] = {first, at};
        since_ += at - first;
        for (u32 cell = first; cell != at; cell += bytes) set(live_, cell);
        if (marking_) mark_cells(first, at, bytes);
        return true;
    }
    u32 take_large(u64 bytes, u32 type, u32 length) noexcept {
        const u64 n = (bytes + block_bytes - 1) >> block_log2;
        const u32 b = n <= most_blocks ? take_blocks(u32(n)) : 0;
        if (b == 0) return 0;
        blocks_[b] = {large, 0, u32(n)};
        for (u32 i = 1; i < n; ++i) blocks_[b + i] = {large_rest, 0, 0};
        since_ += n << block_log2;
        const u32 made = b << block_log2;
        set(live_, made);
        if (marking_) mark(made);
        set_header(made, header_of(type), length);
        return made;
    }
    /// The first of `n` contiguous blocks that nobody uses, 0 if there are none.
    u32 take_blocks(u32 n) noexcept {
        if (free_ < n && !grow(n)) return 0;
        for (int tries = 0; tries < 2; ++tries) {
            u32 run = 0, b = first_free_;
            for (; b < blocks_.size() && run < n; ++b) run = blocks_[b].state == unused ? run + 1 : 0;
            if (run == n) {
                if (n == 1 || b - n == first_free_) first_free_ = b;
                free_ -= n;
                return b - n;
            }
            if (tries == 0 && !grow(n - run)) break; // `run` blocks are free at the end
        }
        return 0;
    }
    /// `n` blocks more, or some more for later. False: the limit is reached or memory is out.
    bool grow(u32 n) noexcept {
        if (blocks_.empty() && !start()) return false;
        const u64 have = blocks_.size(), most = limit >> block_log2 < most_blocks ? limit >> block_log2 : most_blocks;
        if (have - 1 + n > most) return false;
        const u64 want = n < growth ? growth : n, left = most - (have - 1);
        for (u64 more : {want < left ? want : left, u64(n)})
            if (widen(have + more)) return true;
        return false;
    }
    bool start() noexcept {
        const memory_type type{{0, most_blocks / 2 + 1, true, true}};
        std::string_view which;
        if (!memory_.allocate(type, u64{1} << 32, nullptr, which) || !blocks_.push_back({large_rest, 0, 0}))
            return false;
        first_free_ = 1;
        return true;
    }
    template <class T>
    static bool resize(vec<T>& v, std::size_t n) noexcept {
        const std::size_t twice = 2 * v.capacity();
        return (n <= v.capacity() || v.reserve(n < twice ? twice : n)) && v.resize(n);
    }
    bool widen(u64 blocks) noexcept {
        const u64 bytes = blocks << block_log2;
        u64 old = 0;
        if (bytes > memory_.size && !memory_.grow((bytes - memory_.size + 0xffff) >> 16, old)) return false;
        const std::size_t words = std::size_t(blocks) * words_of_block, had = blocks_.size();
        if ((live_.size() < words && !resize(live_, words)) || (marks_.size() < words && !resize(marks_, words)) ||
            !resize(blocks_, std::size_t(blocks)))
            return false;
        free_ += u32(blocks - had);
        return true;
    }

    const valid::type_registry& all_;
    memory_data memory_;
    span spans_[classes];
    u32 current_[classes] = {}; ///< the block whose cells a class takes, 0 for none
    u32 scan_[classes] = {};    ///< where the next of them is looked for
    u32 unswept_[classes] = {}; ///< lists of blocks that may have free cells
    vec<block> blocks_;
    vec<u64> live_;  ///< cells that were alive when marking last ended, or were handed out since
    vec<u64> marks_; ///< those reached since it began again
    u32 free_ = 0;
    u32 first_free_ = 1; ///< no block before it is unused
    u64 since_ = 0;
    bool marking_ = false;
    static constexpr u32 log_size = 256;
    u32* log_next_ = log_;
    u32 log_[log_size]; ///< overwritten references, not marked yet
};

} // namespace runtime
} // namespace tessera
TESSERA_SMALL_END
