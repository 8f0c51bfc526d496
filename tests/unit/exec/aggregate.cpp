// SPDX-License-Identifier: MIT
// Structures, arrays, i31 and casts as guests use them: every storage type, every relation of types.
#include "support.hpp"

#include <random>
#include <vector>

using guests::guest;
using guests::must;
using guests::outcome;
using guests::profile;
using tessera::f32;
using tessera::f64;
using tessera::i32;
using tessera::i64;
using tessera::kind;
using tessera::trap;
using tessera::u16;
using tessera::u32;
using tessera::u64;
using tessera::u8;
using tessera::v128;
using tessera::value;

namespace {

std::string replaced(std::string text, const std::vector<std::pair<std::string, std::string>>& by) {
    for (const auto& [from, to] : by)
        for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
            text.replace(at, from.size(), to);
    return text;
}

// STORED in a structure and an array, as a VALUE read by GET; between bytes that must not change.
constexpr const char* storage = R"((module
    (type $s (struct (field $before (mut i8)) (field $x (mut STORED)) (field $after (mut i8))))
    (type $n (struct (field i8) (field $x STORED) (field i8)))
    (type $a (array (mut STORED)))
    (func (export "struct") (param $v VALUE) (result VALUE) (local $s (ref null $s))
        (local.set $s (struct.new_default $s))
        (struct.set $s $before (local.get $s) (i32.const 0xff))
        (struct.set $s $after (local.get $s) (i32.const 0xff))
        (struct.set $s $x (local.get $s) (local.get $v))
        (if (i32.ne (i32.and (struct.get_u $s $before (local.get $s)) (struct.get_u $s $after (local.get $s))) (i32.const 0xff))
            (then (unreachable)))
        (struct.getGET $s $x (local.get $s)))
    (func (export "new") (param $v VALUE) (result VALUE)
        (struct.getGET $n $x (struct.new $n (i32.const -1) (local.get $v) (i32.const -1))))
    (func (export "array") (param $v VALUE) (param $i i32) (result VALUE) (local $a (ref null $a))
        (local.set $a (array.new_default $a (i32.const 9)))
        (array.set $a (local.get $a) (local.get $i) (local.get $v))
        (if (i32.lt_u (local.get $i) (i32.const 8)) ;; the next one changes nothing
            (then (array.set $a (local.get $a) (i32.add (local.get $i) (i32.const 1)) (array.getGET $a (local.get $a) (i32.const 8)))))
        (array.getGET $a (local.get $a) (local.get $i)))
    (func (export "all") (param $v VALUE) (param $i i32) (result VALUE)
        (array.getGET $a (array.new $a (local.get $v) (i32.const 9)) (i32.add (local.get $i) (i32.const 1))))
    (func (export "fixed") (param $v VALUE) (param $w VALUE) (result VALUE)
        (array.getGET $a (array.new_fixed $a 3 (local.get $w) (local.get $v) (local.get $w)) (i32.const 1)))
    (func (export "fill") (param $v VALUE) (result VALUE) (local $a (ref null $a))
        (local.set $a (array.new_default $a (i32.const 9)))
        (array.fill $a (local.get $a) (i32.const 2) (local.get $v) (i32.const 6))
        (array.set $a (local.get $a) (i32.const 7) (array.getGET $a (local.get $a) (i32.const 8)))
        (array.copy $a $a (local.get $a) (i32.const 0) (local.get $a) (i32.const 2) (i32.const 5)) ;; 2 … 6 to 0 … 4
        (array.copy $a $a (local.get $a) (i32.const 3) (local.get $a) (i32.const 0) (i32.const 5)) ;; 0 … 4 to 3 … 7
        (array.getGET $a (local.get $a) (i32.const 7)))
    (func (export "null") (drop (struct.getGET $s $x (ref.null $s))))
    (func (export "null set") (param $v VALUE) (struct.set $s $x (ref.null $s) (local.get $v)))
    (func (export "null array") (drop (array.getGET $a (ref.null $a) (i32.const 0))))
    (func (export "null array set") (param $v VALUE) (array.set $a (ref.null $a) (i32.const 0) (local.get $v)))
    (func (export "at") (param $i i32) (drop (array.getGET $a (array.new_default $a (i32.const 9)) (local.get $i))))
    (func (export "set at") (param $i i32) (param $v VALUE)
        (array.set $a (array.new_default $a (i32.const 9)) (local.get $i) (local.get $v)))
))";

