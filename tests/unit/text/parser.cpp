// SPDX-License-Identifier: MIT
#include <tessera/text/parser.hpp>
#include <tessera/valid/module.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace tessera;

namespace {

std::string described(const error& e) {
    std::string s(e.message());
    if (!e.detail().empty()) s += " " + std::string(e.detail());
    return s;
}
/// The module's bytes without its name section, so that texts with and without identifiers compare.
std::string bytes(std::string_view source) {
    auto r = text::parse(source);
    INFO(std::string(source));
    if (!r) INFO(described(r.error()));
    REQUIRE(r.has_value());
    std::string all(reinterpret_cast<const char*>(r->bytes.data()), r->bytes.size());
    for (std::size_t at = 8; at < all.size();) {
        std::size_t size = 0, i = at + 1;
        for (unsigned shift = 0;; shift += 7) {
            size |= std::size_t(u8(all[i]) & 0x7f) << shift;
            if (!(u8(all[i++]) & 0x80)) break;
        }
        if (all[at] == 0 && all.substr(i, 5) == "\4name") return all.substr(0, at) + all.substr(i + size);
        at = i + size;
    }
    return all;
}
/// Bytes of one section's content, "none" if it is not there.
std::string section(std::string_view source, int id) {
    const std::string all = bytes(source);
    for (std::size_t at = 8; at < all.size();) {
        const std::size_t size = u8(all[at + 1]); // small sections only
        if (all[at] == id) return all.substr(at + 2, size);
        at += 2 + size;
    }
    return "none";
}
std::string wrong(std::string_view source) {
    auto r = text::parse(source);
    if (!r) {
        CHECK(r.error().kind() == kind::malformed);
        CHECK(r.error().line() > 0);
        return described(r.error());
    }
    return "none";
}
/// True if the text is a valid module.
bool is_valid(std::string_view source) {
    auto r = text::parse(source);
    if (!r) {
        MESSAGE(described(r.error()));
        return false;
    }
    auto m = load<everything>(std::move(r->bytes), std::move(r->positions));
    if (!m) MESSAGE(described(m.error()));
    return m.has_value();
}
bool same(std::string_view a, std::string_view b) { return bytes(a) == bytes(b); }

using namespace std::string_literals;

} // namespace

TEST_CASE("parser: the empty module") {
    CHECK(bytes("") == "\0asm\1\0\0\0"s);
    CHECK(bytes("(module)") == bytes(""));
    CHECK(bytes("(; nothing ;) (@a)") == bytes(""));
    CHECK(wrong("(module") == "unexpected token end of text");
    CHECK(wrong("(module))") == "unexpected token )");
    CHECK(wrong("(module) (module)") == "unexpected token (");
    CHECK(wrong("(func))") == "unexpected token )");
    CHECK(wrong("func") == "unexpected token func");
    CHECK(wrong("(nonsense)") == "unknown operator nonsense");
}

TEST_CASE("parser: one function, byte by byte") {
    CHECK(bytes("(func (export \"f\") (param i32) (result i32) (i32.add (local.get 0) (i32.const -1)))") ==
          "\0asm\1\0\0\0"
          "\1\6\1\x60\1\x7f\1\x7f"
          "\3\2\1\0"
          "\7\5\1\1f\0\0"
          "\x0a\x09\1\7\0\x20\0\x41\x7f\x6a\x0b"s);
}

