// SPDX-License-Identifier: MIT
// Structures, arrays and casts as machine code, against the interpreter: null, i31s, sub types, arrays at their bounds,
// packed fields; and what the collector finds.
#include "native/profile.hpp"

#include <tessera/native/function_code.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <string>
#include <vector>

namespace {

using namespace tessera;
using tessera::f64;
using tessera::i32;
using tessera::i64;
using tessera::u32;
using tessera::u64;

struct object_guest {
    tessera::store<native_profile> store;
    tessera::instance instance;

    object_guest(const std::string& text, bool compiled, native_options options = {.threshold = 0, .all = true}) {
        REQUIRE(store.add_fuel(u64{1} << 40).has_value());
        if (compiled) REQUIRE(enable_native(store, options).has_value());
        auto mod = tessera::module::parse_text<native_profile>(text);
        REQUIRE_MESSAGE(mod.has_value(), mod.error().message());
        auto made = store.instantiate(*mod);
        REQUIRE(made.has_value());
        instance = *made;
    }
    template <class... Arg>
    result<i64> call(const std::string& name, Arg... args) {
        return (*instance.get<i64(Arg...)>(name))(args...);
    }
};
// The same function with the same arguments, as machine code and not.
struct pair_of_guests {
    object_guest compiled, interpreted;
    unsigned runs = 0, traps = 0;

