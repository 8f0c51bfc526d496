// SPDX-License-Identifier: MIT
// Slices: what it costs to stop a call and go on, to wait for the host, to have a thousand calls, and to look at a
// clock.
#define TESSERA_GAME 1
#include <tessera/tessera.hpp>

#include "kernels.hpp"

#include <benchmark/benchmark.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

using tessera::game::standing;
namespace game = tessera::game;
constexpr tessera::features profile = tessera::wasm_3_0 + tessera::feature::fuel;

constexpr const char* text = R"((module
    (import "env" "ask" (func $ask (param i32) (result i32)))
    (import "env" "task" (func $task (param i32) (result i32)))
    (func (export "spin") (loop $again (br $again)))
    (func (export "ask") (loop $again (drop (call $ask (i32.const 1))) (br $again)))
    (func (export "task") (loop $again (drop (call $task (i32.const 1))) (br $again)))))";

struct guest {
    game::later<int> answer;
    tessera::store<profile> store;
    tessera::instance instance;
    explicit guest(benchmark::State& state) {
        tessera::imports env;
        env.define("env", "ask", [](tessera::caller& who, int n) -> tessera::result<int> {
            return game::suspend(who, tessera::u64(n));
        });
        env.define("env", "task", game::async([this](int n) -> game::task<int> { co_return n + co_await answer; }));
        auto mod = tessera::module::parse_text<profile>(text);
        auto made = mod ? store.instantiate(*mod, env) : mod.error();
        if (made) instance = *made;
        else state.SkipWithError(made.error().message().data());
    }
    game::call start(const char* name) const { return *game::start(*instance.get<void()>(name)); }
};

/// A slice of no fuel at all: into the engine and out again, at the same instruction.
void slice_switch(benchmark::State& state) {
    guest g(state);
    auto call = g.start("spin");
    call.run(100);
    for (auto _ : state)
        if (call.run(4) != standing::out_of_fuel) return state.SkipWithError("the call does not stop");
}
/// The same by turns in a thousand calls.
void slice_switch_of_1000(benchmark::State& state) {
    guest g(state);
    std::vector<game::call> calls;
    for (int i = 0; i < 1000; ++i) calls.push_back(g.start("spin"));
    std::size_t at = 0;
    for (auto _ : state) {
        calls[at].run(4);
        at = at == 999 ? 0 : at + 1;
    }
}
void wait_and_answer(benchmark::State& state) {
    guest g(state);
    auto call = g.start("ask");
    for (auto _ : state)
        if (call.run(100) != standing::waiting || !call.answer(1)) return state.SkipWithError("the call does not wait");
}
void wait_for_coroutine(benchmark::State& state) {
    guest g(state);
    auto call = g.start("task");
    for (auto _ : state) {
        if (call.run(100) != standing::waiting) return state.SkipWithError("the call does not wait");
        g.answer.set(1);
    }
}

/// A kernel in one piece, and with a deadline that is looked at again and again.
void kernel_run(benchmark::State& state, const kernel& k, bool timed) {
    std::ifstream file(TESSERA_KERNELS "/" + k.name + ".wasm", std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    auto mod = tessera::module::parse<profile>(std::as_bytes(std::span(bytes)));
    tessera::store<profile> store;
    auto instance = mod ? store.instantiate(*mod) : mod.error();
    auto run = instance ? instance->get<tessera::u32(tessera::u32, tessera::u32)>("run") : instance.error();
    if (!run) return state.SkipWithError(run.error().message().data());
    for (auto _ : state) {
        auto call = game::start(*run, k.work, k.seed);
        if (!call) return state.SkipWithError("no call");
        if (timed) call->run_ns(~tessera::u64{0} >> 1);
        else call->run(~tessera::u64{0});
        if (call->state() != standing::finished || *call->get<tessera::u32>() != k.result)
            return state.SkipWithError("wrong result");
    }
}

BENCHMARK(slice_switch);
BENCHMARK(slice_switch_of_1000);
BENCHMARK(wait_and_answer);
BENCHMARK(wait_for_coroutine);

} // namespace

int main(int argc, char** argv) {
    const auto kernels = read_kernels(TESSERA_KERNELS);
    for (const kernel& k : kernels)
        for (const bool timed : {false, true})
            benchmark::RegisterBenchmark(((timed ? "deadline/" : "whole/") + k.name).c_str(), kernel_run, k, timed)
                ->Unit(benchmark::kMillisecond);
    benchmark::Initialize(&argc, argv);
    if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 1;
    benchmark::RunSpecifiedBenchmarks();
}
