// SPDX-License-Identifier: MIT
// What crossing the border costs: host to guest, guest to host, typed and untyped; as bench_call_native with functions
// that are machine code.
#include <tessera/tessera.hpp>

#include <benchmark/benchmark.h>

namespace {

using tessera::i32;

#if TESSERA_NATIVE
constexpr tessera::features profile = tessera::wasm_2_0 + tessera::feature::native;
#else
constexpr tessera::features profile = tessera::wasm_2_0;
#endif

constexpr const char* guest = R"((module
  (import "host" "next" (func $next (param i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "nothing"))
  (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
  (func $one (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
  (func (export "calls_host") (param $n i32) (result i32) (local $x i32)
    (loop $again
      (local.set $x (call $next (local.get $x)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x))
  (func (export "calls_guest") (param $n i32) (result i32) (local $x i32)
    (loop $again
      (local.set $x (call $one (local.get $x)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $x)))
)";

struct fixture : benchmark::Fixture {
    tessera::store<profile> store;
    tessera::instance instance;
    void SetUp(benchmark::State& state) override {
        auto mod = tessera::module::parse_text<profile>(guest);
        if (!mod) return state.SkipWithError(mod.error().message().data());
        tessera::imports env;
        if (!env.define("host", "next", [](i32 x) -> i32 { return x + 1; })) return state.SkipWithError("define");
#if TESSERA_NATIVE
        if (!tessera::enable_native(store, {.threshold = 0, .all = true})) return state.SkipWithError("enable_native");
#endif
        auto made = store.instantiate(*mod, env);
        if (!made) return state.SkipWithError(made.error().message().data());
        instance = *made;
    }
};

BENCHMARK_F(fixture, host_to_guest_nothing)(benchmark::State& state) {
    auto f = instance.get<void()>("nothing");
    for (auto _ : state) benchmark::DoNotOptimize((*f)().has_value());
}

BENCHMARK_F(fixture, host_to_guest_add)(benchmark::State& state) {
    auto f = instance.get<i32(i32, i32)>("add");
    i32 sum = 0;
    for (auto _ : state) sum = *(*f)(sum, 3);
    benchmark::DoNotOptimize(sum);
}

BENCHMARK_F(fixture, host_to_guest_add_untyped)(benchmark::State& state) {
    auto f = instance.get<tessera::func>("add");
    tessera::value arguments[] = {tessera::value::i32(1), tessera::value::i32(2)}, results[1];
    for (auto _ : state) benchmark::DoNotOptimize(f->call(arguments, results).has_value());
}

BENCHMARK_F(fixture, look_up_by_name)(benchmark::State& state) {
    for (auto _ : state) benchmark::DoNotOptimize(instance.get<i32(i32, i32)>("add").has_value());
}

BENCHMARK_F(fixture, guest_to_host)(benchmark::State& state) {
    auto f = instance.get<i32(i32)>("calls_host");
    for (auto _ : state) benchmark::DoNotOptimize((*f)(1000).has_value());
    state.SetItemsProcessed(1000 * static_cast<std::int64_t>(state.iterations()));
}

BENCHMARK_F(fixture, guest_to_guest)(benchmark::State& state) {
    auto f = instance.get<i32(i32)>("calls_guest");
    for (auto _ : state) benchmark::DoNotOptimize((*f)(1000).has_value());
    state.SetItemsProcessed(1000 * static_cast<std::int64_t>(state.iterations()));
}

BENCHMARK_F(fixture, memory_load)(benchmark::State& state) {
    auto memory = instance.get<tessera::memory>("memory");
    for (auto _ : state) benchmark::DoNotOptimize(memory->load<tessera::u32>(16).has_value());
}

} // namespace

BENCHMARK_MAIN();
