// SPDX-License-Identifier: MIT
// A store of the host's with an instance that has types of structures and arrays, and no code.
#pragma once

#include "fake.hpp"

#include <heap_census.hpp>

#include <doctest/doctest.h>

namespace objects {

using namespace fake;
using namespace tessera;

inline constexpr u64 node_bytes = 24;

/// A store with an instance whose types are those below.
struct host {
    explicit host(const limits& l = {}) : store(new_store(l)) {
        const auto mod = parse(wasm({section(
            1, {bytes{0x5f, 3, 0x63, 0, 1, 0x63, 0, 1, 0x7f, 1},             // 0: two nodes and a number, all mutable
                bytes{0x5e, 0x6e, 1},                                        // 1: an array of anyref
                bytes{0x5e, 0x78, 1},                                        // 2: of bytes
                bytes{0x5f, 5, 0x78, 1, 0x7e, 1, 0x77, 0, 0x7b, 1, 0x7c, 1}, // 3: i8, i64, constant i16, v128, f64
                bytes{0x5e, 0x7e, 1},                                        // 4: an array of i64
                bytes{0x5f, 1, 0x64, 0, 0}})}));                             // 5: a node that is never null
        REQUIRE(mod);
        auto made = store.instantiate(*mod);
        REQUIRE(made);
        instance = *made;
    }
    u32 type(u32 index) const { return instance.type(index); }
    rooted node(const value& left, const value& right, u32 number) {
        const value fields[] = {left, right, value::i32(number)};
        auto made = store.make_struct(type(0), fields);
        REQUIRE(made);
        return std::move(*made);
    }
    value null() const { return value::reference(val_type::ref(heap_type::index(type(0)), true), {}); }
    /// Everything is in order, and what is alive is what can be reached.
    void check() {
        REQUIRE(store.collect());
        const heaps::census all(store);
        CHECK(all.wrong() == "");
        CHECK(store.heap().bytes_live == all.bytes());
    }

    basic_store store;
    tessera::instance instance;
};

} // namespace objects
