// SPDX-License-Identifier: MIT
// What one instance more costs: a module with a page of memory, a table of 16, ten functions and a data
// segment, made again and again in one store, and each instance called once. Beside it what the memory
// alone costs, made, written to where the segment goes, and given back.
#include <tessera/tessera.hpp>

#include <benchmark/benchmark.h>

#include <cstring>
#include <string>
#include <vector>

namespace {

constexpr tessera::features profile = tessera::wasm_3_0;
constexpr const char* segment = "a data segment that every instance of the module gets a copy of";

std::string guest() {
    std::string text = R"((module (memory (export "memory") 1) (table 16 funcref) (elem (i32.const 2) func 0 1 2 3)
        (data (i32.const 1024) ")" +
                       std::string(segment) + R"("))";
    for (int i = 0; i < 10; ++i)
        text += "(func (export \"f" + std::to_string(i) +
                "\") (param i32) (result i32)"
                "(i32.load offset=" +
                std::to_string(1024 + 4 * i) + " (local.get 0)))";
    return text + ")";
}

/// The time of one instance among `state.range(0)`, its share of the store's end included.
void instances(benchmark::State& state) {
    auto mod = tessera::module::parse_text<profile>(guest());
    if (!mod) return state.SkipWithError(mod.error().message().data());
    for (auto _ : state) {
        tessera::store<profile> store;
        for (std::int64_t i = 0; i < state.range(0); ++i) {
            auto made = store.instantiate(*mod);
            if (!made) return state.SkipWithError(made.error().message().data());
            auto f = made->get<int(int)>("f7");
            auto r = f ? (*f)(0) : tessera::result<int>(f.error());
            if (!r) return state.SkipWithError(r.error().message().data());
            benchmark::DoNotOptimize(*r);
        }
    }
    state.SetItemsProcessed(state.range(0) * std::int64_t(state.iterations()));
}
BENCHMARK(instances)->Arg(1)->Arg(100)->Arg(10000);

/// The same of the memories alone, allocated as the store does.
void memories(benchmark::State& state) {
    tessera::memory_type type;
    type.limits.min = 1;
    std::string_view limit;
    const std::span<const tessera::u8> bytes(reinterpret_cast<const tessera::u8*>(segment), std::strlen(segment));
    for (auto _ : state) {
        std::vector<tessera::runtime::memory_data> all(std::size_t(state.range(0)));
        for (auto& m : all) {
            if (!m.allocate(type, ~tessera::u64{0}, nullptr, limit)) return state.SkipWithError("memory");
            if (tessera::runtime::init(m, 1024, bytes, 0, bytes.size()) != tessera::trap::none)
                return state.SkipWithError("init");
        }
    }
    state.SetItemsProcessed(state.range(0) * std::int64_t(state.iterations()));
}
BENCHMARK(memories)->Arg(1)->Arg(100)->Arg(10000);

} // namespace

BENCHMARK_MAIN();
