// SPDX-License-Identifier: MIT
// Guard pages: what is out of bounds traps as it does with checks, all else goes to whoever handled faults before.
#include "native/profile.hpp"

#include <tessera/game.hpp>
#include <tessera/native/fault_watch.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <csignal>
#include <fstream>

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#endif

namespace {

using namespace tessera;
using tessera::i32;
using tessera::i64;
using tessera::u32;
using tessera::u64;

constexpr features profile = native_profile;
#if defined(__linux__) || defined(_WIN32)
constexpr bool has_guards = TESSERA_TAIL_CALLS;
#else
constexpr bool has_guards = false;
#endif

enum class bounds { interpreted, checked, guarded };

struct guest {
    tessera::store<profile> store;
    tessera::instance instance;

    guest(std::string_view text, bounds how, const imports& env = {}, native_options options = {.threshold = 0}) {
        REQUIRE(store.add_fuel(~u64{0}).has_value());
        options.all = true;
        options.guard_pages = how == bounds::guarded;
        if (how != bounds::interpreted) REQUIRE(enable_native(store, options).has_value());
        instance = add(text, env);
    }
    tessera::instance add(std::string_view text, const imports& env = {}) {
        auto mod = tessera::module::parse_text<profile>(text);
        REQUIRE(mod.has_value());
        auto made = store.instantiate(*mod, env);
        REQUIRE(made.has_value());
        return *made;
    }
    template <class T>
    auto get(std::string_view name) {
        return *instance.get<T>(name);
    }
    u64 guarded() const { return native_counters_of(store).guarded; }
};

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
template <class T>
void check_same(const result<T>& got, const result<T>& wanted) {
    REQUIRE(got.has_value() == wanted.has_value());
    if (got.has_value()) {
        CHECK(*got == *wanted);
        return;
    }
    CHECK(got.error().why() == wanted.error().why());
    CHECK(got.error().offset() == wanted.error().offset());
    CHECK(got.error().frames().size() == wanted.error().frames().size());
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

TEST_CASE("without the option nothing is guarded, nor are other memories with it") {
    constexpr std::string_view access = R"((func (export "get") (param i32) (result i32) (i32.load 0 (local.get 0))))";
    const std::string own = "(module (memory (export \"m\") 1) " + std::string(access) + ")";
    guest checked(own, bounds::checked);
    CHECK(*checked.get<i32(u32)>("get")(65532) == 0);
    CHECK_FALSE(checked.get<i32(u32)>("get")(65533).has_value());
    CHECK(checked.guarded() == 0);
    guest small("(module (memory 1000 (pagesize 1)) " + std::string(access) + ")", bounds::guarded);
    CHECK(*small.get<i32(u32)>("get")(996) == 0);
    CHECK_FALSE(small.get<i32(u32)>("get")(997).has_value());
    CHECK(small.guarded() == 0);
    guest wide("(module (memory i64 1) (func (export \"get\") (param i64) (result i32) (i32.load (local.get 0))))",
               bounds::guarded);
    CHECK(*wide.get<i32(i64)>("get")(65532) == 0);
    CHECK_FALSE(wide.get<i32(i64)>("get")(i64{1} << 40).has_value());
    CHECK(wide.guarded() == 0);
    // Memory 0 is, others are not.
    guest two(R"((module (memory 1) (memory $b 2)
      (func (export "a") (param i32) (result i32) (i32.load (local.get 0)))
      (func (export "b") (param i32) (result i32)
        (i32.store $b offset=4 (local.get 0) (i32.const 5))
        (i32.add (i32.load $b (local.get 0)) (i32.load $b offset=4 (local.get 0))))))",
              bounds::guarded);
    CHECK(*two.get<i32(u32)>("b")(131064) == 5);
    CHECK_FALSE(two.get<i32(u32)>("b")(131065).has_value());
    CHECK_FALSE(two.get<i32(u32)>("b")(0xffff'fff0).has_value());
    CHECK(*two.get<i32(u32)>("a")(65532) == 0);
    CHECK_FALSE(two.get<i32(u32)>("a")(65533).has_value());
}

namespace {
constexpr std::string_view importing = R"((module
  (import "host" "m" (memory 1 4))
  (func $get (export "get") (param i32) (result i32) (i32.load (local.get 0)))
  (func (export "call") (param i32) (result i32) (i32.add (i32.const 1) (call $get (local.get 0))))
  (func (export "sum") (param i32) (result i32) (local i32)
    (loop
      (local.set 1 (i32.add (local.get 1) (i32.load (local.get 0))))
      (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 4)))))
    (local.get 1))))";
