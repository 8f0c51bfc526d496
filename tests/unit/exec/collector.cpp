// SPDX-License-Identifier: MIT
// What the collector finds: every reference that code can still use, wherever it is, and nothing else.
#include "support.hpp"

#include <vector>

using guests::guest;
using guests::must;
using guests::profile;
using tessera::i32;
using tessera::i64;
using tessera::kind;
using tessera::trap;
using tessera::u32;
using tessera::u64;
using tessera::value;

namespace {

/// Collects, and looks at every object that is alive: what it refers to must be alive, too.
bool heap_is_sound(tessera::basic_store& store) {
    tessera::runtime::store_data& s = *store.data();
    if (!store.collect()) return false;
    s.marker.begin();
    s.heap.begin_marking();
    bool sound = tessera::runtime::visit_roots(s) && s.marker.run(s.heap, ~u64{0});
    s.heap.each_marked([&](u32 object) {
        const tessera::runtime::object_type& t = s.heap.layouts[s.heap.type_of(object)];
        const auto look = [&](u32 offset) {
            const u32 reference = tessera::load_le<u32>(s.heap.at(object) + offset);
            if (tessera::runtime::is_heap_ref(reference))
                sound = sound && s.heap.is_object(reference) && s.heap.is_marked(reference);
        };
        sound = sound && s.heap.is_object(object);
        if (!t.traced) return;
        if (t.form != tessera::composite::array)
            for (u32 offset : s.heap.layouts.references(t)) look(offset);
        else
            for (u32 i = 0; i < s.heap.length_of(object); ++i) look(8 + 4 * i);
    });
    s.heap.end_marking();
    return sound;
}

// Functions that keep objects in every kind of place while others make garbage. Each gives 0 if all was kept.
constexpr const char* places = R"((module
    (type $box (struct (field $n (mut i32))))
    (type $pair (struct (field (mut (ref null $box))) (field i64) (field (mut (ref null $pair)))))
    (type $boxes (array (mut (ref null $box))))
    (type $f (func (param (ref null $box) i32) (result i32)))
    (import "env" "host" (func $host (param anyref i32) (result anyref)))
    (tag $e (param (ref null $box) i32))
    (global $g (mut (ref null $box)) (struct.new $box (i32.const 1)))
    (global $made (ref $pair) (struct.new $pair (struct.new $box (i32.const 7)) (i64.const 1) (ref.null $pair)))
    (table $t 4 (ref null $box))
    (elem $s (ref null $box) (item (struct.new $box (i32.const 40))) (item (struct.new $box (i32.const 41))))
    (elem declare func $take)

