// SPDX-License-Identifier: MIT
// Guard pages: which memories have them, and what becomes of code that meets others.
#include "guard.hpp"

#include <tessera/game.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace guard_test;

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
