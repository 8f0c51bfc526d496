// SPDX-License-Identifier: MIT
// What exceptions cost: nothing where none is thrown, and what they do where one is.
#include <tessera/tessera.hpp>

#include <benchmark/benchmark.h>

namespace {

using tessera::i32;

constexpr tessera::features profile = tessera::wasm_3_0;

constexpr const char* guest = R"((module
  (tag $e (param i32))
  (func $one (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "calls") (param $n i32) (result i32) (local $x i32)
    (loop $again
      (local.set $x (call $one (local.get $x)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))
  (func (export "calls_in_try_table") (param $n i32) (result i32) (local $x i32)
    (block $h (result i32)
      (loop $again
        (try_table (catch $e $h)
          (local.set $x (call $one (local.get $x))))
        (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
      (local.get $x)))
  (func $throw (param $depth i32)
    (if (local.get $depth) (then (call $throw (i32.sub (local.get $depth) (i32.const 1)))))
    (throw $e (i32.const 7)))
  (func (export "catches") (param $n i32) (param $depth i32)
    (loop $again
      (block $h (result i32) (try_table (catch $e $h) (call $throw (local.get $depth))) (i32.const 0))
      (drop)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "catches_reference") (param $n i32) (param $depth i32)
    (loop $again
      (block $h (result exnref) (try_table (catch_all_ref $h) (call $throw (local.get $depth))) (unreachable))
      (drop)
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
))";

struct fixture : benchmark::Fixture {
    tessera::store<profile> store;
    tessera::instance instance;
    void SetUp(benchmark::State& state) override {
        auto mod = tessera::module::parse_text<profile>(guest);
        if (!mod) return state.SkipWithError(mod.error().message().data());
        auto made = store.instantiate(*mod);
        if (!made) return state.SkipWithError(made.error().message().data());
        instance = *made;
    }
    void calls(benchmark::State& state, const char* name) {
        auto f = instance.get<i32(i32)>(name);
        for (auto _ : state)
            if ((*f)(1000).value_or(0) != 1000) return state.SkipWithError("wrong result");
        state.SetItemsProcessed(1000 * static_cast<std::int64_t>(state.iterations()));
    }
    void catches(benchmark::State& state, const char* name) {
        auto f = instance.get<void(i32, i32)>(name);
        for (auto _ : state)
            if (!(*f)(100, i32(state.range(0)))) return state.SkipWithError("not caught");
        state.SetItemsProcessed(100 * static_cast<std::int64_t>(state.iterations()));
    }
};

BENCHMARK_F(fixture, calls)(benchmark::State& state) { calls(state, "calls"); }
BENCHMARK_F(fixture, calls_in_try_table)(benchmark::State& state) { calls(state, "calls_in_try_table"); }
/// By how many frames lie between throw and catch.
BENCHMARK_DEFINE_F(fixture, catches)(benchmark::State& state) { catches(state, "catches"); }
BENCHMARK_REGISTER_F(fixture, catches)->Arg(0)->Arg(10)->Arg(1000);
BENCHMARK_DEFINE_F(fixture, catches_reference)(benchmark::State& state) { catches(state, "catches_reference"); }
BENCHMARK_REGISTER_F(fixture, catches_reference)->Arg(0)->Arg(10);

} // namespace

BENCHMARK_MAIN();
