// SPDX-License-Identifier: MIT
// Functions of a store as machine code: what they compute, how they stop, how they meet the interpreter and the host.
#include "guest.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace tessera;
using tessera::i32;
using tessera::i64;
using tessera::u32;
using tessera::u64;

constexpr std::string_view several = R"((module
  (memory 1)
  (func (export "factorial") (param i64) (result i64) (local i64)
    (local.set 1 (i64.const 1))
    (block (loop
      (br_if 1 (i64.eqz (local.get 0)))
      (local.set 1 (i64.mul (local.get 1) (local.get 0)))
      (local.set 0 (i64.sub (local.get 0) (i64.const 1)))
      (br 0)))
    (local.get 1))
  (func $depth (export "depth") (param i32) (result i32)
    (if (result i32) (local.get 0)
      (then (i32.add (i32.const 1) (call $depth (i32.sub (local.get 0) (i32.const 1)))))
      (else (i32.const 0))))
  (func (export "divide") (param i32 i32) (result i32) (nop) (i32.div_s (local.get 0) (local.get 1)))
  (func (export "read") (param i32) (result i64)
    (i64.store (i32.const 8) (i64.const 7))
    (i64.add (i64.load (local.get 0)) (i64.add (i64.load offset=8 (local.get 0)) (i64.load offset=4 (local.get 0)))))
  (func (export "to_int") (param f64) (result i32) (i32.trunc_f64_s (local.get 0)))
  (func (export "stop") (unreachable))
  (func (export "forever") (loop (br 0)))))";

} // namespace

TEST_CASE("functions are compiled when they are called, and compute the same") {
    native_guest g(several, true);
    CHECK(native_status_of(g.store) == (TESSERA_TAIL_CALLS ? native_status::ready : native_status::unsupported));
    CHECK(native_counters_of(g.store).functions == 0);
    auto factorial = g.get<i64(i64)>("factorial");
    CHECK(*factorial(20) == 2432902008176640000);
    CHECK(*factorial(0) == 1);
    if (TESSERA_TAIL_CALLS) CHECK(native_counters_of(g.store).functions == 1);
    CHECK(native_counters_of(g.store).left == 0);
}

TEST_CASE("calls nest deeper than the native stack is meant for, up to the limit of the store") {
    native_guest g(several, true);
    auto depth = g.get<i32(i32)>("depth");
    for (i32 n : {0, 1, 100, 10000, 20000}) CHECK(*depth(n) == n);
    const auto much = depth(1 << 30);
    REQUIRE(!much.has_value());
    CHECK(much.error().why() == trap::stack_exhausted);
    // It ends where the interpreter ends.
    native_guest interpreted(several, false);
    const auto as_much = interpreted.get<i32(i32)>("depth")(1 << 30);
    REQUIRE(!as_much.has_value());
    CHECK(much.error().offset() == as_much.error().offset());
    CHECK(much.error().frames_left_out() == as_much.error().frames_left_out());
    CHECK(*depth(3) == 3);
}

TEST_CASE("traps have the reason and the offset that they have in the interpreter") {
    native_guest compiled(several, true), interpreted(several, false);
    CHECK(native_status_of(interpreted.store) != native_status::ready);
    const auto same = [](const auto& a, const auto& b) {
        REQUIRE(a.has_value() == b.has_value());
        if (a.has_value()) return;
        CHECK(a.error().why() == b.error().why());
        CHECK(a.error().offset() == b.error().offset());
        CHECK(a.error().frames().size() == b.error().frames().size());
    };
    for (const auto& [x, y] : {std::pair(1, 0), std::pair(i32(-2147483647 - 1), -1), std::pair(7, -1)})
        same(compiled.get<i32(i32, i32)>("divide")(x, y), interpreted.get<i32(i32, i32)>("divide")(x, y));
    for (const i32 at : {0, 65512, 65520, 65525, 65528, 65529, -1})
        same(compiled.get<i64(i32)>("read")(at), interpreted.get<i64(i32)>("read")(at));
    for (const f64 x : {1.5, 1e10, -1e10, -2147483648.9, f64(NAN)})
        same(compiled.get<i32(f64)>("to_int")(x), interpreted.get<i32(f64)>("to_int")(x));
    same(compiled.get<void()>("stop")(), interpreted.get<void()>("stop")());
}

TEST_CASE("where there is no memory for code functions are interpreted") {
    native_guest g(several, true, {}, {.threshold = 0, .code_bytes = 0});
    CHECK(native_status_of(g.store) != native_status::ready);
    CHECK(*g.get<i64(i64)>("factorial")(5) == 120);
    CHECK(native_counters_of(g.store).functions == 0);
}

