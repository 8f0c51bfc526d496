// SPDX-License-Identifier: MIT
// Vectors in the interpreter beyond the specification's scripts: the accumulator, frames of more slots than
// operands can name, the bounds of every access.
#include "support.hpp"

#include <utility>
#include <vector>

using guests::guest;
using guests::must;
using tessera::u32;
using tessera::u64;
using tessera::v128;

namespace {

v128 halves(u64 low, u64 high) {
    v128 v;
    for (unsigned i = 0; i < 8; ++i)
        v.bytes[i] = tessera::u8(low >> 8 * i), v.bytes[8 + i] = tessera::u8(high >> 8 * i);
    return v;
}
v128 of_i32(u32 a, u32 b, u32 c, u32 d) { return halves(a | u64(b) << 32, c | u64(d) << 32); }

constexpr const char* all_over = R"(
    (i32x4.add
        (i32x4.sub (i32x4.mul (local.get $a) (local.get $b)) (i32x4.mul (local.get $b) (local.get $c)))
        (v128.xor
            (i32x4.sub (local.get $a) (i32x4.add (local.get $b) (i32x4.splat (i32.add (local.get $n) (i32.const 1)))))
            (i32x4.shl
                (i8x16.shuffle 4 5 6 7 0 1 2 3 12 13 14 15 8 9 10 11
                    (v128.bitselect (local.get $a) (local.get $b) (v128.const i32x4 -1 0 -1 0))
                    (local.get $c))
                (i32.const 35)))))";

} // namespace