TEST_CASE("parser: folded and flat instructions are the same") {
    CHECK(same("(func (result i32) (i32.add (i32.const 1) (i32.mul (i32.const 2) (i32.const 3))))",
               "(func (result i32) i32.const 1 i32.const 2 i32.const 3 i32.mul i32.add)"));
    CHECK(same("(func (block $l (br $l)) (loop (br 0)))", "(func block $l br $l end $l loop br 0 end)"));
    CHECK(same("(func (if $l (result i32) (i32.const 0) (then (i32.const 1)) (else (br $l (i32.const 2)))) drop)",
               "(func i32.const 0 if $l (result i32) i32.const 1 else $l i32.const 2 br $l end $l drop)"));
    CHECK(same("(func (if (i32.const 0) (then)))", "(func i32.const 0 if end)"));
    CHECK(same("(func (if (then)))", "(func if end)"));
    CHECK(same("(tag) (func (try (do (nop)) (catch 0 (nop)) (catch_all (nop))))",
               "(tag) (func try nop catch 0 nop catch_all nop end)"));
    CHECK(same("(func (try $l (do (try (do) (delegate $l)))))", "(func try $l try delegate $l end)"));
    CHECK(same("(tag) (func (block $a (block $b (try_table (catch 0 $b) (catch_all $a) (nop)))))",
               "(tag) (func block block try_table (catch 0 0) (catch_all 1) nop end end end)"));
    for (const char* bad :
         {"(func (i32.add nop))", "(func (if i32.const 0 (then)))", "(func (then))", "(func (if (then) (then)))",
          "(func end)", "(func else)", "(func (else))", "(func (if (i32.const 0)))", "(func (block)", "(func block)",
          "(func (end))", "(func if else else end)", "(func (try))", "(func (try (do) (delegate 0) (delegate 0)))",
          "(func try catch_all catch_all end)", "(tag) (func try catch 0 delegate 0)", "(func (catch_all))",
          "(func block else end)", "(func (if (then) (else) (else)))"})
        CHECK(wrong(bad).substr(0, 16) == "unexpected token");
    CHECK(wrong("(func block $a end $b)") == "mismatching label $b");
    CHECK(wrong("(func if else $l end)") == "mismatching label $l");
}

TEST_CASE("parser: labels") {
    CHECK(same("(func (block $a (block $b (block $a (br $a) (br $b)) (br $a))))",
               "(func (block (block (block (br 0) (br 1)) (br 1))))"));
    CHECK(same("(func (block $a (if $a (br_if $a (i32.const 0)) (then (br $a)))))",
               "(func (block (if (br_if 0 (i32.const 0)) (then (br 0)))))"));
    CHECK(same("(func (block $a (block $b (br_table $a $b 2 (i32.const 0)))))",
               "(func (block (block (br_table 1 0 2 (i32.const 0)))))"));
    CHECK(wrong("(func (block $a) (br $a))") == "unknown label $a");
    CHECK(wrong("(func (block $a (br $A)))") == "unknown label $A");
    CHECK(wrong("(func (br_table))") == "unexpected token )");
    CHECK(wrong("(func (block $\"a\" (br $a) (br $\"\\61\") (br $b)))") == "unknown label $b");
}

TEST_CASE("parser: type uses") {
    CHECK(same("(type (func (param i32))) (func (param i32)) (func (result i64)) (func (param i32))",
               "(type (func (param i32))) (type (func (result i64))) (func (type 0)) (func (type 1)) (func (type 0))"));
    // New types come behind all others, in the order of the text, those of blocks and calls too.
    CHECK(same("(table 1 funcref) (func (param f32) (block (result i32 i32) (call_indirect (param i64)) unreachable) "
               "drop drop) (type $t (func))",
               "(table 1 funcref) (type $t (func)) (type (func (param f32))) (type (func (result i32 i32))) (type "
               "(func (param i64)))"
               "(func (type 1) (block (type 2) (call_indirect (type 3)) unreachable) drop drop)"));
    // Types that are open, have a super type or are one of several in their group are not reused.
    CHECK(same("(type (sub (func))) (rec (type (func)) (type (func))) (func)",
               "(type (sub (func))) (rec (type (func)) (type (func))) (type (func)) (func (type 3))"));
    CHECK(same("(rec (type (func))) (func)", "(type (func)) (func (type 0))"));
    CHECK(same("(type (sub final (func))) (func)", "(type (func)) (func (type 0))"));
    CHECK(same("(func (block (result i32) (i32.const 0)) drop)", "(func block (result i32) i32.const 0 end drop)"));
    CHECK(wrong("(type $t (func)) (func (type $t) (result i32) unreachable)") ==
          "inline function type does not match explicit type $t");
    CHECK(wrong("(type (struct)) (func (type 0) (param i32))") ==
          "inline function type does not match explicit type 0");
    CHECK(wrong("(func (type 1) (param i32)) (type (func))") == "unknown type 1");
    CHECK(is_valid("(func (type $t) (param i32)) (type $t (func (param i32)))"));
    for (const char* bad : {"(func (result i32) (param i32))", "(type (func)) (func (type 0) (result i32) (param i32))",
                            "(func (block (param $x i32)))", "(func (param i32) (type 0))", "(func (nop) (local i32))",
                            "(func (local i32) (param i32))", "(type (func (result $x i32)))"})
        CHECK(wrong(bad).substr(0, 16) == "unexpected token");
}

