// SPDX-License-Identifier: MIT
// Guard pages: accesses trap, or do not, as they do with checks.
#include "guard.hpp"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <span>
#include <string>
#include <vector>

using namespace guard_test;

namespace {

// Each load and store, its bytes and, of a store, what it stores.
struct access_of {
    const char* name;
    u32 size;
    const char* value = nullptr;
};
constexpr access_of accesses[] = {
    {"i32.load", 4},
    {"i64.load", 8},
    {"f32.load", 4},
    {"f64.load", 8},
    {"i32.load8_s", 1},
    {"i32.load8_u", 1},
    {"i32.load16_s", 2},
    {"i32.load16_u", 2},
    {"i64.load8_s", 1},
    {"i64.load8_u", 1},
    {"i64.load16_s", 2},
    {"i64.load16_u", 2},
    {"i64.load32_s", 4},
    {"i64.load32_u", 4},
    {"v128.load", 16},
    {"v128.load8x8_s", 8},
    {"v128.load32x2_u", 8},
    {"v128.load8_splat", 1},
    {"v128.load16_splat", 2},
    {"v128.load32_splat", 4},
    {"v128.load64_splat", 8},
    {"v128.load32_zero", 4},
    {"v128.load64_zero", 8},
    {"i32.store", 4, "(i32.const -1)"},
    {"i64.store", 8, "(i64.const -1)"},
    {"f32.store", 4, "(f32.const nan)"},
    {"f64.store", 8, "(f64.const nan)"},
    {"i32.store8", 1, "(i32.const -1)"},
    {"i32.store16", 2, "(i32.const -1)"},
    {"i64.store8", 1, "(i64.const -1)"},
    {"i64.store16", 2, "(i64.const -1)"},
    {"i64.store32", 4, "(i64.const -1)"},
    {"v128.store", 16, "(v128.const i64x2 -1 -1)"},
};
// A function for each access and offset, exported by a number, that leaves a local behind what traps.
std::string module_of_accesses(const std::vector<std::string>& offsets, const char* memory) {
    std::string text = std::string("(module ") + memory;
    u32 n = 0;
    for (const access_of& a : accesses)
        for (const std::string& offset : offsets) {
            text += "(func (export \"" + std::to_string(n++) + "\") (param i32) (result i32) (local i32)\n";
            text += "(local.set 1 (i32.add (local.get 0) (i32.const 1)))";
            const std::string access = "(" + std::string(a.name) + " " + offset + " (local.get 0)";
            text += a.value ? access + a.value + ")" : "(drop " + access + "))";
            text += "(i32.add (local.get 1) (local.get 0)))\n";
        }
    return text + ")";
}
bool has_zeros(const tessera::memory& m, u64 from, u64 to) {
    const std::span<u8> all = *m.view(from, to - from);
    for (const u8 b : all)
        if (b != 0) return false;
    return true;
}

} // namespace

