// SPDX-License-Identifier: MIT
// Fuzzes restoring: stores are saved where the input says, the bytes changed as it says, and restored. Whatever the
// bytes are, the result is an error or a store that can be used, saved, and restored again to the same. Each store may
// have machine code, which must make no difference.

#include "engine.hpp"
#include "require.hpp"

#include <fuzzer/FuzzedDataProvider.h>

#include <string_view>
#include <vector>

namespace {

using fuzz::require;
using tessera::u32;
using tessera::u8;

using fuzz::profile;
using store = tessera::store<profile>;
constexpr tessera::limits small{.memory_bytes = 1 << 18,
                                .total_memory_bytes = 1 << 20,
                                .table_entries = 2'000,
                                .total_table_entries = 5'000,
                                .heap_bytes = 1 << 18,
                                .stack_bytes = 1 << 15,
                                .host_depth = 6,
                                .instances = 6,
                                .memories = 16,
                                .tables = 16,
                                .functions = 400};

constexpr std::string_view texts[] = {R"((module
    (rec (type $node (struct (field $next (mut (ref null $node))) (field $value (mut i32)) (field (mut anyref))))
         (type $bytes (array (mut i8))) (type $refs (array (mut anyref))) (type $wide (struct (field v128) (field i64) (field i16))))
    (type $f (func (param i32) (result i32)))
    (import "env" "note" (func $note (type $f)))
    (tag $t (param i32 (ref null $node)))
    (memory (export "memory") 1 2) (table (export "table") 4 8 funcref) (table $any 3 anyref)
    (global $keep (mut (ref null $node)) (ref.null $node)) (global $caught (mut exnref) (ref.null exn))
    (global (export "count") (mut i64) (i64.const 1))
    (elem $p funcref (ref.func $work) (ref.func $note)) (data $d "abcdef")
    (func $make (param $n i32) (param $old (ref null $node)) (result (ref $node))
        (struct.new $node (local.get $old) (local.get $n) (ref.i31 (local.get $n))))
    (func $work (export "work") (type $f) (local $l (ref null $node)) (local $s i32) (local $a (ref null $bytes)) (local $v v128)
        (local.set $a (array.new_data $bytes $d (i32.const 0) (i32.const 6)))
        (table.set $any (i32.const 0) (struct.new $wide (v128.const i64x2 1 2) (i64.const 3) (i32.const 4)))
        (table.set $any (i32.const 1) (array.new $refs (local.get $a) (i32.const 3)))
        (loop $again
            (i32.add (local.get $s) (local.get 0))
            (local.set $l (call $make (local.get 0) (local.get $l)))
            (local.set $s)
            (struct.set $node 2 (local.get $l) (extern.convert_any (local.get $a)) (any.convert_extern))
            (global.set $keep (local.get $l))
            (block $h (result i32 (ref null $node) exnref)
                (try_table (catch_ref $t $h) (call $throw (local.get 0) (local.get $l))) (unreachable))
            (global.set $caught) (local.set $l) (local.set $s (i32.add (local.get $s)))
            (local.set $s (i32.add (local.get $s) (struct.get $node 1 (local.get $l))))
            (local.set $v (i32x4.add (local.get $v) (i32x4.splat (local.get $s))))
            (i32.store8 (local.get $s) (array.get_u $bytes (local.get $a) (i32.const 2)))
            (memory.fill (i32.const 100) (i32.const 1) (i32.const 200))
            (local.set $s (i32.add (local.get $s) (call_indirect (type $f) (local.get 0) (i32.const 1))))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (struct.get $node 1 (global.get $keep)) (i32.add (local.get $s)))
    (func $throw (param i32 (ref null $node)) (loop $l (throw $t (local.get 0) (local.get 1))))
    (func $fib (export "run") (type $f)
        (table.init $p (i32.const 0) (i32.const 0) (i32.const 2))
        (if (result i32) (i32.lt_s (local.get 0) (i32.const 2)) (then (call $work (i32.const 2)))
            (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2))))))))
)",
                                      R"((module
    (type $f (func (param i32) (result i32)))
    (import "one" "work" (func $work (type $f))) (import "one" "memory" (memory 1))
    (import "one" "table" (table 4 funcref)) (import "one" "count" (global $count (mut i64)))
    (import "env" "note" (func $note (type $f)))
    (memory $own 1 3)
    (elem (i32.const 2) func $note $work)
    (func $hop (type $f) (return_call $work (local.get 0)))
    (func (export "run") (type $f) (local $s i32) (local f64 f32)
        (loop $again
            (local.set 2 (f64.add (local.get 2) (f64.const 0.5)))
            (local.set $s (i32.add (call $hop (local.get 0)) (call_indirect (type $f) (local.get $s) (i32.const 2))))
            (drop (memory.grow $own (i32.const 1)))
            (i32.store $own (local.get $s) (i32.const 5))
            (global.set $count (i64.add (global.get $count) (i64.const 1)))
            (br_if $again (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
        (local.get $s)))
)"};

tessera::module parse(std::string_view text) {
    auto m = tessera::module::parse_text<profile>(text);
    require(m.has_value());
    return *m;
}
void define(tessera::imports& env) {
    require(bool(env.define("env", "note", [](u32 x) { return x * 3; })));
}

/// As the input says.
void compile(FuzzedDataProvider& in, store& s) {
    const unsigned kind = in.ConsumeIntegralInRange<unsigned>(0, 3);
    tessera::native_options options = fuzz::compile_all;
    options.threshold = kind == 3 ? 5 : kind;
    if (kind != 2) require(bool(tessera::enable_native(s, options)));
}

/// A state: two instances, and calls that have come as far as the input says.
std::vector<u8> make_state(FuzzedDataProvider& in, std::span<const tessera::module> modules) {
    store s(small);
    compile(in, s);
    tessera::imports env;
    define(env);
    auto one = s.instantiate(modules[0], env);
    require(one && env.define("one", *one));
    auto two = s.instantiate(modules[1], env);
    require(two.has_value());
    std::vector<tessera::execution> calls;
    for (unsigned n = in.ConsumeIntegralInRange<unsigned>(0, 3); n; --n) {
        const tessera::value args[] = {tessera::value::i32(in.ConsumeIntegralInRange<u32>(1, 6))};
        auto call = (in.ConsumeBool() ? *one : *two).get<tessera::func>("run")->start(args);
        require(call.has_value());
        require(s.add_fuel(in.ConsumeIntegralInRange<u32>(0, 900)).has_value());
        if (in.ConsumeBool()) static_cast<void>(call->resume());
        if (call->paused()) calls.push_back(std::move(*call));
    }
    std::vector<tessera::execution*> list;
    for (auto& c : calls) list.push_back(&c);
    const auto bytes = tessera::save(s, list);
    require(bytes.has_value());
    return {bytes->begin(), bytes->end()};
}
void change(FuzzedDataProvider& in, std::vector<u8>& bytes) {
    for (unsigned n = in.ConsumeIntegralInRange<unsigned>(0, 6); n && !bytes.empty(); --n) {
        const std::size_t at = in.ConsumeIntegralInRange<std::size_t>(0, bytes.size() - 1);
        switch (in.ConsumeIntegralInRange<unsigned>(0, 4)) {
        case 0: bytes.resize(at); break;
        case 1: bytes.insert(bytes.begin() + std::ptrdiff_t(at), in.ConsumeIntegral<u8>()); break;
        case 2: bytes.erase(bytes.begin() + std::ptrdiff_t(at)); break;
        case 3: bytes[at] = u8(bytes[at] + 1 - 2 * in.ConsumeBool()); break;
        default: bytes[at] = in.ConsumeIntegral<u8>();
        }
    }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const u8* data, std::size_t size) {
    static const tessera::module modules[] = {parse(texts[0]), parse(texts[1])};
    FuzzedDataProvider in(data, size);
    std::vector<u8> bytes = make_state(in, modules);
    const std::vector<u8> before = bytes;
    change(in, bytes);
    tessera::imports env;
    define(env);
    store s(small);
    compile(in, s);
    auto r = tessera::restore(s, bytes, modules, env);
    if (!r) {
        require(bytes != before);
        require(r.error().offset() <= bytes.size() && s.data()->instances.empty());
        return 0;
    }
    // As good as any state: the same again from its own bytes, and it can go on.
    std::vector<tessera::execution*> list;
    for (auto& c : r->calls) list.push_back(&c);
    const auto again = tessera::save(s, list);
    require(again.has_value());
    store copy(small);
    compile(in, copy);
    auto there = tessera::restore(copy, {again->data(), again->size()}, modules, env);
    require(there.has_value() && there->calls.size() == r->calls.size());
    list.clear();
    for (auto& c : there->calls) list.push_back(&c);
    const auto twice = tessera::save(copy, list);
    require(twice.has_value() && twice->size() == again->size());
    require(std::memcmp(twice->data(), again->data(), again->size()) == 0);
    s.collect_always(true);
    for (unsigned i = 0; i < r->calls.size(); ++i) {
        s.data()->fuel = copy.data()->fuel = 2'000;
        const bool a = r->calls[i].resume().has_value(), b = there->calls[i].resume().has_value();
        require(a == b && r->calls[i].paused() == there->calls[i].paused());
    }
    // They have come to the same state.
    s.data()->fuel = copy.data()->fuel;
    std::vector<tessera::execution*> on, beside;
    for (unsigned i = 0; i < r->calls.size(); ++i)
        if (r->calls[i].paused()) on.push_back(&r->calls[i]), beside.push_back(&there->calls[i]);
    const auto here = tessera::save(s, on), also = tessera::save(copy, beside);
    require(here.has_value() && also.has_value() && here->size() == also->size());
    require(std::memcmp(here->data(), also->data(), here->size()) == 0);
    for (std::size_t i = 0; i < r->instances.size(); ++i) {
        s.data()->fuel = 2'000;
        const tessera::value args[] = {tessera::value::i32(2)};
        tessera::value result[1];
        static_cast<void>(r->instances[i].call("run", args, result));
    }
    require(s.collect());
    return 0;
}