TEST_CASE("parser: locals") {
    CHECK(same("(type $t (func (param i32 i32))) (func (type $t) (local $x i32) (local i32 i64) (local $y i64) (drop "
               "(local.get $y)) (drop (local.get $x)))",
               "(type (func (param i32 i32))) (func (type 0) (local i32 i32 i64 i64) (drop (local.get 5)) (drop "
               "(local.get 2)))"));
    CHECK(section("(func (local i32 i32 i64 i32))", 10) == "\1\x08\3\2\x7f\1\x7e\1\x7f\x0b"s);
    // The local's index depends on a type that comes later: nothing to guess at.
    CHECK(wrong("(type (func)) (func (type 1) (local $x i64)) (func (param i32))") == "unknown type");
    CHECK(wrong("(func (param $x i32) (local $x i32))") == "duplicate local $x");
    CHECK(wrong("(func (local $x i32)) (func (drop (local.get $x)))") == "unknown local $x");
}

TEST_CASE("parser: types") {
    CHECK(section("(type (array (mut i8)))", 1) == "\1\x5e\x78\1"s);
    CHECK(section("(type (struct (field i16 (mut f64)) (field $x (ref null 0))))", 1) ==
          "\1\x5f\3\x77\0\x7c\1\x63\0\0"s);
    CHECK(section("(type $a (sub (struct))) (type (sub final $a (struct (field anyref))))", 1) ==
          "\2\x50\0\x5f\0\x4f\1\0\x5f\1\x6e\0"s);
    CHECK(section("(rec (type $a (func (param (ref $b)))) (type $b (func (result (ref null $a)))))", 1) ==
          "\1\x4e\2\x60\1\x64\1\0\x60\0\1\x63\0"s);
    CHECK(section("(rec)", 1) == "\1\x4e\0"s);
    CHECK(same("(type $s (struct (field $x i32) (field $y i32))) (func (param (ref $s)) (drop (struct.get $s $y "
               "(local.get 0))))",
               "(type (struct (field i32 i32))) (func (param (ref 0)) (drop (struct.get 0 1 (local.get 0))))"));
    CHECK(wrong("(type $s (struct (field $x i32) (field $x i32)))") == "duplicate field $x");
    CHECK(wrong("(type $s (struct)) (type $t (struct (field $x i32))) (func (struct.get $s $x))") ==
          "unknown field $x");
    CHECK(wrong("(type (func (param (ref $x))))") == "unknown type $x");
    const char* heaps[] = {"any",  "eq",     "i31",    "struct",   "array", "none",
                           "func", "nofunc", "extern", "noextern", "exn",   "noexn"};
    const char* shorts[] = {"anyref",  "eqref",       "i31ref",    "structref",     "arrayref", "nullref",
                            "funcref", "nullfuncref", "externref", "nullexternref", "exnref",   "nullexnref"};
    for (int i = 0; i < 12; ++i)
        CHECK(same("(type (func (param (ref null "s + heaps[i] + "))))", "(type (func (param "s + shorts[i] + ")))"));
}

