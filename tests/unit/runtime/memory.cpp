// SPDX-License-Identifier: MIT
#include <doctest/doctest.h>

#include <tessera/runtime/memory.hpp>

#include <cstdio>

using namespace tessera;
using namespace tessera::runtime;

namespace {

memory_type pages(u64 min, u64 max = ~u64{0}, u8 page_log2 = 16, bool is64 = false, bool shared = false) {
    memory_type t;
    t.limits = {min, max, max != ~u64{0}, is64};
    t.page_log2 = page_log2;
    t.shared = shared;
    return t;
}

constexpr u64 gib = u64{1} << 30;

} // namespace

TEST_CASE("memory: allocation, growth, limits") {
    memory_data m;
    std::string_view over = "x";
    REQUIRE(m.allocate(pages(1, 3), gib, nullptr, over));
    CHECK(over.empty());
    CHECK(m.size == 65536);
    m.base[65535] = 7;
    u64 old = 99;
    REQUIRE(m.grow(1, old));
    CHECK(old == 1);
    CHECK(m.pages() == 2);
    CHECK(m.base[65535] == 7);
    for (u64 i = 65536; i < m.size; ++i) REQUIRE(m.base[i] == 0);
    CHECK(!m.grow(2, old));
    CHECK(old == 2);
    CHECK(!m.grow(~u64{0}, old));
    REQUIRE(m.grow(0, old));
    REQUIRE(m.grow(1, old));
    CHECK(m.size == m.max_bytes);
}

TEST_CASE("memory: an empty one, and one without bytes") {
    memory_data m;
    std::string_view over;
    REQUIRE(m.allocate(pages(0), gib, nullptr, over));
    CHECK(m.base == nullptr);
    CHECK(fill(m, 0, 1, 0) == trap::none);
    CHECK(fill(m, 0, 1, 1) == trap::out_of_bounds_memory);
    CHECK(copy(m, 0, m, 0, 0) == trap::none);
    u64 old = 0;
    REQUIRE(m.grow(1, old));
    CHECK(m.base != nullptr);
}

