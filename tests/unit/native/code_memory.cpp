// SPDX-License-Identifier: MIT
#include <tessera/native/code_buffer.hpp>
#include <tessera/native/code_memory.hpp>

#include <doctest/doctest.h>

#include <fstream>
#include <memory>
#include <string>

using namespace tessera;
using namespace tessera::native;

namespace {
// mov eax, n; ret
const u8* add_function(code_memory& m, u32 n) {
    const u8 bytes[] = {0xb8, u8(n), u8(n >> 8), u8(n >> 16), u8(n >> 24), 0xc3};
    return m.add(bytes, sizeof bytes);
}
u32 call(const u8* code) { return reinterpret_cast<u32 (*)()>(reinterpret_cast<std::uintptr_t>(code))(); }

#if defined(__linux__)
// How the page at `at` may be used, as "r-xp"; empty if nothing is there.
std::string protection(const void* at) {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        const auto begin = std::stoull(line, nullptr, 16),
                   end = std::stoull(line.substr(line.find('-') + 1), nullptr, 16);
        const auto address = reinterpret_cast<std::uintptr_t>(at);
        if (address >= begin && address < end) return line.substr(line.find(' ') + 1, 4);
    }
    return {};
}
#endif
} // namespace

TEST_CASE("code that was added can be called, and what was added before it") {
    code_memory m(1 << 20);
    const u8* const first = add_function(m, 41);
    const u8* const second = add_function(m, 42);
    REQUIRE(first != nullptr);
    REQUIRE(second != nullptr);
    CHECK(call(first) == 41);
    CHECK(call(second) == 42);
    CHECK(m.status() == code_status::ready);
    CHECK(m.used() >= 12);
}

#if defined(__linux__)
TEST_CASE("pages of code are not writable, and are gone with their owner") {
    auto m = std::make_unique<code_memory>(1 << 20);
    const u8* const code = add_function(*m, 7);
    REQUIRE(code != nullptr);
    CHECK(protection(code) == "r-xp");
    CHECK(protection(code + (1 << 19)) == "---p");
    m.reset();
    CHECK(protection(code) != "r-xp");
}
#endif

TEST_CASE("the bound is kept, and is an answer") {
    code_memory m(1);
    const std::string much(16 * 1024, '\x90');
    const u8* const code = add_function(m, 3);
    REQUIRE(code != nullptr);
    CHECK(m.add(reinterpret_cast<const u8*>(much.data()), much.size()) == nullptr);
    CHECK(m.status() == code_status::full);
    CHECK(call(code) == 3);
}

TEST_CASE("memory that the system does not have is an answer") {
    code_memory m(u64{1} << 62);
    CHECK(add_function(m, 1) == nullptr);
    CHECK(m.status() == code_status::refused);
    CHECK(add_function(m, 1) == nullptr);
}

TEST_CASE("branches of a buffer lead to their labels, forward and back") {
    code_buffer b;
    const u32 ahead = b.new_label(), behind = b.new_label();
    const auto set_eax = [&](i64 n) {
        fillings v;
        v[from::a] = n;
        b.put(stubs::move[0].i, v);
    };
    set_eax(5);
    b.put(stubs::jump, {}, ahead);
    b.bind(behind);
    b.put(stubs::ret, {});
    b.bind(ahead);
    set_eax(6);
    b.put(stubs::jump, {}, behind);
    b.resolve();
    REQUIRE(!b.failed());
    code_memory m(4096);
    const u8* const code = m.add(b.data(), b.position());
    REQUIRE(code != nullptr);
    CHECK(call(code) == 6);
}
