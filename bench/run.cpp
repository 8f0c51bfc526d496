// SPDX-License-Identifier: MIT
// How fast guests run: the programs of kernels/, with the arguments and answers of kernels/kernels.txt.
#include <tessera/tessera.hpp>

#include <benchmark/benchmark.h>
#include <files.hpp>

#include <fstream>
#include <sstream>
#include <string>

namespace {

using tessera::u32;

constexpr tessera::features profile = tessera::wasm_2_0;

struct kernel {
    std::string name, function;
    u32 work = 0, seed = 0, answer = 0;
};

void run(benchmark::State& state, const kernel& k) {
    const auto bytes = read_file((TESSERA_SOURCE "/bench/kernels/" + k.name + ".wasm").c_str());
    auto mod = tessera::module::parse<profile>(bytes);
    if (!mod) return state.SkipWithError(mod.error().message().data());
    tessera::store<profile> store;
    auto instance = store.instantiate(*mod);
    if (!instance) return state.SkipWithError(instance.error().message().data());
    auto function = instance->get<u32(u32, u32)>(k.function);
    if (!function) return state.SkipWithError(function.error().message().data());
    for (auto _ : state) {
        auto answer = (*function)(k.work, k.seed);
        if (!answer) return state.SkipWithError(answer.error().message().data());
        if (*answer != k.answer) return state.SkipWithError("wrong answer");
    }
}

} // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    std::ifstream list(TESSERA_SOURCE "/bench/kernels/kernels.txt");
    for (std::string line; std::getline(list, line);) {
        kernel k;
        if (line.empty() || line[0] == '#' ||
            !(std::istringstream(line) >> k.name >> k.function >> k.work >> k.seed >> k.answer))
            continue;
        benchmark::RegisterBenchmark(k.name.c_str(), run, k)->Unit(benchmark::kMillisecond);
    }
    benchmark::RunSpecifiedBenchmarks();
}