TEST_CASE("vectors in nested expressions, in few slots and in more than operands can name") {
    const v128 a = of_i32(1, 2, 3, 0x8000'0001), b = of_i32(10, 20, 30, 40), c = of_i32(7, 6, 5, 4);
    const auto lane = [](u32 x, u32 y, u32 z, u32 n, u32 other) {
        return (x * y - y * z) + ((x - (y + n + 1)) ^ other << 3);
    };
    const u32 n = 100;
    // the other lane's: of a where the mask is set, of b where not, in exchanged order
    const v128 expected =
        of_i32(lane(1, 10, 7, n, 20), lane(2, 20, 6, n, 1), lane(3, 30, 5, n, 40), lane(0x8000'0001, 40, 4, n, 3));
    for (const unsigned more : {0u, 33'000u}) {
        std::string locals;
        for (unsigned i = 0; i < more; ++i) locals += " v128";
        const guest g("(module (func (export \"f\") (param v128 v128 v128 i32) (result v128) (local" + locals +
                      ") (local $a v128) (local $b v128) (local $c v128) (local $n i32)"
                      "(local.set $a (local.get 0)) (local.set $b (local.get 1)) (local.set $c (local.get 2))"
                      "(local.set $n (local.get 3))" +
                      all_over + "))");
        CHECK(must(g.get<v128(v128, v128, v128, u32)>("f")(a, b, c, n)) == expected);
    }
}

TEST_CASE("a result that goes to another slot does not meet what was copied in between") {
    // The branch moves the vector to the block's result: over the first number and the copy of the local, which is
    // made after the vector.
    const guest g(R"((module (func (export "f") (param i32 i32) (result v128)
        (block $out (result v128)
            (i32.add (local.get 0) (i32.const 1))
            (local.get 1)
            (i32x4.splat (local.get 0))
            (local.set 1 (i32.const 99))
            (br $out)))))");
    CHECK(must(g.get<v128(u32, u32)>("f")(5, 6)) == of_i32(5, 5, 5, 5));
}

TEST_CASE("vectors in globals, selects, calls, host functions and several results") {
    tessera::imports env;
    env.define("env", "swap", [](v128 v, u32 n) {
        std::swap(v.bytes[0], v.bytes[15]);
        v.bytes[1] = tessera::u8(n);
        return v;
    });
    const guest g(R"((module
        (import "env" "swap" (func $swap (param v128 i32) (result v128)))
        (global $g (export "g") (mut v128) (v128.const i32x4 1 2 3 4))
        (func $two (param v128 i32) (result i32 v128 v128) (local.get 1) (local.get 0) (global.get $g))
        (func (export "f") (param i32) (result v128) (local v128 v128)
            (global.set $g (i32x4.add (global.get $g) (i32x4.splat (local.get 0))))
            (call $two (call $swap (global.get $g) (local.get 0)) (local.get 0))
            (local.set 1) (local.set 2) (local.set 0)
            (select (result v128) (local.get 1) (local.get 2) (local.get 0)))
        (func (export "mask") (param v128) (result i32)
            (if (result i32) (v128.any_true (i8x16.eq (local.get 0) (i8x16.splat (i32.const 7))))
                (then (i8x16.bitmask (i8x16.eq (local.get 0) (i8x16.splat (i32.const 7)))))
                (else (i32.const -1))))))",
                  env);
    const auto f = g.get<v128(u32)>("f");
    CHECK(must(f(0)) == of_i32(0, 2, 3, 0x0100'0004));
    CHECK(must(f(5)) == of_i32(6, 7, 8, 9));
    const auto mask = g.get<u32(v128)>("mask");
    CHECK(must(mask(v128{{7, 0, 7}})) == 5);
    CHECK(must(mask(v128{})) == ~u32{0});
}

TEST_CASE("the bounds of every vector access, in every kind of memory") {
    const std::vector<engines::vector_access> all = engines::vector_accesses();
    REQUIRE(all.size() == 22);
    for (const char* memory : {"(memory 1 1)", "(memory i64 1 1)", "(memory 0) (memory $m 1 1)"}) {
        const bool wide = std::string_view(memory).find("i64") != std::string_view::npos,
                   second = std::string_view(memory).find("$m") != std::string_view::npos;
        const std::string address = wide ? "i64" : "i32";
        std::string text = "(module " + std::string(memory);
        for (std::size_t i = 0; i < all.size(); ++i) {
            const engines::vector_access& a = all[i];
            const bool takes_vector = a.is_store || !a.lane.empty();
            for (const char* offset : {"", "offset=3 ", "offset=65520 ", "offset=4294967295 "}) {
                text += "(func (export \"" + std::to_string(i) + offset + "\") (param " + address + ") " +
                        (a.is_store ? "" : "(result v128)") + " (" + a.text + (second ? " $m " : " ") + offset +
                        a.lane + " (local.get 0)" + (takes_vector ? "(v128.const i64x2 -1 -1)" : "") + "))";
            }
        }
        text += ")";
        const guest g(text);
        for (std::size_t i = 0; i < all.size(); ++i) {
            for (const u64 offset : {u64{0}, u64{3}, u64{65520}, u64{0xffff'ffff}}) {
                const std::string name = offset ? "offset=" + std::to_string(offset) + " " : "";
                const auto f = g.get<tessera::func>((std::to_string(i) + name).c_str());
                const auto runs = [&](u64 at) -> bool {
                    const tessera::value args[] = {wide ? tessera::value::i64(at) : tessera::value::i32(u32(at))};
                    tessera::value results[1];
                    const auto done = f.call(args, std::span(results, all[i].is_store ? 0u : 1u));
                    if (!done) CHECK(done.error().message() == "out of bounds memory access");
                    return done.has_value();
                };
                INFO(all[i].text << " " << name << memory);
                const u64 last = 65536 - all[i].size;
                if (offset <= last) {
                    CHECK(runs(last - offset));
                    CHECK(!runs(last - offset + 1));
                }
                CHECK(runs(0) == (offset <= last));
                CHECK(!runs(0xffff'ffff));
                CHECK(!runs(0xffff'fff0));
                if (wide) {
                    CHECK(!runs(~u64{0}));
                    CHECK(!runs(u64{0} - offset - all[i].size));
                }
            }
        }
    }
}