TEST_CASE("memory: the address space bounds it") {
    // The guest's, and on a machine of 32 bits the host's.
    const auto whole_pages = [](u64 bytes, u64 page) {
        const u64 largest = u64(std::numeric_limits<std::ptrdiff_t>::max());
        return (bytes < largest ? bytes : largest) / page * page;
    };
    memory_data m;
    std::string_view over;
    REQUIRE(m.allocate(pages(0), ~u64{0}, nullptr, over));
    CHECK(m.max_bytes == whole_pages(u64{1} << 32, 65536));
    memory_data bytes;
    REQUIRE(bytes.allocate(pages(5, ~u64{0}, 0), ~u64{0}, nullptr, over));
    CHECK(bytes.max_bytes == whole_pages(0xffff'ffffu, 1));
    CHECK(bytes.size == 5);
    u64 old = 0;
    REQUIRE(bytes.grow(3, old));
    CHECK(old == 5);
    memory_data wide;
    REQUIRE(wide.allocate(pages(1, u64{1} << 48, 16, true), 8 * gib + 5, nullptr, over));
    CHECK(wide.max_bytes == whole_pages(8 * gib, 65536));
    CHECK(!wide.grow((u64{1} << 48) - 1, old));
}

TEST_CASE("memory: limits of the store") {
    std::string_view over;
    {
        memory_data m;
        CHECK(!m.allocate(pages(17), 1 << 20, nullptr, over));
        CHECK(!over.empty());
    }
    account sum{0, 4 * 65536};
    {
        memory_data a, b, c;
        u64 old = 0;
        REQUIRE(a.allocate(pages(2), gib, &sum, over));
        REQUIRE(b.allocate(pages(1), gib, &sum, over));
        CHECK(!c.allocate(pages(2), gib, &sum, over));
        CHECK(!over.empty());
        CHECK(!b.grow(2, old));
        CHECK(b.grow(1, old));
        CHECK(sum.used == sum.most);
    }
    CHECK(sum.used == 0);
}

TEST_CASE("memory: a shared one never moves") {
    memory_data m;
    std::string_view over;
    REQUIRE(m.allocate(pages(1, 100, 16, false, true), gib, nullptr, over));
    const u8* base = m.base;
    u64 old = 0;
    for (int i = 0; i < 99; ++i) {
        REQUIRE(m.grow(1, old));
        REQUIRE(m.base[m.size - 1] == 0);
    }
    CHECK(m.base == base);
    CHECK(!m.grow(1, old));
    memory_data empty;
    REQUIRE(empty.allocate(pages(0, 2, 16, false, true), gib, nullptr, over));
    base = empty.base;
    REQUIRE(empty.grow(2, old));
    CHECK(empty.base == base);
    CHECK(empty.base[empty.size - 1] == 0);
}

TEST_CASE("memory: growing page by page keeps the content") {
    memory_data m;
    std::string_view over;
    REQUIRE(m.allocate(pages(1), gib, nullptr, over));
    u64 old = 0;
    for (u64 i = 1; i < 300; ++i) {
        m.base[m.size - 1] = u8(i);
        REQUIRE(m.grow(1, old));
    }
    for (u64 i = 1; i < 300; ++i) REQUIRE(m.base[i * 65536 - 1] == u8(i));
    CHECK(m.base[0] == 0);
}

TEST_CASE("memory: where address space is reserved, one that has grown stays where it is") {
    std::string_view over;
    u64 old = 0;
    memory_data tiny, large;
    REQUIRE(tiny.allocate(pages(1, 500), gib, nullptr, over));
    CHECK(tiny.capacity == tiny.size); // nothing for growing that may never come
    tiny.base[0] = 7;
    REQUIRE(tiny.grow(1, old));
    REQUIRE(large.allocate(pages(16, 500), gib, nullptr, over));
    if (tiny.reserved == 0 || large.reserved == 0) return; // not on this system, or not with this allocator
    CHECK(tiny.reserved == 500 * 65536);
    CHECK(large.reserved == 500 * 65536);
    const u8 *const first = tiny.base, *const second = large.base;
    while (tiny.grow(1, old)) tiny.base[tiny.size - 1] = 1;
    while (large.grow(7, old)) large.base[large.size - 1] = 1;
    CHECK(tiny.pages() == 500);
    CHECK(large.pages() == 16 + 69 * 7);
    CHECK(tiny.base == first);
    CHECK(large.base == second);
    CHECK(tiny.base[0] == 7);
}

#if defined(__linux__) && defined(__x86_64__) // an emulator may use memory of its own for what is reserved
TEST_CASE("memory: what nobody touches costs nothing") {
    if (sizeof(void*) < 8) return;
    const auto resident_pages = [] { // of the process
        long all = 0, resident = 0;
        std::FILE* const file = std::fopen("/proc/self/statm", "r");
        REQUIRE(file != nullptr);
        REQUIRE(std::fscanf(file, "%ld %ld", &all, &resident) == 2);
        std::fclose(file);
        return resident;
    };
    std::string_view over;
    memory_data all[8];
    const long before = resident_pages();
    for (memory_data& m : all) {
        u64 old = 0;
        // A system may be set up not to promise more than it has.
        if (!m.allocate(pages(1024, 65536), 4 * gib, nullptr, over) || !m.grow(8192, old)) return;
        m.base[m.size - 1] = 1;
    }
    CHECK(resident_pages() - before < 2000);
}
#endif

TEST_CASE("memory: bulk operations check both ranges without wrapping") {
    memory_data m;
    std::string_view over;
    REQUIRE(m.allocate(pages(1), gib, nullptr, over));
    const u8 from[] = {1, 2, 3, 4};
    CHECK(init(m, 65532, from, 0, 4) == trap::none);
    CHECK(m.base[65535] == 4);
    CHECK(init(m, 65533, from, 0, 4) == trap::out_of_bounds_memory);
    CHECK(init(m, 0, from, 1, 4) == trap::out_of_bounds_memory);
    CHECK(init(m, 0, from, ~u64{0}, 2) == trap::out_of_bounds_memory);
    CHECK(init(m, 65536, from, 4, 0) == trap::none);
    CHECK(init(m, 65537, from, 0, 0) == trap::out_of_bounds_memory);
    CHECK(copy(m, 0, m, 65532, 4) == trap::none);
    CHECK(m.base[2] == 3);
    CHECK(copy(m, 1, m, 0, 3) == trap::none);
    CHECK(m.base[3] == 3);
    CHECK(copy(m, ~u64{0} - 1, m, 0, 4) == trap::out_of_bounds_memory);
    CHECK(fill(m, 10, 0xab, 5) == trap::none);
    CHECK(m.base[14] == 0xab);
    CHECK(m.base[15] == 0);
    CHECK(fill(m, 2, 1, ~u64{0}) == trap::out_of_bounds_memory);
}