TEST_CASE("parser: imports and exports") {
    CHECK(same("(func $f (export \"a\") (export \"b\") (import \"m\" \"n\") (param i32))",
               "(import \"m\" \"n\" (func $f (param i32))) (export \"a\" (func $f)) (export \"b\" (func $f))"));
    CHECK(same("(memory (export \"m\") (import \"a\" \"b\") i64 1 2 shared) (table (import \"a\" \"c\") i64 1 anyref)"
               "(global (import \"a\" \"d\") (mut i32)) (tag (import \"a\" \"e\") (param i32))",
               "(import \"a\" \"b\" (memory i64 1 2 shared)) (export \"m\" (memory 0)) (import \"a\" \"c\" (table i64 "
               "1 anyref))"
               "(import \"a\" \"d\" (global (mut i32))) (import \"a\" \"e\" (tag (param i32)))"));
    CHECK(wrong("(func) (import \"\" \"\" (func))").substr(0, 21) == "import after function");
    CHECK(wrong("(table 1 funcref) (func (import \"\" \"\"))").substr(0, 18) == "import after table");
    CHECK(wrong("(import \"\\ff\" \"\" (func))") == "malformed UTF-8 encoding");
    CHECK(wrong("(export \"a\" (func $f))") == "unknown function $f");
    CHECK(wrong("(func $f) (import \"\" \"\" (func $f))") == "duplicate func $f");
    CHECK(wrong("(start 0) (start 0)") == "multiple start sections");
}

TEST_CASE("parser: tables and element segments") {
    CHECK(same(
        "(table (export \"t\") funcref (elem $f $f)) (func $f)",
        "(table 2 2 funcref) (export \"t\" (table 0)) (elem (table 0) (offset (i32.const 0)) func 0 0) (func $f)"));
    CHECK(same("(table i64 funcref (elem (ref.null func) (item ref.func 0))) (func)",
               "(table i64 2 2 funcref) (elem (i64.const 0) funcref (item ref.null func) (item (ref.func 0))) (func)"));
    CHECK(is_valid("(type $t (func)) (table (ref null $t) (elem $f)) (func $f (type $t))"));
    CHECK(is_valid("(func $f) (table 3 (ref func) (ref.func $f))"));
    CHECK(same("(table 1 funcref) (func $f) (elem (i32.const 0) $f)",
               "(table 1 funcref) (func) (elem 0 (i32.const 0) func 0)"));
    const auto kind_of = [](const char* field) {
        return int(section("(table 1 funcref) (table 1 funcref) (func $f)"s + field, 9)[1]);
    };
    CHECK(kind_of("(elem (i32.const 0) func $f)") == 0);
    CHECK(kind_of("(elem func $f)") == 1);
    CHECK(kind_of("(elem (table 1) (i32.const 0) func $f)") == 2);
    CHECK(kind_of("(elem declare func $f)") == 3);
    CHECK(kind_of("(elem (i32.const 0) funcref (ref.func $f))") == 4);
    CHECK(kind_of("(elem funcref (ref.func $f))") == 5);
    CHECK(kind_of("(elem (table 1) (i32.const 0) funcref (ref.func $f))") == 6);
    CHECK(kind_of("(elem (i32.const 0) (ref func) (ref.func $f))") == 6);
    CHECK(kind_of("(elem declare (ref func) (item ref.func $f))") == 7);
    CHECK(same("(table funcref (elem)) (elem $e func) (func (elem.drop $e))",
               "(table 0 0 funcref) (elem (i32.const 0) func) (elem func) (func (elem.drop 1))"));
}

TEST_CASE("parser: memories and data segments") {
    CHECK(same("(memory (export \"m\") (data \"ab\" \"\\63\")) (data $d \"\") (func (data.drop $d))",
               "(memory 1 1) (export \"m\" (memory 0)) (data (i32.const 0) \"abc\") (data \"\") (func (data.drop 1))"));
    CHECK(same("(memory i64 (data))", "(memory i64 0 0) (data (i64.const 0))"));
    CHECK(same("(memory (pagesize 1) (data \"abc\"))", "(memory 3 3 (pagesize 1)) (data (i32.const 0) \"abc\")"));
    CHECK(same("(memory 1) (memory $m 1) (data (memory $m) (offset i32.const 7) \"x\")",
               "(memory 1) (memory 1) (data (memory 1) (i32.const 7) \"x\")"));
    CHECK(section("(memory i64 1 2 (pagesize 1))", 5) == "\1\x0d\1\2\0"s);
    CHECK(section("(memory 1 (pagesize 65536))", 5) == "\1\0\1"s);
    CHECK(wrong("(memory 1 (pagesize 3))") == "invalid custom page size 3");
    CHECK(wrong("(memory 0x1_0000_0000_0000_0000)") == "i64 constant out of range 0x1_0000_0000_0000_0000");
    // The number of data segments stands before the code only where the code refers to them.
    CHECK(section("(memory 1) (data \"\")", 12) == "none");
    CHECK(section("(memory 1) (data \"\") (func (data.drop 0))", 12) == "\1"s);
    CHECK(section("(type (array i8)) (data \"\") (func (drop (array.new_data 0 0 (i32.const 0) (i32.const 0))))", 12) ==
          "\1"s);
}

