// SPDX-License-Identifier: MIT
// Instructions on whole memories, tables and references, and those with two results.
#include "support.hpp"

using guests::guest;
using guests::must;
using guests::outcome;
using tessera::i64;
using tessera::trap;
using tessera::u32;
using tessera::u64;

TEST_CASE("special: a memory is filled, copied and written from segments") {
    const guest g(R"((module (memory $m 1 2) (memory $n i64 1 3) (data $d "abcdef")
        (func (export "fill") (param i32 i32 i32) (memory.fill (local.get 0) (local.get 1) (local.get 2)))
        (func (export "copy") (param i32 i32 i32) (memory.copy (local.get 0) (local.get 1) (local.get 2)))
        (func (export "over") (param i64 i32 i32) (memory.copy $n $m (local.get 0) (local.get 1) (local.get 2)))
        (func (export "init") (param i32 i32 i32) (memory.init $d (local.get 0) (local.get 1) (local.get 2)))
        (func (export "drop") (data.drop $d))
        (func (export "load") (param i32) (result i32) (i32.load8_u (local.get 0)))
        (func (export "load_n") (param i64) (result i32) (i32.load8_u $n (local.get 0)))
        (func (export "grow") (param i32) (result i32) (memory.grow (local.get 0)))
        (func (export "grow_n") (param i64) (result i64) (memory.grow $n (local.get 0)))
        (func (export "size") (result i32) (memory.size)) (func (export "size_n") (result i64) (memory.size $n))))");
    const auto at = [&](u32 a) { return must(g.get<u32(u32)>("load")(a)); };
    CHECK(outcome(g, "init", 10u, 1u, 4u) == trap::none);
    CHECK((at(10) == 'b' && at(13) == 'e' && at(14) == 0));
    CHECK(outcome(g, "init", 0u, 3u, 4u) == trap::out_of_bounds_memory);
    CHECK(outcome(g, "copy", 11u, 10u, 4u) == trap::none); // overlapping
    CHECK((at(10) == 'b' && at(11) == 'b' && at(14) == 'e'));
    CHECK(outcome(g, "over", u64{65534}, 10u, 2u) == trap::none);
    CHECK(must(g.get<u32(u64)>("load_n")(65534)) == 'b');
    CHECK(outcome(g, "over", u64{65535}, 10u, 2u) == trap::out_of_bounds_memory);
    CHECK(outcome(g, "over", ~u64{0}, 10u, 2u) == trap::out_of_bounds_memory);
    CHECK(outcome(g, "fill", 65535u, 7u, 1u) == trap::none);
    CHECK(at(65535) == 7);
    CHECK(outcome(g, "fill", 65535u, 7u, 2u) == trap::out_of_bounds_memory);
    CHECK(outcome(g, "drop") == trap::none);
    CHECK(outcome(g, "init", 0u, 0u, 1u) == trap::out_of_bounds_memory);
    CHECK(outcome(g, "init", 0u, 0u, 0u) == trap::none);
    CHECK(must(g.get<u32(u32)>("grow")(1)) == 1);
    CHECK(must(g.get<u32(u32)>("grow")(1)) == ~0u);
    CHECK(must(g.get<u32()>("size")()) == 2);
    CHECK(must(g.get<u64(u64)>("grow_n")(u64{1} << 40)) == ~u64{0});
    CHECK(must(g.get<u64(u64)>("grow_n")(2)) == 1);
    CHECK(must(g.get<u64()>("size_n")()) == 3);
}