    explicit pair_of_guests(const std::string& text, u64 blinding = 0)
        : compiled(text, true, {.threshold = 0, .all = true, .blinding = blinding}), interpreted(text, false) {}
    template <class... Arg>
    bool same(const std::string& name, Arg... args) {
        const auto a = compiled.call(name, args...), b = interpreted.call(name, args...);
        ++runs, traps += !b.has_value();
        if (a.has_value() != b.has_value()) return false;
        if (a.has_value()) return *a == *b;
        return a.error().why() == b.error().why() && a.error().offset() == b.error().offset() &&
               a.error().frames().size() == b.error().frames().size();
    }
};

struct stored {
    const char* type;
    const char* value; // its type on the stack
    const char* from;  // an i64
    const char* get[2];
    const char* to; // an i64
};
const stored all_stored[] = {
    {"i8", "i32", "i32.wrap_i64", {"get_s", "get_u"}, "i64.extend_i32_u"},
    {"i16", "i32", "i32.wrap_i64", {"get_s", "get_u"}, "i64.extend_i32_u"},
    {"i32", "i32", "i32.wrap_i64", {"get", "get"}, "i64.extend_i32_u"},
    {"i64", "i64", "", {"get", "get"}, ""},
    {"f32", "f32", "f32.reinterpret_i32 (i32.wrap_i64", {"get", "get"}, "i64.extend_i32_u (i32.reinterpret_f32"},
    {"f64", "f64", "f64.reinterpret_i64", {"get", "get"}, "i64.reinterpret_f64"},
};
std::string wrapped(const char* how, const std::string& inner) {
    const std::string s = how;
    if (s.empty()) return inner;
    return "(" + s + " " + inner + ")" + (s.find('(') != s.npos ? ")" : "");
}

constexpr i64 values[] = {0,
                          1,
                          -1,
                          0x7f,
                          0x80,
                          0xff,
                          0x8000,
                          0x7fff'ffff,
                          i64(0x8000'0000),
                          0x7fc0'1234,
                          i64(0x1234'5678'9abc'def0),
                          i64(0x8877'6655'c433'2211)};

// A structure of three fields of a type, of which the middle one is written, and an array.
std::string text_of(const stored& s, bool in_loop) {
    const std::string t = s.type, v = s.value;
    const auto get = [&](const char* how, const std::string& what) { return wrapped(s.to, "(" + (how + what) + ")"); };
    // In a loop values have registers; outside of one they are taken from where they were put.
    const std::string begin = in_loop ? "(loop $l " : "",
                      end = in_loop ? " (br_if $l (i32.eqz (local.tee $n (i32.add (local.get $n) (i32.const -1))))))"
                                    : "";
    std::string text = "(module (type $s (struct (field i64) (field (mut " + t + ")) (field (mut " + t +
                       ")) (field (mut " + t + ")) (field i64))) (type $a (array (mut " + t + ")))";
    const std::string fresh = "(struct.new $s (i64.const 0x1122334455667788) " +
                              wrapped(s.from, "(i64.const 0x5a5a5a5a5a5a5a5a)") +
                              wrapped(s.from, "(i64.const 0x4b4b4b4b4b4b4b4b)") +
                              wrapped(s.from, "(i64.const 0x3c3c3c3c3c3c3c3c)") + "(i64.const -2))";
    for (int which = 0; which < 2; ++which) {
        const std::string how = s.get[which];
        text += "(func (export \"field" + std::to_string(which) +
                "\") (param $null i32) (param $x i64) (result i64)"
                " (local $o (ref null $s)) (local $r i64) (local $n i32) (local.set $n (i32.const 1))"
                "(if (i32.eqz (local.get $null)) (then (local.set $o " +
                fresh + ")))" + begin + "(struct.set $s 2 (local.get $o) " + wrapped(s.from, "(local.get $x)") +
                ")"
                "(local.set $r (i64.add (i64.mul (i64.const 31) " +
                get(("struct." + how + " $s 2 ").c_str(), "(local.get $o)") +
                ")"
                "(i64.xor (i64.add " +
                get(("struct." + how + " $s 1 ").c_str(), "(local.get $o)") +
                get(("struct." + how + " $s 3 ").c_str(), "(local.get $o)") +
                ")"
                "(i64.add (struct.get $s 0 (local.get $o)) (struct.get $s 4 (local.get $o))))))" +
                end + "(local.get $r))";
        text +=
            "(func (export \"element" + std::to_string(which) +
            "\") (param $null i32) (param $size i32) (param $i i32) (param $x i64) (result i64)"
            " (local $o (ref null $a)) (local $r i64) (local $n i32) (local.set $n (i32.const 1))"
            "(if (i32.eqz (local.get $null)) (then (local.set $o (array.new $a " +
            wrapped(s.from, "(i64.const 0x2d2d2d2d2d2d2d2d)") + " (local.get $size)))))" + begin +
            "(array.set $a (local.get $o) (local.get $i) " + wrapped(s.from, "(local.get $x)") +
            ")"
            "(local.set $r " +
            get(("array." + how + " $a ").c_str(), "(local.get $o) (local.get $i)") + ")" + end +
            // all of it
            "(local.set $i (array.len (local.get $o))) (block $done (loop $sum (br_if $done (i32.eqz (local.get $i)))"
            "(local.set $i (i32.sub (local.get $i) (i32.const 1)))"
            "(local.set $r (i64.add (i64.mul (local.get $r) (i64.const 31)) " +
            get(("array." + how + " $a ").c_str(), "(local.get $o) (local.get $i)") +
            "))"
            "(br $sum))) (local.get $r))";
        text += "(func (export \"read" + std::to_string(which) +
                "\") (param $null i32) (param $size i32) (param $i i32) (result i64) "
                "(local $o (ref null $a)) (if (i32.eqz (local.get $null)) (then (local.set $o (array.new_default $a "
                "(local.get $size)))))" +
                get(("array." + how + " $a ").c_str(), "(local.get $o) (local.get $i)") + ")";
        // Constants, which are made where they are used.
        text += "(func (export \"constant" + std::to_string(which) +
                "\") (result i64) (local $o (ref $s)) (local $p (ref $a))"
                "(local.set $o " +
                fresh +
                ") (local.set $p (array.new_default $a (i32.const 7)))"
                "(struct.set $s 2 (local.get $o) " +
                wrapped(s.from, "(i64.const 0x1badc0de12345678)") +
                ")"
                "(array.set $a (local.get $p) (i32.const 6) " +
                wrapped(s.from, "(i64.const 0x7badc0de12345679)") +
                ")"
                "(i64.xor " +
                get(("struct." + how + " $s 2 ").c_str(), "(local.get $o)") +
                get(("array." + how + " $a ").c_str(), "(local.get $p) (i32.const 6)") + "))";
    }
    return text + ")";
}

} // namespace

namespace {
// What lowering makes of a row of structures, arrays, casts and typed references; family::count_: a call or something
// else that is no such node.
exec::variant variant_of(op o) {
    using exec::family;
    switch (o) {
    case op::struct_get: return {family::struct_get, 0, op::i64_load, {}};
    case op::struct_get_s: return {family::struct_get, 0, op::i32_load8_s, {}};
    case op::struct_get_u: return {family::struct_get, 0, op::i32_load16_u, {}};
    case op::struct_set: return {family::struct_set, exec::flag::reference, op::i32_store, {}};
    case op::array_get: return {family::array_get, 0, op::f64_load, {}};
    case op::array_get_s: return {family::array_get, 0, op::i32_load16_s, {}};
    case op::array_get_u: return {family::array_get, 0, op::i32_load8_u, {}};
    case op::array_set: return {family::array_set, 0, op::f32_store, {}};
    case op::array_len: return {family::array_len, 0, op::nop, {}};
    case op::struct_new: return {family::struct_new, 0, op::nop, {}};
    case op::ref_test:
    case op::ref_test_null:
    case op::br_on_cast:
    case op::br_on_cast_fail: return {family::ref_test, exec::flag::reference, op::nop, {}};
    case op::ref_cast:
    case op::ref_cast_null: return {family::ref_cast, exec::flag::reference, op::nop, {}};
    case op::ref_as_non_null:
    case op::i31_get_s:
    case op::i31_get_u: return {family::null_check, 0, op::nop, {}};
    case op::br_on_null:
    case op::br_on_non_null: return {family::br_compare, 0, op::i32_eq, {}};
    case op::ref_eq: return {family::binary, 0, op::i32_eq, {}};
    case op::ref_i31: return {family::binary, 0, op::i32_shl, {}};
    case op::any_convert_extern:
    case op::extern_convert_any: return {family::move, 0, op::nop, {}}; // or nothing
    case op::call_ref: return {family::call_ref, 0, op::nop, {}};
    case op::return_call_ref: return {family::return_call_ref, 0, op::nop, {}};
    default: return {exec::is_special(o) ? family::special : family::count_, 0, o, {}};
    }
}
} // namespace

TEST_CASE("every row of structures, arrays and casts has machine code") {
    const module_data nothing;
    const native::compile_options options{exec::model_of(latest), true, 0};
    const auto has_code = [&](const exec::variant& v, u32 word = 0) {
        exec::node n;
        n.v = v;
        n.words[0] = word;
        return native::effect_of(options, nothing, n) != native::effect::leave;
    };
    unsigned rows = 0, covered = 0;
    for (u16 i = 0; i < op_count; ++i) {
        const op o = op(i);
        if (row(o).needs != feature::gc && row(o).needs != feature::function_references) continue;
        const exec::variant v = variant_of(o);
        CHECK_MESSAGE(v.fam != exec::family::count_, std::string(row(o).text), ": what is it lowered to?");
        const bool has = v.fam != exec::family::count_ && has_code(v);
        ++rows, covered += has;
        CHECK_MESSAGE(has, std::string(row(o).text));
    }
    std::printf("machine code for %u of %u rows of structures, arrays, casts and typed references\n", covered, rows);
    CHECK(rows > 30);
    // What is left of those that have it: vectors in objects, and casts that look at functions.
    using exec::family;
    using exec::loc;
    CHECK(!has_code({family::struct_get, 0, op::v128_load, {loc::slot, loc::none, loc::none, loc::slot}}));
    CHECK(!has_code({family::array_set, 0, op::v128_store, {loc::slot, loc::slot, loc::slot, loc::none}}));
    CHECK(!has_code({family::ref_test, 0, op::nop, {}}, heap_type::index(3).bits));
    CHECK(has_code({family::ref_test, exec::flag::reference, op::nop, {}}, heap_type::index(3).bits));
    namespace types = tessera::code;
    for (const u8 h : {types::any, types::eq, types::i31, types::struct_, types::array, types::none, types::func,
                       types::nofunc, types::extern_, types::noextern, types::exn, types::noexn})
        CHECK(has_code({family::ref_cast, 0, op::nop, {}}, heap_type::abstract(h).bits));
}

TEST_CASE("fields and elements of every type are read and written as in the interpreter") {
    unsigned runs = 0, traps = 0;
    for (const stored& s : all_stored)
        for (const bool in_loop : {false, true})
            for (const u64 blinding : {u64{0}, u64{7}}) {
                pair_of_guests g(text_of(s, in_loop), blinding);
                for (const char* which : {"0", "1"}) {
                    const auto name = [&](const char* n) { return n + std::string(which); };
                    CHECK(g.same(name("constant")));
                    for (const i64 x : values) {
                        for (const i32 null : {0, 1}) CHECK_MESSAGE(g.same(name("field"), null, x), s.type);
                        for (const i32 size : {0, 1, 2, 9, 5000})
                            for (const i32 i : {0, 1, size - 1, size, size + 1, -1, i32(0x8000'0000), 0x4000'0000})
                                CHECK_MESSAGE(g.same(name("element"), i32(0), size, i, x), s.type);
                        CHECK(g.same(name("element"), i32(1), i32(3), i32(1), x));
                    }
                    for (const i32 i : {0, 4, 5, -1}) CHECK(g.same(name("read"), i32(0), i32(5), i));
                    CHECK(g.same(name("read"), i32(1), i32(5), i32(0)));
                }
                if (TESSERA_TAIL_CALLS) CHECK(native_counters_of(g.compiled.store).functions == 8);
                runs += g.runs, traps += g.traps;
            }
    std::printf("%u runs with fields and elements, %u of them trap\n", runs, traps);
}

namespace {
// Types of all kinds, and a reference of each by its number.
constexpr const char* cast_types = R"(
  (rec (type $top (sub (struct (field i32))))
       (type $left (sub $top (struct (field i32) (field f64))))
       (type $right (sub $top (struct (field i32) (field i64))))
       (type $low (sub $left (struct (field i32) (field f64) (field i8))))
       (type $lowest (sub final $low (struct (field i32) (field f64) (field i8) (field i16)))))
  (type $words (sub (array (mut i32))))
  (type $more_words (sub $words (array (mut i32))))
  (func $pick (param i32) (result anyref)
    (block $0 (block $1 (block $2 (block $3 (block $4 (block $5 (block $6 (block $7 (block $8 (block $9
      (br_table $0 $1 $2 $3 $4 $5 $6 $7 $8 $9 (local.get 0)))
      (return (any.convert_extern (extern.convert_any (ref.i31 (i32.const -1))))))
      (return (array.new_default $more_words (i32.const 3))))
      (return (array.new_default $words (i32.const 1))))
      (return (struct.new_default $lowest)))
      (return (struct.new_default $low)))
      (return (struct.new_default $right)))
      (return (struct.new_default $left)))
      (return (struct.new $top (i32.const 5))))
      (return (ref.i31 (i32.const 7))))
    (ref.null none))
)";
constexpr const char* targets[] = {"$top", "$left", "$right", "$low",   "$lowest", "$words", "$more_words",
                                   "any",  "eq",    "i31",    "struct", "array",   "none"};
} // namespace

TEST_CASE("casts and tests of every type find what they find in the interpreter") {
    std::string text = "(module " + std::string(cast_types);
    for (const std::string t : targets)
        for (const std::string null : {"", "null "}) {
            const std::string type = "(ref " + null + t + ")", name = null.empty() ? t : t + "?";
            text += "(func (export \"test " + name + "\") (param i32) (result i64) (i64.extend_i32_u (ref.test " +
                    type + " (call $pick (local.get 0)))))";
            text += "(func (export \"cast " + name + "\") (param i32) (result i64) (drop (ref.cast " + type +
                    " (call $pick (local.get 0)))) (i64.const 1))";
            // By a local in a loop, and by what stays on the operand stack across an allocation.
            text += "(func (export \"branch " + name +
                    "\") (param i32) (result i64) (local $a anyref) (local $n i64)"
                    "(loop $l (local.set $a (call $pick (local.get 0)))"
                    "(block $yes (result anyref) (br_on_cast $yes anyref " +
                    type +
                    " (local.get $a))"
                    "(drop (struct.new $top (i32.const 1))) (local.set $n (i64.add (local.get $n) (i64.const 1))))"
                    "(local.set $n (i64.mul (local.get $n) (i64.const 3))) (br_if $l (i32.eq (i32.const 100) "
                    "(local.get 0)))"
                    "(block $no (param anyref) (result anyref) (br_on_cast_fail $no anyref " +
                    type +
                    ")"
                    "(local.set $n (i64.add (local.get $n) (i64.const 1000))))"
                    "(local.set $n (i64.add (i64.extend_i32_u (ref.eq (ref.cast (ref null eq)) "
                    "(ref.cast (ref null eq) (local.get $a)))) (local.get $n))))"
                    "(local.get $n))";
        }
    text +=
        "(func (export \"i31\") (param i32) (result i64) (local $i i31ref) (local.set $i (ref.cast (ref null i31) "
        "(call $pick (local.get 0))))"
        "(i64.xor (i64.extend_i32_u (i31.get_u (local.get $i))) (i64.extend_i32_s (i31.get_s (local.get $i)))))"
        "(func (export \"null\") (param i32) (result i64) (local $n i64)"
        "(block $b (result (ref any)) (br_on_non_null $b (call $pick (local.get 0))) (return (i64.const -1))) (drop)"
        "(block $c (drop (br_on_null $c (call $pick (local.get 0)))) (local.set $n (i64.const 2)))"
        "(drop (ref.as_non_null (call $pick (i32.sub (local.get 0) (i32.const 1)))))"
        "(i64.add (local.get $n) (i64.extend_i32_u (ref.is_null (call $pick (local.get 0))))))";
    pair_of_guests g(text + ")");
    for (const bool collect : {false, true}) {
        for (object_guest* one : {&g.compiled, &g.interpreted}) one->store.collect_always(collect);
        for (i32 which = 0; which < 10; ++which) {
            for (const std::string t : targets)
                for (const char* null : {"", "?"})
                    for (const char* how : {"test ", "cast ", "branch "})
                        CHECK_MESSAGE(g.same(how + t + null, which), how, t, null, " of ", which);
            CHECK(g.same("i31", which));
            CHECK(g.same("null", which));
        }
    }
    std::printf("%u casts, %u of them trap\n", g.runs, g.traps);
    CHECK(*g.compiled.call("test $left", i32(5)) == 1);
    CHECK(*g.compiled.call("test $left", i32(4)) == 0);
}

namespace {
// Boxes are taken out of an array and put back again, while others are made and left.
constexpr const char* borrowed = R"((module
  (type $box (struct (field $x i32) (field $next (mut (ref null $box)))))
  (type $boxes (array (mut (ref null $box))))
  (func $waste (param $n i32)
    (loop $again
      (drop (struct.new $box (i32.const -1) (ref.null $box)))
      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1))))))
  (func (export "run") (param $size i32) (param $rounds i32) (result i64)
    (local $a (ref $boxes)) (local $i i32) (local $x (ref null $box)) (local $y (ref null $box)) (local $sum i64)
    (local.set $a (array.new_default $boxes (local.get $size)))
    (loop $fill
      (array.set $boxes (local.get $a) (local.get $i)
        (struct.new $box (local.get $i) (struct.new $box (i32.mul (local.get $i) (i32.const 3)) (ref.null $box))))
      (br_if $fill (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (local.get $size))))
    (loop $round
      (local.set $i (i32.rem_u (i32.mul (local.get $rounds) (i32.const 0x9e3779b1)) (local.get $size)))
      (local.set $x (array.get $boxes (local.get $a) (local.get $i)))
      (array.set $boxes (local.get $a) (local.get $i) (ref.null $box))
      (local.set $y (struct.get $box $next (local.get $x)))
      (struct.set $box $next (local.get $x) (ref.null $box))
      (call $waste (i32.const 200))
      (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31))
        (i64.add (i64.extend_i32_u (struct.get $box $x (local.get $x))) (i64.extend_i32_u (struct.get $box $x (local.get $y))))))
      (struct.set $box $next (local.get $x) (local.get $y))
      (array.set $boxes (local.get $a) (local.get $i) (local.get $x))
      (br_if $round (local.tee $rounds (i32.sub (local.get $rounds) (i32.const 1)))))
    (local.get $sum))))";
} // namespace

