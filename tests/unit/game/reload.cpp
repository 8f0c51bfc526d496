// SPDX-License-Identifier: MIT
// A new version of a module takes over, or nothing has happened.
#include "../exec/support.hpp"

#include <tessera/game.hpp>
#include <tessera/save.hpp>

#include <array>

namespace {

using guests::guest;
using guests::must;
using tessera::u32;
using tessera::game::standing;
namespace game = tessera::game;

tessera::module version(const char* text) {
    auto mod = tessera::module::parse_text<guests::profile>(text);
    REQUIRE_MESSAGE(mod, mod.error().message());
    return *mod;
}

constexpr const char* first = R"((module (import "env" "wait" (func $wait))
    (memory (export "memory") 1) (data (i32.const 0) "version 1")
    (global $score (export "score") (mut i32) (i32.const 0))
    (global (export "name") i32 (i32.const 1))
    (type $box (struct (field i32)))
    (global $box (export "box") (mut (ref null $box)) (ref.null $box))
    (func (export "play") (param i32)
        (global.set $score (i32.add (global.get $score) (local.get 0)))
        (global.set $box (struct.new $box (global.get $score)))
        (drop (memory.grow (i32.const 1)))
        (i32.store (i32.const 100000) (global.get $score)))
    (func (export "state") (result i32) (i32.load (i32.const 100000)))
    (func (export "wait") (call $wait))))";

constexpr const char* second = R"((module
    (memory (export "memory") 1) (data (i32.const 0) "VERSION 2")
    (global $score (export "score") (mut i32) (i32.const 0))
    (global $name (export "name") i32 (i32.const 2))
    (type $box (struct (field i32)))
    (global $box (export "box") (mut (ref null $box)) (ref.null $box))
    (global $migrated (mut i32) (i32.const 0))
    (func (export "migrate") (global.set $migrated (i32.load (i32.const 100000))) (i32.store (i32.const 100000) (i32.const 7)))
    (func (export "state") (result i32)
        (i32.add (i32.add (i32.mul (global.get $migrated) (i32.const 1000000)) (i32.mul (global.get $score) (i32.const 1000)))
            (i32.add (i32.mul (struct.get $box 0 (global.get $box)) (i32.const 10)) (i32.load (i32.const 100000)))))
    (func (export "named") (result i32) (global.get $name))))";

tessera::imports host() {
    tessera::imports env;
    env.define("env", "wait", [](tessera::caller& who) -> tessera::result<void> { return game::suspend(who); });
    env.define("env", "fail", []() -> tessera::result<void> { return tessera::trap::host; });
    return env;
}
std::string text_at_0(const tessera::instance& i) {
    return std::string(must(must(i.get<tessera::memory>("memory")).text(0, 9)));
}

} // namespace

TEST_CASE("memory and exported globals go over to the new version by name") {
    guest g(first, host());
    g.store.collect_always(true);
    REQUIRE(g.get<void(int)>("play")(5));
    REQUIRE(g.get<void(int)>("play")(6));
    REQUIRE(must(g.instance.get<tessera::memory>("memory")).write(50, std::string_view("kept")));
    const auto old_state = g.get<int()>("state");
    auto made = game::reload(g.store, g.instance, version(second));
    REQUIRE_MESSAGE(made, made.error().message());
    CHECK(*must(made->get<int()>("state"))() == 11 * 1000000 + 11 * 1000 + 11 * 10 + 7);
    CHECK(*must(made->get<int()>("named"))() == 2); // what cannot change is the new version's
    CHECK(text_at_0(*made) == "VERSION 2");
    CHECK(must(must(made->get<tessera::memory>("memory")).text(50, 4)) == "kept");
    CHECK(must(made->get<tessera::memory>("memory")).pages() == 3);
    // The old one has given its memory back.
    CHECK(game::consumed(g.store).memory_bytes == 3 * 65536);
    const auto gone = old_state();
    REQUIRE_FALSE(gone);
    CHECK(gone.error().why() == tessera::trap::out_of_bounds_memory);
    // Once more, and back; the memory as it is.
    game::reload_options as_it_is;
    as_it_is.write_data = false;
    as_it_is.migrate = {};
    auto back = game::reload(g.store, *made, version(first), host(), as_it_is);
    REQUIRE(back);
    CHECK(text_at_0(*back) == "VERSION 2");
    CHECK(*must(back->get<int()>("state"))() == 7);
    CHECK_FALSE(game::reload(g.store, tessera::instance(), version(second)));
}