TEST_CASE("parser: immediates of memory instructions") {
    const auto code = [](const char* instruction) {
        return section("(memory 1) (memory $n 1) (func "s + instruction + ")", 10).substr(3);
    };
    CHECK(code("i32.load") == "\x28\2\0\x0b"s);
    CHECK(code("i64.load16_u offset=0x80 align=1") == "\x33\0\x80\1\x0b"s);
    CHECK(code("i32.store8 $n offset=3") == "\x3a\x40\1\3\x0b"s);
    CHECK(code("v128.load8x8_s 1") == "\xfd\1\x43\1\0\x0b"s);
    CHECK(code("v128.load8_lane 5") == "\xfd\x54\0\0\5\x0b"s);
    CHECK(code("v128.load16_lane 1 5") == "\xfd\x55\x41\1\0\5\x0b"s);
    CHECK(code("v128.load32_lane 1 align=1 3") == "\xfd\x56\x40\1\0\3\x0b"s);
    CHECK(code("memory.size memory.grow $n") == "\x3f\0\x40\1\x0b"s);
    CHECK(code("memory.copy memory.copy $n 0 memory.fill 1") == "\xfc\x0a\0\0\xfc\x0a\1\0\xfc\x0b\1\x0b"s);
    CHECK(code("i32.atomic.rmw8.add_u atomic.fence") == "\xfe\x20\0\0\xfe\3\0\x0b"s);
    CHECK(section("(memory 1) (data $d \"\") (func memory.init $d memory.init 0 $d)", 10).substr(3) ==
          "\xfc\x08\0\0\xfc\x08\0\0\x0b"s);
    CHECK(section("(table 1 funcref) (table $u 1 funcref) (elem $e func) (func table.init $e table.init $u $e "
                  "table.copy table.copy 0 $u table.get table.size $u)",
                  10)
              .substr(3) == "\xfc\x0c\0\0\xfc\x0c\0\1\xfc\x0e\0\0\xfc\x0e\0\1\x25\0\xfc\x10\1\x0b"s);
    CHECK(wrong("(func i32.load align=0)") == "alignment must be a power of two");
    CHECK(wrong("(func i32.load align=3)") == "alignment must be a power of two");
    CHECK(wrong("(func i32.load align=-1)") == "unknown operator align=-1");
    CHECK(wrong("(func i32.load align=1 offset=1)") == "unexpected token offset=1");
}

