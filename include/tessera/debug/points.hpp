// SPDX-License-Identifier: MIT
/// @file debug/points.hpp
/// Breakpoints and watchpoints. They name modules, and places in a store by their number, so that they mean the same
/// in a store that was made anew in the same way.
#pragma once

#include <tessera/runtime/api/instance.hpp>

namespace tessera::inline TESSERA_ABI::debug {

struct breakpoint {
    u32 number = 0;
    module_owner module;
    u32 offset = 0; ///< of an instruction, in the module's bytes
};
/// A range of a memory, or a global.
struct watchpoint {
    u32 number = 0;
    bool is_global = false;
    u32 index = 0; ///< of the memory or global in the store
    u64 at = 0;
    vec<u8> last; ///< its bytes when they were looked at last
};

class points {
public:
    static constexpr u64 most_bytes = 65536; ///< that one watchpoint may watch, since each instruction compares them

    result<u32> add(const module_owner& module, u32 offset) noexcept {
        if (!breaks_.push_back({next_, module, offset})) return msg::out_of_memory;
        return next_++;
    }
    result<u32> add(bool is_global, u32 index, u64 at, u64 size) noexcept {
        watchpoint w{next_, is_global, index, at, {}};
        if (!w.last.resize(std::size_t(size)) || !watches_.push_back(std::move(w))) return msg::out_of_memory;
        return next_++;
    }
    bool remove(u32 number) noexcept { return remove_from(breaks_, number) || remove_from(watches_, number); }

    /// The number of the breakpoint at this place, 0 if there is none.
    u32 at(const module_data& m, u32 offset) const noexcept {
        for (const breakpoint& b : breaks_)
            if (b.offset == offset && b.module.get() == &m) return b.number;
        return 0;
    }
    /// Takes what is watched as it is now.
    void look(runtime::store_data& s) noexcept {
        for (watchpoint& w : watches_) compare(s, w);
    }
    /// The first watchpoint whose bytes are others than when it was looked at last, 0 if there is none.
    u32 changed(runtime::store_data& s) noexcept {
        u32 first = 0;
        for (watchpoint& w : watches_)
            if (compare(s, w) && first == 0) first = w.number;
        return first;
    }
    view<breakpoint> breaks() const noexcept { return breaks_; }
    view<watchpoint> watches() const noexcept { return watches_; }

private:
    template <class T>
    static bool remove_from(vec<T>& all, u32 number) noexcept {
        for (std::size_t i = 0; i < all.size(); ++i) {
            if (all[i].number != number) continue;
            for (; i + 1 < all.size(); ++i) all[i] = std::move(all[i + 1]);
            all.pop_back();
            return true;
        }
        return false;
    }
    /// Takes the bytes as they are now; true if some were others.
    static bool compare(runtime::store_data& s, watchpoint& w) noexcept {
        bool differs = false;
        if (w.is_global) {
            const u64* const cell = w.index < s.globals.size() ? s.globals[w.index]->cell : nullptr;
            if (!cell) return false;
            differs = std::memcmp(w.last.data(), cell, w.last.size()) != 0;
            std::memcpy(w.last.data(), cell, w.last.size());
            return differs;
        }
        // What the memory does not have yet will be zero.
        const tessera::memory m(s, w.index);
        const u64 size = w.index < s.memories.size() ? m.size() : 0;
        u8 now[256];
        for (u64 done = 0; done < w.last.size();) {
            const u64 at = w.at + done;
            if (at < w.at || at >= size) break;
            u64 n = w.last.size() - done < sizeof now ? w.last.size() - done : sizeof now;
            n = n < size - at ? n : size - at;
            if (!m.read(at, std::span<u8>(now, std::size_t(n)))) break;
            u8* const last = w.last.data() + done;
            differs |= std::memcmp(last, now, std::size_t(n)) != 0;
            std::memcpy(last, now, std::size_t(n));
            done += n;
        }
        return differs;
    }

    vec<breakpoint> breaks_;
    vec<watchpoint> watches_;
    u32 next_ = 1;
};

} // namespace tessera::debug
