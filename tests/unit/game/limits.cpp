// SPDX-License-Identifier: MIT
// What is in use, and limits that change.
#include "../exec/support.hpp"

#include <tessera/game.hpp>

#include <chrono>
#include <thread>

namespace {

using guests::guest;
using guests::must;
using tessera::game::standing;
namespace game = tessera::game;

constexpr const char* growing = R"((module
    (memory (export "m") 1) (table (export "t") 5 funcref)
    (type $box (struct (field i64)))
    (global $kept (mut (ref null $list)) (ref.null $list))
    (type $list (struct (field (ref null $list)) (field i64)))
    (func (export "memory") (param i32) (result i32) (memory.grow (local.get 0)))
    (func (export "table") (param i32) (result i32) (table.grow (ref.null func) (local.get 0)))
    (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0))))
    (func (export "keep") (param $n i32)
        (loop $again
            (global.set $kept (struct.new $list (global.get $kept) (i64.const 1)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))))";

} // namespace

TEST_CASE("what a store and an instance use is counted") {
    guest g(growing);
    auto mod = tessera::module::parse_text<guests::profile>(
        "(module (import \"a\" \"m\" (memory 1)) (memory 2) (table 7 externref) (func) (func))");
    REQUIRE(mod);
    tessera::imports env;
    REQUIRE(env.define("a", "m", must(g.instance.get<tessera::memory>("m"))));
    auto second = g.store.instantiate(*mod, env);
    REQUIRE(second);
    game::consumption all = game::consumed(g.store), one = game::consumed(*second);
    CHECK(all.memory_bytes == 3 * 65536);
    CHECK(all.table_entries == 12);
    CHECK(all.instances == 2);
    CHECK(all.memories == 2);
    CHECK(all.tables == 2);
    CHECK(all.functions == 6);
    CHECK(one.memory_bytes == 2 * 65536);
    CHECK(one.table_entries == 7);
    CHECK(one.functions == 2);
    CHECK(one.memories == 1);
    CHECK(all.heap_bytes == 0);
    CHECK(g.get<int(int)>("memory")(3));
    CHECK(g.get<void(int)>("keep")(10));
    auto object = g.store.make_object<int>(1);
    REQUIRE(object);
    all = game::consumed(g.store);
    CHECK(all.memory_bytes == 6 * 65536);
    CHECK(game::consumed(g.instance).memory_bytes == 4 * 65536);
    CHECK(all.heap_bytes > 0);
    CHECK(all.stack_bytes >= 1024);
    CHECK(all.host_objects == 1);
    CHECK(game::consumed(tessera::instance()).functions == 0);
}

TEST_CASE("a limit that was reached is raised, and the guest goes on") {
    tessera::limits few;
    few.memory_bytes = 4 * 65536;
    few.total_memory_bytes = 6 * 65536;
    few.table_entries = 10;
    few.stack_bytes = 16 * 1024;
    few.heap_bytes = 64 * 1024;
    guest g(growing, {}, few);
    const auto memory = g.get<int(int)>("memory"), table = g.get<int(int)>("table"), deep = g.get<int(int)>("deep");
    CHECK(*memory(3) == 1);
    CHECK(*memory(1) == -1);
    CHECK(*table(6) == -1);
    CHECK_FALSE(deep(10'000));
    auto keep = game::start(g.get<void(int)>("keep"), 100'000);
    REQUIRE(keep);
    CHECK(keep->run() == standing::heap_full);
    CHECK(keep->run() == standing::heap_full);

    tessera::limits more = few;
    more.memory_bytes = 100 * 65536;
    more.table_entries = 20;
    more.stack_bytes = 4 << 20;
    more.heap_bytes = 16 << 20;
    game::set_limits(g.store, more);
    CHECK(g.store.limits().table_entries == 20);
    CHECK(*memory(3) == -1); // of all memories together
    CHECK(*memory(2) == 4);
    more.total_memory_bytes = 100 * 65536;
    game::set_limits(g.store, more);
    CHECK(*memory(3) == 6);
    CHECK(*table(6) == 5);
    CHECK(*table(100) == -1);
    CHECK(*deep(10'000) == 10'000);
    CHECK(keep->run() == standing::finished);

    // Of one instance alone.
    REQUIRE(game::set_limit(must(g.instance.get<tessera::memory>("m")), 10 * 65536));
    CHECK(*memory(2) == -1);
    CHECK(*memory(1) == 9);
    REQUIRE(game::set_limit(must(g.instance.get<tessera::table>("t")), 12));
    CHECK(*table(2) == -1);
    CHECK(*table(1) == 11);
    // Less than there is: it stays, and grows no more.
    game::set_limits(g.store, few);
    CHECK(*memory(1) == -1);
    CHECK(*memory(0) == 10);
    CHECK(*table(1) == -1);
    CHECK(game::consumed(g.store).memory_bytes == 10 * 65536);
    more.total_memory_bytes = 65536; // of all together, too
    more.total_table_entries = 1;
    game::set_limits(g.store, more);
    CHECK(*memory(1) == -1);
    CHECK(*memory(0) == 10);
    CHECK(*table(1) == -1);
    CHECK_FALSE(game::set_limit(tessera::memory(), 1));
    CHECK_FALSE(game::set_limit(tessera::table(), 1));
}

TEST_CASE("the time of host functions is counted apart") {
    tessera::imports env;
    env.define("env", "slow", game::timed([](int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }));
    env.define("env", "size", game::timed([](tessera::caller& who, std::string_view text) {
                   return who.from() ? int(text.size()) : -1;
               }));
    guest g(
        R"((module (import "env" "slow" (func $slow (param i32))) (import "env" "size" (func $size (param i32 i32) (result i32)))
        (memory 1)
        (func (export "run") (result i32) (call $slow (i32.const 3)) (call $size (i32.const 0) (i32.const 9)))))",
        env);
    auto call = game::start(g.get<int()>("run"));
    REQUIRE(call);
    const auto begin = std::chrono::steady_clock::now();
    REQUIRE(call->run() == standing::finished);
    const auto took = std::chrono::steady_clock::now() - begin;
    CHECK(*call->get<int>() == 9);
    CHECK(call->host_ns() >= 3'000'000);
    CHECK(std::chrono::nanoseconds(call->host_ns()) <= took);
    CHECK(*g.get<int()>("run")() == 9); // a plain call is nobody's
}