/// Puts `v` through everything in `storage`; `read` is what comes out.
template <class T>
void check_storage(const char* stored, const char* type, const char* get, T v, T read) {
    CAPTURE(stored);
    CAPTURE(get);
    guest g(replaced(storage, {{"STORED", stored}, {"VALUE", type}, {"getGET", std::string("get") + get}}));
    for (const bool always : {false, true}) {
        g.store.collect_always(always);
        CHECK(must(g.get<T(T)>("struct")(v)) == read);
        CHECK(must(g.get<T(T)>("new")(v)) == read);
        for (u32 i = 0; i < 9; ++i) CHECK(must(g.get<T(T, u32)>("array")(v, i)) == read);
        CHECK(must(g.get<T(T, u32)>("all")(v, 7)) == read);
        CHECK(must(g.get<T(T, T)>("fixed")(v, T{})) == read);
        CHECK(must(g.get<T(T)>("fill")(v)) == read);
    }
    CHECK(outcome(g, "null") == trap::null_structure);
    CHECK(outcome(g, "null set", v) == trap::null_structure);
    CHECK(outcome(g, "null array") == trap::null_array);
    CHECK(outcome(g, "null array set", v) == trap::null_array);
    CHECK(outcome(g, "at", 8u) == trap::none);
    for (u32 i : {9u, 0x7fff'ffffu, 0x8000'0000u, 0xffff'ffffu}) {
        CHECK(outcome(g, "at", i) == trap::out_of_bounds_array);
        CHECK(outcome(g, "set at", i, v) == trap::out_of_bounds_array);
    }
}

} // namespace

TEST_CASE("aggregates: every storage type in structures and arrays") {
    check_storage<u32>("i8", "i32", "_u", 0x1280, 0x80);
    check_storage<u32>("i8", "i32", "_s", 0x1280, 0xffffff80);
    check_storage<u32>("i16", "i32", "_u", 0x128000, 0x8000);
    check_storage<u32>("i16", "i32", "_s", 0x128000, 0xffff8000);
    check_storage<u32>("i32", "i32", "", 0x80000001, 0x80000001);
    check_storage<u64>("i64", "i64", "", 0x8000000000000001, 0x8000000000000001);
    check_storage<f32>("f32", "f32", "", -1.25f, -1.25f);
    check_storage<f64>("f64", "f64", "", -1.25, -1.25);
    v128 v;
    for (u8 i = 0; i < 16; ++i) v.bytes[i] = u8(i + 1);
    check_storage<v128>("v128", "v128", "", v, v);
}