TEST_CASE("what is left to the interpreter sees all values, and the code those it made") {
    constexpr std::string_view text = R"((module
      (import "host" "twice" (func $twice (param i32) (result i32)))
      (memory 1 3)
      (func (export "run") (param i32) (result i32) (local i32 f64)
        (local.set 2 (f64.const 0.5))
        (loop
          (local.set 1 (i32.add (call $twice (local.get 0)) (i32.add (local.get 1) (memory.grow (i32.const 1)))))
          (i32.store (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536)) (local.get 1))
          (local.set 2 (f64.add (local.get 2) (f64.const 1)))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.add (local.get 1) (i32.trunc_f64_s (local.get 2))))))";
    i32 results[2] = {};
    for (const bool compiled : {false, true}) {
        imports env;
        env.define("host", "twice", [](i32 x) { return 2 * x; });
        native_guest g(text, compiled, env);
        results[compiled] = *g.get<i32(i32)>("run")(5);
    }
    CHECK(results[0] == results[1]);
    CHECK(results[0] == 2 * (5 + 4 + 3 + 2 + 1) + 1 + 2 - 1 - 1 - 1 + 5);
}

TEST_CASE("a memory that others make larger is looked at again before an access traps") {
    // The store has seen one page; the rest is only known to whoever grew it.
    constexpr std::string_view text = R"((module
      (import "host" "m" (memory 1 4 shared))
      (func (export "one") (param i32 i32) (result i32)
        (i32.store (local.get 0) (local.get 1))
        (i32.load (local.get 0)))
      (func (export "several") (param i32 f64) (result f64)
        (f64.store offset=8 (local.get 0) (f64.add (local.get 1) (f64.const 1)))
        (f64.store offset=16 (local.get 0) (local.get 1))
        (f64.add (f64.load (local.get 0)) (f64.add (f64.load offset=8 (local.get 0)) (f64.load offset=16 (local.get 0)))))
      (func (export "indexed") (param i32 i32) (result i32)
        (i32.load (i32.add (local.get 0) (i32.shl (local.get 1) (i32.const 2)))))))";
    for (const bool compiled : {false, true}) {
        auto memory = shared_memory::make({{1, 4, true}, true});
        REQUIRE(memory.has_value());
        imports env;
        REQUIRE(env.define("host", "m", *memory));
        native_guest g(text, compiled, env);
        auto one = g.get<i32(i32, i32)>("one");
        CHECK(*one(65532, 5) == 5);
        CHECK(one(65536, 5).error().why() == trap::out_of_bounds_memory);
        REQUIRE(memory->grow(1).has_value());
        CHECK(*one(65536, 6) == 6);
        CHECK(*one(131068, 7) == 7);
        CHECK(one(131069, 7).error().why() == trap::out_of_bounds_memory);
        REQUIRE(memory->grow(1).has_value());
        CHECK(*g.get<f64(i32, f64)>("several")(131064, 2.5) == 6);
        CHECK(*memory->load<f64>(131080) == 2.5);
        REQUIRE(memory->store<i32>(196608 - 4, 77).has_value());
        CHECK(*g.get<i32(i32, i32)>("indexed")(196592, 3) == 77);
        REQUIRE(memory->grow(1).has_value());
        CHECK(*g.get<i32(i32, i32)>("indexed")(196592, 4) == 0);
        CHECK(g.get<i32(i32, i32)>("indexed")(196592, 1 << 20).error().why() == trap::out_of_bounds_memory);
        if (TESSERA_TAIL_CALLS && compiled) CHECK(native_counters_of(g.store).functions == 3);
    }
}

TEST_CASE("a counter may be a constant that was just put on the operand stack") {
    constexpr std::string_view text = R"((module
      (func (export "run") (param i32) (result i32)
        (loop $l
          (local.set 0 (i32.sub (local.get 0) (i32.const 1)))
          (i32.const -31)
          (block (param i32)
            (i32.add (i32.const -2))
            (br_if $l (i32.lt_s (local.get 0)))))
        (local.get 0))))";
    for (const bool compiled : {false, true}) {
        native_guest g(text, compiled);
        CHECK(*g.get<i32(i32)>("run")(10) == -33);
    }
}

TEST_CASE("a loop without an end can be interrupted") {
    native_guest g(several, true);
    g.store.interrupt();
    const auto done = g.get<void()>("forever")();
    REQUIRE(!done.has_value());
    CHECK(done.error().why() == trap::interrupted);
}