void check_bounds(const tessera::instance& i, u32 size) {
    CAPTURE(size);
    auto get = *i.get<i32(u32)>("get"), call = *i.get<i32(u32)>("call"), sum = *i.get<i32(u32)>("sum");
    for (u32 n = 0; n < 4; ++n) {
        CHECK(*get(size - 4) == 7);
        CHECK(get(size - 3).error().why() == trap::out_of_bounds_memory);
        CHECK(*call(size - 4) == 8);
        CHECK(call(size).error().why() == trap::out_of_bounds_memory);
        CHECK(call(size).error().frames().size() == 2);
        CHECK(*sum(size - 4) == 7);
        CHECK(sum(size).error().why() == trap::out_of_bounds_memory);
    }
}
} // namespace

TEST_CASE("where an instance of the same module has a memory without guard pages, the code checks") {
    // In which order instances are made and called; the memory made before machine code was enabled has none.
    for (const u32 threshold : {0u, 3u})
        for (const bool guarded_first : {true, false}) {
            CAPTURE(threshold);
            CAPTURE(guarded_first);
            tessera::store<profile> store;
            REQUIRE(store.add_fuel(~u64{0}).has_value());
            auto before = store.make_memory({{1, 4, true}});
            REQUIRE(before.has_value());
            REQUIRE(enable_native(store, {.threshold = threshold, .all = true, .guard_pages = true}).has_value());
            auto after = store.make_memory({{2, 4, true}});
            REQUIRE(after.has_value());
            REQUIRE(before->store<i32>(65532, 7).has_value());
            REQUIRE(after->store<i32>(131068, 7).has_value());
            auto mod = tessera::module::parse_text<profile>(importing);
            imports with_guards, without;
            REQUIRE(with_guards.define("host", "m", *after));
            REQUIRE(without.define("host", "m", *before));
            auto a = store.instantiate(*mod, with_guards);
            REQUIRE(a.has_value());
            // What the first cell of `get` does: it counts, or leads to machine code.
            const auto first = [&] { return exec::load_native<const void*>(store.data()->units[0]->funcs[0].cells); };
            CHECK_FALSE((*a->get<i32(u32)>("get"))(0xffff'ffff).has_value());
            const void* const counts = first();
            if (guarded_first) {
                check_bounds(*a, 131072);
                if (has_guards) CHECK(native_counters_of(store).guarded == 3);
                if (has_guards && threshold != 0) CHECK(first() != counts);
            }
            auto b = store.instantiate(*mod, without);
            REQUIRE(b.has_value());
            check_bounds(*b, 65536);
            CHECK(native_counters_of(store).guarded == 0);
            if (has_guards) CHECK(native_counters_of(store).functions == 3);
            if (has_guards && threshold != 0) CHECK(first() != counts);
            check_bounds(*a, 131072);
            check_bounds(*b, 65536);
            REQUIRE(before->store<i32>(65532, 0).has_value());
            REQUIRE(before->grow(1).has_value());
            REQUIRE(before->store<i32>(131068, 7).has_value());
            check_bounds(*b, 131072);
            CHECK(native_counters_of(store).guarded == 0);
            if (has_guards) CHECK(native_counters_of(store).functions == 3);
            // Another module is of no concern to them.
            auto other = tessera::module::parse_text<profile>(importing);
            auto c = store.instantiate(*other, with_guards);
            REQUIRE(c.has_value());
            check_bounds(*c, 131072);
            if (has_guards) CHECK(native_counters_of(store).guarded == 3);
        }
}

TEST_CASE("code that goes on in the interpreter, and in callers, does so where guard pages end") {
    // The callee in the other instance, by a table, enters its own code; `outer` goes on with guard pages afterwards.
    tessera::store<profile> store;
    REQUIRE(store.add_fuel(~u64{0}).has_value());
    auto before = store.make_memory({{1, 4, true}});
    REQUIRE(enable_native(store, {.threshold = 0, .all = true, .guard_pages = true}).has_value());
    auto after = store.make_memory({{1, 4, true}});
    auto mod = tessera::module::parse_text<profile>(R"((module
      (import "host" "m" (memory 1 4))
      (import "host" "t" (table 1 funcref))
      (type $f (func (param i32) (result i32)))
      (elem declare func $get)
      (func $get (export "get") (type $f) (i32.load (local.get 0)))
      (func (export "outer") (param i32) (result i32) (local i32)
        (local.set 1 (i32.load (local.get 0)))
        (local.set 1 (i32.add (local.get 1) (call_indirect (type $f) (local.get 0) (i32.const 0))))
        (i32.store (i32.const 0) (local.get 1))
        (i32.add (i32.load (local.get 0)) (local.get 1)))))");
    REQUIRE(mod.has_value());
    auto table = store.make_table({{1, 1, true}, t_funcref});
    REQUIRE(table.has_value());
    const auto with = [&](const tessera::memory& m) {
        imports env;
        REQUIRE(env.define("host", "m", m));
        REQUIRE(env.define("host", "t", *table));
        auto made = store.instantiate(*mod, env);
        REQUIRE(made.has_value());
        return *made;
    };
    auto a = with(*after), b = with(*before);
    REQUIRE(table->set(0, *b.get<tessera::func>("get")).has_value());
    REQUIRE(after->store<i32>(8, 20).has_value());
    REQUIRE(before->store<i32>(8, 3).has_value());
    auto outer = *a.get<i32(u32)>("outer");
    CHECK(*outer(8) == 43);
    CHECK(native_counters_of(store).guarded == 0);
    CHECK(*outer(8) == 43);
    CHECK(*after->load<i32>(0) == 23);
    CHECK(outer(65536).error().why() == trap::out_of_bounds_memory);
}

TEST_CASE("an instance that was reloaded finds no memory, the new one has it with guard pages") {
    constexpr std::string_view text = R"((module (memory (export "m") 1)
      (func (export "get") (param i32) (result i32) (i32.load (local.get 0)))
      (func (export "put") (param i32) (i32.store (local.get 0) (i32.const 6)))))";
    guest g(text, bounds::guarded);
    auto get = g.get<i32(u32)>("get");
    CHECK(g.get<void(u32)>("put")(65532).has_value());
    CHECK(*get(65532) == 6);
    auto next = tessera::module::parse_text<profile>(text); // another module, and the same again
    auto second = game::reload(g.store, g.instance, *next);
    REQUIRE(second.has_value());
    CHECK(get(0).error().why() == trap::out_of_bounds_memory);
    CHECK(get(65536).error().why() == trap::out_of_bounds_memory);
    CHECK(*(*second->get<i32(u32)>("get"))(65532) == 6);
    CHECK_FALSE((*second->get<i32(u32)>("get"))(65533).has_value());
    if (has_guards) CHECK(g.guarded() == 1);
    auto third = game::reload(g.store, *second, *next);
    REQUIRE(third.has_value());
    CHECK((*second->get<i32(u32)>("get"))(0).error().why() == trap::out_of_bounds_memory);
    CHECK_FALSE((*second->get<void(u32)>("put"))(8).has_value());
    CHECK(*(*third->get<i32(u32)>("get"))(65532) == 6);
    CHECK_FALSE((*third->get<i32(u32)>("get"))(65533).has_value());
}

