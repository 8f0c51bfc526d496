// SPDX-License-Identifier: MIT
// wasi-threads: threads that a guest spawns live and end with it. Run under ThreadSanitizer too.
#include "wasi/guest.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <thread>

using namespace wasi_guest;

namespace {

/// A module with a shared memory whose `_start` and `wasi_thread_start` are these bodies. $spawn tries to start a
/// thread; address 0 counts threads that have begun, 4 those that have ended.
result<module> threaded(std::string_view start, std::string_view thread) {
    return module::parse_text<engines::plain>(R"((module
        (import "env" "memory" (memory 1 4 shared))
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
        (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
        (export "memory" (memory 0))
        (func $wait_for (param $at i32) (param $n i32)
          (loop $again
            (if (i32.lt_u (i32.atomic.load (local.get $at)) (local.get $n))
              (then
                (drop (memory.atomic.wait32 (local.get $at) (i32.atomic.load (local.get $at)) (i64.const 1000000)))
                (br $again)))))
        (func $forever (loop $l (br $l)))
        (func (export "_start") )" + std::string(start) +
                                              R"()
        (func (export "wasi_thread_start") (param $id i32) (param $arg i32)
          (drop (i32.atomic.rmw.add (i32.const 0) (i32.const 1)))
          )" + std::string(thread) + R"(
          (drop (i32.atomic.rmw.add (i32.const 4) (i32.const 1))))))");
}
wasi::context allowing(u32 threads) {
    wasi::context c;
    wasi::limits l;
    l.threads = threads;
    return c.limit(l).clocks(wasi::real_clocks());
}
result<u32> run(const wasi::context& c, std::string_view start, std::string_view thread) {
    auto m = threaded(start, thread);
    REQUIRE_MESSAGE(m, (m ? "" : m.error().message().data()));
    wasi::process<engines::plain> p(c);
    return p.run(*m);
}
result<u32> run(u32 threads, std::string_view start, std::string_view thread) {
    return run(allowing(threads), start, thread);
}

} // namespace

TEST_CASE("wasi-threads: threads run, with their numbers and arguments") {
    CHECK(*run(4, R"(
        (local $i i32)
        (loop $l
          (if (i32.le_s (call $spawn (i32.add (local.get $i) (i32.const 1))) (i32.const 0)) (then unreachable))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 4))))
        (call $wait_for (i32.const 4) (i32.const 4))
        (call $exit (i32.add (i32.mul (i32.atomic.load (i32.const 8)) (i32.const 100)) (i32.atomic.load (i32.const 12)))))",
               R"((drop (i32.atomic.rmw.add (i32.const 8) (local.get $arg)))
                  (drop (i32.atomic.rmw.add (i32.const 12) (local.get $id))))") == (1 + 2 + 3 + 4) * 100 + 10);
}

TEST_CASE("wasi-threads: no more than allowed, and more when some have ended") {
    // none is allowed by default
    CHECK(*run(0, "(call $exit (i32.sub (i32.const 0) (call $spawn (i32.const 0))))", "") == 1);
    CHECK(*run(2, R"(
        (drop (call $spawn (i32.const 0))) (drop (call $spawn (i32.const 0)))
        (call $wait_for (i32.const 0) (i32.const 2))
        (if (i32.ge_s (call $spawn (i32.const 0)) (i32.const 0)) (then unreachable))
        (i32.atomic.store (i32.const 16) (i32.const 1))
        (drop (memory.atomic.notify (i32.const 16) (i32.const 10)))
        (call $wait_for (i32.const 4) (i32.const 2))
        (loop $l (br_if $l (i32.lt_s (call $spawn (i32.const 0)) (i32.const 0)))) ;; the system ends them a little later
        (call $wait_for (i32.const 4) (i32.const 3)))",
               "(call $wait_for (i32.const 16) (i32.const 1))") == 0);
}

