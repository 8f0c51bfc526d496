// SPDX-License-Identifier: MIT
// Shapes that lowering joins, with what they must give; and what random programs (tests/diff) found.
// Where NaNs have bits to compare the build is deterministic.
#include "support.hpp"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <tuple>

using tessera::i64;
using tessera::trap;
using tessera::u32;
using tessera::u64;

namespace {

/// An instance of one function "f" with this head and body, and a memory whose byte n is n.
template <tessera::features profile>
class basic_code {
public:
    explicit basic_code(const std::string& function) {
        std::string data;
        for (int i = 0; i < 256; ++i) {
            static constexpr char hex[] = "0123456789abcdef";
            data += {'\\', hex[i >> 4], hex[i & 15]};
        }
        auto mod = tessera::module::parse_text<profile>(
            "(module (memory 1) (data (i32.const 0) \"" + data +
            "\") (global $g (mut i32) (i32.const 0)) (func (export \"f\") " + function + "))");
        REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << " line " << mod.error().line()
                                                   << " column " << mod.error().column());
        if constexpr (profile[tessera::feature::fuel]) REQUIRE(store_.add_fuel(1'000'000));
        auto made = store_.instantiate(*mod);
        REQUIRE(made);
        instance_ = *made;
    }
    template <class R, class... A>
    R gives(A... args) const {
        auto f = instance_.template get<R(A...)>("f");
        REQUIRE(f);
        const auto r = (*f)(args...);
        REQUIRE_MESSAGE(r, r.error().message());
        return *r;
    }
    template <class R, class... A>
    trap fails(A... args) const {
        const auto r = (*instance_.template get<R(A...)>("f"))(args...);
        return r ? trap::none : r.error().why();
    }

private:
    tessera::store<profile> store_;
    tessera::instance instance_;
};
using code = basic_code<engines::plain>;
using deterministic_code = basic_code<engines::metered>;

} // namespace