TEST_CASE("aggregates: a reference is of its types and of no other, within a module and between two") {
    // Types in a forest: each has the fields of its super type and one more, so that all differ.
    std::minstd_rand random(3);
    constexpr int n = 20;
    int super[n];
    std::vector<int> fields(n);
    std::string types, functions = "(global $kept (export \"kept\") (mut anyref) (ref.null any))", tests;
    for (int i = 0; i < n; ++i) {
        super[i] = i < 3 ? -1 : int(random() % unsigned(i + 1)) - 1;
        fields[std::size_t(i)] = i + 1 + (super[i] < 0 ? 0 : fields[std::size_t(super[i])]);
        const std::string k = std::to_string(i);
        types += "(type $t" + k + " (sub " + (super[i] < 0 ? "" : "$t" + std::to_string(super[i])) + " (struct";
        for (int f = 0; f < fields[std::size_t(i)]; ++f) types += " (field i32)";
        types += ")))";
        functions += "(func (export \"new" + k + "\") (global.set $kept (struct.new_default $t" + k + ")))";
        tests += "(func (export \"is" + k + "\") (result i32) (ref.test (ref $t" + k + ") (global.get $kept)))" +
                 "(func (export \"cast" + k + "\") (drop (ref.cast (ref null $t" + k + ") (global.get $kept))))" +
                 "(func (export \"branch" + k + "\") (result i32) (block $yes (result (ref $t" + k +
                 ")) (drop (br_on_cast $yes anyref (ref $t" + k + ") (global.get $kept))) (return (i32.const 0)))" +
                 "(drop) (i32.const 1))" + "(func (export \"fail" + k +
                 "\") (result i32) (block $no (result anyref) (drop (br_on_cast_fail $no anyref (ref $t" + k +
                 ") (global.get $kept))) (return (i32.const 1))) (drop) (i32.const 0))";
    }
    const char* const kinds = R"((func (export "kinds") (result i32)
        (i32.or (i32.shl (ref.test (ref struct) (global.get $kept)) (i32.const 0))
        (i32.or (i32.shl (ref.test (ref array) (global.get $kept)) (i32.const 1))
        (i32.or (i32.shl (ref.test (ref i31) (global.get $kept)) (i32.const 2))
        (i32.or (i32.shl (ref.test (ref eq) (global.get $kept)) (i32.const 3))
        (i32.or (i32.shl (ref.test (ref any) (global.get $kept)) (i32.const 4))
        (i32.or (i32.shl (ref.test (ref none) (global.get $kept)) (i32.const 5))
            (i32.shl (ref.test (ref null none) (global.get $kept)) (i32.const 6)))))))))
    )";
    functions += R"((type $array (array i8))
        (func (export "i31") (global.set $kept (ref.i31 (i32.const 5))))
        (func (export "null") (global.set $kept (ref.null any)))
        (func (export "array") (global.set $kept (array.new_default $array (i32.const 3))))
        (func (export "host") (param externref) (global.set $kept (any.convert_extern (local.get 0)))))";
    guest a("(module " + types + functions + tests + kinds + ")");
    // The other module has other indices for the same types.
    auto mod = tessera::module::parse_text<profile>("(module (type (func (param i64 i64 i64))) (type (array f32)) " +
                                                    types + "(global $kept (import \"a\" \"kept\") (mut anyref))" +
                                                    tests + kinds + ")");
    REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail());
    tessera::imports env;
    env.define("a", a.instance);
    auto b = a.store.instantiate(*mod, env);
    REQUIRE(b);
    const auto check = [&](const auto& expected, i32 kinds_expected) {
        for (const tessera::instance& in : {a.instance, *b}) {
            CHECK(must((*in.get<i32()>("kinds"))()) == kinds_expected);
            for (int k = 0; k < n; ++k) {
                const std::string s = std::to_string(k);
                const i32 is = expected(k) ? 1 : 0;
                CHECK(must((*in.get<i32()>("is" + s))()) == is);
                CHECK(must((*in.get<i32()>("branch" + s))()) == is);
                CHECK(must((*in.get<i32()>("fail" + s))()) == is);
                const auto cast = (*in.get<void()>("cast" + s))();
                CHECK(cast.has_value() == (is == 1 || kinds_expected == 64));
                if (!cast) CHECK(cast.error().why() == trap::cast_failure);
            }
        }
    };
    for (int i = 0; i < n; ++i) {
        CAPTURE(i);
        REQUIRE(a.get<void()>(("new" + std::to_string(i)).c_str())());
        check(
            [&](int k) {
                int s = i;
                while (s >= 0 && s != k) s = super[s];
                return s == k;
            },
            1 | 8 | 16);
    }
    const auto none = [](int) { return false; };
    REQUIRE(a.get<void()>("i31")());
    check(none, 4 | 8 | 16);
    REQUIRE(a.get<void()>("array")());
    check(none, 2 | 8 | 16);
    REQUIRE(a.get<void()>("null")());
    check(none, 64);
    int object = 0;
    REQUIRE(a.get<void(tessera::externref)>("host")(must(a.store.lend_object(object))));
    check(none, 16);
}