TEST_CASE("parser: other immediates") {
    const auto code = [](const char* instruction) {
        return section("(type $a (array i32)) (table 1 funcref) (table $u 1 funcref) (func $f (param i32) "s +
                           instruction + ")",
                       10)
            .substr(3);
    };
    CHECK(code("i32.const 0xffff_ffff i64.const -64") == "\x41\x7f\x42\x40\x0b"s);
    CHECK(code("f32.const 1 f64.const -0x0p0") == "\x43\0\0\x80\x3f\x44\0\0\0\0\0\0\0\x80\x0b"s);
    CHECK(code("v128.const i16x8 1 2 3 4 5 6 7 -1") == "\xfd\x0c\1\0\2\0\3\0\4\0\5\0\6\0\7\0\xff\xff\x0b"s);
    CHECK(code("v128.const f64x2 0 nan") == "\xfd\x0c\0\0\0\0\0\0\0\0\0\0\0\0\0\0\xf8\x7f\x0b"s);
    CHECK(code("i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 31") ==
          "\xfd\x0d\0\1\2\3\4\5\6\7\x08\x09\x0a\x0b\x0c\x0d\x0e\x1f\x0b"s);
    CHECK(code("i32x4.extract_lane 3") == "\xfd\x1b\3\x0b"s);
    CHECK(code("select select (result i32) select (result) (result i64 f32)") == "\x1b\x1c\1\x7f\x1c\2\x7e\x7d\x0b"s);
    CHECK(code("ref.null func ref.null $a ref.func $f") == "\xd0\x70\xd0\0\xd2\0\x0b"s);
    CHECK(code("ref.test (ref $a) ref.test (ref null any) ref.cast i31ref ref.cast (ref eq)") ==
          "\xfb\x14\0\xfb\x15\x6e\xfb\x17\x6c\xfb\x16\x6d\x0b"s);
    CHECK(code("br_on_cast 0 anyref (ref $a) br_on_cast_fail 0 (ref any) (ref null i31)") ==
          "\xfb\x18\1\0\x6e\0\xfb\x19\2\0\x6e\x6c\x0b"s);
    CHECK(code("array.new_fixed $a 3 array.copy $a 0") == "\xfb\x08\0\3\xfb\x11\0\0\x0b"s);
    CHECK(code("call_indirect (param i32) return_call_indirect $u (type 1)") == "\x11\1\0\x13\1\1\x0b"s);
    CHECK(code("i64.add128 i64.mul_wide_s") == "\xfc\x13\xfc\x15\x0b"s);
    CHECK(wrong("(func v128.const i32x4 0 0)") == "wrong number of lane literals");
    CHECK(wrong("(func v128.const i8x16 256 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)") == "constant out of range 256");
    CHECK(wrong("(func i8x16.shuffle 0 1)") == "invalid lane length");
    CHECK(wrong("(func i8x16.extract_lane_s 256)") == "i8 constant out of range 256");
    CHECK(wrong("(func i8x16.extract_lane_s -1)") == "unexpected token -1");
    CHECK(wrong("(func i32.const 4294967296)") == "constant out of range 4294967296");
    CHECK(wrong("(func local.get 4294967296)") == "i32 constant out of range 4294967296");
    CHECK(wrong("(func i32.const 1.5)") == "unexpected token 1.5");
    CHECK(wrong("(func get_local 0)") == "unknown operator get_local");
    CHECK(wrong("(global anyfunc (ref.null func))") == "unknown operator anyfunc");
}

TEST_CASE("parser: names") {
    auto r = text::parse("(module $m (func $f (param $x i32) (local $\"y z\" i32)) (func) (global $g i32 (i32.const "
                         "0)) (type $t (struct (field $a i32) (field $b i32))))");
    REQUIRE(r.has_value());
    const std::string all(reinterpret_cast<const char*>(r->bytes.data()), r->bytes.size());
    const std::string names = "\4name"
                              "\0\2\1m"
                              "\1\4\1\0\1f"
                              "\2\x0b\1\0\2\0\1x\1\3y z"
                              "\4\4\1\0\1t"
                              "\7\4\1\0\1g"
                              "\x0a\x09\1\0\2\0\1a\1\1b"s;
    CHECK(all.substr(all.size() - names.size()) == names);
    CHECK(same("(func (@name \"λ\"))", "(func)"));
    r = text::parse("(module $m (@name \"other\") (func (@name \"first\")) (func $g (param $x (@name \"p\") i32)))");
    REQUIRE(r.has_value());
    const std::string renamed(reinterpret_cast<const char*>(r->bytes.data()), r->bytes.size());
    for (const char* name : {"\5other", "\5first", "\1g", "\1p"}) CHECK(renamed.find(name) != std::string::npos);
    CHECK(wrong("(module (@name \"a\") (@name \"b\"))") == "@name annotation: multiple module names");
    CHECK(wrong("(module (func) (@name \"M\"))") == "misplaced @name annotation");
    CHECK(wrong("(start $f (@name \"M\")) (func $f)") == "misplaced @name annotation");
    CHECK(wrong("(func (@name 1))") == "@name annotation: unexpected token");
}