TEST_CASE("wasi-threads: bytes that are read and written while another thread writes there") {
    // Copies the input in pieces of 30,000 bytes, in two buffers, first alone and then with a thread that changes them.
    constexpr std::string_view start = R"((local $n i32)
        (i32.store (i32.const 512) (i32.const 1024))
        (i32.store (i32.const 520) (i32.const 21024))
        (loop $l
          (i32.store (i32.const 516) (i32.const 20000))
          (i32.store (i32.const 524) (i32.const 10000))
          (if (call $read (i32.const 0) (i32.const 512) (i32.const 2) (i32.const 528)) (then unreachable))
          (local.set $n (i32.load (i32.const 528)))
          (if (i32.lt_u (local.get $n) (i32.const 30000)) (then (i32.store (i32.const 524) (i32.const 0))))
          (if (i32.lt_u (local.get $n) (i32.const 20000)) (then (i32.store (i32.const 516) (local.get $n))))
          (if (call $write (i32.const 1) (i32.const 512) (i32.const 2) (i32.const 532)) (then unreachable))
          (if (i32.ne (local.get $n) (i32.load (i32.const 532))) (then unreachable))
          (if (i32.eq (local.get $n) (i32.const 20000)) (then
            (drop (call $spawn (i32.const 0)))
            (call $wait_for (i32.const 0) (i32.const 1))))
          (br_if $l (local.get $n)))
        (i32.atomic.store (i32.const 16) (i32.const 1))
        (call $wait_for (i32.const 4) (i32.const 1)))";
    constexpr std::string_view thread = R"(
        (loop $l
          (i32.store16 (i32.add (i32.const 1024) (local.get $arg)) (local.get $arg))
          (local.set $arg (i32.rem_u (i32.add (local.get $arg) (i32.const 1237)) (i32.const 29999)))
          (br_if $l (i32.eqz (i32.atomic.load (i32.const 16))))))";
    constexpr std::size_t quiet = 200000, all = 500000;
    std::string text;
    for (std::size_t i = 0; text.size() < all; ++i) text += std::to_string(i);
    text.resize(all);
    std::size_t told = 0;
    vec<char> out;
    wasi::context c = allowing(1);
    c.standard_input(wasi::input_from([&](std::span<char> to) {
        // The end of the quiet part comes in a piece of its own.
        const std::size_t until = told < quiet ? quiet : all;
        const std::size_t n = std::min(to.size(), until - told);
        text.copy(to.data(), n, told);
        told += n;
        return n;
    }));
    c.standard_output(wasi::buffer_output(out));
    CHECK(*run(c, start, thread) == 0);
    CHECK(out.size() == all);
    CHECK(std::string_view(out.data(), quiet) == text.substr(0, quiet));
}

TEST_CASE("wasi-threads: an exit or a trap of one ends all, whatever they do") {
    constexpr std::string_view two = "(drop (call $spawn (i32.const 0))) (drop (call $spawn (i32.const 1)))"
                                     "(call $wait_for (i32.const 0) (i32.const 2))";
    // What the others do meanwhile: compute, wait for the memory, wait for a clock.
    constexpr std::string_view busy = "(call $forever)";
    constexpr std::string_view blocked =
        "(drop (memory.atomic.wait32 (i32.const 64) (i32.const 0) (i64.const -1))) unreachable";
    constexpr std::string_view asleep =
        "(i64.store (i32.const 280) (i64.const 100000000000))"
        "(drop (call $poll (i32.const 256) (i32.const 512) (i32.const 1) (i32.const 768)))"
        "unreachable";
    for (const std::string_view doing : {busy, blocked, asleep}) {
        const std::string others(doing), first(two);
        CHECK(*run(2, first + "(call $exit (i32.const 5))", others) == 5);
        CHECK(*run(2, first, others) == 0); // returning from _start ends the process
        CHECK(run(2, first + "unreachable", others).error().why() == trap::unreachable);
        const std::string one = "(if (local.get $arg) (then (call $wait_for (i32.const 0) (i32.const 2))";
        CHECK(*run(2, first + others, one + "(call $exit (i32.const 6))) (else " + others + "))") == 6);
        const auto trapped = run(2, first + others, one + "unreachable) (else " + others + "))");
        CHECK(trapped.error().why() == trap::unreachable);
        CHECK(trapped.error().frames().size() == 1);
    }
}

TEST_CASE("wasi-threads: the host interrupts them all") {
    auto m = threaded("(drop (call $spawn (i32.const 0))) (call $forever)", "(call $forever)");
    REQUIRE(m);
    wasi::process<engines::plain> p(allowing(4));
    std::thread other([&] {
        std::this_thread::sleep_for(std::chrono::milliseconds(30));
        p.interrupt();
    });
    const auto code = p.run(*m);
    other.join();
    CHECK(code.error().why() == trap::interrupted);
    CHECK(!code.error().frames().empty()); // where it was
}

TEST_CASE("wasi-threads: what cannot be spawned") {
    // Without the export the process ends when the thread would begin.
    auto m = module::parse_text<engines::plain>(R"((module
        (import "env" "memory" (memory 1 1 shared))
        (import "wasi" "thread-spawn" (func $spawn (param i32) (result i32)))
        (func (export "_start") (drop (call $spawn (i32.const 0))) (loop $l (br $l)))))");
    REQUIRE(m);
    wasi::process<engines::plain> p(allowing(4));
    CHECK(p.run(*m).error().is(msg::unknown_export));
    // A second module that would, in the same process.
    CHECK(p.instantiate(*m).error().is(msg::wrong_type));
    // Stores of threads are prepared like the first one.
    auto n = threaded("(drop (call $spawn (i32.const 0))) (call $wait_for (i32.const 4) (i32.const 1))", "");
    REQUIRE(n);
    wasi::process<engines::plain> q(allowing(1));
    std::atomic<int> prepared{0};
    q.each_store([](store<engines::plain>&, void* with) { ++*static_cast<std::atomic<int>*>(with); }, &prepared);
    CHECK(*q.run(*n) == 0);
    CHECK(prepared == 1);
    // A memory that the host has defined is the one they use.
    auto memory = shared_memory::make({{1, 4, true, false}, true, 16});
    REQUIRE(memory);
    wasi::process<engines::plain> r(allowing(1));
    r.imports().define("env", "memory", *memory);
    CHECK(*r.run(*n) == 0);
    CHECK(*memory->load<u32>(4) == 1);
}
