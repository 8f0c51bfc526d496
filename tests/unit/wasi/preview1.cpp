// SPDX-License-Identifier: MIT
// What a guest gets from its context: arguments, environment, clocks, random bytes, its end.
#include "wasi/guest.hpp"

#include <doctest/doctest.h>

using namespace wasi_guest;
using err = wasi::error_number;

TEST_CASE("preview1: by default there is nothing, and each run is the same") {
    guest g{wasi::context()};
    REQUIRE(g.in);
    CHECK(g("args_sizes_get", 0, 4) == err::success);
    CHECK((g.get<u32>(0) == 0 && g.get<u32>(4) == 0));
    CHECK(g("environ_sizes_get", 0, 4) == err::success);
    CHECK((g.get<u32>(0) == 0 && g.get<u32>(4) == 0));
    CHECK(g("fd_prestat_get", 3, 0) == err::badf);
    CHECK(g("fd_fdstat_get", 0, 0) == err::success);
    CHECK(g.get<u8>(0) == u8(wasi::filetype::unknown)); // no terminal
    CHECK(g.read(0, 10).empty());
    CHECK(g.last == err::success);
    CHECK(g.write(1, "gone") == 4);
    CHECK(g.write(2, "gone") == 4);
    CHECK((g.write(0, "not writable") == -1 && g.last == err::notcapable));
    CHECK((g.read(1, 4).empty() && g.last == err::notcapable));
    CHECK((g.read(3, 4).empty() && g.last == err::badf));
    CHECK((g.read(0xffff'ffff, 4).empty() && g.last == err::badf));

    guest other{wasi::context()};
    for (guest* one : {&g, &other}) {
        CHECK((*one)("clock_time_get", 0, 0, 0) == err::success);
        CHECK((*one)("random_get", 8, 20) == err::success);
        CHECK(one->get<u64>(0) == 0);
    }
    CHECK(g.text_at(8, 20) == other.text_at(8, 20));
    CHECK(g.get<u64>(8) != 0);
    CHECK(g.get<u64>(8) != g.get<u64>(16));
}

TEST_CASE("preview1: arguments and environment") {
    wasi::context c;
    c.argument("program").argument("").argument("with space").variable("A", "1").variable("EMPTY", "");
    guest g{c};
    REQUIRE(g("args_sizes_get", 0, 4) == err::success);
    CHECK(g.get<u32>(0) == 3);
    CHECK(g.get<u32>(4) == 8 + 1 + 11);
    REQUIRE(g("args_get", 100, 200) == err::success);
    CHECK(g.text_at(200, 20) == std::string("program\0\0with space\0", 20));
    CHECK((g.get<u32>(100) == 200 && g.get<u32>(104) == 208 && g.get<u32>(108) == 209));
    REQUIRE(g("environ_sizes_get", 0, 4) == err::success);
    CHECK((g.get<u32>(0) == 2 && g.get<u32>(4) == 11));
    REQUIRE(g("environ_get", 100, 200) == err::success);
    CHECK(g.text_at(200, 11) == std::string("A=1\0EMPTY=\0", 11));
}

TEST_CASE("preview1: a context says what it was not given right") {
    CHECK(wasi::context().status());
    const std::string nul("a\0b", 3);
    CHECK(wasi::context().argument(nul).status().error().is(msg::out_of_range));
    CHECK(wasi::context().variable("a=b", "c").status().error().is(msg::out_of_range));
    CHECK(wasi::context().variable("", "c").status().error().is(msg::out_of_range));
    CHECK(wasi::context().variable("a", nul).status().error().is(msg::out_of_range));
    CHECK(wasi::context().preopen("/", wasi::null_stream()).status().error().is(msg::out_of_range));
    CHECK(wasi::context().preopen("/", {}).status().error().is(msg::out_of_memory));
    CHECK(wasi::context().clocks({}).status().error().is(msg::out_of_memory));
    CHECK(wasi::context().random({}).status().error().is(msg::out_of_memory));
    CHECK(wasi::context().standard_input({}).status().error().is(msg::out_of_memory));
    CHECK(wasi::context().listen({}).status().error().is(msg::out_of_memory));
    // The first failure counts, and nothing can be made of such a context.
    wasi::context bad;
    bad.argument(nul).clocks({});
    CHECK(bad.status().error().is(msg::out_of_range));
    imports env;
    CHECK(wasi::preview1(env, bad).error().is(msg::out_of_range));
    wasi::process<wasi_profile> p(bad);
    CHECK(p.run(compiled()).error().is(msg::out_of_range));
}

TEST_CASE("preview1: pointers out of the memory are faults, others need no alignment") {
    constexpr u32 end = 2 * 65536;
    wasi::context c;
    c.argument("x");
    guest g{c};
    CHECK(g("args_sizes_get", end - 4, 0) == err::success);
    CHECK(g("args_sizes_get", end - 3, 0) == err::fault);
    CHECK(g("args_sizes_get", 0, 0xffff'fffe) == err::fault);
    CHECK(g("args_sizes_get", 1, 7) == err::success);
    CHECK(g.get<u32>(1) == 1);
    CHECK(g("args_get", end - 3, 0) == err::fault);
    CHECK(g("args_get", 0, end - 1) == err::fault);
    CHECK(g("clock_time_get", 0, 0, end - 7) == err::fault);
    CHECK(g("random_get", end - 8, 9) == err::fault);
    CHECK(g("random_get", end, 0) == err::success);
    CHECK(g("random_get", end + 1, 0) == err::fault);
    // An iovec that is out, one that points out, and the count.
    CHECK(g("fd_write", 1, end - 7, 1, 0) == err::fault);
    CHECK(g("fd_write", 1, 0, 0x2000'0001, 0) == err::fault);
    g.iovec(0, end - 1, 2);
    CHECK(g("fd_write", 1, 0, 1, 16) == err::fault);
    g.iovec(0, 0xffff'ffff, 0xffff'ffff);
    CHECK(g("fd_write", 1, 0, 1, 16) == err::fault);
    g.iovec(0, 0, 4);
    CHECK(g("fd_write", 1, 0, 1, end - 3) == err::fault);
    CHECK(g("fd_write", 1, 0, 1, 16) == err::success);
    CHECK(g("fd_fdstat_get", 1, end - 23) == err::fault);
    CHECK(g("fd_filestat_get", 1, end - 63) == err::fault);
    CHECK(g("poll_oneoff", end - 47, 0, 1, 0) == err::fault);
    CHECK(g("poll_oneoff", 0, end - 31, 1, 0) == err::fault);
    CHECK(g("poll_oneoff", 0, 0, 1, end - 3) == err::fault);
}

TEST_CASE("preview1: clocks") {
    wasi::context c;
    guest still{c.clocks(wasi::fixed_clocks(77))};
    for (u32 id = 0; id < 4; ++id) {
        CHECK(still("clock_time_get", id, 0, 0) == err::success);
        CHECK(still.get<u64>(0) == 77);
        CHECK(still("clock_res_get", id, 0) == err::success);
        CHECK(still.get<u64>(0) == 1);
    }
    CHECK(still("clock_time_get", 4, 0, 0) == err::inval);
    CHECK(still("clock_res_get", 4, 0) == err::inval);

    wasi::context real;
    guest live{real.clocks(wasi::real_clocks())};
    CHECK(live("clock_time_get", 0, 0, 0) == err::success);
    CHECK(live.get<u64>(0) > u64{1'600'000'000} * 1'000'000'000); // after 2020
    CHECK(live("clock_time_get", 1, 0, 0) == err::success);
    CHECK(live("clock_time_get", 1, 0, 8) == err::success);
    CHECK(live.get<u64>(8) >= live.get<u64>(0));
    CHECK(live("clock_res_get", 1, 0) == err::success);
    CHECK(live.get<u64>(0) > 0);
    CHECK(live("clock_time_get", 9, 0, 0) == err::inval);

    u64 asked = 0;
    wasi::context script;
    guest told{script.clocks(wasi::scripted_clocks([&asked](wasi::clockid id) { return ++asked * 10 + u64(id); }))};
    CHECK(told("clock_time_get", 1, 0, 0) == err::success);
    CHECK(told.get<u64>(0) == 11);
    CHECK(told("clock_time_get", 0, 0, 0) == err::success);
    CHECK(told.get<u64>(0) == 20);
    CHECK(told("clock_time_get", 4, 0, 0) == err::inval);
}

TEST_CASE("preview1: random bytes") {
    const auto bytes = [](wasi::random_owner from) {
        wasi::context c;
        guest g{c.random(std::move(from))};
        CHECK(g("random_get", 0, 4097) == err::success);
        return g.text_at(0, 4097);
    };
    CHECK(bytes(wasi::seeded_random(5)) == bytes(wasi::seeded_random(5)));
    CHECK(bytes(wasi::seeded_random(5)) != bytes(wasi::seeded_random(6)));
    CHECK(bytes(wasi::system_random()) != bytes(wasi::system_random()));
    // The first two words of SplitMix64 from 1234567, as published.
    const std::string known = bytes(wasi::seeded_random(1234567));
    CHECK(load_le<u64>(known.data()) == 6457827717110365317u);
    CHECK(load_le<u64>(known.data() + 8) == 3203168211198807973u);
}

TEST_CASE("preview1: proc_exit and proc_raise end the call, with the code") {
    guest g{wasi::context()};
    for (const u32 code : {0u, 1u, 255u, 0xffff'ffffu}) {
        CHECK(!g("proc_exit", code));
        CHECK(g.why.kind() == kind::exit);
        CHECK(g.why.is(msg::exited));
        CHECK(g.why.exit_code() == code);
        CHECK(g.why.frames().size() == 2); // proc_exit and who called it
        CHECK(*wasi::exit_code(g.why) == code);
    }
    CHECK(!g("proc_raise", 6));
    CHECK(g.why.is(msg::raised));
    CHECK(g.why.exit_code() == 134);
    for (const u32 ignored : {0u, 16u, 17u, 22u, 27u}) CHECK(g("proc_raise", ignored) == err::success);
    CHECK(g("proc_raise", 31) == err::inval);
    CHECK(g("sched_yield") == err::success);
    CHECK(*wasi::exit_code({}) == 0);
    CHECK(wasi::exit_code(error(trap::unreachable)).error().why() == trap::unreachable);
}

TEST_CASE("preview1: commands, reactors, and what is neither") {
    const auto run = [](std::string_view more, bool* started = nullptr) {
        auto m = module::parse_text<wasi_profile>(text(more));
        REQUIRE(m);
        wasi::process<wasi_profile> p{wasi::context()};
        auto made = p.instantiate(*m);
        REQUIRE(made);
        auto code = p.start(*made);
        if (started) {
            auto g = made->get<global>("started");
            *started = g && g->get().bits == 1;
        }
        return code;
    };
    CHECK(*run("(func (export \"_start\"))") == 0);
    CHECK(*run("(func (export \"_start\") (call $proc_exit (i32.const 7)))") == 7);
    CHECK(run("(func (export \"_start\") unreachable)").error().why() == trap::unreachable);
    CHECK(run("(func (export \"_start\") (result i32) i32.const 1)").error().is(msg::wrong_type));
    CHECK(*run("") == 0);
    bool started = false;
    CHECK(*run("(global $g (export \"started\") (mut i32) (i32.const 0))"
               "(func (export \"_initialize\") (global.set $g (i32.const 1)))",
               &started) == 0);
    CHECK(started);
    CHECK(*run("(func (export \"_initialize\") (call $proc_exit (i32.const 3)))") == 3);
    // An instance without a process is started in the same way.
    imports env;
    REQUIRE(wasi::preview1(env, wasi::context()));
    store<wasi_profile> s;
    auto m = module::parse_text<wasi_profile>(text("(func (export \"_start\") (call $proc_exit (i32.const 9)))"));
    REQUIRE(m);
    auto made = s.instantiate(*m, env);
    REQUIRE(made);
    CHECK(*wasi::start(*made) == 9);
}

TEST_CASE("preview1: the memory is the only one, or the one that is exported as memory") {
    // memory 0 is another one
    auto m = module::parse_text<wasi_profile>(R"((module
        (import "wasi_snapshot_preview1" "random_get" (func $f (param i32 i32) (result i32)))
        (memory $a (export "other") 1) (memory $b (export "memory") 1)
        (func (export "f") (result i32) (call $f (i32.const 0) (i32.const 8)))))");
    REQUIRE(m);
    wasi::process<wasi_profile> p{wasi::context()};
    auto made = p.instantiate(*m);
    REQUIRE(made);
    CHECK(*(*made->get<i32()>("f"))() == 0);
    CHECK(*made->get<memory>("other")->load<u64>(0) == 0);
    CHECK(*made->get<memory>("memory")->load<u64>(0) != 0);
    // none is exported under that name
    auto none = module::parse_text<wasi_profile>(R"((module
        (import "wasi_snapshot_preview1" "random_get" (func $f (param i32 i32) (result i32)))
        (memory $a 1) (memory $b 1)
        (func (export "f") (result i32) (call $f (i32.const 0) (i32.const 8)))))");
    REQUIRE(none);
    auto other = p.instantiate(*none);
    REQUIRE(other);
    CHECK(*(*other->get<i32()>("f"))() == i32(err::fault));
    // addresses of 32 bits reach a 64-bit memory
    auto wide = module::parse_text<wasi_profile>(R"((module
        (import "wasi_snapshot_preview1" "random_get" (func $f (param i32 i32) (result i32)))
        (memory (export "memory") i64 1)
        (func (export "f") (result i32) (call $f (i32.const 0) (i32.const 8)))))");
    REQUIRE(wide);
    auto third = p.instantiate(*wide);
    REQUIRE(third);
    CHECK(*(*third->get<i32()>("f"))() == 0);
}
