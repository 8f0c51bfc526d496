// SPDX-License-Identifier: MIT
/// @file encoding.hpp
/// Random numbers from a seed, and how the binary format writes numbers, types and names.
#pragma once

#include "program.hpp"

namespace diff {

class random {
public:
    explicit random(u64 seed) : state_(seed * 0x9e3779b97f4a7c15u + 0x1234567) {}
    u64 next() {
        u64 z = state_ += 0x9e3779b97f4a7c15u;
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31);
    }
    u32 below(u32 n) { return u32(next() % n); }
    bool chance(u32 percent) { return below(100) < percent; }
    template <class T>
    const T& of(const std::vector<T>& from) {
        return from[below(u32(from.size()))];
    }

private:
    u64 state_;
};

// ---- encoding ------------------------------------------------------------------------------------------------------

inline void put_leb(bytes& to, u64 v) {
    for (; v > 0x7f; v >>= 7) to.push_back(u8(v | 0x80));
    to.push_back(u8(v));
}
inline void put_signed(bytes& to, i64 v) {
    for (;; v >>= 7) {
        const u8 low = u8(v & 0x7f);
        const bool last = (v >= -64 && v < 64);
        to.push_back(u8(low | (last ? 0 : 0x80)));
        if (last) return;
    }
}
inline void put_fixed(bytes& to, u64 v, unsigned size) {
    for (unsigned i = 0; i < size; ++i) to.push_back(u8(v >> (8 * i)));
}
inline void put_heap_type(bytes& to, val_type t) {
    if (t.heap().is_index()) put_signed(to, i64(t.heap().index()));
    else to.push_back(t.heap().byte_code());
}
inline void put_type(bytes& to, val_type t) {
    if (!t.is_ref() || t.heap().is_index() || !t.is_nullable()) to.push_back(t.byte_code());
    if (t.is_ref()) put_heap_type(to, t);
}
inline void put_types(bytes& to, const types& list) {
    put_leb(to, list.size());
    for (val_type t : list) put_type(to, t);
}
inline void put_name(bytes& to, const std::string& s) {
    put_leb(to, s.size());
    to.insert(to.end(), s.begin(), s.end());
}
inline void put_section(bytes& to, u8 id, const bytes& body) {
    to.push_back(id);
    put_leb(to, body.size());
    to.insert(to.end(), body.begin(), body.end());
}

} // namespace diff