    (func $spin (export "spin") (param $n i32) (local $x anyref)
        (loop $l
            (local.set $x (struct.new $pair (struct.new $box (local.get $n)) (i64.const -1) (ref.null $pair)))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $box (param i32) (result (ref $box)) (call $spin (i32.const 3)) (struct.new $box (local.get 0)))
    (func $is (param $b (ref null $box)) (param $n i32) (result i32)
        (call $spin (i32.const 2))
        (i32.ne (struct.get $box $n (local.get $b)) (local.get $n)))
    (func $take (type $f) (call $spin (i32.const 2)) (call $is (local.get 0) (local.get 1)))

    (func (export "locals") (result i32) (local $a (ref null $box)) (local $b i32) (local $c (ref null $box))
        (local.set $a (call $box (i32.const 10)))
        (local.set $b (i32.const 0x10008)) ;; looks like an offset
        (local.set $c (call $box (i32.const 11)))
        (i32.or (call $is (local.get $a) (i32.const 10)) (call $is (local.get $c) (i32.const 11))))
    (func (export "operands") (result i32)
        (call $box (i32.const 20)) (i64.const 5) (call $box (i32.const 21)) (i32.const 21)
        (call $is) (i32.wrap_i64 (i64.mul (i64.extend_i32_u) (i64.const 0))) (drop) (drop)
        (i32.const 20) (call $is))
    (func (export "parameters") (result i32) (call $take (call $box (i32.const 30)) (i32.const 30)))
    (func (export "references") (result i32)
        (call_ref $f (call $box (i32.const 31)) (i32.const 31) (ref.func $take)))
    (func (export "tail calls") (result i32) (return_call $take (call $box (i32.const 32)) (i32.const 32)))
    (func (export "blocks") (result i32)
        (call $box (i32.const 33))
        (block (param (ref $box)) (result i32)
            (loop (param (ref $box)) (result i32) (call $spin (i32.const 3)) (i32.const 33) (call $is))))
    (func (export "globals") (result i32)
        (global.set $g (call $box (i32.const 50))) (call $spin (i32.const 5))
        (i32.or (call $is (global.get $g) (i32.const 50))
                (call $is (struct.get $pair 0 (global.get $made)) (i32.const 7))))
    (func (export "tables") (result i32)
        (table.set $t (i32.const 3) (call $box (i32.const 60))) (call $spin (i32.const 5))
        (call $is (table.get $t (i32.const 3)) (i32.const 60)))
    (func (export "segments") (result i32) (local $a (ref null $boxes))
        (call $spin (i32.const 5))
        (local.set $a (array.new_elem $boxes $s (i32.const 0) (i32.const 2)))
        (call $spin (i32.const 5))
        (i32.or (call $is (array.get $boxes (local.get $a) (i32.const 0)) (i32.const 40))
                (call $is (array.get $boxes (local.get $a) (i32.const 1)) (i32.const 41))))
    (func (export "fields") (result i32) (local $p (ref null $pair))
        (local.set $p (struct.new $pair (call $box (i32.const 70)) (i64.const 1)
            (struct.new $pair (call $box (i32.const 71)) (i64.const 1) (ref.null $pair))))
        (struct.set $pair 0 (local.get $p) (call $box (i32.const 72)))
        (call $spin (i32.const 5))
        (i32.or (call $is (struct.get $pair 0 (local.get $p)) (i32.const 72))
                (call $is (struct.get $pair 0 (struct.get $pair 2 (local.get $p))) (i32.const 71))))
    (func (export "arrays") (result i32) (local $a (ref null $boxes)) (local $i i32) (local $bad i32)
        (local.set $a (array.new $boxes (call $box (i32.const -1)) (i32.const 5000)))
        (loop $l
            (array.set $boxes (local.get $a) (local.get $i) (struct.new $box (local.get $i)))
            (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 5000))))
        (loop $l
            (local.set $i (i32.sub (local.get $i) (i32.const 1)))
            (local.set $bad (i32.or (local.get $bad)
                (i32.ne (struct.get $box $n (array.get $boxes (local.get $a) (local.get $i))) (local.get $i))))
            (br_if $l (local.get $i)))
        (local.get $bad))
    (func (export "new arrays") (result i32) (local $a (ref null $boxes))
        (local.set $a (array.new_fixed $boxes 3 (call $box (i32.const 1)) (call $box (i32.const 2)) (call $box (i32.const 3))))
        (call $spin (i32.const 5))
        (array.copy $boxes $boxes (local.get $a) (i32.const 0) (local.get $a) (i32.const 1) (i32.const 2))
        (call $spin (i32.const 5))
        (i32.or (call $is (array.get $boxes (local.get $a) (i32.const 0)) (i32.const 2))
                (call $is (array.get $boxes (local.get $a) (i32.const 2)) (i32.const 3))))
    (func (export "extern") (result i32) (local $x externref)
        (local.set $x (extern.convert_any (call $box (i32.const 80))))
        (call $spin (i32.const 5))
        (call $is (ref.cast (ref $box) (any.convert_extern (local.get $x))) (i32.const 80)))
    (func (export "arguments of host functions") (result i32)
        (call $is (ref.cast (ref $box) (call $host (call $box (i32.const 90)) (i32.const 9))) (i32.const 90)))
    (func (export "caller of host functions") (result i32) (local $b (ref null $box))
        (local.set $b (call $box (i32.const 91)))
        (drop (call $host (ref.null any) (i32.const 9)))
        (call $is (local.get $b) (i32.const 91)))
    (func (export "exceptions") (result i32)
        (block $h (result (ref null $box) i32 exnref)
            (try_table (catch_ref $e $h) (throw $e (call $box (i32.const 100)) (i32.const 1)))
            (unreachable))
        (drop) (drop) (i32.const 100) (call $is))
    (func (export "exceptions thrown again") (result i32) (local $x exnref)
        (block $h (result exnref)
            (try_table (catch_all_ref $h) (throw $e (call $box (i32.const 101)) (i32.const 1)))
            (unreachable))
        (local.set $x)
        (call $spin (i32.const 5))
        (block $h (result (ref null $box) i32)
            (try_table (catch $e $h) (throw_ref (local.get $x)))
            (unreachable))
        (drop) (i32.const 101) (call $is))
    (func (export "throw") (throw $e (call $box (i32.const 102)) (i32.const 102)))
    (func $catch (export "catch") (param $n i32) (result i32)
        (block $h (result (ref null $box) i32)
            (try_table (catch $e $h) (drop (call $host (ref.null any) (local.get $n))))
            (return (i32.const -1)))
        (call $is))
    (func $deep (export "deep") (param $n i32) (result i32) (local $b (ref null $box))
        (if (i32.eqz (local.get $n)) (then (return (i32.const 0))))
        (local.set $b (struct.new $box (local.get $n)))
        (i32.or (call $deep (i32.sub (local.get $n) (i32.const 1)))
                (i32.ne (struct.get $box $n (local.get $b)) (local.get $n))))
))";

} // namespace

