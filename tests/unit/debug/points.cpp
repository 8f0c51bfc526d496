// SPDX-License-Identifier: MIT
// Breakpoints and watchpoints.
#include "support.hpp"

using namespace watched;

namespace {

const std::string sums = R"((module
    (memory (export "m") 1)
    (global $g (export "g") (mut i32) (i32.const 0))
    (func $put (param i32 i32) (i32.store (local.get 0) (local.get 1)))
    (func (export "run") (param i32) (result i32)
        (loop $again
            (call $put (i32.mul (local.get 0) (i32.const 4)) (i32.const 0x55))
            (if (i32.eq (local.get 0) (i32.const 3)) (then (global.set $g (i32.const 1))))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (memory.fill (i32.const 100) (i32.const 1) (i32.const 8))
        (local.get 0))))";

TEST_CASE("a breakpoint stops each time") {
    guest g(sums);
    const u32 put = *debug::debugger::first_instruction(g.mod, 0);
    const auto number = g.debugger.break_at(g.mod, put);
    REQUIRE(number);
    g.start("run", {value::i32(5)});
    for (u64 i = 5; i >= 1; --i) {
        const auto at = g.debugger.go_on();
        REQUIRE(at);
        CHECK(*at == debug::stop{stop_kind::breakpoint, *number});
        CHECK(g.debugger.at(0).local(0)->bits == 4 * i);
        CHECK(g.debugger.at(0).offset() == put);
        if (i == 3) CHECK(g.debugger.remove(*number));
        if (i == 3) break;
    }
    CHECK(g.debugger.breakpoints().empty());
    CHECK_FALSE(g.debugger.remove(*number));
    CHECK(kind_of(g.debugger.go_on()) == stop_kind::done);
    CHECK(g.result() == 0);
}

TEST_CASE("a breakpoint stops a step over, too") {
    guest g(sums);
    REQUIRE(g.debugger.break_at(g.mod, *debug::debugger::first_instruction(g.mod, 0)));
    g.start("run", {value::i32(1)});
    while (g.here() != "f1 call 4 85") REQUIRE(kind_of(g.debugger.over()) == stop_kind::step);
    CHECK(kind_of(g.debugger.over()) == stop_kind::breakpoint);
    CHECK(g.debugger.frames() == 2);
}

TEST_CASE("places that are no instructions") {
    guest g(sums);
    const u32 put = *debug::debugger::first_instruction(g.mod, 0);
    CHECK_FALSE(g.debugger.break_at(g.mod, put + 1));
    CHECK_FALSE(g.debugger.break_at(g.mod, 0));
    CHECK_FALSE(g.debugger.break_at(g.mod, 0xffff'ffff));
    CHECK_FALSE(g.debugger.break_at(module(), put));
    CHECK_FALSE(debug::debugger::first_instruction(g.mod, 2));
    const memory m = *g.instance.get<memory>("m");
    CHECK_FALSE(g.debugger.watch(m, 0, 0));
    CHECK_FALSE(g.debugger.watch(m, 0, 65537));
    CHECK_FALSE(g.debugger.watch(m, ~u64{0}, 2));
    CHECK_FALSE(g.debugger.watch(memory(), 0, 1));
    CHECK_FALSE(g.debugger.watch(global()));
}

TEST_CASE("a watchpoint stops behind the change") {
    guest g(sums);
    const memory m = *g.instance.get<memory>("m");
    const auto bytes = g.debugger.watch(m, 8, 4), variable = g.debugger.watch(*g.instance.get<global>("g")),
               filled = g.debugger.watch(m, 107, 100);
    REQUIRE(bytes);
    REQUIRE(variable);
    REQUIRE(filled);
    g.start("run", {value::i32(5)});
    CHECK(*m.load<u32>(8) == 0);
    REQUIRE(*g.debugger.go_on() == debug::stop{stop_kind::watchpoint, *variable});
    CHECK(g.debugger.at(0).local(0)->bits == 3);
    REQUIRE(*g.debugger.go_on() == debug::stop{stop_kind::watchpoint, *bytes});
    CHECK(g.here() == "f0 end");
    CHECK(g.debugger.at(0).local(0)->bits == 8);
    // What the host writes is no news.
    REQUIRE(m.store<u32>(8, 1));
    REQUIRE(*g.debugger.go_on() == debug::stop{stop_kind::watchpoint, *filled});
    CHECK(kind_of(g.debugger.go_on()) == stop_kind::done);
}

TEST_CASE("bytes beyond the memory are zeros until it grows") {
    guest g(R"((module (memory (export "m") 1)
        (func (export "run") (drop (memory.grow (i32.const 1))) (i32.store8 (i32.const 65536) (i32.const 9)))))");
    const auto number = g.debugger.watch(*g.instance.get<memory>("m"), 65535, 10);
    REQUIRE(number);
    g.start("run");
    REQUIRE(*g.debugger.go_on() == debug::stop{stop_kind::watchpoint, *number});
    CHECK(g.here() == "f0 end");
}

} // namespace