TEST_CASE("aggregates: i31 keeps 31 bits") {
    const guest g(R"((module
        (func (export "s") (param i32) (result i32) (i31.get_s (ref.i31 (local.get 0))))
        (func (export "u") (param i32) (result i32) (i31.get_u (ref.i31 (local.get 0))))
        (func (export "eq") (param i32 i32) (result i32) (ref.eq (ref.i31 (local.get 0)) (ref.i31 (local.get 1))))
        (func (export "constant") (result i32) (i31.get_s (ref.i31 (i32.const 0x40000000))))
        (func (export "null") (drop (i31.get_u (ref.null i31))))))");
    for (u32 v : {0u, 1u, 0x3fff'ffffu, 0x4000'0000u, 0x7fff'ffffu, 0x8000'0000u, ~0u}) {
        CHECK(must(g.get<u32(u32)>("u")(v)) == (v & 0x7fff'ffff));
        CHECK(must(g.get<i32(u32)>("s")(v)) == i32(v << 1) >> 1);
        CHECK(must(g.get<u32(u32, u32)>("eq")(v, v ^ 0x8000'0000)) == 1);
        CHECK(must(g.get<u32(u32, u32)>("eq")(v, v ^ 1)) == 0);
    }
    CHECK(must(g.get<i32()>("constant")()) == -0x4000'0000);
    CHECK(outcome(g, "null") == trap::null_i31);
}

TEST_CASE("aggregates: loops over arrays, whatever operands come from") {
    const guest g(R"((module
        (type $f (array (mut f64))) (type $i (array (mut i32)))
        (type $point (struct (field $x (mut f64)) (field $n (mut i32)) (field $next (mut (ref null $point)))))
        (func (export "sum") (param $n i32) (result f64) (local $a (ref $f)) (local $j i32) (local $sum f64)
            (local.set $a (array.new_default $f (local.get $n)))
            (loop $l
                (array.set $f (local.get $a) (local.get $j) (f64.mul (f64.convert_i32_u (local.get $j)) (f64.const 0.5)))
                (br_if $l (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 1))) (array.len (local.get $a)))))
            (loop $l
                (local.set $sum (f64.add (local.get $sum)
                    (array.get $f (local.get $a) (local.tee $j (i32.sub (local.get $j) (i32.const 1))))))
                (br_if $l (local.get $j)))
            (local.get $sum))
        (func (export "count") (param $n i32) (result i32) (local $a (ref $i)) (local $j i32)
            (local.set $a (array.new $i (i32.const 3) (i32.const 4)))
            (loop $l
                (array.set $i (local.get $a) (i32.and (local.get $j) (i32.const 3))
                    (i32.add (array.get $i (local.get $a) (i32.and (local.get $j) (i32.const 3))) (i32.const 1)))
                (br_if $l (i32.lt_s (local.tee $j (i32.add (local.get $j) (i32.const 1))) (local.get $n))))
            (i32.add (array.get $i (local.get $a) (i32.const 0)) (i32.mul (i32.const 1000) (array.get $i (local.get $a) (i32.const 3)))))
        (func (export "list") (param $n i32) (result f64) (local $p (ref null $point)) (local $sum f64)
            (loop $l
                (local.set $p (struct.new $point (f64.convert_i32_s (local.get $n)) (local.get $n) (local.get $p)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (loop $l
                (struct.set $point $x (local.get $p) (f64.mul (struct.get $point $x (local.get $p)) (f64.const 2)))
                (struct.set $point $n (local.get $p) (i32.mul (struct.get $point $n (local.get $p)) (i32.const 3)))
                (local.set $sum (f64.add (local.get $sum) (f64.add (struct.get $point $x (local.get $p))
                    (f64.convert_i32_s (struct.get $point $n (local.get $p))))))
                (br_if $l (i32.eqz (ref.is_null (local.tee $p (struct.get $point $next (local.get $p)))))))
            (local.get $sum))))");
    CHECK(must(g.get<f64(u32)>("sum")(1000)) == 0.5 * 999 * 1000 / 2);
    CHECK(must(g.get<u32(u32)>("count")(4002)) == 3 + 1001 + 1000 * (3 + 1000));
    CHECK(must(g.get<f64(u32)>("list")(1000)) == 5.0 * 1000 * 1001 / 2);
}

TEST_CASE("aggregates: in frames with more slots than operands can name") {
    std::string locals;
    for (int i = 0; i < 34'000; ++i) locals += " v128"; // two slots each
    guest g("(module (type $box (struct (field $n (mut i32)))) (type $boxes (array (mut (ref null $box))))"
            "(func (export \"f\") (result i32) (local" +
            locals + R"() (local $b (ref null $box)) (local $a (ref null $boxes)) (local $i i32)
        (local.set $b (struct.new $box (i32.const 7)))
        (local.set $i (i32.const 1))
        (local.set $a (array.new $boxes (struct.new $box (i32.const 1)) (i32.const 3)))
        (array.set $boxes (local.get $a) (local.get $i) (local.get $b))
        (drop (struct.new $box (i32.const -1)))
        (struct.set $box $n (local.get $b) (i32.add (struct.get $box $n (local.get $b)) (array.len (local.get $a))))
        (i32.add (struct.get $box $n (array.get $boxes (local.get $a) (local.get $i)))
            (i32.add (ref.test (ref $box) (local.get $b)) (struct.get $box $n (ref.cast (ref $box) (local.get $b)))))))
    )");
    CHECK(must(g.get<i32()>("f")()) == 21);
    g.store.collect_always(true);
    CHECK(must(g.get<i32()>("f")()) == 21);
}

TEST_CASE("aggregates: constant expressions make objects, and keep what they made") {
    const char* const text = R"((module
        (type $box (struct (field $n (mut i32)))) (type $any (array (mut anyref))) (type $wide (struct (field i64) (field i8)))
        (type $bytes (array (mut i8)))
        (global $one (ref $box) (struct.new $box (i32.const 41)))
        (global $all (ref $any) (array.new_fixed $any 4 (global.get $one) (ref.i31 (i32.const 5))
            (struct.new $wide (i64.const 0x300000004) (i32.const 0x1ff)) (struct.new_default $box)))
        (global $same (ref $any) (array.new $any (struct.new $box (i32.const 42)) (i32.const 3)))
        (global $none (ref $bytes) (array.new_default $bytes (i32.const 1000)))
        (global $x externref (extern.convert_any (struct.new $box (i32.const 43))))
        (table $t 2 (ref $box) (struct.new $box (i32.const 44)))
        (func (export "f") (result i32)
            (local $w (ref null $wide))
            (local.set $w (ref.cast (ref $wide) (array.get $any (global.get $all) (i32.const 2))))
            (if (i32.ne (i32.wrap_i64 (struct.get $wide 0 (local.get $w))) (i32.const 4)) (then (unreachable)))
            (if (i32.ne (struct.get_u $wide 1 (local.get $w)) (i32.const 0xff)) (then (unreachable)))
            (if (i32.ne (array.len (global.get $none)) (i32.const 1000)) (then (unreachable)))
            (if (i32.eqz (ref.eq (global.get $one) (ref.cast eqref (array.get $any (global.get $all) (i32.const 0))))) (then (unreachable)))
            (i32.add (i32.add (struct.get $box $n (ref.cast (ref $box) (array.get $any (global.get $all) (i32.const 0))))
                    (struct.get $box $n (ref.cast (ref $box) (array.get $any (global.get $same) (i32.const 2)))))
                (i32.add (struct.get $box $n (ref.cast (ref $box) (any.convert_extern (global.get $x))))
                    (i32.add (struct.get $box $n (table.get $t (i32.const 1)))
                        (i31.get_s (ref.cast (ref i31) (array.get $any (global.get $all) (i32.const 1))))))))
    ))";
    auto mod = tessera::module::parse_text<profile>(text);
    REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << " line " << mod.error().line());
    for (const bool always : {false, true}) {
        tessera::store<profile> store;
        REQUIRE(store.add_fuel(1'000'000));
        store.collect_always(always);
        auto instance = store.instantiate(*mod);
        REQUIRE_MESSAGE(instance, instance.error().message() << " " << instance.error().detail());
        REQUIRE(store.collect());
        CHECK(must((*instance->get<i32()>("f"))()) == 41 + 42 + 43 + 44 + 5);
    }
    tessera::limits limits;
    limits.heap_bytes = 0;
    tessera::store<profile> small(limits);
    const auto failed = small.instantiate(*mod);
    REQUIRE_FALSE(failed);
    CHECK(failed.error().kind() == kind::exhaustion);
}

