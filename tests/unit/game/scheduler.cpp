// SPDX-License-Identifier: MIT
// Who gets what of a frame.
#include "../exec/support.hpp"

#include <tessera/game.hpp>

#include <chrono>
#include <thread>
#include <vector>

namespace {

using guests::guest;
using tessera::u32;
using tessera::u64;
using tessera::value;
using tessera::game::standing;
namespace game = tessera::game;

constexpr const char* mods = R"((module (import "env" "wait" (func $wait)) (import "env" "slow" (func $slow))
    (memory 100)
    (func (export "endless") (loop $again (br $again)))
    (func (export "count") (param $n i32)
        (loop $again (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func (export "waits") (call $wait))
    (func (export "traps") (unreachable))
    (func (export "fills") (loop $again (memory.fill (i32.const 0) (i32.const 1) (i32.const 6500000)) (br $again)))
    (func (export "slow") (loop $again (call $slow) (br $again)))))";

tessera::imports hosted() {
    tessera::imports env;
    env.define("env", "wait", [](tessera::caller& who) -> tessera::result<void> { return game::suspend(who); });
    env.define("env", "slow", [] { std::this_thread::sleep_for(std::chrono::milliseconds(5)); });
    return env;
}

/// Ends before the guests whose calls it has.
struct crowd {
    game::scheduler all;
    u32 add(const guest& g, const char* name, std::vector<value> args = {}, u32 weight = 1) {
        auto made = game::start(g.get<tessera::func>(name), args);
        REQUIRE(made);
        auto member = all.add(name, std::move(*made), weight);
        REQUIRE(member);
        return *member;
    }
};
bool is_near(u64 a, u64 b, u64 by) { return a > b ? a - b <= by : b - a <= by; }

} // namespace