TEST_CASE("a reload that fails leaves everything as it was") {
    guest g(first, host());
    REQUIRE(g.get<void(int)>("play")(5));
    const struct {
        const char *text, *message, *detail;
    } bad[] = {
        {R"((module (memory (export "memory") 1) (func (export "migrate") (i32.store (i32.const 100000) (i32.const 1)) (unreachable))))",
         "unreachable", ""},
        {R"((module (import "env" "none" (func)) (memory (export "memory") 1)))", "unknown import", "env.none"},
        {R"((module (memory (export "memory") 1) (func $s (unreachable)) (start $s)))", "unreachable", ""},
        {R"((module (memory (export "memory") 1 1)))", "type does not match", "memory"},
        {R"((module (memory (export "memory") i64 1)))", "type does not match", "memory"},
        {R"((module (global (export "score") (mut i64) (i64.const 0))))", "type does not match", "score"},
        {R"((module (global (export "box") (mut (ref i31)) (ref.i31 (i32.const 0)))))", "type does not match", "box"},
        {R"((module (func (export "migrate") (param i32))))", "type does not match", "migrate"},
        {R"((module (import "env" "fail" (func $f)) (memory (export "memory") 9) (func (export "migrate") (call $f))))",
         "host trap", ""},
        {R"((module (memory (export "memory") 1) (data (i32.const 100000) "x")))", "out of bounds memory access", ""},
    };
    for (const auto& b : bad) {
        CAPTURE(b.text);
        auto made = game::reload(g.store, g.instance, version(b.text), host());
        REQUIRE_FALSE(made);
        CHECK(made.error().message() == b.message);
        CHECK(made.error().detail() == b.detail);
        CHECK(*g.get<int()>("state")() == 5);
        CHECK(must(g.instance.get<tessera::global>("score")).get() == tessera::value::i32(5));
        CHECK(text_at_0(g.instance) == "version 1");
        CHECK(game::consumed(g.store).memory_bytes == 2 * 65536);
    }
    CHECK(game::reload(g.store, g.instance, version(second)));
}

TEST_CASE("a module whose call is suspended, or runs, is not reloaded") {
    tessera::imports env = host();
    guest g(first, env);
    REQUIRE(g.get<void(int)>("play")(5));
    {
        auto waits = game::start(g.get<void()>("wait"));
        REQUIRE(waits);
        auto begun = game::reload(g.store, g.instance, version(second));
        REQUIRE_FALSE(begun);
        CHECK(begun.error().is(tessera::msg::already_running));
        REQUIRE(waits->run() == standing::waiting);
        CHECK_FALSE(game::reload(g.store, g.instance, version(second)));
        CHECK(*g.get<int()>("state")() == 5);
    }
    tessera::result<tessera::instance> within;
    env.define("env", "reload", [&] { within = game::reload(g.store, g.instance, version(second)); });
    auto other = g.store.instantiate(
        version(R"((module (import "env" "reload" (func $f)) (func (export "run") (call $f))))"), env);
    REQUIRE(other);
    REQUIRE(must(other->get<void()>("run"))());
    CHECK_FALSE(within);
    CHECK(game::reload(g.store, g.instance, version(second)));
}

TEST_CASE("a memory that others import is not taken from them") {
    guest g(first, host());
    REQUIRE(g.get<void(int)>("play")(5));
    tessera::imports env;
    REQUIRE(env.define("a", "memory", must(g.instance.get<tessera::memory>("memory"))));
    auto other = g.store.instantiate(
        version(
            R"((module (import "a" "memory" (memory 1)) (func (export "read") (result i32) (i32.load (i32.const 100000)))))"),
        env);
    REQUIRE(other);
    REQUIRE(game::reload(g.store, g.instance, version(second)));
    CHECK(*must(other->get<int()>("read"))() == 5);
}

TEST_CASE("a store in which a module was reloaded is saved and restored, its old memory gone for good") {
    const tessera::imports env = host();
    guest g(first, env);
    REQUIRE(g.get<void(int)>("play")(5));
    const auto modules = std::array{version(first), version(second)};
    auto made = game::reload(g.store, g.instance, modules[1]);
    REQUIRE(made);
    game::set_limits(g.store, {});
    CHECK_FALSE(must(g.instance.get<tessera::memory>("memory")).grow(1));
    const auto saved = tessera::save(g.store);
    REQUIRE(saved);
    const auto& bytes = *saved;
    tessera::store<guests::profile> other;
    auto there = tessera::restore(other, {bytes.data(), bytes.size()}, modules, env);
    REQUIRE_MESSAGE(there, there.error().message() << ": " << there.error().detail());
    CHECK(must(tessera::state_hash(other)) == must(tessera::state_hash(g.store)));
    REQUIRE(there->instances.size() == 2);
    CHECK(game::consumed(other).memory_bytes == game::consumed(g.store).memory_bytes);
    CHECK_FALSE(must(there->instances[0].get<tessera::memory>("memory")).grow(1));
    CHECK(*must(there->instances[1].get<int()>("state"))() == *must(made->get<int()>("state"))());
}