TEST_CASE("aggregates: instructions on many elements cost fuel by length") {
    guest g(R"((module
        (type $a (array (mut i32))) (type $r (array (mut funcref))) (data $d "0123456789abcdef") (elem $e func)
        (global $g (ref $a) (array.new_default $a (i32.const 100000)))
        (func (export "fill") (param i32) (array.fill $a (global.get $g) (i32.const 0) (i32.const 1) (local.get 0)))
        (func (export "copy") (param i32) (array.copy $a $a (global.get $g) (i32.const 1) (global.get $g) (i32.const 0) (local.get 0)))
        (func (export "new") (param i32) (drop (array.new $a (i32.const 1) (local.get 0))))
        (func (export "default") (param i32) (drop (array.new_default $a (local.get 0))))))");
    for (const char* name : {"fill", "copy", "new", "default"}) {
        CAPTURE(name);
        const auto f = g.get<void(u32)>(name);
        const auto cost = [&](u32 n) {
            const u64 before = g.store.fuel();
            REQUIRE(f(n));
            return before - g.store.fuel();
        };
        CHECK(cost(80'000) - cost(8) == 79'992 / 8);
    }
}

TEST_CASE("aggregates: branches on casts keep what lies below") {
    const guest g(R"((module
        (type $box (struct (field i32))) (type $pair (struct (field i32) (field i32)))
        (func $pick (param $x anyref) (result i32) (local $n i32)
            (block $box (result i32 i64 (ref $box))
                (block $pair (result i32 i64 (ref null $pair))
                    (i32.const 1) (i64.const 2) (local.get $x)
                    (br_on_cast $box anyref (ref $box))
                    (br_on_cast $pair anyref (ref null $pair))
                    (drop) (drop) (return))
                (ref.is_null) (if (param i32 i64) (result i32 i64) (then) (else (drop) (drop) (i32.const 10) (i64.const 20)))
                (i32.wrap_i64) (i32.add) (return))
            (struct.get $box 0) (local.set $n) (i32.wrap_i64) (i32.add) (i32.add (local.get $n)))
        (func (export "box") (result i32) (call $pick (struct.new $box (i32.const 100))))
        (func (export "pair") (result i32) (call $pick (struct.new $pair (i32.const 5) (i32.const 6))))
        (func (export "null") (result i32) (call $pick (ref.null any)))
        (func (export "other") (result i32) (call $pick (ref.i31 (i32.const 5))))))");
    CHECK(must(g.get<i32()>("box")()) == 103);
    CHECK(must(g.get<i32()>("pair")()) == 30);
    CHECK(must(g.get<i32()>("null")()) == 3);
    CHECK(must(g.get<i32()>("other")()) == 1);
}