TEST_CASE("deterministic: what moves bits leaves a NaN as it is") {
    CHECK(deterministic_code("(param i32) (result i32) (i32.reinterpret_f32 (f32.reinterpret_i32 (local.get 0)))")
              .gives<u32>(0xffa1'2345u) == 0xffa1'2345u);
    CHECK(deterministic_code(
              "(param i64) (result i64) (i64.reinterpret_f64 (f64.neg (f64.reinterpret_i64 (local.get 0))))")
              .gives<u64>(u64{0x7ff4'0000'0000'0001}) == 0xfff4'0000'0000'0001);
    CHECK(deterministic_code(
              "(param i32) (result i32) (i32.reinterpret_f32 (f32.abs (f32.reinterpret_i32 (local.get 0))))")
              .gives<u32>(0xffa1'2345u) == 0x7fa1'2345u);
    CHECK(deterministic_code(
              "(param i32) (result i32) (i32.reinterpret_f32 (f32.copysign (f32.reinterpret_i32 (local.get 0)) "
              "(f32.const -1)))")
              .gives<u32>(0x7fa1'2345u) == 0xffa1'2345u);
    CHECK(deterministic_code("(result i32) (i32.reinterpret_f32 (f32.neg (f32.const nan:0x1234)))").gives<u32>() ==
          0xff80'1234u);
}

TEST_CASE("deterministic: what computes gives the canonical NaN, on constants too") {
    CHECK(deterministic_code("(param f64) (result i64) (i64.reinterpret_f64 (f64.sqrt (local.get 0)))")
              .gives<u64>(-1.0) == 0x7ff8'0000'0000'0000);
    CHECK(deterministic_code("(result i64) (i64.reinterpret_f64 (f64.sqrt (f64.const -1)))").gives<u64>() ==
          0x7ff8'0000'0000'0000);
    CHECK(deterministic_code("(result i32) (i32.reinterpret_f32 (f32.add (f32.const nan:0x1234) (f32.const 1)))")
              .gives<u32>() == 0x7fc0'0000u);
    CHECK(deterministic_code("(result i32) (i32.reinterpret_f32 (f32.demote_f64 (f64.const -nan:0x1234)))")
              .gives<u32>() == 0x7fc0'0000u);
    CHECK(deterministic_code("(result i64) (i64.reinterpret_f64 (f64.div (f64.const 0) (f64.const 0)))").gives<u64>() ==
          0x7ff8'0000'0000'0000);
}

TEST_CASE("a result goes straight to a local only if nothing reads the local in between") {
    // The old value waits on the stack while the new one is computed.
    CHECK(code("(param i32) (result i32) (local.get 0) (local.set 0 (i32.add (local.get 0) (i32.const 1))) (i32.mul "
               "(local.get 0) (i32.const 100)) (i32.add)")
              .gives<u32>(5u) == 605);
    // Two values computed, set in the other order.
    CHECK(code("(param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)) (i32.sub (local.get 0) (local.get "
               "1)) (local.set 0) (local.set 1) "
               "(i32.add (i32.mul (local.get 0) (i32.const 1000)) (local.get 1))")
              .gives<u32>(7u, 3u) == 4010);
    // A store reads the local after the value was made.
    CHECK(code("(param i32) (result i32) (i32.mul (local.get 0) (i32.const 3)) (i32.store (i32.const 0) (local.get 0)) "
               "(local.set 0) (i32.add (local.get 0) (i32.load (i32.const 0)))")
              .gives<u32>(5u) == 20);
    // Swapping through the stack.
    CHECK(code("(param i32 i32) (result i32) (local.get 0) (local.get 1) (local.set 0) (local.set 1) (i32.sub "
               "(local.get 0) (local.get 1))")
              .gives<u32>(3u, 10u) == 7);
    // A trap after the set leaves nothing visible; the value before it is used by the way that goes on.
    CHECK(code("(param i32 i32) (result i32) (local.set 0 (i32.div_u (local.get 0) (local.get 1))) (local.get 0)")
              .fails<u32>(1u, 0u) == trap::integer_divide_by_zero);
}

TEST_CASE("a counting loop in one cell") {
    CHECK(code("(param i32) (result i32) (local i32 i32) (loop (local.set 2 (i32.add (local.get 2) (local.get 1))) "
               "(br_if 0 (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 3))) (local.get 0)))) (i32.add "
               "(i32.mul (local.get 1) (i32.const 1000)) (local.get 2))")
              .gives<u32>(10u) == 12'018);
    // The comparison has the counter on its right.
    CHECK(code("(param i32) (result i32) (local i32) (loop (local.set 1 (i32.add (local.get 1) (i32.const 4))) (br_if "
               "0 (i32.gt_u (local.get 0) (local.get 1)))) (local.get 1)")
              .gives<u32>(9u) == 12);
    // It compares the counter with itself.
    CHECK(code("(param i32) (result i32) (loop (local.set 0 (i32.add (local.get 0) (i32.const -1))) (br_if 0 (i32.lt_s "
               "(local.get 0) (local.get 0)))) (local.get 0)")
              .gives<u32>(9u) == 8);
    CHECK(code("(param i64) (result i64) (local i64) (loop (local.set 1 (i64.sub (local.get 1) (i64.const 2))) (br_if "
               "0 (i64.ne (local.get 1) (local.get 0)))) (local.get 1)")
              .gives<i64>(i64{-20}) == -20);
    // The step comes after something else that the comparison needs.
    CHECK(code("(param i32) (result i32) (local i32 i32) (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) "
               "(local.set 2 (i32.add (local.get 2) (i32.const 10))) "
               "(br_if 0 (i32.lt_s (local.get 1) (local.get 0)))) (i32.add (local.get 1) (local.get 2))")
              .gives<u32>(6u) == 66);
}

TEST_CASE("comparisons and branches, NaNs among them") {
    const auto both = [](const char* comparison, double a, double b, bool want) {
        CAPTURE(comparison);
        const std::string c = comparison;
        CHECK(code("(param f64 f64) (result i32) (" + c + " (local.get 0) (local.get 1))").gives<u32>(a, b) ==
              u32(want));
        CHECK(code("(param f64 f64) (result i32) (if (result i32) (" + c +
                   " (local.get 0) (local.get 1)) (then (i32.const 1)) (else (i32.const 0)))")
                  .gives<u32>(a, b) == u32(want));
        CHECK(code("(param f64 f64) (result i32) (block (br_if 0 (" + c +
                   " (local.get 0) (local.get 1))) (return (i32.const 0))) (i32.const 1)")
                  .gives<u32>(a, b) == u32(want));
        CHECK(code("(param f64 f64) (result i32) (i32.eqz (i32.eqz (" + c + " (local.get 0) (local.get 1))))")
                  .gives<u32>(a, b) == u32(want));
        CHECK(code("(param f64 f64) (result i32) (block (br_if 0 (i32.eqz (" + c +
                   " (local.get 0) (local.get 1)))) (return (i32.const 1))) (i32.const 0)")
                  .gives<u32>(a, b) == u32(want));
        CHECK(code("(param f64 f64) (result i32) (select (i32.const 1) (i32.const 0) (" + c +
                   " (f64.add (local.get 0) (f64.const 0)) (local.get 1)))")
                  .gives<u32>(a, b) == u32(want));
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    for (const char* c : {"f64.lt", "f64.le", "f64.gt", "f64.ge", "f64.eq"})
        both(c, nan, 1, false), both(c, 1, nan, false);
    both("f64.ne", nan, nan, true);
    both("f64.lt", 1, 2, true), both("f64.le", 2, 2, true), both("f64.gt", 1, 2, false), both("f64.ge", 2, 2, true),
        both("f64.eq", 0.0, -0.0, true);
}

TEST_CASE("base and index of a load wrap before the offset is added") {
    const code f("(param i32 i32) (result i32) (i32.load offset=4 (i32.add (local.get 0) (i32.shl (local.get 1) "
                 "(i32.const 2))))");
    CHECK(f.gives<u32>(0u, 1u) == 0x0b0a'0908u);
    CHECK(f.gives<u32>(0xffff'fff8u, 4u) == 0x0f0e'0d0cu);
    CHECK(f.fails<u32>(0xffff'fffcu, 0u) == trap::out_of_bounds_memory); // 0xfffffffc + 4 does not wrap
    CHECK(f.gives<u32>(8u, 0x4000'0000u) == 0x0f0e'0d0cu);               // the shift loses bits
    CHECK(code("(param i32) (result i32) (i32.load8_u (i32.add (i32.const 3) (i32.shl (local.get 0) (i32.const 2))))")
              .gives<u32>(5u) == 23); // another scale than the access's
    CHECK(code("(param i32) (result i64) (i64.load (i32.add (i32.shl (local.get 0) (i32.const 35)) (i32.const 1)))")
              .gives<u64>(1u) == 0x100f'0e0d'0c0b'0a09u);
}

TEST_CASE("the address of a store is a local and a constant") {
    const code f("(param i32 i32) (result i32) (i32.store offset=4 (i32.add (local.get 0) (i32.const 16)) (i32.mul "
                 "(local.get 1) (i32.const 3))) (i32.load (i32.const 24))");
    CHECK(f.gives<u32>(4u, 7u) == 21);
    CHECK(f.fails<u32>(0xffff'ffecu, 7u) == trap::out_of_bounds_memory); // 0xfffffffc + 4 does not wrap
    const code wrapped("(param i32) (result i32) (f64.store (i32.add (local.get 0) (i32.const 24)) (f64.const 1)) "
                       "(i32.load (i32.const 20))");
    CHECK(wrapped.gives<u32>(0xffff'fff8u) == 0x3ff0'0000u);
    CHECK(wrapped.fails<u32>(65'532u - 24) == trap::out_of_bounds_memory);
    // The local changes before the store, by itself or by a result that goes straight to it.
    CHECK(code("(param i32 i32) (result i32) (local.get 0) (i32.const 16) (i32.add) (local.set 0 (i32.const 64)) "
               "(local.get 1) (i32.store) (i32.load (i32.const 24))")
              .gives<u32>(8u, 99u) == 99);
    CHECK(code("(param i32 i32) (result i32) (local.get 0) (i32.const 16) (i32.add) (local.tee 0 (i32.mul (local.get "
               "1) (i32.const 5))) (i32.store8) (i32.load8_u (i32.const 24))")
              .gives<u32>(8u, 9u) == 45);
    // In a loop, with the local in a register.
    CHECK(
        code("(param i32) (result i32) (local i32) (loop (i32.store8 (i32.add (local.get 1) (i32.const 32)) (i32.const "
             "3)) (local.set 1 (i32.add (local.get 1) (local.get 0))) (br_if 0 (i32.lt_u (local.get 1) (i32.const "
             "8)))) (i32.load (i32.const 32))")
            .gives<u32>(2u) == 0x2303'2103u);
}

TEST_CASE("branches compare with constants") {
    const double nan = std::numeric_limits<double>::quiet_NaN();
    const auto both = [](const std::string& text, double x, bool want) {
        CAPTURE(text);
        const std::string compared[] = {text, "(i32.eqz (i32.eqz " + text + "))"};
        for (const std::string& c : compared) {
            CHECK(code("(param f64) (result i32) (block (br_if 0 " + c + ") (return (i32.const 0))) (i32.const 1)")
                      .gives<u32>(x) == u32(want));
            CHECK(code("(param f64) (result i32) (block (br_if 0 (i32.eqz " + c +
                       ")) (return (i32.const 1))) (i32.const 0)")
                      .gives<u32>(x) == u32(want));
        }
    };
    for (const double x : {1.0, 1.5, 2.0, nan}) {
        both("(f64.lt (local.get 0) (f64.const 1.5))", x, x < 1.5);
        both("(f64.ge (f64.add (local.get 0) (local.get 0)) (f64.const 3))", x, x >= 1.5);
        both("(f64.gt (f64.const 1.5) (local.get 0))", x, 1.5 > x);
        both("(f64.ne (local.get 0) (f64.const 2))", x, x != 2);
        both("(f32.le (f32.demote_f64 (local.get 0)) (f32.const 1.5))", x, x <= 1.5);
        both("(f32.eq (f32.demote_f64 (local.get 0)) (f32.const 1.5))", x, x == 1.5);
    }
    // The constant is a local's, who keeps it.
    CHECK(code("(param f64) (result f64) (local f64) (block (local.set 1 (f64.const 2)) (br_if 0 (f64.lt (local.get 0) "
               "(local.get 1)))) (local.get 1)")
              .gives<double>(1.0) == 2);
    CHECK(code("(param i64) (result i32) (block (br_if 0 (i64.eq (local.get 0) (i64.const 0x100000001))) (return "
               "(i32.const 0))) (i32.const 1)")
              .gives<u32>(u64{1}) == 0);
}

TEST_CASE("branches on bits that a mask leaves") {
    const code set("(param i32) (result i32) (block (br_if 0 (i32.and (local.get 0) (i32.const 6))) (return (i32.const "
                   "0))) (i32.const 1)");
    const code clear("(param i32) (result i32) (block (br_if 0 (i32.eqz (i32.and (i32.shr_u (local.get 0) (i32.const "
                     "1)) (i32.const 3)))) (return (i32.const 1))) (i32.const 0)");
    const code other(
        "(param i32) (result i32) (block (br_if 0 (i32.ne (i32.and (local.get 0) (i32.const 6)) (i32.const "
        "2))) (return (i32.const 0))) (i32.const 1)");
    const code turns("(param i32) (result i32) (local i32) (loop (local.set 1 (i32.add (local.get 1) (i32.const 1))) "
                     "(br_if 0 (i32.and (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 7)))) "
                     "(local.get 1)");
    for (u32 x = 0; x < 8; ++x) {
        CHECK(set.gives<u32>(x) == u32((x & 6) != 0));
        CHECK(clear.gives<u32>(x) == u32((x & 6) != 0));
        CHECK(other.gives<u32>(x) == u32((x & 6) != 2));
        CHECK(turns.gives<u32>(x) == 8 - x);
    }
}

TEST_CASE("locals begin as zero where another frame was, however many there are") {
    for (const u32 count : {1u, 7u, 8u, 9u, 16u, 31u, 32u, 33u, 70u}) {
        CAPTURE(count);
        std::string locals, fill, sum = "(i32.const 0)";
        for (u32 i = 1; i <= count; ++i) {
            const std::string number = std::to_string(i);
            locals += " i32";
            fill += "(local.set " + number + " (i32.const 1))";
            sum += "(i32.add (local.get " + number + "))";
        }
        const code f("(param i32) (result i32) (local" + locals +
                     ") (if (i32.eq (local.get 0) (i32.const 2)) (then (drop (call 0 (i32.const 1))) (return (call 0 "
                     "(i32.const 0))))) (if (local.get 0) (then " +
                     fill + ")) " + sum);
        CHECK(f.gives<u32>(1u) == count);
        CHECK(f.gives<u32>(2u) == 0);
    }
}

TEST_CASE("several values cross a label") {
    CHECK(code("(param i32) (result i32 i32 i32) (i32.const 1) (local.get 0) (i32.add (local.get 0) (i32.const 2)) "
               "(br_if 0 (local.get 0)) (drop) (drop) (drop) "
               "(i32.const 7) (i32.const 8) (i32.const 9)")
              .gives<std::tuple<u32, u32, u32>>(5u) == std::tuple<u32, u32, u32>(1, 5, 7));
    CHECK(code("(param i32 i32) (result i32) (local.get 0) (local.get 1) (loop (param i32 i32) (result i32) (local.set "
               "0) (local.set 1) "
               "(i32.sub (local.get 0) (i32.const 1)) (local.tee 0) (drop) (i32.add (local.get 1) (local.get 0)) "
               "(local.get 0) (br_if 0 (local.get 0)) (drop))")
              .gives<u32>(0u, 5u) == 10);
    // Ways of a br_table at different heights.
    const code table("(param i32) (result i32) (i32.const 100) (block (result i32) (i32.const 10) (block (result i32) "
                     "(i32.const 1) (br_table 0 1 2 1 (local.get 0))) (i32.add)) (i32.add)");
    CHECK(table.gives<u32>(0u) == 111);
    CHECK(table.gives<u32>(1u) == 101);
    CHECK(table.gives<u32>(2u) == 1);
    CHECK(table.gives<u32>(9u) == 101);
}

TEST_CASE("a local waits on the stack while calls and branches change it") {
    CHECK(code("(param i32) (result i32) (local.get 0) (block (br_if 0 (i32.eqz (local.get 0))) (local.set 0 "
               "(i32.const 50))) (i32.add (local.get 0))")
              .gives<u32>(5u) == 55);
    CHECK(code("(param i32) (result i32) (local.get 0) (if (local.get 0) (then (local.set 0 (i32.const 9))) (else "
               "(local.set 0 (i32.const 4)))) (i32.sub (local.get 0))")
              .gives<u32>(0u) == u32(-4));
    CHECK(code("(param i32) (result i32) (local.get 0) (local.get 0) (local.tee 0 (i32.const 3)) (i32.mul) (i32.add)")
              .gives<u32>(7u) == 28);
    CHECK(code("(param i32) (result i32) (global.get $g) (global.set $g (local.get 0)) (i32.add (global.get $g))")
              .gives<u32>(7u) == 7);
}
