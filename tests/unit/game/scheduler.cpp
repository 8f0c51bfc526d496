// SPDX-License-Identifier: MIT
// Who gets what of a frame.
#include "../exec/support.hpp"

#include <tessera/game.hpp>
#include <tessera/save.hpp>

#include <array>
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
/// No call runs or waits.
bool is_idle(guest& g) {
    tessera::rollback<guests::profile> states(g.store, 1);
    return states.take().has_value();
}
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

TEST_CASE("a member is dropped, the others keep their numbers and their turns") {
    guest g(mods, hosted());
    {
        guest other(mods, hosted());
        crowd c;
        const u32 a = c.add(g, "endless"), b = c.add(other, "endless"), d = c.add(g, "endless"), e = c.add(g, "waits");
        c.all.run(4'000);
        CHECK_FALSE(is_idle(other));
        CHECK(c.all.turn() == b);
        REQUIRE(c.all.drop(b));
        CHECK(is_idle(other));
        CHECK(c.all.turn() == d); // whoever comes after it
        CHECK_FALSE(c.all.has(b));
        CHECK(c.all.has(d));
        CHECK_FALSE(c.all.has(17));
        CHECK(c.all.size() == 4);
        CHECK(c.all.name(b).empty());
        CHECK(c.all.at(b).is_over());
        CHECK(c.all.used(b).total == 0);
        CHECK(c.all.drop(b).error().is(tessera::msg::out_of_range));
        CHECK(c.all.drop(4).error().is(tessera::msg::out_of_range));
        CHECK_FALSE(c.all.set(b, game::call(std::move(*g.get<tessera::func>("traps").start({})))));
        auto frame = c.all.run(4'000);
        CHECK(is_near(c.all.used(a).used, 2'000, 100));
        CHECK(is_near(c.all.used(d).used, 2'000, 100));
        CHECK(frame.waiting == 1);
        CHECK(frame.finished == 0);
        REQUIRE(c.all.drop(e)); // one that waits
        // Its number is the next one's, who starts with nothing behind it.
        CHECK(c.add(other, "count", {value::i32(10)}) == b);
        CHECK(c.all.name(b) == "count");
        CHECK(c.all.used(b).total == 0);
        frame = c.all.run(4'000);
        CHECK(frame.finished == 1);
        CHECK(frame.waiting == 0);
        // All of a store that is about to go; one that has finished, too.
        CHECK(*c.all.drop_of(other.store) == 1);
        CHECK(*c.all.drop_of(other.store) == 0);
        CHECK(c.all.has(a));
        CHECK(*c.all.drop_of(g.store) == 2);
        CHECK(is_idle(g));
        CHECK(c.all.run(1'000).used == 0);
        CHECK(c.all.size() == 4);
    }
    // A scheduler that outlives a store, whose members were dropped.
    crowd c;
    {
        guest other(mods, hosted());
        c.add(other, "endless");
        c.add(g, "endless");
        c.all.run(100);
        REQUIRE(c.all.drop_of(other.store));
    }
    CHECK(c.all.run(1'000).hungry == 1);
    CHECK(c.all.set(1, game::call(std::move(*g.get<tessera::func>("count").start(std::array{value::i32(1)})))));
    CHECK(c.all.run(1'000).finished == 1);
}

TEST_CASE("nothing is dropped while a frame runs") {
    crowd* now = nullptr;
    tessera::imports env;
    int refused = 0;
    env.define("env", "wait", [&] {
        for (const auto& r : {now->all.drop(0), now->all.set_turn(0)})
            refused += r.error().is(tessera::msg::already_running);
        refused += now->all.drop_of(tessera::store<guests::profile>()).error().is(tessera::msg::already_running);
    });
    env.define("env", "slow", [] {});
    guest g(mods, env);
    crowd c;
    now = &c;
    c.add(g, "waits");
    CHECK(c.all.run(1'000).finished == 1);
    CHECK(refused == 3);
    CHECK(c.all.drop(0));
}

TEST_CASE("who got less than its share is named") {
    guest g(mods, hosted());
    crowd c;
    const u32 a = c.add(g, "fills"), b = c.add(g, "endless"), d = c.add(g, "endless", {}, 3), e = c.add(g, "waits"),
              f = c.add(g, "count", {value::i32(3)});
    auto frame = c.all.run(10'000);
    CHECK(frame.worst == a);
    CHECK(frame.starved == 0); // in frames of fuel who overruns pays for it alone
    CHECK(frame.neediest == tessera::no_index);
    CHECK(frame.hungry == 3);
    CHECK(c.all.used(d).missed == 0);
    CHECK(c.all.used(e).state == standing::waiting);
    CHECK(c.all.used(f).state == standing::finished);
    // Two units are not enough for three.
    REQUIRE(c.all.set_turn(b));
    frame = c.all.run(2);
    CHECK(frame.hungry == 3);
    CHECK(frame.starved == 1);
    CHECK(frame.neediest == a);
    CHECK(c.all.used(a).slices == 0);
    CHECK(c.all.used(a).missed == 1);
    CHECK(c.all.used(b).missed == 0);
    // In frames of time: somebody sleeps for longer than the frame.
    crowd t;
    const u32 sleeping = t.add(g, "slow"), late = t.add(g, "endless");
    REQUIRE(t.all.set_turn(sleeping));
    using namespace std::chrono_literals;
    frame = t.all.run_for(1ms);
    CHECK(frame.starved == 1);
    CHECK(frame.neediest == late);
    CHECK(t.all.used(late).missed == 500'000);
    // Nobody misses more than there was, though no slice is that short.
    frame = t.all.run_for(500ns);
    for (const u32 m : {sleeping, late}) CHECK(t.all.used(m).missed <= 500);
}

TEST_CASE("a game that was loaded goes on the same way, with the turn it was saved with") {
    constexpr const char* counters = R"((module (memory (export "memory") 1)
        (func (export "count") (param $at i32) (loop $again
            (i32.store (local.get $at) (i32.add (i32.load (local.get $at)) (i32.const 1))) (br $again)))))";
    constexpr u32 members = 5;
    // So little that some of them get nothing in each frame.
    constexpr u64 budget = 41;
    const auto mod = tessera::module::parse_text<guests::profile>(counters);
    REQUIRE(mod);
    guest played(counters);
    crowd c;
    for (u32 i = 0; i < members; ++i) c.add(played, "count", {value::i32(8 * i)}, i == 2 ? 3 : 1);
    for (int frame = 0; frame < 13; ++frame) c.all.run(budget);
    std::vector<tessera::execution*> calls;
    for (u32 i = 0; i < members; ++i) {
        REQUIRE(c.all.at(i).saveable());
        calls.push_back(c.all.at(i).saveable());
    }
    const auto bytes = tessera::save(played.store, calls);
    REQUIRE(bytes);
    const u32 turn = c.all.turn();
    CHECK(turn == 13 % members);
    std::vector<u64> hashes;
    for (int frame = 0; frame < 30; ++frame) {
        c.all.run(budget);
        hashes.push_back(*tessera::state_hash(played.store, calls));
    }
    for (bool kept : {true, false}) {
        tessera::store<guests::profile> loaded;
        auto there = tessera::restore(loaded, *bytes, {&*mod, 1}, {});
        REQUIRE(there);
        crowd again;
        for (u32 i = 0; i < members; ++i)
            REQUIRE(again.all.add("count", game::call(std::move(there->calls[i])), i == 2 ? 3 : 1));
        if (kept) REQUIRE(again.all.set_turn(turn));
        std::vector<tessera::execution*> those;
        for (u32 i = 0; i < members; ++i) those.push_back(again.all.at(i).saveable());
        int same = 0;
        for (u64 hash : hashes) {
            again.all.run(budget);
            same += hash == *tessera::state_hash(loaded, those);
        }
        if (kept) CHECK(same == 30);
        else CHECK(same < 30);
    }
    CHECK(c.all.set_turn(99));
    CHECK(c.all.turn() == 0);
}
