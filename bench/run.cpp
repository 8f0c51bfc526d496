// SPDX-License-Identifier: MIT
// How fast guests run: the programs of kernels/, with the work and the results of kernels/kernels.txt.
#include <tessera/tessera.hpp>

#include <benchmark/benchmark.h>
#include <files.hpp>

#include <string>

#include "kernels.hpp"

namespace {

using tessera::u32;

constexpr tessera::features profile = tessera::wasm_3_0;

void run(benchmark::State& state, const kernel& k) {
    const auto bytes = read_file((TESSERA_KERNELS "/" + k.name + ".wasm").c_str());
    auto mod = tessera::module::parse<profile>(bytes);
    if (!mod) return state.SkipWithError(mod.error().message().data());
    tessera::store<profile> store;
    auto instance = store.instantiate(*mod);
    if (!instance) return state.SkipWithError(instance.error().message().data());
    auto function = instance->get<u32(u32, u32)>("run");
    if (!function) return state.SkipWithError(function.error().message().data());
    for (auto _ : state) {
        auto result = (*function)(k.work, k.seed);
        if (!result) return state.SkipWithError(result.error().message().data());
        if (*result != k.result) return state.SkipWithError("wrong result");
    }
}

} // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    for (const kernel& k : read_kernels(TESSERA_KERNELS))
        benchmark::RegisterBenchmark(k.name.c_str(), run, k)->Unit(benchmark::kMillisecond);
    benchmark::RunSpecifiedBenchmarks();
}
