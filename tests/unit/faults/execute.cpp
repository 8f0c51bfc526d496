// SPDX-License-Identifier: MIT
// Lowering and running with each allocation failing in turn.
#include "../../engine.hpp"

#include <doctest/doctest.h>

namespace {

constexpr tessera::features profile = engines::metered;
using tessera::trap;
using tessera::u32;

tessera::result<tessera::module> parse(std::string_view text) { return tessera::module::parse_text<profile>(text); }

/// Runs `attempt(instance, store)` in fresh stores; it makes the calls and returns their outcome.
template <class Attempt>
void each_fault(std::string_view text, Attempt attempt) {
    const long before = faults::live;
    {
        auto mod = parse(text);
        REQUIRE_MESSAGE(mod, mod.error().message() << " in line " << mod.error().line());
        const long n = faults::each([&] {
            const long left = std::exchange(faults::left, -1); // what prepares is not under test
            tessera::imports env;
            env.define("env", "call", [](tessera::func f) -> tessera::result<void> { return f.call({}, {}); });
            tessera::store<profile> store;
            REQUIRE(store.add_fuel(1'000'000'000));
            auto instance = store.instantiate(*mod, env);
            REQUIRE(instance);
            faults::left = left;
            const tessera::result<u32> first = attempt(*instance);
            faults::left = -1;
            if (!first) {
                CHECK(first.error().kind() == tessera::kind::exhaustion);
                CHECK(faults::failed != 0);
            }
            // Whatever was missing, the store works when it is there again.
            const tessera::result<u32> second = attempt(*instance);
            REQUIRE_MESSAGE(second.has_value(), second.error().message());
            if (first) CHECK(*first == *second);
            return first.has_value();
        });
        CHECK(n > 3);
    }
    CHECK(faults::live == before);
}

} // namespace

TEST_CASE("out of memory: lowering") {
    each_fault(R"((module (memory 1)
        (type $two (func (param i32 i32) (result i32 i32)))
        (func $swap (type $two) (local.get 1) (local.get 0))
        (func $table (param i32) (result i32)
            (block (block (block (block (br_table 0 1 2 3 0 1 2 3 (local.get 0))) (return (i32.const 1))) (return (i32.const 2))) (return (i32.const 3)))
            (i32.const 4))
        (func $values (param i32) (result i32)
            (local.get 0) (i32.const 5)
            (block (param i32 i32) (result i32 i32)
                (br_if 0 (local.get 0)) (call $swap) (br_table 0 0 (local.get 0)))
            (i32.sub))
        (func (export "run") (result i32) (local i32 i32 i64 f64)
            (loop
                (i32.store (i32.shl (local.get 0) (i32.const 2)) (i32.add (local.get 1) (call $table (local.get 0))))
                (local.set 1 (i32.add (local.get 1) (i32.load (i32.shl (local.get 0) (i32.const 2)))))
                (local.set 2 (i64.add (local.get 2) (i64.extend_i32_u (local.get 1))))
                (local.set 3 (f64.mul (f64.convert_i64_s (local.get 2)) (f64.const 0.5)))
                (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 9))))
            (i32.add (i32.add (local.get 1) (call $values (local.get 0))) (i32.trunc_sat_f64_s (local.get 3))))))",
               [](tessera::instance& i) -> tessera::result<u32> {
                   auto run = i.get<u32()>("run");
                   REQUIRE(run);
                   return (*run)();
               });
}

TEST_CASE("out of memory: a stack that grows") {
    each_fault(R"((module
        (table 1 funcref) (elem (i32.const 0) $f) (type $t (func (param i32) (result i32)))
        (func $f (export "deep") (param i32) (result i32)
            (if (result i32) (local.get 0)
                (then (i32.add (i32.const 1) (call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0))))
                (else (call $g (i32.const 5000)))))
        (func $g (param i32) (result i32)
            (if (result i32) (local.get 0) (then (i32.add (i32.const 1) (call $g (i32.sub (local.get 0) (i32.const 1))))) (else (i32.const 7))))
    ))",
               [](tessera::instance& i) -> tessera::result<u32> {
                   auto deep = i.get<u32(u32)>("deep");
                   REQUIRE(deep);
                   return (*deep)(5000);
               });
}

TEST_CASE("out of memory: traps and their backtraces, calls through the host") {
    each_fault(R"((module (import "env" "call" (func $call (param funcref)))
        (elem declare func $inner $trap)
        (func $trap (unreachable))
        (func $inner (call $trap))
        (func (export "run") (call $call (ref.func $inner)))))",
               [](tessera::instance& i) -> tessera::result<u32> {
                   auto run = i.get<void()>("run");
                   REQUIRE(run);
                   const auto end = (*run)();
                   REQUIRE_FALSE(end);
                   if (end.error().why() != trap::unreachable) return end.error();
                   return 1; // a backtrace may be missing or short
               });
}
