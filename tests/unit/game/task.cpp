// SPDX-License-Identifier: MIT
// Host functions that are coroutines.
#include <tessera/config.hpp>

#if defined(__cpp_impl_coroutine)
#include "../exec/support.hpp"

#include <tessera/game.hpp>

#include <memory>
#include <stdexcept>
#include <vector>

namespace {

using guests::guest;
using tessera::value;
using tessera::game::standing;
namespace game = tessera::game;

constexpr const char* caller_text = R"((module (import "env" "get" (func $get (param i32) (result i32)))
    (import "env" "put" (func $put (param i32)))
    (func (export "run") (param i32) (result i32)
        (call $put (local.get 0))
        (i32.add (i32.const 1) (call $get (local.get 0))))))";

/// Counts how many of it there are.
struct counted {
    explicit counted(int& n) : of(&n) { ++n; }
    counted(const counted&) = delete;
    ~counted() { --*of; }
    int* of;
};

} // namespace

TEST_CASE("a guest waits for a coroutine of its host, and for what that awaits") {
    game::later<int> number, factor;
    int alive = 0;
    std::vector<int> put;
    const auto load = [&](int n) -> game::task<int> {
        const counted here(alive);
        co_return n* co_await number;
    };
    tessera::imports env;
    env.define("env", "get", game::async([&](int n) -> game::task<int> {
                   const counted here(alive);
                   auto loaded = co_await load(n);
                   co_return *loaded* co_await factor;
               }));
    env.define("env", "put", game::async([&](tessera::instance from, int n) -> game::task<void> {
                   put.push_back(from ? n : -1);
                   co_return;
               }));
    guest g(caller_text, env);
    auto call = game::start(g.get<int(int)>("run"), 5);
    REQUIRE(call);
    REQUIRE(call->run(1000) == standing::waiting);
    CHECK(put == std::vector{5}); // which did not wait
    CHECK(alive == 2);
    CHECK_FALSE(call->answer(1)); // the task does
    CHECK_FALSE(call->fail(tessera::trap::host));
    CHECK(call->run(1000) == standing::waiting);
    number.set(3);
    CHECK(alive == 1);
    CHECK(call->run(1000) == standing::waiting);
    factor.set(10);
    REQUIRE(call->run(1000) == standing::finished);
    CHECK(*call->get<int>() == 151);
    CHECK(alive == 0);

    // One that is set already does not wait; and a plain call may then be made as well.
    number.set(1);
    factor.set(1);
    auto at_once = g.get<int(int)>("run")(7);
    REQUIRE(at_once);
    CHECK(*at_once == 8);
    auto refused = g.get<int(int)>("run")(7);
    REQUIRE_FALSE(refused);
    CHECK(refused.error().is(tessera::msg::cannot_wait));
    CHECK(alive == 0);
    CHECK_FALSE(number.is_awaited());

    // A call that is given up takes its coroutine with it.
    {
        auto dropped = game::start(g.get<int(int)>("run"), 5);
        REQUIRE(dropped);
        REQUIRE(dropped->run(1000) == standing::waiting);
        CHECK(alive == 2);
    }
    CHECK(alive == 0);
    CHECK_FALSE(number.is_awaited());
    // And so does the store's reset, at the latest when the call learns of it.
    auto reset = game::start(g.get<int(int)>("run"), 5);
    REQUIRE(reset);
    REQUIRE(reset->run(1000) == standing::waiting);
    REQUIRE(g.store.reset());
    CHECK(reset->run(1000) == standing::trapped);
    CHECK(alive == 0);
}

TEST_CASE("a coroutine ends with an error") {
    auto answer = std::make_unique<game::later<int>>();
    tessera::imports env;
    env.define("env", "get", game::async([&](int) -> game::task<tessera::result<int>> {
                   if (co_await *answer == 0) co_return tessera::trap::integer_divide_by_zero;
#if defined(__cpp_exceptions)
                   throw std::runtime_error("no");
#endif
                   co_return 1;
               }));
    env.define("env", "put", [](int) {});
    guest g(caller_text, env);
    auto call = game::start(g.get<int(int)>("run"), 5);
    REQUIRE(call);
    REQUIRE(call->run(1000) == standing::waiting);
    answer->set(0);
    REQUIRE(call->run(1000) == standing::trapped);
    CHECK(call->error().why() == tessera::trap::integer_divide_by_zero);
    CHECK(call->error().frames().size() == 2);
#if defined(__cpp_exceptions)
    auto thrown = game::start(g.get<int(int)>("run"), 5);
    REQUIRE(thrown);
    REQUIRE(thrown->run(1000) == standing::waiting);
    answer->set(1);
    REQUIRE(thrown->run(1000) == standing::trapped);
    CHECK(thrown->error().is(tessera::msg::host_threw));
#endif
    // What it awaits is gone before it.
    auto left = game::start(g.get<int(int)>("run"), 5);
    REQUIRE(left);
    REQUIRE(left->run(1000) == standing::waiting);
    answer.reset();
    CHECK(left->run(1000) == standing::waiting);
}
#endif