TEST_CASE("what is overwritten while the collector marks is not lost") {
    i64 results[2] = {};
    for (const bool compiled : {false, true}) {
        object_guest g(borrowed, compiled);
        const auto got = g.call("run", i32(40'000), i32(30'000));
        REQUIRE(got.has_value());
        results[compiled] = *got;
        CHECK(g.store.heap().collections > 10);
    }
    CHECK(results[0] == results[1]);
}

TEST_CASE("a shared memory that others make larger is looked at again before an atomic access traps") {
    constexpr std::string_view text = R"((module
      (import "host" "m" (memory 1 4 shared))
      (func (export "add") (param i32 i64) (result i64) (i64.atomic.rmw.add offset=8 (local.get 0) (local.get 1)))))";
    auto memory = shared_memory::make({{1, 4, true}, true});
    REQUIRE(memory.has_value());
    imports env;
    REQUIRE(env.define("host", "m", *memory));
    tessera::store<native_profile> s;
    REQUIRE(s.add_fuel(1 << 20).has_value());
    REQUIRE(enable_native(s, {.threshold = 0, .all = true}).has_value());
    auto made = s.instantiate(*tessera::module::parse_text<native_profile>(text), env);
    REQUIRE(made.has_value());
    auto add = *made->get<i64(i32, i64)>("add");
    CHECK(*add(65520, 5) == 0);
    CHECK(*add(65520, 5) == 5);
    CHECK(add(65528, 5).error().why() == trap::out_of_bounds_memory);
    CHECK(add(65524, 5).error().why() == trap::out_of_bounds_memory);
    REQUIRE(memory->grow(1).has_value());
    CHECK(*add(65528, 6) == 0);
    CHECK(*add(65528, 7) == 6);
    CHECK(add(65532, 7).error().why() == trap::unaligned_atomic);
    if (TESSERA_TAIL_CALLS) CHECK(native_counters_of(s).functions == 1);
}