TEST_CASE("every access ends at the last byte, traps behind it at its place, and writes nothing then") {
    const std::vector<std::string> offsets = {"",
                                              "offset=1",
                                              "offset=65520",
                                              "offset=65536",
                                              "offset=0x7ffffff0",
                                              "offset=0x7fffffff",
                                              "offset=0x80000000",
                                              "offset=0xffffffff"};
    const std::string text = module_of_accesses(offsets, "(memory (export \"m\") 2 5)");
    for (const u64 blinding : {u64{0}, u64{12345}}) {
        const native_options options{.threshold = 0, .blinding = blinding};
        guest interpreted(text, bounds::interpreted), guarded(text, bounds::guarded, {}, options);
        auto m = guarded.get<tessera::memory>("m");
        for (u64 pages = 2; pages <= 5; ++pages) {
            const u64 end = pages * 65536;
            if (pages > 2) {
                REQUIRE(m.grow(1).has_value());
                REQUIRE(interpreted.get<tessera::memory>("m").grow(1).has_value());
            }
            u32 n = 0;
            for (const access_of& a : accesses)
                for (const std::string& offset : offsets) {
                    CAPTURE(a.name);
                    CAPTURE(offset);
                    const std::string name = std::to_string(n++);
                    auto run = guarded.get<i32(u32)>(name), wanted = interpreted.get<i32(u32)>(name);
                    const u64 beside = offset.empty() ? 0 : std::stoull(offset.substr(7), nullptr, 0);
                    for (const u64 ends_at :
                         {end, end + 1, end + a.size - 1, end + a.size, u64{1} << 32, (u64{1} << 32) + 1,
                          (u64{1} << 32) + a.size, beside + 0xffff'ffff + a.size})
                        for (const u32 at : {u32(ends_at - a.size - beside), 0u, 0xffff'ffffu})
                            check_same(run(at), wanted(at));
                    if (a.value && beside <= end - a.size) {
                        std::memset(m.view(end - 64, 64)->data(), 0, 64);
                        const u32 last = u32(end - a.size - beside);
                        for (u32 over = 1; over <= a.size; ++over) CHECK_FALSE(run(last + over).has_value());
                        CHECK(has_zeros(m, end - 64, end));
                        CHECK(run(last).has_value());
                        CHECK_FALSE(has_zeros(m, end - a.size, end));
                    }
                }
        }
        if (has_guards) CHECK(guarded.guarded() == std::size(accesses) * offsets.size());
    }
}

TEST_CASE("constant and computed addresses trap where they do with checks") {
    constexpr std::string_view text = R"((module
      (memory (export "m") 1 3)
      (func (export "last") (result i32) (i32.load (i32.const 65532)))
      (func (export "over") (result i32) (i32.load (i32.const 65533)))
      (func (export "second") (result i32) (i32.load offset=65536 (i32.const 1)))
      (func (export "far") (result i32) (i32.load offset=0xffffffff (i32.const -1)))
      (func (export "high") (result i64) (i64.load offset=0x7fffffff (i32.const -1)))
      (func (export "put") (i64.store (i32.const 131065) (i64.const 1)))
      (func (export "put_32") (v128.store offset=0xfffffff1 (i32.const -1) (v128.const i64x2 1 1)))
      (func (export "indexed") (param i32 i32) (result i32)
        (i32.load (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 2)))))
      (func (export "sum") (param i32 i32) (result i64) (local i64)
        (loop
          (local.set 2 (i64.add (local.get 2)
            (i64.add (i64.load offset=8 (local.get 0)) (i64.add (i64.load (local.get 0)) (i64.load offset=4 (local.get 0))))))
          (i64.store offset=2 (local.get 0) (local.get 2))
          (local.set 0 (i32.add (local.get 0) (i32.const 3)))
          (br_if 0 (local.tee 1 (i32.sub (local.get 1) (i32.const 1)))))
        (local.get 2))))";
    guest interpreted(text, bounds::interpreted), guarded(text, bounds::guarded);
    for (u32 pages = 1;; ++pages) {
        for (const char* const name : {"last", "over", "second", "far"})
            check_same(guarded.get<i32()>(name)(), interpreted.get<i32()>(name)());
        check_same(guarded.get<i64()>("high")(), interpreted.get<i64()>("high")());
        for (guest* const g : {&guarded, &interpreted}) CHECK(g->get<void()>("put")().has_value() == (pages == 3));
        CHECK_FALSE(guarded.get<void()>("put_32")().has_value());
        for (const u32 a : {0u, 4u, 65532u, 65536u, 0xffff'fffcu, 0xffff'ffffu})
            for (const u32 b : {0u, 1u, 16383u, 16384u, 0x3fff'ffffu, 0xffff'ffffu})
                check_same(guarded.get<i32(u32, u32)>("indexed")(a, b),
                           interpreted.get<i32(u32, u32)>("indexed")(a, b));
        for (const u32 from : {0u, 65000u, 65536u, 131050u})
            check_same(guarded.get<i64(u32, u32)>("sum")(from, 200), interpreted.get<i64(u32, u32)>("sum")(from, 200));
        auto m = guarded.get<tessera::memory>("m");
        const auto bytes = m.bytes(), others = interpreted.get<tessera::memory>("m").bytes();
        CHECK(std::memcmp(bytes.data(), others.data(), bytes.size()) == 0);
        if (pages == 3) break;
        REQUIRE(m.grow(1).has_value());
        REQUIRE(interpreted.get<tessera::memory>("m").grow(1).has_value());
    }
    if (has_guards) CHECK(guarded.guarded() == 9);
}