TEST_CASE("code that has called the host goes on with guard pages, whatever the host did") {
    // The host makes the memory larger, and has the same functions called where there are no guard pages.
    constexpr std::string_view text = R"((module
      (import "host" "m" (memory 1 4))
      (import "host" "f" (func $f (param i32)))
      (func $get (export "get") (param i32) (result i32) (i32.load (local.get 0)))
      (func (export "run") (param i32 i32) (result i32) (local i32)
        (local.set 2 (i32.load (local.get 0)))
        (call $f (local.get 0))
        (i32.store (local.get 1) (i32.add (local.get 2) (i32.const 1)))
        (i32.add (call $get (local.get 1)) (i32.load (local.get 0))))))";
    for (const u32 threshold : {0u, 2u}) {
        tessera::store<profile> store;
        REQUIRE(store.add_fuel(~u64{0}).has_value());
        auto before = store.make_memory({{1, 4, true}});
        REQUIRE(enable_native(store, {.threshold = threshold, .all = true, .guard_pages = true}).has_value());
        auto after = store.make_memory({{1, 4, true}});
        auto mod = tessera::module::parse_text<profile>(text);
        REQUIRE(mod.has_value());
        int calls = 0;
        std::optional<tessera::instance> unguarded;
        imports with_guards, without;
        with_guards.define("host", "f", [&](u32 at) {
            if (++calls == 10) CHECK(after->grow(1).has_value());
            if (!unguarded) return;
            CHECK(*(*unguarded->get<i32(u32, u32)>("run"))(at, 8) == 1);
            CHECK_FALSE((*unguarded->get<i32(u32)>("get"))(65536).has_value());
        });
        without.define("host", "f", [](u32) {});
        REQUIRE(with_guards.define("host", "m", *after));
        REQUIRE(without.define("host", "m", *before));
        auto guarded = store.instantiate(*mod, with_guards);
        REQUIRE(guarded.has_value());
        auto run = *guarded->get<i32(u32, u32)>("run");
        while (calls < 8) {
            CHECK(*run(0, 16) == 1);
            CHECK(run(0, 65536).error().why() == trap::out_of_bounds_memory);
        }
        CHECK(*run(0, 16) == 1);
        CHECK(*run(0, 65536) == 1); // the tenth call of the host
        if (has_guards) CHECK(native_counters_of(store).guarded == 2);
        auto made = store.instantiate(*mod, without);
        REQUIRE(made.has_value());
        unguarded = *made;
        for (int n = 0; n < 4; ++n) {
            CHECK(*run(0, 131068) == 1);
            CHECK(run(0, 131072).error().why() == trap::out_of_bounds_memory);
        }
        CHECK(native_counters_of(store).guarded == 0);
        if (has_guards) CHECK(native_counters_of(store).functions == 2);
    }
}