TEST_CASE("a loop is entered while it runs, a function when it is called often enough") {
    constexpr std::string_view text = R"((module
      (func $fib (export "fib") (param i32) (result i32)
        (if (result i32) (i32.lt_u (local.get 0) (i32.const 2))
          (then (local.get 0))
          (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1)))
                         (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
      (func (export "sum") (param i32) (result f64) (local f64 i64)
        (f64.const 100) ;; below the loops, on the operand stack
        (loop $outer
          (local.set 2 (i64.const 10))
          (loop $inner
            (local.set 1 (f64.add (local.get 1) (f64.convert_i64_s (local.get 2))))
            (br_if $inner (i64.ne (i64.const 0) (local.tee 2 (i64.sub (local.get 2) (i64.const 1))))))
          (br_if $outer (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (f64.add (local.get 1)))))";
    native_guest g(text, true, {}, {.threshold = 20});
    auto sum = g.get<f64(i32)>("sum");
    CHECK(*sum(1) == 155.0);
    CHECK(native_counters_of(g.store).functions == 0);
    CHECK(*sum(1000) == 100.0 + 55.0 * 1000);
    if (TESSERA_TAIL_CALLS) CHECK(native_counters_of(g.store).functions == 1);
    CHECK(*sum(3) == 265.0);
    CHECK(*g.get<i32(i32)>("fib")(15) == 610);
    if (TESSERA_TAIL_CALLS) CHECK(native_counters_of(g.store).functions == 2);
    CHECK(*g.get<i32(i32)>("fib")(20) == 6765);
}

TEST_CASE("frames of both forms are found: by the collector, by exceptions, by backtraces") {
    constexpr std::string_view text = R"((module
      (type $box (struct (field i32)))
      (tag $odd (param i32))
      (func $deep (param i32 (ref null $box)) (result i32) (local (ref null $box))
        (local.set 2 (struct.new $box (local.get 0)))
        (if (i32.eqz (local.get 0)) (then (throw $odd (struct.get $box 0 (local.get 1)))))
        (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1)) (local.get 2))
                 (i32.add (struct.get $box 0 (local.get 1)) (struct.get $box 0 (local.get 2)))))
      (func (export "run") (param i32) (result i32)
        (block $caught (result i32)
          (try_table (catch $odd $caught)
            (return (call $deep (local.get 0) (struct.new $box (i32.const 7)))))
          (i32.const -1)))
      (func $fails (param i32) (result i32)
        (if (i32.eqz (local.get 0)) (then (unreachable)))
        (i32.add (i32.const 1) (call $fails (i32.sub (local.get 0) (i32.const 1)))))
      (func (export "fail") (param i32) (result i32) (call $fails (local.get 0)))))";
    for (const u32 threshold : {u32(0), u32(1), u32(5), u32(40)}) {
        native_guest g(text, true, {}, {.threshold = threshold}), plain(text, false);
        g.store.collect_always(true);
        for (const i32 n : {0, 3, 10, 100}) {
            auto made = g.get<i32(i32)>("run")(n);
            REQUIRE(made.has_value());
            CHECK(*made == (n == 0 ? 7 : 1));
            const auto failed = g.get<i32(i32)>("fail")(n), expected = plain.get<i32(i32)>("fail")(n);
            REQUIRE(!failed.has_value());
            REQUIRE(failed.error().frames().size() == expected.error().frames().size());
            for (std::size_t i = 0; i < failed.error().frames().size(); ++i)
                CHECK(failed.error().frames()[i].offset == expected.error().frames()[i].offset);
        }
    }
}

TEST_CASE("fuel runs out at the same instruction, compiled or not") {
    for (const u32 threshold : {u32(0), u32(3), u32(1000)})
        for (u64 fuel = 1; fuel < 200; fuel += 7) {
            u64 offset[2] = {};
            for (const bool compiled : {false, true}) {
                tessera::store<native_profile> s;
                REQUIRE(s.add_fuel(fuel).has_value());
                if (compiled) REQUIRE(enable_native(s, {.threshold = threshold}).has_value());
                auto made = s.instantiate(*tessera::module::parse_text<native_profile>(several), imports{});
                REQUIRE(made.has_value());
                const auto done = (*made->get<i64(i64)>("factorial"))(20);
                offset[compiled] = done.has_value() ? 0 : done.error().offset();
            }
            CHECK_MESSAGE(offset[0] == offset[1], "threshold " << threshold << ", fuel " << fuel);
        }
}