TEST_CASE("which of several accesses was out of bounds is known, in callers too") {
    constexpr std::string_view text = R"((module
      (memory 1)
      (func $three (export "three") (param i32 i32 i32) (result i64) (local f64 v128)
        (local.set 3 (f64.load (local.get 0)))
        (i32.store16 offset=2 (local.get 1) (i32.const -1))
        (local.set 4 (v128.load8_splat (local.get 2)))
        (i64.add (i64.load (i32.const 8)) (i64x2.extract_lane 0 (local.get 4))))
      (func (export "call") (param i32 i32 i32) (result i64) (local i64)
        (local.set 3 (i64.load32_u (local.get 0)))
        (local.set 3 (i64.add (local.get 3) (call $three (local.get 1) (local.get 2) (local.get 0))))
        (i64.store8 (local.get 2) (local.get 3))
        (local.get 3))))";
    for (const char* const name : {"three", "call"}) {
        guest interpreted(text, bounds::interpreted), guarded(text, bounds::guarded);
        auto run = guarded.get<i64(u32, u32, u32)>(name), wanted = interpreted.get<i64(u32, u32, u32)>(name);
        std::vector<u64> seen; // where it trapped
        for (const u32 a : {0u, 65535u, 65536u})
            for (const u32 b : {0u, 65535u, 65536u})
                for (const u32 c : {0u, 65535u, 65536u}) {
                    const auto got = run(a, b, c);
                    check_same(got, wanted(a, b, c));
                    if (!got && std::find(seen.begin(), seen.end(), got.error().offset()) == seen.end())
                        seen.push_back(got.error().offset());
                }
        CHECK(seen.size() >= 3);
    }
}

TEST_CASE("a guarded memory grows where it is, also from nothing, and no further than it may") {
    constexpr std::string_view text = R"((module
      (memory (export "m") 0 40)
      (func (export "grow") (param i32) (result i32) (local i32)
        (loop
          (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then (return (local.get 1))))
          (i32.store (i32.mul (local.get 1) (i32.const 65536)) (local.get 1))
          (i32.store offset=65532 (i32.mul (local.get 1) (i32.const 65536)) (local.get 1))
          (local.set 1 (i32.add (local.get 1) (i32.const 1)))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
      (func (export "read") (param i32) (result i32) (i32.load (local.get 0)))))";
    for (const u32 threshold : {0u, 3u}) {
        guest g(text, bounds::guarded, {}, {.threshold = threshold});
        auto m = g.get<tessera::memory>("m");
        auto read = g.get<i32(u32)>("read");
        for (u32 n = 0; n < 5; ++n) CHECK(read(0).error().why() == trap::out_of_bounds_memory);
        CHECK(*g.get<i32(i32)>("grow")(30) == 30);
        const u8* const base = m.bytes().data();
        CHECK(*g.get<i32(i32)>("grow")(30) == 10);
        CHECK(m.bytes().data() == base);
        CHECK(m.pages() == 40);
        CHECK(*read(30 * 65536 - 4) == 29);
        CHECK(*read(40 * 65536 - 4) == 0);
        CHECK(read(40 * 65536 - 3).error().why() == trap::out_of_bounds_memory);
        if (has_guards) CHECK(g.guarded() == 2);
    }
}