TEST_CASE("instructions with functions of their own are called, and trap and stop as in the interpreter") {
    const std::string text = R"((module
      (type $words (array (mut i32)))
      (type $refs (array (mut (ref null $words))))
      (type $mixed (struct (field i8) (field i64) (field (ref null $words)) (field f32) (field i16)))
      (data $d "0123456789abcdef")
      (elem $e (ref null $words) (ref.null $words) (array.new_fixed $words 2 (i32.const 3) (i32.const 4)))
      (table $t 4 funcref)
      (memory 1)
      (func $f (export "make") (param $n i32) (result i64) (local $i i32) (local $sum i64) (local $m (ref null $mixed))
        (local $w (ref null $words))
        (loop $l
          (local.set $w (array.new $words (local.get $i) (local.get $n)))
          (local.set $m (struct.new $mixed (local.get $i) (local.get $sum) (local.get $w) (f32.const 2) (i32.const 70000)))
          (array.fill $words (local.get $w) (i32.const 1) (i32.const 9) (i32.sub (local.get $n) (i32.const 1)))
          (array.copy $words $words (local.get $w) (i32.const 0) (struct.get $mixed 2 (local.get $m)) (i32.const 1) (i32.const 1))
          (memory.fill (local.get $i) (local.get $n) (i32.const 100))
          (memory.copy (i32.const 0) (local.get $i) (local.get $n))
          (table.set $t (i32.and (local.get $i) (i32.const 3)) (ref.func $f))
          (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 31)) (i64.add
            (i64.extend_i32_u (array.get $words (local.get $w) (i32.const 0)))
            (i64.add (i64.extend_i32_u (struct.get_u $mixed 4 (local.get $m)))
              (i64.add (i64.load8_u (i32.const 7)) (i64.extend_i32_u (i32.add (memory.size) (ref.is_null (table.get $t (i32.const 3))))))))))
          (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 50))))
        (local.get $sum))
      (func (export "data") (param $at i32) (param $n i32) (result i64) (local $w (ref null $words))
        (local.set $w (array.new_data $words $d (local.get $at) (local.get $n)))
        (i64.add (i64.const 1000) (i64.extend_i32_u (array.len (local.get $w)))))
      (func (export "elem") (param $at i32) (param $n i32) (result i64)
        (i64.extend_i32_u (array.get $words (array.get $refs (array.new_elem $refs $e (local.get $at) (local.get $n)) (i32.const 1)) (i32.const 1))))
      (func (export "table") (param $at i32) (param $n i32) (result i64)
        (table.set $t (local.get $at) (ref.null func))
        (i64.extend_i32_u (ref.is_null (table.get $t (local.get $n)))))))";
    pair_of_guests g(text);
    for (const bool collect : {false, true}) {
        for (object_guest* one : {&g.compiled, &g.interpreted}) one->store.collect_always(collect);
        for (const i32 n : {0, 1, 2, 3, 100, -1, 70000}) CHECK_MESSAGE(g.same("make", n), n);
        for (const i32 at : {0, 1, 2, 3, 4, 8, 13, 16, 17, -1})
            for (const i32 n : {0, 1, 2, 3, 4, 5, -1})
                for (const char* name : {"data", "elem", "table"}) CHECK_MESSAGE(g.same(name, at, n), name, at, n);
    }
    CHECK(g.traps > 10);
    // Fuel is used up at the same place.
    for (u64 fuel = 1; fuel < 600; fuel += 13) {
        u64 offset[2] = {};
        for (const bool compiled : {false, true}) {
            tessera::store<native_profile> s;
            REQUIRE(s.add_fuel(fuel).has_value());
            if (compiled) REQUIRE(enable_native(s, {.threshold = 0, .all = true}).has_value());
            auto made = s.instantiate(*tessera::module::parse_text<native_profile>(text));
            REQUIRE(made.has_value());
            const auto done = (*made->get<i64(i32)>("make"))(100);
            offset[compiled] = done.has_value() ? 0 : done.error().offset();
        }
        CHECK_MESSAGE(offset[0] == offset[1], "fuel ", fuel);
    }
}