// ---- threads --------------------------------------------------------------------------------------------------------

TEST_CASE("guests of several threads trap, and stores come and go meanwhile") {
    std::atomic<u32> wrong{0};
    const auto work = [&](u32 seed) {
        for (u32 round = 0; round < 20; ++round) {
            tessera::store<profile> store;
            const bool ok = store.add_fuel(~u64{0}).has_value() &&
                            enable_native(store, {.threshold = 0, .all = true, .guard_pages = true}).has_value();
            auto memory = store.make_memory({{1, 4, true}});
            auto mod = tessera::module::parse_text<profile>(importing);
            imports env;
            if (!ok || !memory || !mod || !env.define("host", "m", *memory)) return static_cast<void>(++wrong);
            auto made = store.instantiate(*mod, env);
            if (!made) return static_cast<void>(++wrong);
            auto call = *made->get<i32(u32)>("call");
            for (u32 n = 0; n < 200; ++n) {
                const u32 at = 65530 + (n * 7 + seed) % 8;
                const auto got = call(at);
                if (got.has_value() != (at <= 65532)) ++wrong;
                if (!got && got.error().why() != trap::out_of_bounds_memory) ++wrong;
            }
            if (has_guards && native_counters_of(store).guarded != 2) ++wrong;
        }
    };
    std::vector<std::thread> threads;
    for (u32 n = 0; n < 4; ++n) threads.emplace_back(work, n);
    for (std::thread& t : threads) t.join();
    CHECK(wrong == 0);
}