TEST_CASE("parser: names of labels and of parameters of imports") {
    const auto ends_with = [](std::string_view source, const std::string& names) {
        auto r = text::parse(source);
        REQUIRE(r.has_value());
        const std::string_view all(reinterpret_cast<const char*>(r->bytes.data()), r->bytes.size());
        CHECK(all.substr(all.size() - names.size()) == names);
    };
    // In the order of the code: the condition of an `if` comes before it.
    ends_with(
        "(func (block $a) (if $c (block $b (result i32) (i32.const 0)) (then)) loop $d end (try $e (do)) block end)",
        "\4name"
        "\3\x12\1\0\5\0\1a\1\1b\2\1c\3\1d\4\1e"s);
    ends_with("(import \"\" \"\" (func (param i32) (param $x i32)))(func (import \"\" \"\") (param $y i32))",
              "\4name"
              "\2\x0b\2\0\1\1\1x\1\1\0\1y"s);
    CHECK(wrong("(import \"\" \"\" (func (param $x i32) (param $x i32)))") == "duplicate local $x");
}

TEST_CASE("parser: the place of the name section, and one that is written out") {
    const auto whole = [](std::string_view source) {
        auto r = text::parse(source);
        REQUIRE(r.has_value());
        return std::string(reinterpret_cast<const char*>(r->bytes.data()), r->bytes.size());
    };
    const std::string all = whole("(module $m (@custom \"a\" (after data)) (@custom \"b\" (after last)))");
    CHECK(all.substr(8) == "\0\2\1a"
                           "\0\x09\4name\0\2\1m"
                           "\0\2\1b"s);
    CHECK(whole("(module $m (@custom \"name\" \"x\"))").substr(8) == "\0\6\4namex"s);
}

TEST_CASE("parser: custom sections") {
    const std::string all = bytes("(@custom \"a\" (before func) \"1\") (func) (@custom \"b\" (after func) \"2\" \"3\") "
                                  "(@custom \"c\" (before first)) (@custom \"d\")"
                                  "(@custom \"e\" (after last) \"4\")");
    const auto place = [&](const std::string& s) {
        const auto at = all.find(s);
        CHECK(at != std::string::npos);
        return at;
    };
    CHECK(place("\0\2\1c"s) == 8);
    CHECK(place("\0\2\1c"s) < place("\1\4\1\x60"s));
    CHECK(place("\1\4\1\x60"s) < place("\0\3\1a1"s));
    CHECK(place("\0\3\1a1"s) < place("\3\2\1\0"s));
    CHECK(place("\3\2\1\0"s) < place("\0\4\1b23"s));
    CHECK(place("\0\4\1b23"s) < place("\x0a\4\1\2\0\x0b"s));
    CHECK(place("\0\2\1d"s) < place("\0\3\1e4"s));
    CHECK(wrong("(@custom)") == "@custom annotation: missing section name");
    CHECK(wrong("(@custom \"a\" here)") == "@custom annotation: unexpected token");
    CHECK(wrong("(@custom \"a\" (after))") == "@custom annotation: malformed section kind");
    CHECK(wrong("(@custom \"a\" (type))") == "@custom annotation: malformed placement");
    CHECK(wrong("(func (nop (@custom \"a\")))") == "misplaced @custom annotation");
    CHECK(wrong("(type (@custom \"a\") $t (func))") == "misplaced @custom annotation");
}

TEST_CASE("parser: branch hints") {
    const std::string all = bytes("(func) (func (local i32) (@metadata.code.branch_hint \"\\01\") (if (i32.const 0) "
                                  "(then)) (block (@metadata.code.branch_hint \"\\00\") (br_if 0 (i32.const 1))))");
    const std::string hints = "\x19metadata.code.branch_hint\1\1\2\5\1\1\x0c\1\0"s;
    CHECK(all.find(hints) != std::string::npos);
    CHECK(all.find(hints) < all.find("\x0a\x16\2\2\0\x0b"s));
    CHECK(wrong("(@metadata.code.branch_hint \"\\01\") (func)") ==
          "@metadata.code.branch_hint annotation: not in a function");
    CHECK(wrong("(func (@metadata.code.branch_hint \"\\02\") if end)") ==
          "@metadata.code.branch_hint annotation: unexpected token");
    auto r = text::parse("(func (@metadata.code.branch_hint \"\\01\") nop)");
    REQUIRE(!r);
    CHECK(r.error().kind() == kind::invalid);
}