TEST_CASE("a store can be moved and reset; a reset ends it") {
    native_guest g(several, true);
    CHECK(*g.get<i64(i64)>("factorial")(5) == 120);
    tessera::store<native_profile> moved = std::move(g.store);
    CHECK(*g.get<i64(i64)>("factorial")(6) == 720);
    if (!TESSERA_TAIL_CALLS) return;
    CHECK(native_status_of(moved) == native_status::ready);
    CHECK(native_counters_of(moved).functions == 1);
    REQUIRE(moved.reset().has_value());
    CHECK(native_status_of(moved) == native_status::off);
    CHECK(native_counters_of(moved).functions == 0);
    REQUIRE(enable_native(moved, {.threshold = 0}).has_value());
    REQUIRE(moved.add_fuel(1 << 20).has_value());
    auto again = moved.instantiate(*tessera::module::parse_text<native_profile>(several), imports{});
    REQUIRE(again.has_value());
    CHECK(*(*again->get<i64(i64)>("factorial"))(7) == 5040);
    CHECK(native_counters_of(moved).functions == 1);
}

TEST_CASE("a file gets the names of compiled functions") {
    const std::string path =
        (std::filesystem::temp_directory_path() / ("tessera-names-" + std::to_string(std::random_device()()))).string();
    for (int round = 0; round < 2; ++round) {
        native_guest g(several, true, {}, {.threshold = 0, .perf_map = path.c_str()});
        CHECK(*g.get<i32(i32)>("depth")(2) == 2);
        CHECK(*g.get<i64(i64)>("factorial")(2) == 2);
        const native_counters c = native_counters_of(g.store);
        CHECK((c.nanoseconds > 0) == (c.functions > 0));
        u64 bytes = 0;
        std::vector<std::string> names;
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);) {
            std::size_t used = 0;
            CHECK(std::stoull(line, &used, 16) > 4096);
            bytes += std::stoull(line.substr(used), &used, 16);
            names.push_back(line.substr(line.find(' ', line.find(' ') + 1) + 1));
        }
        if (!TESSERA_TAIL_CALLS) continue;
        REQUIRE(names.size() == std::size_t(3 * (round + 1)));
        CHECK(names[0] == "tessera: shared code");
        CHECK(names[1] == "tessera: depth");
        CHECK(names[2] == "tessera: function 0");
        CHECK(bytes / u64(round + 1) <= c.code_bytes);
        CHECK(bytes / u64(round + 1) + 3 * 16 >= c.code_bytes);
    }
    std::filesystem::remove(path);

    tessera::store<native_profile> s;
    const auto refused = enable_native(s, {.perf_map = "/no such folder/names"});
    if (!TESSERA_TAIL_CALLS) return;
    REQUIRE(!refused.has_value());
    CHECK(refused.error().message() == msg::cannot_open.text);
    CHECK(native_status_of(s) == native_status::off);
    CHECK(enable_native(s).has_value());
}

namespace {
// True if the code that `names` tells of, a file for profilers, has the bytes of `constant`.
bool is_in_code(const std::string& names, u32 constant) {
    std::ifstream file(names);
    for (std::string line; std::getline(file, line);) {
        std::size_t used = 0;
        const auto at = std::stoull(line, &used, 16), size = std::stoull(line.substr(used), nullptr, 16);
        const u8* const code = reinterpret_cast<const u8*>(std::uintptr_t(at));
        for (std::size_t i = 0; i + 4 <= size; ++i)
            if (std::memcmp(code + i, &constant, 4) == 0) return true;
    }
    return false;
}
} // namespace

