// SPDX-License-Identifier: MIT
// Functions of a store as machine code: what they compute, how they stop, how they meet the interpreter and the host.
#include <tessera/tessera.hpp>

#include <tessera/native.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <string>
#include <utility>

namespace {

using namespace tessera;
using tessera::i32;
using tessera::i64;
using tessera::u32;
using tessera::u64;

constexpr features profile = lime1 + feature::native + feature::interruption;

struct guest {
    tessera::store<profile> store;
    tessera::instance instance;

    explicit guest(std::string_view text, bool compiled, const imports& env = {}, native::native_limits limits = {}) {
        if (compiled) REQUIRE(enable_native(store, limits).has_value());
        auto mod = tessera::module::parse_text<profile>(text);
        REQUIRE(mod.has_value());
        auto made = store.instantiate(*mod, env);
        REQUIRE(made.has_value());
        instance = *made;
    }
    template <class T>
    auto get(std::string_view name) {
        return *instance.get<T>(name);
    }
};

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
    guest g(several, true);
    CHECK(native_status_of(g.store) == (TESSERA_TAIL_CALLS ? native_status::ready : native_status::unsupported));
    CHECK(native_counters_of(g.store).functions == 0);
    auto factorial = g.get<i64(i64)>("factorial");
    CHECK(*factorial(20) == 2432902008176640000);
    CHECK(*factorial(0) == 1);
    if (TESSERA_TAIL_CALLS) CHECK(native_counters_of(g.store).functions == 1);
    CHECK(native_counters_of(g.store).left == 0);
}

TEST_CASE("calls nest deeper than the native stack is meant for, up to the limit of the store") {
    guest g(several, true);
    auto depth = g.get<i32(i32)>("depth");
    for (i32 n : {0, 1, 100, 10000, 20000}) CHECK(*depth(n) == n);
    const auto much = depth(1 << 30);
    REQUIRE(!much.has_value());
    CHECK(much.error().why() == trap::stack_exhausted);
    CHECK(*depth(3) == 3);
}

TEST_CASE("traps have the reason and the offset that they have in the interpreter") {
    guest compiled(several, true), interpreted(several, false);
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
    guest g(several, true, {}, {.code_bytes = 0});
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
        guest g(text, compiled, env);
        results[compiled] = *g.get<i32(i32)>("run")(5);
    }
    CHECK(results[0] == results[1]);
    CHECK(results[0] == 2 * (5 + 4 + 3 + 2 + 1) + 1 + 2 - 1 - 1 - 1 + 5);
}

TEST_CASE("a loop without an end can be interrupted") {
    guest g(several, true);
    g.store.interrupt();
    const auto done = g.get<void()>("forever")();
    REQUIRE(!done.has_value());
    CHECK(done.error().why() == trap::interrupted);
}
