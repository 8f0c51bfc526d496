// SPDX-License-Identifier: MIT
// Allocation that fails when told to. Every source of the programs that link `test_engine` begins with it, by an option
// of the compiler, since the hooks are part of the library's inline functions. Each thread has counters of its own.
#pragma once

#include <cstddef>
#include <cstdlib>

namespace faults {

inline thread_local long left = -1;      ///< allocations until one fails; below 0: none does
inline thread_local bool sticky = false; ///< all that follow fail too
inline thread_local long live = 0;       ///< blocks allocated and not given back
inline thread_local long failed = 0;
inline thread_local bool no_commit = false;  ///< reserved address space never gets usable
inline thread_local bool no_reserve = false; ///< there is no address space to reserve

inline thread_local long asked = 0;         ///< allocations ever
inline thread_local double asked_bytes = 0; ///< and their sizes

inline bool deny() {
    ++asked;
    if (left < 0) return false;
    if (left > 0) return --left, false;
    if (!sticky) left = -1;
    ++failed;
    return true;
}
inline void* allocate(std::size_t n) {
    asked_bytes += double(n);
    if (deny()) return nullptr;
    ++live;
    return std::malloc(n ? n : 1);
}
inline void* allocate_zeroed(std::size_t n) {
    asked_bytes += double(n);
    if (deny()) return nullptr;
    ++live;
    return std::calloc(1, n ? n : 1);
}
inline void* counted(void* p) {
    if (p) ++live;
    return p;
}
inline void deallocate(void* p) {
    if (p) --live;
    std::free(p);
}

/// Runs `attempt` again and again, failing one allocation more each time, until it succeeds; once
/// with a single failure, once with memory staying out. `attempt` returns false if it failed and must
/// check that it failed properly. Returns how many allocations there were.
template <class Attempt>
long each(Attempt attempt) {
    long count = 0;
    for (int mode = 0; mode < 2; ++mode) {
        for (long n = 0;; ++n) {
            sticky = mode == 1;
            left = n;
            failed = 0;
            const bool done = attempt();
            const bool hit = failed != 0;
            left = -1;
            sticky = false;
            if (done && !hit) {
                count = n;
                break;
            }
            if (n > 1000000) return -1;
        }
    }
    return count;
}

} // namespace faults

#define TESSERA_ALLOCATE(bytes) ::faults::allocate(bytes)
#define TESSERA_ALLOCATE_ZEROED(bytes) ::faults::allocate_zeroed(bytes)
#define TESSERA_DEALLOCATE(pointer) ::faults::deallocate(pointer)
#define TESSERA_RESERVE(bytes, usable)                                                                                 \
    (::faults::no_reserve || ::faults::deny() ? nullptr : ::faults::counted(::tessera::reserve_pages(bytes, usable)))
#define TESSERA_COMMIT(pointer, bytes)                                                                                 \
    (!::faults::no_commit && !::faults::deny() && ::tessera::commit_pages(pointer, bytes))
#define TESSERA_RELEASE(pointer, bytes) (--::faults::live, ::tessera::release_pages(pointer, bytes))