TEST_CASE("special: a table is read, written, filled, copied and grown") {
    const guest g(R"((module (table $t 4 6 funcref) (table $w i64 2 3 funcref) (elem $e func $one $two)
        (type $get (func (result i32)))
        (func $one (result i32) (i32.const 1)) (func $two (result i32) (i32.const 2))
        (func (export "init") (param i32 i32 i32) (table.init $t $e (local.get 0) (local.get 1) (local.get 2)))
        (func (export "drop") (elem.drop $e))
        (func (export "copy") (param i32 i32 i32) (table.copy $t $t (local.get 0) (local.get 1) (local.get 2)))
        (func (export "wide") (param i64 i32 i32) (table.copy $w $t (local.get 0) (local.get 1) (local.get 2)))
        (func (export "fill") (param i32 i32 i32) (table.fill $t (local.get 0) (table.get $t (local.get 1)) (local.get 2)))
        (func (export "set") (param i32 i32) (table.set $t (local.get 0) (table.get $t (local.get 1))))
        (func (export "grow") (param i32) (result i32) (table.grow $t (ref.func $two) (local.get 0)))
        (func (export "grow_w") (param i64) (result i64) (table.grow $w (ref.null func) (local.get 0)))
        (func (export "size") (result i32) (table.size $t)) (func (export "size_w") (result i64) (table.size $w))
        (func (export "null") (param i32) (result i32) (ref.is_null (table.get $t (local.get 0))))
        (func (export "call") (param i32) (result i32) (call_indirect $t (type $get) (local.get 0)))
        (func (export "call_w") (param i64) (result i32) (call_indirect $w (type $get) (local.get 0)))))");
    const auto call = [&](u32 n) { return must(g.get<u32(u32)>("call")(n)); };
    CHECK(must(g.get<u32(u32)>("null")(1)) == 1);
    CHECK(outcome(g, "init", 1u, 0u, 2u) == trap::none);
    CHECK((call(1) == 1 && call(2) == 2));
    CHECK(must(g.get<u32(u32)>("null")(1)) == 0);
    CHECK(outcome(g, "init", 3u, 0u, 2u) == trap::out_of_bounds_table);
    CHECK(outcome(g, "copy", 2u, 1u, 2u) == trap::none);
    CHECK((call(1) == 1 && call(2) == 1 && call(3) == 2));
    CHECK(outcome(g, "copy", 3u, 1u, 2u) == trap::out_of_bounds_table);
    CHECK(outcome(g, "wide", u64{0}, 2u, 2u) == trap::none);
    CHECK(must(g.get<u32(u64)>("call_w")(1)) == 2);
    CHECK(outcome(g, "wide", u64{1} << 32, 2u, 1u) == trap::out_of_bounds_table);
    CHECK(g.get<u32(u64)>("call_w")(u64{1} << 32).error().why() == trap::undefined_element);
    CHECK(outcome(g, "fill", 0u, 3u, 3u) == trap::none);
    CHECK((call(0) == 2 && call(2) == 2));
    CHECK(outcome(g, "fill", 3u, 3u, 2u) == trap::out_of_bounds_table);
    CHECK(outcome(g, "set", 9u, 0u) == trap::out_of_bounds_table);
    CHECK(outcome(g, "set", 0u, 9u) == trap::out_of_bounds_table);
    CHECK(must(g.get<u32(u32)>("grow")(2)) == 4);
    CHECK(call(5) == 2);
    CHECK(must(g.get<u32(u32)>("grow")(1)) == ~0u);
    CHECK(must(g.get<u32()>("size")()) == 6);
    CHECK(must(g.get<u64(u64)>("grow_w")(1)) == 2);
    CHECK(must(g.get<u64(u64)>("grow_w")(1)) == ~u64{0});
    CHECK(must(g.get<u64()>("size_w")()) == 3);
    CHECK(g.get<u32(u64)>("call_w")(2).error().why() == trap::uninitialized_element);
    CHECK(outcome(g, "drop") == trap::none);
    CHECK(outcome(g, "init", 0u, 0u, 1u) == trap::out_of_bounds_table);
}