TEST_CASE("a shared memory that others make larger is not out of bounds any more") {
    constexpr std::string_view text = R"((module
      (import "host" "m" (memory 1 20 shared))
      (func (export "one") (param i32 i32) (result i32)
        (i32.store (local.get 0) (local.get 1))
        (i32.load (local.get 0)))
      (func (export "add") (param i32) (result i64) (local i64)
        (loop
          (local.set 1 (i64.add (local.get 1) (i64.load8_u (local.get 0))))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))))";
    for (const bool enabled_before : {false, true}) {
        tessera::store<profile> other; // while it lives, memories of no store are guarded
        if (enabled_before) REQUIRE(enable_native(other, {.guard_pages = true}).has_value());
        auto memory = shared_memory::make({{1, 20, true}, true});
        REQUIRE(memory.has_value());
        imports env;
        REQUIRE(env.define("host", "m", *memory));
        guest a(text, bounds::guarded, env), b(text, bounds::guarded, env);
        auto one = a.get<i32(u32, u32)>("one");
        CHECK(*one(65532, 5) == 5);
        CHECK(one(65533, 5).error().why() == trap::out_of_bounds_memory);
        REQUIRE(memory->grow(1).has_value());
        CHECK(*one(131068, 7) == 7);
        CHECK(one(131069, 7).error().why() == trap::out_of_bounds_memory);
        if (has_guards) CHECK(a.guarded() == (enabled_before ? 1 : 0));
        std::thread others([&] {
            for (u32 pages = 2; pages < 20; ++pages) {
                auto done = b.get<i32(u32, u32)>("one")(pages * 65536 - 4, pages);
                if (!done || !memory->grow(1)) return;
            }
        });
        for (u32 at = 131072; memory->pages() < 20 && at < 20 * 65536;) {
            const auto got = one(at, 9);
            if (got.has_value()) at += 4096;
            else CHECK(got.error().why() == trap::out_of_bounds_memory);
        }
        others.join();
        CHECK(memory->pages() == 20);
        CHECK(*one(20 * 65536 - 4, 11) == 11);
        CHECK_FALSE(one(20 * 65536, 11).has_value());
        CHECK(*a.get<i64(u32)>("add")(20 * 65536 - 1) > 0);
    }
    // One that a module declares.
    guest own(R"((module (memory 1 3 shared)
      (func (export "grow") (result i32) (memory.grow (i32.const 1)))
      (func (export "get") (param i32) (result i32) (i32.load (local.get 0)))))",
              bounds::guarded);
    auto get = own.get<i32(u32)>("get");
    for (u32 size = 65536; size <= 196608; size += 65536) {
        CHECK(*get(size - 4) == 0);
        CHECK_FALSE(get(size - 3).has_value());
        CHECK(*own.get<i32()>("grow")() == (size == 196608 ? -1 : i32(size / 65536)));
    }
    if (has_guards) CHECK(own.guarded() == 2);
}

// ---- other handlers -------------------------------------------------------------------------------------------------

#if defined(__linux__)

