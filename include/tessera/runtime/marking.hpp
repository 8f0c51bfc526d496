// SPDX-License-Identifier: MIT
/// @file marking.hpp
/// Marking what can be reached: objects that are marked and whose references are not looked at yet wait in a list.
///
/// The list has a most length, and memory for it can be out. An object that does not fit in is marked all the same, and
/// when the list is empty all marked objects are looked at again. Long arrays are looked at in parts.
#pragma once

#include <tessera/runtime/heap.hpp>

TESSERA_SMALL
namespace tessera::inline TESSERA_ABI::runtime {

class object_marker {
public:
    explicit object_marker(const allocator* from) noexcept : waiting_(from), arrays_(from) {}
    /// Starts over.
    void begin() noexcept {
        waiting_.clear();
        arrays_.clear();
        overflow_ = false;
    }
    /// A reference that can be reached, or null, an i31, or an object of the host.
    TESSERA_INLINE void visit(object_heap& heap, u32 reference) noexcept {
        if (!is_heap_ref(reference) || !heap.mark(reference)) return;
        if (TESSERA_UNLIKELY(waiting_.size() >= most_waiting || !waiting_.push_back(reference))) overflow_ = true;
    }
    /// Looks at about `units` references. True: all that can be reached is marked.
    bool run(object_heap& heap, u64 units) noexcept {
        for (u64 done = 0;;) {
            while (!waiting_.empty() || !arrays_.empty()) {
                if (done >= units) return false;
                done += look(heap);
            }
            if (!overflow_) return true;
            overflow_ = false;
            heap.each_marked([&](u32 reference) { references(heap, reference); });
            done += units / 2 + 1;
        }
    }

    std::size_t most_waiting = std::size_t{1} << 24; ///< for tests

private:
    static constexpr u32 part = 1024; ///< elements of an array that are looked at together
    struct rest {
        u32 array;
        u32 next; ///< element
    };

    u64 look(object_heap& heap) noexcept {
        if (!waiting_.empty()) {
            const u32 reference = waiting_.back();
            waiting_.pop_back();
            return references(heap, reference);
        }
        const rest r = arrays_.back();
        arrays_.pop_back();
        return elements(heap, r.array, r.next);
    }
    u64 references(object_heap& heap, u32 reference) noexcept {
        const object_type& t = heap.layouts[heap.type_of(reference)];
        if (!t.traced) return 1;
        if (t.form == composite::array) return elements(heap, reference, 0);
        for (u32 offset : heap.layouts.references(t)) visit(heap, load_le<u32>(heap.at(reference) + offset));
        return 1 + t.reference_count;
    }
    u64 elements(object_heap& heap, u32 array, u32 from) noexcept {
        u32 end = heap.length_of(array);
        if (end - from > part) {
            if (arrays_.push_back({array, from + part})) end = from + part;
            // Without memory for that all of it is looked at now.
        }
        const u8* const at = heap.at(array) + object_header;
        for (u32 i = from; i < end; ++i) visit(heap, load_le<u32>(at + 4 * u64(i)));
        return 1 + end - from;
    }

    vec<u32> waiting_;
    vec<rest> arrays_;
    bool overflow_ = false;
};

} // namespace tessera::runtime
TESSERA_SMALL_END
