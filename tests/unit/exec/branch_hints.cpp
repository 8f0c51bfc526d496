// SPDX-License-Identifier: MIT
// Branch hints change the order in which code is lowered, and nothing that it does.
#include "support.hpp"

#include <string_view>

namespace branch_hints {
namespace {

using guests::guest;
using guests::must;
using guests::profile;
using tessera::i32;
using tessera::trap;
using tessera::u32;
using tessera::u64;

/// Ifs of every form, each with the hint `@` stands for.
constexpr std::string_view text = R"((module
    (func $fail (export "fail") (param i32) (result i32)
        @(if (result i32) (local.get 0)
            (then (i32.div_u (i32.const 100) (i32.sub (local.get 0) (i32.const 1))))
            (else (unreachable))))
    (func (export "nested") (param $a i32) (param $b i32) (result i32) (local $x i32)
        @(if (i32.lt_s (local.get $a) (local.get $b))
            (then
                @(if (local.get $a)
                    (then (local.set $x (i32.const 1)))
                    (else (local.set $x (i32.const 2))))
                (block $out
                    @(br_if $out (i32.eq (local.get $a) (i32.const 3)))
                    (local.set $x (i32.add (local.get $x) (i32.const 10)))))
            (else
                @(if (i32.eqz (local.get $b)) (then (local.set $x (i32.const 3)) (return (i32.const 77))))
                (local.set $x (i32.const 4))))
        (local.get $x))
    (func (export "values") (param $a i32) (result i32)
        (i32.const 1000) (i32.const 7) (local.get $a) (local.set $a (i32.const 5))
        @(if (param i32) (result i32 i32)
            (then (local.get $a) (i32.add) (i32.const 1))
            (else (drop) (i32.const 20) (local.get $a)))
        (i32.mul) (i32.sub))
    (func (export "dead") (param $a i32) (result i32)
        @(if (local.get $a) (then (return (i32.const 1)) (if (i32.const 0) (then) (else))) (else (return (i32.const 2))))
        (i32.const 3))
    (func (export "loops") (param $n i32) (result i64) (local $x i64)
        (loop $l
            @(if (i32.and (local.get $n) (i32.const 3))
                (then (local.set $x (i64.add (local.get $x) (i64.extend_i32_u (local.get $n)))) (br_if $l (i32.eqz (i32.const 1))))
                (else (loop $inner (local.set $x (i64.add (i64.mul (local.get $x) (i64.const 3)) (i64.const 1)))
                    (br_if $inner (i64.lt_u (local.get $x) (i64.const 40))))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))
    (tag $e (param i32))
    (func (export "catches") (param $a i32) (result i32)
        (block $h (result i32)
            (try_table (catch $e $h)
                @(if (local.get $a) (then (throw $e (i32.const 5))) (else (throw $e (i32.const 6)))))
            (i32.const 7)))
    ))";

std::string with(std::string_view hint) {
    std::string s;
    for (char c : text) c == '@' ? s += hint : s += c;
    return s;
}
constexpr const char* likely = "(@metadata.code.branch_hint \"\\01\") ";
constexpr const char* unlikely = "(@metadata.code.branch_hint \"\\00\") ";

} // namespace

TEST_CASE("branch hints change no result, no trap and no fuel") {
    const guest plain(with(""));
    for (const char* hint : {likely, unlikely}) {
        CAPTURE(hint);
        const guest hinted(with(hint));
        const auto both = [&](const char* name, auto signature, auto... args) {
            using S = std::remove_pointer_t<decltype(signature)>;
            CAPTURE(name);
            const u64 before[] = {plain.store.fuel(), hinted.store.fuel()};
            const auto a = plain.get<S>(name)(args...), b = hinted.get<S>(name)(args...);
            REQUIRE(a.has_value() == b.has_value());
            if (a) CHECK(*a == *b);
            else CHECK(a.error().why() == b.error().why());
            if (!a) CHECK(a.error().frames()[0].line == b.error().frames()[0].line);
            CHECK(before[0] - plain.store.fuel() == before[1] - hinted.store.fuel());
        };
        using one = i32(i32);
        for (i32 x : {0, 1, 2, 3, 9}) {
            both("fail", static_cast<one*>(nullptr), x);
            both("values", static_cast<one*>(nullptr), x);
            both("dead", static_cast<one*>(nullptr), x);
            both("catches", static_cast<one*>(nullptr), x);
            both("loops", static_cast<tessera::i64 (*)(i32)>(nullptr), x + 1);
            for (i32 y : {0, 2, 4}) both("nested", static_cast<i32 (*)(i32, i32)>(nullptr), x, y);
        }
    }
}

TEST_CASE("where a hint says that the first part of an if is likely, it ends without a branch") {
    const auto branches_after_then = [](const std::string& source) {
        const guest g(source);
        const auto m = must(tessera::module::parse_text<profile>(source));
        static_cast<void>(m);
        const auto& unit = *g.store.data()->units[0];
        tessera::exec::function_ir ir;
        REQUIRE(tessera::exec::lowering<profile>(ir, unit).run(0));
        u32 at = 0;
        for (const auto& n : ir.nodes) {
            if (n.v.fam == tessera::exec::family::br) return at;
            if (n.v.fam == tessera::exec::family::binary && n.v.code == tessera::op::i32_mul) at = 1;
        }
        return u32(2);
    };
    const std::string before = "(module (func (export \"f\") (param i32) (result i32) ",
                      after = "(if (local.get 0) (then (local.set 0 (i32.add (local.get 0) (i32.const 5))))"
                              "(else (local.set 0 (i32.mul (local.get 0) (i32.const 3))))) (local.get 0)))";
    CHECK(branches_after_then(before + after) == 0); // what comes before the branch is the addition
    CHECK(branches_after_then(before + unlikely + after) == 0);
    CHECK(branches_after_then(before + likely + after) == 1); // the multiplication
}

TEST_CASE("an if whose else is far away stays as it is") {
    std::string body = "(module (func (export \"f\") (param i32) (result i32) ";
    body += likely;
    body += "(if (local.get 0) (then ";
    for (int i = 0; i < 200; ++i) body += "(local.set 0 (i32.add (local.get 0) (i32.const 1)))";
    body += ") (else (local.set 0 (i32.const 3)))) (local.get 0)))";
    const guest g(body);
    CHECK(must(g.get<i32(i32)>("f")(0)) == 3);
    CHECK(must(g.get<i32(i32)>("f")(1)) == 201);
}

} // namespace branch_hints