namespace {

struct page {
    u8* at = static_cast<u8*>(mmap(nullptr, 65536, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    ~page() { munmap(at, 65536); }
    // Accesses what cannot be.
    void touch() const { *const_cast<volatile u8*>(at + 5) = 1; }
    void open() const { REQUIRE(mprotect(at, 65536, PROT_READ | PROT_WRITE) == 0); }
    void close() const { REQUIRE(mprotect(at, 65536, PROT_NONE) == 0); }
};
page* volatile faulty = nullptr; // which the handlers here open
volatile std::sig_atomic_t low_calls = 0, high_calls = 0;
struct sigaction below_high; // what the handler `high` passes on to
void open_page(void* address) {
    const page* const p = faulty;
    if (p && address >= p->at && address < p->at + 65536) mprotect(p->at, 65536, PROT_READ | PROT_WRITE);
    else std::abort();
}
void low(int, siginfo_t* info, void*) {
    low_calls = low_calls + 1;
    open_page(info->si_addr);
}
void high(int number, siginfo_t* info, void* context) {
    high_calls = high_calls + 1;
    if ((below_high.sa_flags & SA_SIGINFO) != 0) below_high.sa_sigaction(number, info, context);
    else open_page(info->si_addr);
}
using handler_type = void (*)(int, siginfo_t*, void*);
struct sigaction set_handler(handler_type h, int flags = 0) {
    struct sigaction ours = {}, before = {};
    ours.sa_sigaction = h;
    ours.sa_flags = SA_SIGINFO | flags;
    REQUIRE(sigaction(SIGSEGV, &ours, &before) == 0);
    return before;
}
handler_type handler_now() {
    struct sigaction now = {};
    REQUIRE(sigaction(SIGSEGV, nullptr, &now) == 0);
    return (now.sa_flags & SA_SIGINFO) != 0 ? now.sa_sigaction : nullptr;
}
// Faults of guests end as traps, others get to the handler `low`.
void check_faults(guest& g, const page& p) {
    auto get = g.get<i32(u32)>("get");
    const int before = low_calls;
    for (int n = 0; n < 3; ++n) {
        CHECK(get(65533).error().why() == trap::out_of_bounds_memory);
        CHECK(*get(65532) == 0);
    }
    CHECK(low_calls == before);
    p.close();
    p.touch();
    CHECK(low_calls == before + 1);
    CHECK(get(65533).error().why() == trap::out_of_bounds_memory);
    CHECK(low_calls == before + 1);
}
constexpr std::string_view small = R"((module (memory (export "m") 1)
  (func (export "get") (param i32) (result i32) (i32.load (local.get 0)))))";

} // namespace

TEST_CASE("faults that are not a guest's go to the handler that was there, which is put back in the end") {
    page p;
    faulty = &p;
    const struct sigaction former = set_handler(&low);
    {
        guest checked(small, bounds::checked);
        CHECK_FALSE(checked.get<i32(u32)>("get")(65533).has_value());
        CHECK((handler_now() == &low)); // nobody has asked for guard pages
    }
    {
        guest first(small, bounds::guarded);
        if (has_guards) CHECK((handler_now() != &low));
        check_faults(first, p);
        {
            guest second(small, bounds::guarded);
            check_faults(second, p);
        }
        check_faults(first, p);
    }
    CHECK((handler_now() == &low));
    // What a reset store had is not watched any more either.
    guest g(small, bounds::guarded);
    check_faults(g, p);
    REQUIRE(g.store.reset().has_value());
    CHECK((handler_now() == &low));
    REQUIRE(sigaction(SIGSEGV, &former, nullptr) == 0);
    faulty = nullptr;
}

TEST_CASE("a handler that was installed later stays, and so does ours below it") {
    if (!has_guards) return;
    page p;
    faulty = &p;
    const struct sigaction former = set_handler(&low);
    handler_type ours = nullptr;
    {
        guest g(small, bounds::guarded);
        ours = handler_now();
        below_high = set_handler(&high, SA_NODEFER);
        CHECK((below_high.sa_sigaction == ours));
        const int before = high_calls;
        check_faults(g, p);
        CHECK(high_calls == before + 5); // four of the guest's
    }
    CHECK((handler_now() == &high));
    p.close();
    int before = low_calls;
    p.touch(); // passes through ours, which has nothing to answer
    CHECK(low_calls == before + 1);
    {
        guest g(small, bounds::guarded);
        CHECK((handler_now() != &high));
        CHECK((handler_now() != ours));
        check_faults(g, p);
    }
    CHECK((handler_now() == &high));
    REQUIRE(sigaction(SIGSEGV, &below_high, nullptr) == 0); // `high` is gone, as it should be, last in first out
    {
        guest g(small, bounds::guarded);
        CHECK((handler_now() == ours));
        check_faults(g, p);
    }
    CHECK((handler_now() == &low));
    REQUIRE(sigaction(SIGSEGV, &former, nullptr) == 0);
    faulty = nullptr;
}