TEST_CASE("what code can still use is kept, wherever it is") {
    tessera::imports env;
    static constexpr tessera::val_type params[] = {tessera::t_anyref, tessera::t_i32}, results[] = {tessera::t_anyref};
    env.define("env", "host", tessera::func_type{params, results},
               [](tessera::caller& c, std::span<const value> in, std::span<value> out) -> tessera::result<void> {
                   if (in[1].as_u32() == 1000) { // lets an exception pass, after some garbage
                       auto failed = c.from().call("throw", {}, {});
                       auto spin = c.get<void(i32)>("spin");
                       if (auto ok = (*spin)(20); !ok) return ok.error();
                       return failed.error();
                   }
                   auto spin = c.get<void(i32)>("spin");
                   if (!spin) return spin.error();
                   if (auto ok = (*spin)(i32(in[1].as_u32())); !ok) return ok.error();
                   out[0] = in[0];
                   return {};
               });
    for (const bool always : {true, false}) {
        guest g(places, env);
        g.store.collect_always(always);
        const char* const all[] = {"locals",
                                   "operands",
                                   "parameters",
                                   "references",
                                   "tail calls",
                                   "blocks",
                                   "globals",
                                   "tables",
                                   "segments",
                                   "fields",
                                   "arrays",
                                   "new arrays",
                                   "extern",
                                   "exceptions",
                                   "arguments of host functions",
                                   "caller of host functions",
                                   "exceptions thrown again"};
        for (const char* name : all) {
            CAPTURE(name);
            CHECK(must(g.get<i32()>(name)()) == 0);
            CHECK(heap_is_sound(g.store));
        }
        CHECK(must(g.get<i32(i32)>("catch")(1000)) == 0);
        CHECK(must(g.get<i32(i32)>("deep")(always ? 100 : 20'000)) == 0);
        CHECK(heap_is_sound(g.store));
    }
}

TEST_CASE("calls that wait keep what they hold, wherever they stopped") {
    const char* const text = R"((module
        (type $box (struct (field $n i32)))
        (type $boxes (array (mut (ref null $box))))
        (func (export "sum") (param $n i32) (result i32) (local $i i32) (local $sum i32) (local $a (ref null $boxes))
            (local.set $a (array.new_default $boxes (local.get $n)))
            (struct.new $box (i32.const 1000)) ;; an operand under the loops
            (loop $l
                (array.set $boxes (local.get $a) (local.get $i) (struct.new $box (local.get $i)))
                (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n))))
            (loop $l (param (ref $box)) (result (ref $box))
                (local.set $i (i32.sub (local.get $i) (i32.const 1)))
                (array.fill $boxes (array.new_default $boxes (i32.const 3)) (i32.const 0) (struct.new $box (i32.const 0)) (i32.const 1))
                (local.set $sum (i32.add (local.get $sum) (struct.get $box $n (array.get $boxes (local.get $a) (local.get $i)))))
                (br_if $l (local.get $i)))
            (i32.add (struct.get $box $n) (local.get $sum)))))";
    guest g(text);
    const auto f = must(g.instance.get<tessera::func>("sum"));
    const value n = value::i32(50);
    for (u32 step = 1; step < 40; step += 3) {
        CAPTURE(step);
        g.store.data()->fuel = 0;
        auto call = f.start({&n, 1});
        REQUIRE(call);
        while (!call->done()) {
            auto r = call->resume();
            if (r) break;
            REQUIRE(r.error().why() == trap::out_of_fuel);
            CHECK(heap_is_sound(g.store));
            REQUIRE(g.store.add_fuel(step));
        }
        CHECK(must(call->get<i32>()) == 1000 + 49 * 50 / 2);
    }
}

