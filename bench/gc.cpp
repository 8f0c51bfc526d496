// SPDX-License-Identifier: MIT
// Structures and arrays: how fast guests make, read and leave them, and what the collector takes of that. As
// bench_gc_native, with functions as machine code.
#include <tessera/tessera.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <vector>

namespace {

using tessera::u32;

#if TESSERA_NATIVE
constexpr tessera::features profile = tessera::wasm_3_0 + tessera::feature::native;
#else
constexpr tessera::features profile = tessera::wasm_3_0;
#endif

// Trees, each summed up and left; "keep" makes one that stays.
constexpr const char* trees = R"((module
  (type $node (struct (field $left (ref null $node)) (field $right (ref null $node)) (field $value i32)))
  (global $kept (mut (ref null $node)) (ref.null $node))
  (func $make (param $depth i32) (param $value i32) (result (ref $node))
    (if (result (ref $node)) (local.get $depth)
      (then (struct.new $node
        (call $make (i32.sub (local.get $depth) (i32.const 1)) (i32.shl (local.get $value) (i32.const 1)))
        (call $make (i32.sub (local.get $depth) (i32.const 1))
          (i32.add (i32.shl (local.get $value) (i32.const 1)) (i32.const 1)))
        (local.get $value)))
      (else (struct.new $node (ref.null $node) (ref.null $node) (local.get $value)))))
  (func $sum (param $tree (ref null $node)) (result i32)
    (if (result i32) (ref.is_null (local.get $tree))
      (then (i32.const 0))
      (else (i32.add (struct.get $node $value (local.get $tree))
        (i32.add (call $sum (struct.get $node $left (local.get $tree)))
          (call $sum (struct.get $node $right (local.get $tree))))))))
  (func (export "keep") (param $depth i32)
    (global.set $kept (call $make (local.get $depth) (i32.const 1))))
  (func (export "kept") (result i32) (call $sum (global.get $kept)))
  (func (export "run") (param $n i32) (param $depth i32) (result i32) (local $sum i32)
    (loop $again
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (call $sum (call $make (local.get $depth) (local.get $n)))))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum))
))";

// A map from numbers to boxes: an array of chains. Boxes are replaced, and at last all entries are visited.
constexpr const char* map = R"((module
  (type $box (struct (field i32)))
  (type $entry (struct (field $key i32) (field $box (mut (ref $box))) (field $next (ref null $entry))))
  (type $chains (array (mut (ref null $entry))))
  (func $count (param $map (ref $chains)) (param $key i32) (local $e (ref null $entry)) (local $i i32)
    (local.set $i (i32.and (i32.mul (local.get $key) (i32.const 0x9e3779b1)) (i32.sub (array.len (local.get $map)) (i32.const 1))))
    (local.set $e (array.get $chains (local.get $map) (local.get $i)))
    (block $absent
      (loop $again
        (br_if $absent (ref.is_null (local.get $e)))
        (if (i32.eq (struct.get $entry $key (local.get $e)) (local.get $key))
          (then
            (struct.set $entry $box (local.get $e)
              (struct.new $box (i32.add (i32.const 1) (struct.get $box 0 (struct.get $entry $box (local.get $e))))))
            (return)))
        (local.set $e (struct.get $entry $next (local.get $e)))
        (br $again)))
    (array.set $chains (local.get $map) (local.get $i)
      (struct.new $entry (local.get $key) (struct.new $box (i32.const 1))
        (array.get $chains (local.get $map) (local.get $i)))))
  (func $sum (param $map (ref $chains)) (result i32) (local $e (ref null $entry)) (local $i i32) (local $sum i32)
    (loop $chain
      (local.set $e (array.get $chains (local.get $map) (local.get $i)))
      (block $end
        (loop $again
          (br_if $end (ref.is_null (local.get $e)))
          (local.set $sum (i32.add (local.get $sum) (i32.mul (struct.get $entry $key (local.get $e))
            (struct.get $box 0 (struct.get $entry $box (local.get $e))))))
          (local.set $e (struct.get $entry $next (local.get $e)))
          (br $again)))
      (br_if $chain (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (array.len (local.get $map)))))
    (local.get $sum))
  (func (export "run") (param $n i32) (param $keys i32) (result i32) (local $map (ref $chains)) (local $x i32)
    (local.set $map (array.new_default $chains (i32.const 65536)))
    (local.set $x (i32.const 1))
    (loop $again
      (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 1664525)) (i32.const 1013904223)))
      (call $count (local.get $map) (i32.rem_u (i32.shr_u (local.get $x) (i32.const 8)) (local.get $keys)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (call $sum (local.get $map)))
))";