TEST_CASE("a frame of fuel is shared by weight, and what one leaves goes to the others") {
    const tessera::imports env = hosted();
    guest g(mods, env), other(mods, env); // of two stores
    crowd c;
    const u32 a = c.add(g, "endless"), b = c.add(other, "endless", {}, 2), d = c.add(g, "count", {value::i32(10)}),
              e = c.add(g, "waits"), f = c.add(g, "traps");
    auto frame = c.all.run(60'000);
    CHECK(frame.budget == 60'000);
    CHECK(is_near(frame.used, 60'000, 100));
    CHECK(frame.finished == 2);
    CHECK(frame.waiting == 1);
    CHECK(frame.hungry == 2);
    CHECK(frame.worst == tessera::no_index);
    CHECK(c.all.used(d).state == standing::finished);
    CHECK(c.all.used(e).state == standing::waiting);
    CHECK(c.all.used(f).state == standing::trapped);
    CHECK(c.all.used(d).used < 200);
    CHECK(is_near(c.all.used(a).used, 20'000, 300));
    CHECK(is_near(c.all.used(b).used, 40'000, 300));
    CHECK(c.all.name(b) == "endless");
    CHECK(c.all.used(a).total == c.all.at(a).fuel_used());
    // The next one: nobody else is hungry.
    REQUIRE(c.all.at(e).answer());
    frame = c.all.run(300);
    CHECK(frame.finished == 1);
    CHECK(c.all.used(e).state == standing::finished);
    CHECK(is_near(frame.used, 300, 20));
    // A member gets another call.
    auto again = game::start(g.get<tessera::func>("count"), std::vector{value::i32(1000)});
    REQUIRE(again);
    REQUIRE(c.all.set(d, std::move(*again)));
    CHECK_FALSE(c.all.set(77, game::call(std::move(*g.get<tessera::func>("traps").start({})))));
    frame = c.all.run(100'000);
    CHECK(frame.finished == 1);
    CHECK(c.all.used(d).used > 1000);
    CHECK(c.all.run(0).used == 0);
    CHECK(game::scheduler().run(100).used == 0);
}

TEST_CASE("over many frames a remainder goes to each in turn") {
    guest g(mods, hosted());
    crowd c;
    for (int i = 0; i < 100; ++i) c.add(g, "endless");
    u64 used = 0;
    for (int i = 0; i < 400; ++i) used += c.all.run(777).used;
    CHECK(is_near(used, 400 * 777, 100 * 20));
    for (u32 i = 0; i < 100; ++i) CHECK(is_near(c.all.used(i).total, used / 100, 100));
}

TEST_CASE("who uses more than it was given is named, and makes up for it") {
    guest g(mods, hosted());
    crowd c;
    const u32 a = c.add(g, "endless"), b = c.add(g, "fills");
    auto frame = c.all.run(10'000);
    CHECK(frame.worst == b);
    CHECK(frame.used > 100'000);
    CHECK(c.all.used(b).over > 90'000);
    CHECK(c.all.used(b).owed > 90'000);
    CHECK(c.all.used(b).overruns == 1);
    CHECK(c.all.used(a).overruns == 0);
    CHECK(c.all.used(a).used >= 4'000);
    for (int i = 0; i < 200; ++i) frame = c.all.run(10'000);
    const u64 all = c.all.used(a).total + c.all.used(b).total;
    CHECK(is_near(all, 201 * 10'000, 120'000));
    CHECK(is_near(c.all.used(a).total, all / 2, 120'000));
    CHECK(c.all.used(b).overruns > 5);
    CHECK(c.all.used(b).overruns < 20);
}

TEST_CASE("a frame of time ends, whoever is in it") {
    using namespace std::chrono_literals;
    int slow = 0;
    const auto sleep = [&] { std::this_thread::sleep_for(5ms), ++slow; };
    tessera::imports plain;
    plain.define("env", "wait", [] {});
    plain.define("env", "slow", sleep);
    guest g(mods, plain);
    tessera::imports timed;
    timed.define("env", "wait", [] {});
    timed.define("env", "slow", game::timed(sleep));
    guest t(mods, timed);
    crowd c;

    // A host function that is not timed: it is learned how slow it is.
    auto call = game::start(g.get<void()>("slow"));
    REQUIRE(call);
    CHECK(call->run_for(2ms) == standing::deadline);
    CHECK(slow < 20);
    for (int i = 0; i < 4; ++i) {
        slow = 0;
        CHECK(call->run_for(2ms) == standing::deadline);
        CHECK(slow <= 2);
    }
    // One that is ends the slice.
    slow = 0;
    auto exact = game::start(t.get<void()>("slow"));
    REQUIRE(exact);
    for (int i = 1; i < 5; ++i) {
        CHECK(exact->run_for(2ms) == standing::deadline);
        CHECK(slow <= i); // none where the machine was busy with others all the time
        CHECK(exact->host_ns() >= u64(slow) * 5'000'000);
    }
    CHECK(slow > 0);
    CHECK(exact->fuel_used() > 0);
    CHECK(exact->fuel_used() < 100);

    const u32 a = c.add(g, "endless"), b = c.add(g, "endless"), s = c.add(t, "slow");
    // In a frame that others of the machine used up, it may not have come to its turn.
    auto frame = c.all.run_for(2ms);
    for (int i = 0; i < 50 && c.all.used(s).slices == 0; ++i) frame = c.all.run_for(2ms);
    CHECK(frame.used >= 2'000'000);
    CHECK(c.all.used(frame.worst).over >= c.all.used(s).over);
    CHECK(c.all.used(s).over > 3'000'000);
    CHECK(c.all.used(s).owed > 3'000'000);
    const u64 before = c.all.used(s).total;
    frame = c.all.run_for(2ms); // it still owes more than its share
    CHECK(c.all.used(s).total - before < 4'000'000);
    CHECK(frame.used >= 1'000'000);
    for (int i = 0; i < 50 && (c.all.used(a).slices == 0 || c.all.used(b).slices == 0); ++i) c.all.run_for(2ms);
    CHECK(c.all.used(a).slices > 0);
    CHECK(c.all.used(b).slices > 0);
}

TEST_CASE("a report sees what the host did with a member by itself, and counts nobody twice") {
    guest g(mods, hosted());
    crowd c;
    const u32 a = c.add(g, "waits"), b = c.add(g, "endless");
    auto frame = c.all.run(1'000);
    CHECK(frame.waiting == 1);
    REQUIRE(c.all.at(a).answer());
    REQUIRE(c.all.at(a).run(1'000) == standing::finished);
    frame = c.all.run(1'000);
    CHECK(frame.waiting == 0);
    CHECK(c.all.used(a).state == standing::finished);
    // One that waits, in a frame that ends before its turn.
    const u32 d = c.add(g, "waits");
    REQUIRE(c.all.at(d).run(1'000) == standing::waiting);
    frame = c.all.run(0);
    CHECK(frame.waiting == 1);
    CHECK(frame.hungry == 1);
    CHECK(c.all.used(b).state == standing::out_of_fuel);
}