TEST_CASE("long lists and wide arrays are marked without recursion, in however little memory") {
    const char* const text = R"((module
        (type $node (struct (field i32) (field (mut (ref null $node)))))
        (type $nodes (array (mut (ref null $node))))
        (global $list (mut (ref null $node)) (ref.null $node))
        (global $array (mut (ref null $nodes)) (ref.null $nodes))
        (func (export "make") (param $n i32) (local $i i32)
            (global.set $array (array.new_default $nodes (local.get $n)))
            (loop $l
                (global.set $list (struct.new $node (local.get $i) (global.get $list)))
                (array.set $nodes (global.get $array) (local.get $i) (struct.new $node (local.get $i) (ref.null $node)))
                (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $n)))))
        (func (export "sum") (result i64) (local $sum i64) (local $x (ref null $node)) (local $i i32)
            (local.set $x (global.get $list))
            (loop $l
                (local.set $sum (i64.add (local.get $sum) (i64.add
                    (i64.extend_i32_u (struct.get $node 0 (local.get $x)))
                    (i64.extend_i32_u (struct.get $node 0 (array.get $nodes (global.get $array) (local.get $i)))))))
                (local.set $i (i32.add (local.get $i) (i32.const 1)))
                (br_if $l (i32.eqz (ref.is_null (local.tee $x (struct.get $node 1 (local.get $x)))))))
            (local.get $sum))))";
    for (const std::size_t most : {std::size_t{1} << 24, std::size_t{100}, std::size_t{0}}) {
        CAPTURE(most);
        guest g(text);
        g.store.data()->marker.most_waiting = most;
        const i32 n = most == 0 ? 300 : 200'000; // without a list each round of marking looks at all objects
        REQUIRE(g.get<void(i32)>("make")(n));
        CHECK(heap_is_sound(g.store));
        CHECK(must(g.get<i64()>("sum")()) == i64(n) * (n - 1));
    }
}

