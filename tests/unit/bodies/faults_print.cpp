// SPDX-License-Identifier: MIT
#include "../../faults.hpp"

#include <tessera/binary/decode.hpp>
#include <tessera/binary/encode.hpp>
#include <tessera/text/parser.hpp>
#include <tessera/text/printer.hpp>

#include <doctest/doctest.h>

namespace {

constexpr std::string_view source = R"((module $all (@custom "first" (before first) "1")
    (type $s (struct (field $f i32) (field $g (@name "f") i32))) (type $t (func (param $ignored i32)))
    (import "env" "f" (func $f (param $x i32) (param $y (@name "x") i32)))
    (table $table 3 (ref null $s) (struct.new_default $s)) (global $g i32 (i32.add (i32.const 1) (i32.const 2)))
    (elem $e (table $table) (i32.const 0) (ref null $s) (ref.null $s) (item unreachable))
    (func $h (type $t) (local $l i64)
        (block $a (block $b (br $a) i32.add drop) (@metadata.code.branch_hint "\01") (if $c (local.get 0) (then (br $c)) (else (nop))))
        (try $d (do (nop)) (catch_all (rethrow $d))) (call $f (i32.const 1) (i32.const 2)))
    (data $d "some bytes, and then more, so that they are written on several lines of the text")))";

} // namespace

TEST_CASE("out of memory: printing and encoding") {
    using namespace tessera;
    const long before = faults::live;
    {
        auto bytes = text::parse(source);
        REQUIRE(bytes);
        auto m = binary::decode<everything>(std::move(bytes->bytes));
        REQUIRE(m);
        const long own = faults::live;
        const auto worked = [&](const auto& r) {
            if (r) return true;
            CHECK(r.error().is(msg::out_of_memory));
            return false;
        };
        const auto each = [&](auto attempt) {
            return faults::each([&] {
                const bool done = worked(attempt());
                CHECK(faults::live == own);
                return done;
            });
        };
        CHECK(each([&] { return binary::encode(**m); }) > 10);
        for (const bool folded : {false, true})
            for (const bool names : {false, true})
                CHECK(each([&] { return text::print(**m, {.folded = folded, .names = names}); }) > 10);
    }
    CHECK(faults::live == before);
    CHECK(faults::each([&] {
              auto r = text::parse(source);
              if (!r) CHECK(r.error().is(msg::out_of_memory));
              return r.has_value();
          }) > 10);
    CHECK(faults::live == before);
}
