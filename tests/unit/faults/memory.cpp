// SPDX-License-Identifier: MIT
#include "../../faults.hpp"

#include <tessera/runtime/memory.hpp>

#include <doctest/doctest.h>

using namespace tessera;
using namespace tessera::runtime;

TEST_CASE("out of memory: a memory that cannot grow stays as it is") {
    const long before = faults::live;
    for (bool shared : {false, true})
        for (u64 min : {u64{1}, u64{20}}) {
            INFO("from " << min << " pages, shared: " << shared);
            const long n = faults::each([&] {
                memory_data m;
                std::string_view limit;
                if (!m.allocate({{min, 200, true, false}, shared, 16}, ~u64{0}, nullptr, limit)) {
                    CHECK(limit.empty());
                    CHECK(m.base == nullptr);
                    return false;
                }
                u64 old = 0;
                while (m.pages() < 200) {
                    m.base[m.size - 1] = u8(m.pages());
                    const u64 size = m.size;
                    const u8* const base = m.base;
                    if (m.grow(1, old)) {
                        CHECK(m.capacity >= m.size);
                        if (shared) CHECK(m.base == base);
                        continue;
                    }
                    CHECK(m.size == size);
                    CHECK(m.base == base);
                    for (u64 i = min; i <= m.pages(); ++i) CHECK(m.base[i * 65536 - 1] == u8(i));
                    return false;
                }
                for (u64 i = min; i < 200; ++i) CHECK(m.base[i * 65536 - 1] == u8(i));
                CHECK(m.base[m.size - 1] == 0);
                return true;
            });
            CHECK(n > 0);
            CHECK(faults::live == before);
        }
}

TEST_CASE("out of memory: without address space, memories come from the allocator") {
    const long before = faults::live;
    for (bool shared : {false, true})
        for (u64 min : {u64{1}, u64{20}}) {
            memory_data m;
            std::string_view limit;
            faults::left = 0; // the first thing asked for is not there
            REQUIRE(m.allocate({{min, 30, true, false}, shared, 16}, ~u64{0}, nullptr, limit));
            CHECK(faults::left == -1);
            CHECK(m.reserved == 0);
            m.base[m.size - 1] = 7;
            u64 old = 0;
            while (m.pages() < 30) {
                faults::left = shared ? -1 : 0;
                REQUIRE(m.grow(1, old));
                faults::left = -1;
                CHECK(m.base[min * 65536 - 1] == 7);
                CHECK(m.base[m.size - 1] == 0);
            }
        }
    CHECK(faults::live == before);
}

TEST_CASE("out of memory: a reservation that cannot be used is left, but for a shared memory") {
    for (bool shared : {false, true}) {
        memory_data m;
        std::string_view limit;
        REQUIRE(m.allocate({{20, 30, true, false}, shared, 16}, ~u64{0}, nullptr, limit));
        if (m.reserved == 0) return; // not on this system
        const u8* const base = m.base;
        u64 old = 0;
        faults::no_commit = true;
        const bool grown = m.grow(1, old);
        faults::no_commit = false;
        CHECK(grown == !shared);
        CHECK((m.base == base) == shared);
    }
}