TEST_CASE("parser: positions") {
    auto r = text::parse("(module\n  (func (result i32)\n    (i32.add\n      (i32.const 1)\n      (i64.const 2))))");
    REQUIRE(r.has_value());
    for (std::size_t i = 1; i < r->positions.size(); ++i) CHECK(r->positions[i - 1].offset <= r->positions[i].offset);
    auto m = load<wasm_3_0>(std::move(r->bytes), std::move(r->positions));
    REQUIRE(!m);
    CHECK(m.error().line() == 3);
    CHECK(m.error().column() == 6);
    auto e = text::parse("(func\n\n   (nop)\n  bad)");
    REQUIRE(!e);
    CHECK(e.error().line() == 4);
    CHECK(e.error().column() == 3);
}

TEST_CASE("parser: depth is limited by memory only") {
    constexpr int depth = 100000;
    std::string folded, blocks, ends, types;
    for (int i = 0; i < depth; ++i) {
        folded += "(i32.eqz ";
        ends += ")";
        blocks += "(block $l ";
    }
    CHECK(bytes("(func (result i32) " + folded + "(i32.const 0)" + ends + ")").size() > depth);
    CHECK(bytes("(func " + blocks + "(br $l)" + ends + ")").size() > depth);
    CHECK(wrong("(func " + folded).substr(0, 16) == "unexpected token");
    CHECK(wrong(std::string(depth, '(')).substr(0, 16) == "unexpected token");
}

TEST_CASE("parser: tokens that do not belong where they are") {
    CHECK(wrong("(import \"m\" \"n\" (nothing))") == "unknown operator nothing");
    CHECK(wrong("(import \"m\" \"n\" (start))") == "unexpected token start");
    CHECK(wrong("(import \"m\" \"n\" (func) (func))") == "unexpected token (");
    CHECK(wrong("(import \"m\" (func))") == "unexpected token (");
    CHECK(wrong("(export \"e\" (start 0))") == "unexpected token start");
    CHECK(wrong("(export e (func 0))") == "unknown operator e");
    CHECK(wrong("(module (param i32))") == "unexpected token param");
    CHECK(wrong("(module func)") == "unexpected token func");
    CHECK(wrong("(module (1))") == "unexpected token 1");
    CHECK(wrong("(func v128.const nop 0)") == "unexpected token nop");
    CHECK(wrong("(func v128.const 0 0)") == "unexpected token 0");
    CHECK(wrong("(func ref.null nop)") == "unexpected token nop");
    CHECK(wrong("(func ref.null i32)") == "unexpected token i32");
    CHECK(wrong("(func (local nop))") == "unexpected token nop");
    CHECK(wrong("(table funcref (elem func))") == "unexpected token func");
    CHECK(wrong("(table 1)") == "unexpected token )");
    CHECK(wrong("(elem funcref (nothing))") == "unknown operator nothing");
    CHECK(wrong("(elem funcref (item nothing))") == "unknown operator nothing");
    CHECK(wrong("(elem funcref (param))") == "unexpected token param");
    CHECK(wrong("(memory (data 1))") == "unexpected token 1");
    CHECK(wrong("(global i32 i32.const)") == "unexpected token )");
    CHECK(wrong("(start)") == "unexpected token )");
    CHECK(wrong("(type (struct (field)) (func))") == "unexpected token (");
    CHECK(wrong("(type (start))") == "unexpected token start");
    CHECK(wrong("(rec (func))") == "unexpected token (");
    CHECK(wrong("(func end)") == "unexpected token end");
    CHECK(wrong("(func else)") == "unexpected token else");
    CHECK(wrong("(func (then))") == "unexpected token then");
    CHECK(wrong("(func (block (param i32) (result i32) (param i32)))") == "unexpected token param");
    CHECK(wrong("(func (@metadata.code.branch_hint) if end)") ==
          "@metadata.code.branch_hint annotation: unexpected token");
    CHECK(wrong("(func (@metadata.code.branch_hint 1) if end)") ==
          "@metadata.code.branch_hint annotation: unexpected token");
    CHECK(wrong("(func (@metadata.code.branch_hint \"\\02\") if end)") ==
          "@metadata.code.branch_hint annotation: unexpected token");
    CHECK(wrong("(func (@metadata.code.branch_hint \"\\01\" \"\\01\") if end)") ==
          "@metadata.code.branch_hint annotation: unexpected token");
}
