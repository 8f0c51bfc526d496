// SPDX-License-Identifier: MIT
// While marking goes on, a reference is read from an object and then overwritten there: what it refers to stays.
#include "support.hpp"

#include <string>

using guests::guest;
using guests::must;
using tessera::i32;
using tessera::value;

namespace {

/// A guest that makes a box, lets marking begin, reads the box, and overwrites the only other reference to it by
/// `cut`; then that collection ends. Gives the number in the box.
std::string text(const std::string& cut) {
    return R"((module
    (import "env" "begin" (func $begin)) (import "env" "end" (func $end)) (import "env" "cut" (func $cut (param anyref)))
    (type $box (struct (field $n i32)))
    (type $holder (struct (field $box (mut (ref null $box)))))
    (type $boxes (array (mut (ref null $box))))
    (elem $none (ref null $box) (ref.null $box))
    (func (export "f") (result i32)
        (local $h (ref null $holder)) (local $a (ref null $boxes)) (local $x (ref null $box)) (local $y (ref null $box)) (local $i i32)
        (local.set $h (struct.new $holder (struct.new $box (i32.const 7))))
        (local.set $a (array.new $boxes (struct.new $box (i32.const 7)) (i32.const 1)))
        (call $begin)
        (local.set $x (struct.get $holder $box (local.get $h)))
        (local.set $y (array.get $boxes (local.get $a) (i32.const 0)))
        )" +
           cut + R"(
        (call $end)
        (loop $again ;; what was freed is used again
            (drop (struct.new $box (i32.const 8)))
            (br_if $again (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 10000))))
        (i32.mul (struct.get $box $n (local.get $x)) (struct.get $box $n (local.get $y)))))
    )";
}

} // namespace

TEST_CASE("barriers: every way to overwrite a reference") {
    const char* const cuts[] = {
        "(struct.set $holder $box (local.get $h) (ref.null $box))",
        "(array.set $boxes (local.get $a) (i32.const 0) (ref.null $box))",
        "(array.fill $boxes (local.get $a) (i32.const 0) (ref.null $box) (i32.const 1))",
        R"((array.copy $boxes $boxes (local.get $a) (i32.const 0)
            (array.new_default $boxes (i32.const 1)) (i32.const 0) (i32.const 1)))",
        "(array.init_elem $boxes $none (local.get $a) (i32.const 0) (i32.const 0) (i32.const 1))",
        "(call $cut (local.get $h))",
        "(call $cut (local.get $a))",
        "(local.set $h (ref.null $holder)) (local.set $a (ref.null $boxes))"};
    for (const char* each : cuts) {
        const std::string cut = each;
        CAPTURE(cut);
        tessera::runtime::store_data* s = nullptr;
        tessera::imports env;
        env.define("env", "begin", [&] { REQUIRE(tessera::runtime::begin_collection(*s)); });
        env.define("env", "end", [&] { REQUIRE(tessera::runtime::collect(*s)); });
        env.define("env", "cut", [](tessera::caller& c, tessera::ref r) -> tessera::result<void> {
            auto object = c.root(value::reference(tessera::t_anyref, r));
            if (!object) return object.error();
            const value null = value::reference(tessera::t_anyref, {});
            return object->size() ? object->set_element(0, null) : object->set_field(0, null);
        });
        guest g(text(cut), env);
        s = g.store.data();
        CHECK(must(g.get<i32()>("f")()) == 49);
        CHECK(g.store.heap().collections == 1);
    }
}

TEST_CASE("barriers: at a call an operand is where the collector looks for it") {
    // The slot of the operand held a number before that is no reference. Its value goes into a local after a call,
    // and must not be there alone before.
    guest g(R"((module
        (type $box (struct (field $n i32))) (type $holder (struct (field $box (ref $box))))
        (func $garbage (drop (struct.new $box (i32.const 8))))
        (func $number (param i32) (result i32) (local.get 0))
        (func (export "f") (result i32) (local $h (ref null $holder)) (local $x (ref null $box))
            (local.set $h (struct.new $holder (struct.new $box (i32.const 5))))
            (drop (call $number (i32.const 0x7ffffff8)))
            (struct.get $holder $box (local.get $h))
            (call $garbage)
            (local.set $x)
            (call $garbage)
            (struct.get $box $n (local.get $x)))))");
    g.store.collect_always(true);
    CHECK(must(g.get<i32()>("f")()) == 5);
}