TEST_CASE("special: what goes over a table costs fuel for each 8 entries, over a memory for each 64 bytes") {
    const guest g(
        R"((module (table $t 1000 2000 funcref) (memory 1) (elem $e func $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f $f) (func $f)
        (data $d "0123456789012345678901234567890123456789012345678901234567890123456789")
        (func (export "fill") (param i32) (table.fill $t (i32.const 0) (ref.null func) (local.get 0)))
        (func (export "copy") (param i32) (table.copy $t $t (i32.const 0) (i32.const 0) (local.get 0)))
        (func (export "init") (param i32) (table.init $t $e (i32.const 0) (i32.const 0) (local.get 0)))
        (func (export "bytes") (param i32) (memory.init $d (i32.const 0) (i32.const 0) (local.get 0)))
        (func (export "move") (param i32) (memory.copy (i32.const 0) (i32.const 0) (local.get 0)))
        (func (export "grow") (param i32) (drop (table.grow $t (ref.null func) (local.get 0))))))");
    const auto cost = [&](const char* name, u32 n) {
        const u64 before = g.store.fuel();
        CHECK(g.get<void(u32)>(name)(n).has_value());
        return before - g.store.fuel();
    };
    const std::pair<const char*, u32> each[] = {{"fill", 8}, {"copy", 8},   {"init", 8},
                                                {"grow", 8}, {"bytes", 64}, {"move", 64}};
    for (const auto& one : each) {
        const auto& name = one.first; // a structured binding cannot be captured
        const auto& unit = one.second;
        CAPTURE(name);
        const u64 none = cost(name, 0);
        CHECK(cost(name, unit - 1) == none);
        CHECK(cost(name, unit) == none + 1);
    }
    CHECK(cost("fill", 800) == cost("fill", 0) + 100);
    CHECK(cost("move", 65536) == cost("move", 0) + 1024);
}

TEST_CASE("special: references to functions, and calls through them") {
    const guest g(R"((module (type $get (func (result i32))) (elem declare func $one)
        (func $one (type $get) (i32.const 1))
        (func (export "call") (param i32) (result i32)
            (call_ref $get (if (result (ref null $get)) (local.get 0) (then (ref.func $one)) (else (ref.null $get)))))
        (func (export "tail") (param i32) (result i32)
            (return_call_ref $get (if (result (ref null $get)) (local.get 0) (then (ref.func $one)) (else (ref.null $get)))))
        (func (export "on_null") (param i32) (result i32)
            (block $null
                (return (call_ref $get (br_on_null $null
                    (if (result (ref null $get)) (local.get 0) (then (ref.func $one)) (else (ref.null $get)))))))
            (i32.const 7))
        (func (export "on_non_null") (param i32) (result i32)
            (block $is (result (ref $get))
                (br_on_non_null $is
                    (if (result (ref null $get)) (local.get 0) (then (ref.func $one)) (else (ref.null $get))))
                (return (i32.const 8)))
            (call_ref $get))
        (func (export "as_non_null") (param i32)
            (drop (ref.as_non_null
                (if (result (ref null $get)) (local.get 0) (then (ref.func $one)) (else (ref.null $get))))))))");
    CHECK(must(g.get<u32(u32)>("call")(1)) == 1);
    CHECK(g.get<u32(u32)>("call")(0).error().why() == trap::null_function);
    CHECK(must(g.get<u32(u32)>("tail")(1)) == 1);
    CHECK(g.get<u32(u32)>("tail")(0).error().why() == trap::null_function);
    CHECK(must(g.get<u32(u32)>("on_null")(1)) == 1);
    CHECK(must(g.get<u32(u32)>("on_null")(0)) == 7);
    CHECK(must(g.get<u32(u32)>("on_non_null")(1)) == 1);
    CHECK(must(g.get<u32(u32)>("on_non_null")(0)) == 8);
    CHECK(outcome(g, "as_non_null", 1u) == trap::none);
    CHECK(outcome(g, "as_non_null", 0u) == trap::null_reference);
}

TEST_CASE("special: arithmetic with two results") {
    const guest g(R"((module
        (func (export "add") (param i64 i64 i64 i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
        (func (export "sub") (param i64 i64 i64 i64) (result i64 i64) (i64.sub128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))
        (func (export "mul_s") (param i64 i64) (result i64 i64) (i64.mul_wide_s (local.get 0) (local.get 1)))
        (func (export "mul_u") (param i64 i64) (result i64 i64) (i64.mul_wide_u (local.get 0) (local.get 1)))))");
    using two = std::tuple<u64, u64>;
    CHECK(must(g.get<two(u64, u64, u64, u64)>("add")(~u64{0}, 1, 1, 2)) == two{0, 4});
    CHECK(must(g.get<two(u64, u64, u64, u64)>("sub")(0, 5, 1, 2)) == two{~u64{0}, 2});
    CHECK(must(g.get<two(u64, u64)>("mul_s")(~u64{0}, 3)) == two{u64(i64{-3}), ~u64{0}});
    CHECK(must(g.get<two(u64, u64)>("mul_u")(~u64{0}, 3)) == two{u64(i64{-3}), 2});
}