TEST_CASE("whoever protects a part of a memory that the guest has gets the faults there") {
    const struct sigaction former = set_handler(&low);
    {
        guest g(small, bounds::guarded);
        page p;
        munmap(p.at, 65536);
        p.at = g.get<tessera::memory>("m").bytes().data();
        faulty = &p;
        const int before = low_calls;
        p.close();
        CHECK(*g.get<i32(u32)>("get")(100) == 0);
        CHECK(low_calls == before + 1);
        CHECK_FALSE(g.get<i32(u32)>("get")(65533).has_value());
        CHECK(low_calls == before + 1);
        p.at = nullptr;
    }
    REQUIRE(sigaction(SIGSEGV, &former, nullptr) == 0);
    faulty = nullptr;
}

TEST_CASE("where address space is short memories are checked, and nothing fails") {
    struct rlimit before = {};
    REQUIRE(getrlimit(RLIMIT_AS, &before) == 0);
    u64 pages = 0; // of address space that the process has
    std::ifstream("/proc/self/statm") >> pages;
    REQUIRE(pages != 0);
    const struct rlimit little = {pages * u64(sysconf(_SC_PAGESIZE)) + (u64{4} << 30), before.rlim_max};
    guest g(R"((module))", bounds::guarded);
    REQUIRE(setrlimit(RLIMIT_AS, &little) == 0);
    auto with = g.add(small);
    REQUIRE(setrlimit(RLIMIT_AS, &before) == 0);
    auto get = *with.get<i32(u32)>("get");
    for (int n = 0; n < 3; ++n) {
        CHECK(*get(65532) == 0);
        CHECK(get(65533).error().why() == trap::out_of_bounds_memory);
    }
    CHECK(g.guarded() == 0);
    if (has_guards) CHECK(native_counters_of(g.store).functions == 1);
}
#endif

#if defined(_WIN32)
namespace {
u8* faulty = nullptr; // a page that the handler here opens
int opened = 0;
long __stdcall open_page(::_EXCEPTION_POINTERS* what) {
    const auto& e = *reinterpret_cast<const native::prim::detail::exception_pointers*>(what);
    if (e.record->information[1] - u64(reinterpret_cast<std::uintptr_t>(faulty)) >= 65536) return 0;
    ++opened;
    return commit_pages(faulty, 65536) ? -1 : 0;
}
} // namespace

TEST_CASE("faults that are not a guest's go to the host's vectored handler") {
    void* const own = native::prim::detail::AddVectoredExceptionHandler(0, &open_page);
    guest g(R"((module (memory 1) (func (export "get") (param i32) (result i32) (i32.load (local.get 0)))))",
            bounds::guarded);
    auto get = g.get<i32(u32)>("get");
    for (int round = 1; round <= 2; ++round) {
        CHECK(get(65533).error().why() == trap::out_of_bounds_memory);
        CHECK(opened == round - 1);
        faulty = static_cast<u8*>(reserve_pages(65536, 0));
        REQUIRE(faulty != nullptr);
        *const_cast<volatile u8*>(faulty + 5) = 1;
        CHECK(opened == round);
        CHECK(*get(65532) == 0);
        release_pages(faulty, 65536);
    }
    if (has_guards) CHECK(g.guarded() == 1);
    REQUIRE(native::prim::detail::RemoveVectoredExceptionHandler(own) != 0);
}
#endif
