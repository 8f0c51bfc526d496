// SPDX-License-Identifier: MIT
// How fast modules are loaded: decoding with validation, of bytes that are copied and of borrowed ones, the
// latter without the bodies too, and instantiation. Takes .wasm files as
// arguments after Google Benchmark's own; without any, the guests of the tree.
#include <tessera/tessera.hpp>

#include <benchmark/benchmark.h>
#include <files.hpp>

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace {

constexpr tessera::features profile = tessera::wasm_3_0;

using loader = tessera::result<tessera::module>(std::span<const std::byte>, const tessera::module_limits&);

void parse(benchmark::State& state, const std::string& path, loader* load) {
    const auto bytes = read_file(path.c_str());
    for (auto _ : state) {
        auto mod = load(bytes, {});
        if (!mod) return state.SkipWithError(mod.error().message().data());
        benchmark::DoNotOptimize(mod);
    }
    state.SetBytesProcessed(static_cast<std::int64_t>(bytes.size()) * static_cast<std::int64_t>(state.iterations()));
}

void instantiate(benchmark::State& state, const std::string& path) {
    const auto bytes = read_file(path.c_str());
    auto mod = tessera::module::parse<profile>(bytes);
    if (!mod) return state.SkipWithError(mod.error().message().data());
    for (auto _ : state) {
        tessera::store<profile> store;
        auto instance = store.instantiate(*mod);
        if (!instance) return state.SkipWithError(instance.error().message().data());
        benchmark::DoNotOptimize(instance);
    }
}

} // namespace

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    std::vector<std::string> files(argv + 1, argv + argc);
    if (files.empty())
        for (const char* folder : {"/tests/guests", "/examples/guests", "/bench/kernels"}) {
            std::error_code none;
            for (const auto& entry : std::filesystem::directory_iterator(std::string(TESSERA_SOURCE) + folder, none))
                if (entry.path().extension() == ".wasm") files.push_back(entry.path().string());
        }
    for (const std::string& file : files) {
        const std::string name = std::filesystem::path(file).stem().string();
        const std::pair<const char*, loader*> ways[] = {{"parse/", &tessera::module::parse<profile>},
                                                        {"borrow/", &tessera::module::borrow<profile>},
                                                        {"borrow_lazily/", &tessera::module::borrow_lazily<profile>}};
        for (const auto& [way, load] : ways) benchmark::RegisterBenchmark((way + name).c_str(), parse, file, load);
        // A module that imports something needs its own host around it.
        if (auto mod = tessera::module::parse<profile>(read_file(file.c_str())); !mod || mod->imports().empty())
            benchmark::RegisterBenchmark(("instantiate/" + name).c_str(), instantiate, file);
    }
    benchmark::RunSpecifiedBenchmarks();
}
