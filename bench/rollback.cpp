// SPDX-License-Identifier: MIT
// Taking and going back to states of a memory of 1 MiB, a twentieth of whose pages a guest writes to between them,
// beside copying the memory; the same with a hundred calls that stand; and what marking costs a guest that does nothing
// but store.
#if TESSERA_NATIVE
#include <tessera/native.hpp>
#endif
#include <tessera/save.hpp>
#include <tessera/wat.hpp>

#include <benchmark/benchmark.h>

#include <cstdio>
#include <cstring>
#include <vector>

namespace {

// With TESSERA_NATIVE the guests are machine code.
#if TESSERA_NATIVE
constexpr tessera::features plain = tessera::wasm_2_0 + tessera::feature::native;
#else
constexpr tessera::features plain = tessera::wasm_2_0;
#endif
constexpr tessera::features sliced = plain + tessera::feature::dirty_marks + tessera::feature::fuel;
constexpr tessera::features marked = plain + tessera::feature::dirty_marks;

// 13 of 256 pages, at random.
constexpr const char* text = R"((module (memory (export "memory") 16 16)
    (global $seed (mut i32) (i32.const 1))
    (func (export "frame") (param $n i32)
        (loop $l
            (global.set $seed (i32.add (i32.mul (global.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
            (i32.store (i32.and (i32.shr_u (global.get $seed) (i32.const 8)) (i32.const 0xffffc)) (local.get $n))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $wait (export "wait") (param $depth i32)
        (if (local.get $depth) (then (call $wait (i32.sub (local.get $depth) (i32.const 1)))))
        (loop $l (br $l)))
    (func (export "stores") (param $n i32)
        (loop $l
            (i32.store (i32.shl (i32.and (local.get $n) (i32.const 0x3ffff)) (i32.const 2)) (local.get $n))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))
)";

template <tessera::features F>
struct guest {
    tessera::store<F> store;
    tessera::instance instance;
    guest() {
#if TESSERA_NATIVE
        if (!tessera::enable_native(store, {.threshold = 0})) std::abort();
#endif
        auto mod = tessera::module::parse_text<F>(text);
        auto made = mod ? store.instantiate(*mod) : tessera::result<tessera::instance>(mod.error());
        if (!made) std::fprintf(stderr, "%s\n", made.error().message().data()), std::abort();
        instance = *made;
    }
    void call(const char* name, int n) {
        if (auto f = instance.template get<void(int)>(name); !f || !(*f)(n)) std::abort();
    }
};

void take(benchmark::State& state) {
    guest<marked> g;
    tessera::rollback<marked> ring(g.store, 16);
    for (auto _ : state) {
        state.PauseTiming();
        g.call("frame", 13);
        state.ResumeTiming();
        if (!ring.take()) state.SkipWithError("take");
    }
}
/// A hundred calls, five frames deep, that have used up their fuel.
struct standing {
    guest<sliced> g;
    std::vector<tessera::execution> calls;
    std::vector<tessera::keepable_call> all;
    standing() {
        auto wait = g.instance.get<void(int)>("wait");
        for (int i = 0; wait && i < 100; ++i) {
            auto made = wait->start(4);
            if (!made || !g.store.add_fuel(100)) std::abort();
            calls.push_back(std::move(*made));
            static_cast<void>(calls.back().resume());
        }
        for (tessera::execution& c : calls) all.push_back(c);
        if (!g.store.add_fuel(tessera::u64{1} << 60)) std::abort();
    }
};
void take_with_calls(benchmark::State& state) {
    standing s;
    tessera::rollback<sliced> ring(s.g.store, 16);
    for (auto _ : state) {
        state.PauseTiming();
        s.g.call("frame", 13);
        state.ResumeTiming();
        if (!ring.take(s.all)) state.SkipWithError("take");
    }
}
void go_back_with_calls(benchmark::State& state) {
    standing s;
    tessera::rollback<sliced> ring(s.g.store, 16);
    for (auto _ : state) {
        state.PauseTiming();
        if (!ring.take(s.all)) state.SkipWithError("take");
        s.g.call("frame", 13);
        if (!ring.take(s.all)) state.SkipWithError("take");
        s.g.call("frame", 13);
        state.ResumeTiming();
        if (!ring.go_back(ring.next() - 2, s.all)) state.SkipWithError("go_back");
    }
}
void go_back(benchmark::State& state) {
    guest<marked> g;
    tessera::rollback<marked> ring(g.store, 16);
    for (auto _ : state) {
        state.PauseTiming();
        if (!ring.take()) state.SkipWithError("take");
        g.call("frame", 13);
        if (!ring.take()) state.SkipWithError("take");
        g.call("frame", 13);
        state.ResumeTiming();
        if (!ring.go_back(ring.next() - 2)) state.SkipWithError("go_back"); // what was written in both
    }
}
void copy(benchmark::State& state) {
    guest<plain> g;
    const auto memory = g.instance.get<tessera::memory>("memory");
    std::vector<std::byte> kept(std::size_t{1} << 20);
    for (auto _ : state) {
        state.PauseTiming();
        g.call("frame", 13);
        state.ResumeTiming();
        const auto all = memory->view(0, kept.size());
        std::memcpy(kept.data(), all->data(), kept.size());
        benchmark::DoNotOptimize(kept.data());
        benchmark::ClobberMemory();
    }
}
template <tessera::features F>
void stores(benchmark::State& state) {
    guest<F> g;
    for (auto _ : state) g.call("stores", 100'000);
}

BENCHMARK(take)->Unit(benchmark::kMicrosecond);
BENCHMARK(go_back)->Unit(benchmark::kMicrosecond);
BENCHMARK(take_with_calls)->Unit(benchmark::kMicrosecond);
BENCHMARK(go_back_with_calls)->Unit(benchmark::kMicrosecond);
BENCHMARK(copy)->Unit(benchmark::kMicrosecond);
BENCHMARK(stores<plain>)->Name("stores/unmarked")->Unit(benchmark::kMicrosecond);
BENCHMARK(stores<marked>)->Name("stores/marked")->Unit(benchmark::kMicrosecond);

} // namespace

BENCHMARK_MAIN();
