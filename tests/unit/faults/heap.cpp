// SPDX-License-Identifier: MIT
// Structures, arrays and exceptions with each allocation failing in turn, those of the collector too.
#include "faults.hpp"

#include <tessera/tessera.hpp>

#include <heap_census.hpp>

#include <doctest/doctest.h>

namespace {

constexpr tessera::features full = tessera::wasm_3_0 + tessera::feature::fuel; // the engine of execute.cpp
using tessera::kind;
using tessera::u32;

constexpr const char* guest = R"((module
    (type $box (struct (field $n (mut i32))))
    (type $node (struct (field $box (ref $box)) (field $next (mut (ref null $node)))))
    (type $boxes (array (mut (ref null $box))))
    (import "env" "collect" (func $collect))
    (tag $e (param (ref $node) i64))
    (global $first (ref $box) (struct.new $box (i32.const 1)))
    (global $all (ref $boxes) (array.new $boxes (global.get $first) (i32.const 40)))
    (global $list (mut (ref null $node)) (ref.null $node))
    (elem $s (ref null $box) (item (struct.new $box (i32.const 2))) (item (global.get $first)))
    (func $make (param $n i32)
        (loop $l
            (global.set $list (struct.new $node (struct.new $box (local.get $n)) (global.get $list)))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
    (func $sum (result i32) (local $p (ref null $node)) (local $sum i32)
        (local.set $p (global.get $list))
        (loop $l
            (local.set $sum (i32.add (local.get $sum) (struct.get $box $n (struct.get $node $box (local.get $p)))))
            (br_if $l (i32.eqz (ref.is_null (local.tee $p (struct.get $node $next (local.get $p)))))))
        (local.get $sum))
    (func (export "run") (result i32) (local $x exnref) (local $a (ref null $boxes))
        (global.set $list (ref.null $node))
        (call $make (i32.const 100))
        (local.set $a (array.new_elem $boxes $s (i32.const 0) (i32.const 2)))
        (call $collect)
        (block $caught (result (ref $node) i64 exnref)
            (try_table (catch_ref $e $caught) (throw $e (ref.as_non_null (global.get $list)) (i64.const 5)))
            (unreachable))
        (local.set $x)
        (drop) (drop)
        (call $collect)
        (block $again (result (ref $node) i64)
            (try_table (catch $e $again) (throw_ref (local.get $x)))
            (unreachable))
        (drop)
        (i32.add (struct.get $box $n (struct.get $node $box)) ;; 1, the last one made
            (i32.add (call $sum) ;; 5050
                (i32.add (struct.get $box $n (array.get $boxes (global.get $all) (i32.const 39))) ;; 1
                    (struct.get $box $n (array.get $boxes (local.get $a) (i32.const 0))))))) ;; 2
))";

/// A store with the guest in it; `collects` says whether each collection could be done.
struct place {
    explicit place(const tessera::module& mod, bool slices)
        : store([&] {
              tessera::limits l;
              l.heap_slices = slices;
              return l;
          }()) {
        env.define("env", "collect", [this] { static_cast<void>(store.collect()); });
        if (auto fed = store.add_fuel(1'000'000'000); !fed) {
            failed = fed.error();
            return;
        }
        auto made = store.instantiate(mod, env);
        if (made) instance = *made;
        else failed = made.error();
    }
    tessera::imports env;
    tessera::store<full> store;
    tessera::instance instance;
    tessera::error failed{tessera::error::unlikely()};
};

} // namespace

TEST_CASE("out of memory: objects of constant expressions") {
    auto mod = tessera::module::parse_text<full>(guest);
    REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << " line " << mod.error().line());
    const long before = faults::live;
    const long n = faults::each([&] {
        const place p(*mod, true);
        if (p.instance) return true;
        CHECK(p.failed.kind() == kind::exhaustion);
        return false;
    });
    CHECK(n > 10);
    CHECK(faults::live == before);
}

TEST_CASE("out of memory: objects, exceptions and collections") {
    auto mod = tessera::module::parse_text<full>(guest);
    REQUIRE(mod);
    for (const bool always : {false, true}) {
        const long n = faults::each([&] {
            const long left = std::exchange(faults::left, -1); // what prepares is not under test
            place p(*mod, true);
            REQUIRE(p.instance);
            p.store.collect_always(always);
            const auto run = p.instance.get<u32()>("run");
            REQUIRE(run);
            faults::left = left;
            const auto first = (*run)();
            faults::left = -1;
            if (first) CHECK(*first == 5054);
            else CHECK(first.error().kind() == kind::exhaustion);
            // Whatever was missing, all is in order when it is there again.
            const auto second = (*run)();
            REQUIRE_MESSAGE(second, second.error().message());
            CHECK(*second == 5054);
            REQUIRE(p.store.collect());
            const heaps::census all(p.store);
            CHECK(all.wrong() == "");
            CHECK(p.store.heap().bytes_live == all.bytes());
            return first.has_value();
        });
        CHECK(n > 3);
    }
}

TEST_CASE("out of memory: objects of the host") {
    auto mod = tessera::module::parse_text<full>(guest);
    REQUIRE(mod);
    const long n = faults::each([&] {
        const long left = std::exchange(faults::left, -1);
        place p(*mod, true);
        REQUIRE(p.instance);
        faults::left = left;
        bool done = false;
        {
            const tessera::value one[] = {tessera::value::i32(7)};
            auto box = p.store.make_struct(p.instance.type(0), one);
            if (box) {
                auto boxes = p.store.make_array(p.instance.type(2), 3, box->get());
                if (boxes) {
                    auto again = p.store.root(*boxes->element(2));
                    done = again && *again->field<u32>(0) == 7;
                    if (!again) CHECK(again.error().kind() == kind::exhaustion);
                } else {
                    CHECK(boxes.error().kind() == kind::exhaustion);
                }
            } else {
                CHECK(box.error().kind() == kind::exhaustion);
            }
            faults::left = -1;
        }
        REQUIRE(p.store.collect());
        const heaps::census all(p.store);
        CHECK(all.wrong() == "");
        CHECK(p.store.heap().bytes_live == all.bytes());
        return done;
    });
    CHECK(n > 1);
}