TEST_CASE("constants of a guest are not seen in the code if that is asked for") {
    // All constants are made of 0x1badc0de, with one bit changed.
    constexpr std::string_view text = R"((module
      (memory 1)
      (table 2 funcref)
      (global $g (mut i64) (i64.const 0))
      (func (export "run") (param i32 i64 f64) (result i64) (local i32 i64)
        (local.set 3 (i32.xor (i32.add (local.get 0) (i32.const 0x1badc0df)) (i32.const 0x1badc0de)))
        (local.set 3 (i32.mul (local.get 3) (i32.const 0x1badc0dc)))
        (if (i32.lt_u (local.get 3) (i32.const 0x1badc0da)) (then (local.set 1 (i64.const 0x1badc0d61badc0ce))))
        (global.set $g (i64.const 0x1badc0fe))
        (i32.store (i32.const 8) (i32.const 0x1badc09e))
        (f64.store (i32.const 16) (f64.add (local.get 2) (f64.const 0x1.badc0dep+10)))
        (if (i32.eq (local.get 0) (i32.const 0x1badc05e)) (then
          (local.set 1 (i64.load offset=0x1badc1de (local.get 3)))
          (i32.store8 offset=0x1badc2de (i32.const 0x11) (local.get 3))
          (local.set 1 (i64.load (i32.add (i32.const 0x1badc4de) (i32.shl (local.get 0) (i32.const 3)))))))
        (loop
          (local.set 4 (select (i64.const 0x1badc8de) (i64.const -0x1badd0de) (local.get 3)))
          (local.set 0 (i32.add (local.get 0) (i32.const 0x1bade0de)))
          (br_if 0 (i32.gt_u (local.get 0) (i32.const 0xe6000000))))
        (i64.add (local.get 1) (i64.add (local.get 4) (i64.add (global.get $g) (i64.load (i32.const 8))))))))";
    const std::string prefix =
        (std::filesystem::temp_directory_path() / ("tessera-hidden-" + std::to_string(std::random_device()())))
            .string();
    i64 expected = 0;
    for (const u64 blinding : {u64{0}, u64{1}, u64{0xfeed'5eed'0000'1234}}) {
        const std::string names = prefix + std::to_string(blinding);
        native_guest g(text, true, {}, {.threshold = 0, .blinding = blinding, .perf_map = names.c_str()});
        const auto got = g.get<i64(i32, i64, f64)>("run")(5, 6, 7);
        REQUIRE(got.has_value());
        if (blinding == 0) expected = *got;
        CHECK(*got == expected);
        unsigned seen = 0;
        for (unsigned bit = 0; bit < 16; ++bit) seen += is_in_code(names, 0x1bad'c0de ^ 1u << bit) ? 1 : 0;
        seen += is_in_code(names, 0x1bad'c0de) ? 1 : 0;
        if (!TESSERA_TAIL_CALLS) continue;
        if (blinding == 0) CHECK(seen > 10);
        else CHECK(seen == 0);
    }
    for (const auto& left : std::filesystem::directory_iterator(std::filesystem::temp_directory_path()))
        if (left.path().string().starts_with(prefix)) std::filesystem::remove(left.path());
}

TEST_CASE("what would hardly gain stays with the interpreter") {
    // The same work in machine code; with an operation that has none, in the only loop and in one of two; and where it
    // is given up.
    constexpr std::string_view text = R"((module
      (func $fail (import "host" "fail"))
      (memory 1) (table 1 funcref)
      (func $scalar (export "scalar") (param i32) (result i32) (local i32)
        (loop
          (local.set 1 (i32.add (local.get 1) (i32.load (local.get 0))))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
      (func (export "other") (param i32) (result i32) (local i32)
        (loop
          (table.fill 0 (i32.const 0) (ref.null func) (local.get 1))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))
      (func (export "both") (param i32) (result i32) (local i32 i32)
        (local.set 2 (call $scalar (local.get 0)))
        (loop
          (local.set 2 (i32.add (i32.load (local.get 0)) (i32.mul (local.get 2) (i32.const 3))))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.set 0 (i32.const 7))
        (loop
          (table.fill 0 (i32.const 0) (ref.null func) (local.get 1))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (i32.add (local.get 2) (local.get 1)))
      (func (export "checked") (param i32) (result i32) (local i32)
        (loop
          (if (i32.eq (local.get 0) (i32.const 1000000)) (then (call $fail) (unreachable)))
          (local.set 1 (i32.add (local.get 1) (i32.load (local.get 0))))
          (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get 1))))";
    imports env;
    env.define("host", "fail", [] {});
    for (const u32 threshold : {0u, 5u})
        for (const bool all : {false, true}) {
            native_guest g(text, true, env, {.threshold = threshold, .all = all});
            for (const char* const name : {"scalar", "other", "both", "checked"})
                CHECK(*g.get<i32(i32)>(name)(100) == 0);
            if (!TESSERA_TAIL_CALLS) continue;
            CHECK(native_counters_of(g.store).functions == (all ? 4 : 2));
            CHECK(native_counters_of(g.store).left == (all ? 0 : 2));
        }
}

TEST_CASE("what does not fit stays with the interpreter") {
    native_guest g(several, true, {}, {.threshold = 2, .code_bytes = 16 * 1024});
    auto depth = g.get<i32(i32)>("depth");
    for (i32 n = 0; n < 50; ++n) CHECK(*depth(n) == n);
    CHECK(native_counters_of(g.store).code_bytes <= 16 * 1024);
}
