// SPDX-License-Identifier: MIT
// For tests of floor runtime/ without the floor above: modules written byte by byte, and an engine
// that runs host functions only and answers a wasm function by its index.
#pragma once

#include "../../engine.hpp"

#include <tessera/runtime/api/store.hpp>

#include <initializer_list>
#include <string_view>
#include <vector>

namespace fake {

using tessera::u32;
using tessera::u64;
using tessera::u8;
using bytes = std::vector<u8>;

inline bytes operator+(bytes a, const bytes& b) {
    a.insert(a.end(), b.begin(), b.end());
    return a;
}
inline bytes leb(u64 v) {
    bytes out;
    do {
        out.push_back(u8((v & 0x7f) | (v > 0x7f ? 0x80 : 0)));
        v >>= 7;
    } while (v);
    return out;
}
inline bytes name(std::string_view s) {
    bytes out = leb(s.size());
    out.insert(out.end(), s.begin(), s.end());
    return out;
}
inline bytes list(std::initializer_list<bytes> items) {
    bytes out = leb(items.size());
    for (const bytes& b : items) out = out + b;
    return out;
}
inline bytes section(u8 id, const bytes& body) { return bytes{id} + leb(body.size()) + body; }
inline bytes section(u8 id, std::initializer_list<bytes> items) { return section(id, list(items)); }
inline bytes type(bytes params, bytes results) {
    return bytes{0x60} + leb(params.size()) + params + leb(results.size()) + results;
}
inline bytes import(std::string_view module, std::string_view item, const bytes& desc) {
    return name(module) + name(item) + desc;
}
inline bytes export_(std::string_view item, u8 kind, u32 index) { return name(item) + bytes{kind} + leb(index); }
inline bytes wasm(std::initializer_list<bytes> sections) {
    bytes out{0, 'a', 's', 'm', 1, 0, 0, 0};
    for (const bytes& s : sections) out = out + s;
    return out;
}
inline bytes i32_const(int v) {
    bytes out{0x41};
    for (;;) {
        const u8 b = u8(v & 0x7f);
        v >>= 7;
        const bool last = (v == 0 && !(b & 0x40)) || (v == -1 && (b & 0x40));
        out.push_back(u8(b | (last ? 0 : 0x80)));
        if (last) return out;
    }
}
/// A constant expression: `code` and end.
inline bytes expr(bytes code) { return code + bytes{0x0b}; }
/// A function body without locals.
inline bytes body(bytes code) { return leb(code.size() + 2) + bytes{0} + code + bytes{0x0b}; }

/// Host functions run; a wasm function gives its index, or traps if its index is 13.
inline bool invoke(tessera::runtime::store_data& store, tessera::runtime::func_record& f, u64* slots,
                   tessera::error& why) {
    if (f.host) {
        tessera::runtime::caller who{&store, nullptr};
        return f.host->invoke(*f.host, who, slots, why);
    }
    if (f.index == 13) return why = tessera::error(tessera::trap::unreachable), false;
    if (f.result_slots) slots[0] = f.index;
    return true;
}
inline constexpr tessera::runtime::engine engine{invoke, nullptr, nullptr, nullptr, nullptr};

inline tessera::basic_store new_store(const tessera::limits& l = {}, tessera::features f = tessera::latest) {
    return {engine, f, l};
}

inline tessera::result<tessera::module> parse(const bytes& b) {
    return tessera::module::parse<engines::plain>(std::span<const u8>(b));
}

} // namespace fake