TEST_CASE("a heap that is full stops the call, which can go on when it may be larger") {
    const char* const text = R"((module
        (type $node (struct (field (ref null $node)) (field i32)))
        (type $bytes (array i8))
        (func (export "keep") (param $n i32) (result i32) (local $list (ref null $node)) (local $count i32)
            (loop $l
                (local.set $list (struct.new $node (local.get $list) (local.get $n)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (loop $l
                (local.set $count (i32.add (local.get $count) (i32.const 1)))
                (br_if $l (i32.eqz (ref.is_null (local.tee $list (struct.get $node 0 (local.get $list)))))))
            (local.get $count))
        (func (export "waste") (param $n i32)
            (loop $l
                (drop (struct.new $node (ref.null $node) (local.get $n)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
        (func (export "bytes") (param $n i32) (result i32) (array.len (array.new_default $bytes (local.get $n))))))";
    tessera::limits limits;
    limits.heap_bytes = 256 * 1024;
    guest g(text, {}, limits);
    CHECK(must(g.get<i32(i32)>("keep")(1000)) == 1000);
    auto r = g.get<i32(i32)>("keep")(100'000);
    REQUIRE(!r);
    CHECK(r.error().kind() == kind::exhaustion);
    CHECK(r.error().why() == trap::out_of_memory);
    CHECK(r.error().detail() == "limits::heap_bytes");
    CHECK(must(g.get<i32(i32)>("keep")(1000)) == 1000);
    CHECK(g.get<void(i32)>("waste")(1'000'000));
    CHECK(g.store.heap().bytes_total <= limits.heap_bytes);
    CHECK(g.store.heap().collections > 0);

    for (const i32 n : {0x7fff'ffff, -1, 300'000})
        CHECK(g.get<i32(i32)>("bytes")(n).error().kind() == kind::exhaustion);
    CHECK(must(g.get<i32(i32)>("bytes")(100'000)) == 100'000);

    const auto f = must(g.instance.get<tessera::func>("keep"));
    const value n = value::i32(100'000);
    auto started = f.start({&n, 1});
    REQUIRE(started);
    tessera::execution& call = *started;
    REQUIRE(!call.resume());
    REQUIRE(call.paused());
    CHECK(heap_is_sound(g.store));
    g.store.set_heap_bytes(64u << 20);
    REQUIRE(call.resume());
    CHECK(must(call.get<i32>()) == 100'000);
}

TEST_CASE("marking goes on while the guest changes what it marks") {
    // A tree is turned inside out again and again while garbage is made.
    const char* const text = R"((module
        (type $node (struct (field $left (mut (ref null $node))) (field $right (mut (ref null $node))) (field $n i32)))
        (global $tree (mut (ref null $node)) (ref.null $node))
        (func $make (param $depth i32) (result (ref $node))
            (if (result (ref $node)) (local.get $depth)
                (then (struct.new $node (call $make (i32.sub (local.get $depth) (i32.const 1)))
                    (call $make (i32.sub (local.get $depth) (i32.const 1))) (local.get $depth)))
                (else (struct.new $node (ref.null $node) (ref.null $node) (i32.const 1)))))
        (func (export "make") (param i32) (global.set $tree (call $make (local.get 0))))
        (func $mirror (param $x (ref null $node)) (local $t (ref null $node))
            (if (ref.is_null (local.get $x)) (then (return)))
            (local.set $t (struct.get $node $left (local.get $x)))
            (struct.set $node $left (local.get $x) (ref.null $node))
            (drop (call $make (i32.const 2)))
            (call $mirror (struct.get $node $right (local.get $x)))
            (struct.set $node $left (local.get $x) (struct.get $node $right (local.get $x)))
            (struct.set $node $right (local.get $x) (ref.null $node))
            (call $mirror (local.get $t))
            (struct.set $node $right (local.get $x) (local.get $t)))
        (func (export "mirror") (call $mirror (global.get $tree)))
        (func $sum (param $x (ref null $node)) (result i32)
            (if (ref.is_null (local.get $x)) (then (return (i32.const 0))))
            (i32.add (struct.get $node $n (local.get $x)) (i32.add
                (call $sum (struct.get $node $left (local.get $x))) (call $sum (struct.get $node $right (local.get $x))))))
        (func (export "sum") (result i32) (call $sum (global.get $tree)))))";
    guest g(text);
    REQUIRE(g.get<void(i32)>("make")(15));
    const i32 sum = must(g.get<i32()>("sum")());
    for (int i = 0; i < 5; ++i) {
        REQUIRE(g.get<void()>("mirror")());
        CHECK(must(g.get<i32()>("sum")()) == sum);
    }
    CHECK(g.store.heap().collections > 3);
    CHECK(heap_is_sound(g.store));
}

TEST_CASE("what nothing refers to is freed") {
    guest g(R"((module
        (type $bytes (array i8))
        (table $t 1 anyref)
        (func (export "hold") (param i32) (table.set $t (i32.const 0) (array.new_default $bytes (local.get 0))))
        (func (export "drop") (table.set $t (i32.const 0) (ref.null any)))))");
    REQUIRE(g.get<void(i32)>("hold")(1'000'000));
    REQUIRE(g.store.collect());
    CHECK(g.store.heap().bytes_live >= 1'000'000);
    REQUIRE(g.get<void()>("drop")());
    REQUIRE(g.store.collect());
    CHECK(g.store.heap().bytes_live == 0);
}
