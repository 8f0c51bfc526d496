// SPDX-License-Identifier: MIT
#include "faults.hpp"

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
                    if (m.grow(1, old)) continue;
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