// An array of boxes is sorted by their values.
constexpr const char* sort = R"((module
  (type $box (struct (field i32)))
  (type $boxes (array (mut (ref null $box))))
  (func $at (param $a (ref $boxes)) (param $i i32) (result i32)
    (struct.get $box 0 (array.get $boxes (local.get $a) (local.get $i))))
  (func $sort (param $a (ref $boxes)) (param $low i32) (param $high i32)
    (local $i i32) (local $j i32) (local $pivot i32) (local $x (ref null $box))
    (if (i32.ge_s (local.get $low) (local.get $high)) (then (return)))
    (local.set $pivot (call $at (local.get $a) (i32.shr_u (i32.add (local.get $low) (local.get $high)) (i32.const 1))))
    (local.set $i (local.get $low))
    (local.set $j (local.get $high))
    (loop $again
      (loop $up
        (if (i32.lt_u (call $at (local.get $a) (local.get $i)) (local.get $pivot))
          (then (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $up))))
      (loop $down
        (if (i32.gt_u (call $at (local.get $a) (local.get $j)) (local.get $pivot))
          (then (local.set $j (i32.sub (local.get $j) (i32.const 1))) (br $down))))
      (if (i32.le_s (local.get $i) (local.get $j))
        (then
          (local.set $x (array.get $boxes (local.get $a) (local.get $i)))
          (array.set $boxes (local.get $a) (local.get $i) (array.get $boxes (local.get $a) (local.get $j)))
          (array.set $boxes (local.get $a) (local.get $j) (local.get $x))
          (local.set $i (i32.add (local.get $i) (i32.const 1)))
          (local.set $j (i32.sub (local.get $j) (i32.const 1)))))
      (br_if $again (i32.le_s (local.get $i) (local.get $j))))
    (call $sort (local.get $a) (local.get $low) (local.get $j))
    (call $sort (local.get $a) (local.get $i) (local.get $high)))
  (func (export "run") (param $n i32) (param $seed i32) (result i32) (local $a (ref $boxes)) (local $i i32) (local $sum i32)
    (local.set $a (array.new_default $boxes (local.get $n)))
    (loop $fill
      (local.set $seed (i32.add (i32.mul (local.get $seed) (i32.const 1664525)) (i32.const 1013904223)))
      (array.set $boxes (local.get $a) (local.get $i) (struct.new $box (local.get $seed)))
      (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (call $sort (local.get $a) (i32.const 0) (i32.sub (local.get $n) (i32.const 1)))
    (local.set $i (i32.const 0))
    (loop $add
      (local.set $sum (i32.add (i32.mul (local.get $sum) (i32.const 31)) (call $at (local.get $a) (local.get $i))))
      (br_if $add (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
    (local.get $sum))
))";

u32 tree_sum(u32 depth, u32 value) {
    return depth == 0 ? value : value + tree_sum(depth - 1, 2 * value) + tree_sum(depth - 1, 2 * value + 1);
}
u32 trees_result(u32 n, u32 depth) {
    u32 sum = 0;
    for (; n; --n) sum = sum * 31 + tree_sum(depth, n);
    return sum;
}
u32 map_result(u32 n, u32 keys) {
    std::map<u32, u32> counts;
    for (u32 x = 1; n; --n) ++counts[((x = x * 1664525 + 1013904223) >> 8) % keys];
    u32 sum = 0;
    for (const auto& [key, count] : counts) sum += key * count;
    return sum;
}
u32 sort_result(u32 n, u32 seed) {
    std::vector<u32> all(n);
    for (u32& v : all) v = seed = seed * 1664525 + 1013904223;
    std::sort(all.begin(), all.end());
    u32 sum = 0;
    for (u32 v : all) sum = sum * 31 + v;
    return sum;
}

/// A guest in a store of its own.
struct guest {
    guest(benchmark::State& state, const char* text, const tessera::limits& limits = {}) : store(limits) {
#if TESSERA_NATIVE
        if (!tessera::enable_native(store)) state.SkipWithError("no machine code");
#endif
        auto mod = tessera::module::parse_text<profile>(text);
        if (!mod) {
            state.SkipWithError(mod.error().message().data());
        } else if (auto made = store.instantiate(*mod); !made) {
            state.SkipWithError(made.error().message().data());
        } else {
            instance = *made;
        }
    }
    /// Runs "run" with what comes out beside it, and says what the heap did.
    void run(benchmark::State& state, u32 work, u32 seed, u32 expected) {
        auto f = instance.get<u32(u32, u32)>("run");
        if (!f) return state.SkipWithError(f.error().message().data());
        const tessera::heap_statistics before = store.heap();
        const auto begin = std::chrono::steady_clock::now();
        for (auto _ : state) {
            const auto r = (*f)(work, seed);
            if (!r) return state.SkipWithError(r.error().message().data());
            if (*r != expected) return state.SkipWithError("wrong result");
        }
        const std::chrono::duration<double, std::nano> time = std::chrono::steady_clock::now() - begin;
        const tessera::heap_statistics after = store.heap();
        state.counters["collections"] = double(after.collections - before.collections);
        state.counters["collecting_%"] = 100 * double(after.total_pause - before.total_pause) / time.count();
        state.counters["longest_pause_ms"] = double(after.longest_pause) / 1e6;
        state.counters["live_MB"] = double(after.bytes_live) / 1e6;
    }

    tessera::store<profile> store;
    tessera::instance instance;
};

void bench_trees(benchmark::State& state) {
    guest g(state, trees);
    g.run(state, 100, 12, trees_result(100, 12));
}
BENCHMARK(bench_trees)->Unit(benchmark::kMillisecond);

/// Beside a tree of 2^22 nodes of 24 bytes, which is 100 MB; by whether the collector works in slices.
void bench_trees_live(benchmark::State& state) {
    tessera::limits limits;
    limits.heap_slices = state.range(0) != 0;
    guest g(state, trees, limits);
    auto keep = g.instance.get<void(u32)>("keep");
    auto kept = g.instance.get<u32()>("kept");
    if (!keep || !kept || !(*keep)(21)) return state.SkipWithError("no tree");
    static const u32 expected = trees_result(1000, 12), all = tree_sum(21, 1);
    auto run = g.instance.get<u32(u32, u32)>("run");
    if (!run || !(*run)(1000, 12)) return state.SkipWithError("no trees"); // the heap has its size from here on
    g.run(state, 1000, 12, expected);
    if ((*kept)().value_or(0) != all) state.SkipWithError("the tree is gone");
}
BENCHMARK(bench_trees_live)->Arg(0)->Arg(1)->Unit(benchmark::kMillisecond);

void bench_map(benchmark::State& state) {
    guest g(state, map);
    g.run(state, 1'000'000, 100'000, map_result(1'000'000, 100'000));
}
BENCHMARK(bench_map)->Unit(benchmark::kMillisecond);

void bench_sort(benchmark::State& state) {
    guest g(state, sort);
    g.run(state, 200'000, 1, sort_result(200'000, 1));
}
BENCHMARK(bench_sort)->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