TEST_CASE("a full heap stops a call, which goes on when there is room") {
    constexpr std::string_view text = R"((module
      (type $list (struct (field (ref null $list)) (field i32)))
      (type $wide (struct (field (ref null $wide)) (field i64)))
      (func (export "words") (param $n i32) (result i64) (local $l (ref null $list)) (local $sum i64)
        (loop $more (local.set $l (struct.new $list (local.get $l) (local.get $n)))
          (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (loop $add (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 3)) (i64.extend_i32_u (struct.get $list 1 (local.get $l)))))
          (br_if $add (i32.eqz (ref.is_null (local.tee $l (struct.get $list 0 (local.get $l)))))))
        (local.get $sum))
      (func (export "wide") (param $n i32) (result i64) (local $l (ref null $wide)) (local $sum i64)
        (loop $more (local.set $l (struct.new $wide (local.get $l) (i64.extend_i32_u (local.get $n))))
          (br_if $more (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (loop $add (local.set $sum (i64.add (i64.mul (local.get $sum) (i64.const 3)) (struct.get $wide 1 (local.get $l))))
          (br_if $add (i32.eqz (ref.is_null (local.tee $l (struct.get $wide 0 (local.get $l)))))))
        (local.get $sum))))";
    for (const char* name : {"words", "wide"}) {
        i64 results[2] = {};
        for (const bool compiled : {false, true}) {
            tessera::limits limits;
            limits.heap_bytes = 2 << 20;
            tessera::store<native_profile> s(limits);
            REQUIRE(s.add_fuel(1 << 30).has_value());
            if (compiled) REQUIRE(enable_native(s, {.threshold = 0, .all = true}).has_value());
            auto made = s.instantiate(*tessera::module::parse_text<native_profile>(text));
            REQUIRE(made.has_value());
            const auto done = (*made->get<i64(i32)>(name))(1'000'000);
            REQUIRE(!done.has_value());
            CHECK(done.error().why() == trap::out_of_memory);
            const auto fits = (*made->get<i64(i32)>(name))(50'000);
            REQUIRE(fits.has_value());
            results[compiled] = *fits;
        }
        CHECK(results[0] == results[1]);
    }
}

TEST_CASE("the collector finds a reference that is only dropped") {
    // Where it lies on the operand stack was a number before.
    constexpr const char* text = R"((module
      (type $box (struct (field i32)))
      (func $number (result i32) (i32.const 0x7ffffff8))
      (func $waste (drop (struct.new $box (i32.const 1))))
      (func (export "run") (param $which i32) (result i64) (local $b (ref null $box))
        (local.set $b (struct.new $box (i32.const 5)))
        (drop (call $number))
        (if (result (ref null $box)) (local.get $which) (then (local.get $b)) (else (ref.null $box)))
        (call $waste)
        (drop)
        (i64.extend_i32_u (struct.get $box 0 (local.get $b))))))";
    object_guest g(text, true);
    g.store.collect_always(true);
    for (const i32 which : {0, 1}) CHECK(g.call("run", which).value_or(0) == 5);
}
