// SPDX-License-Identifier: MIT
// What a build lacks it refuses, and says the feature's name: by every row of the table, and by a module
// for what is no instruction.

#include <doctest/doctest.h>

#include <tessera/tessera.hpp>

#include "lacking.hpp"
#include "unit/module_bytes.hpp"

#include <algorithm>
#include <utility>

using namespace tessera;

namespace {

constexpr unsigned first_feature = 1, end_features = unsigned(feature::deterministic);

using parser = result<module> (*)(std::span<const u8>);
template <features F>
result<module> parse(std::span<const u8> bytes) {
    return module::parse<F>(bytes);
}
/// The parser of a build without one feature.
parser parser_without(feature f) {
    static constexpr auto all = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<parser, sizeof...(I)>{&parse<everything - feature(I + first_feature)>...};
    }
    (std::make_index_sequence<end_features - first_feature>{});
    return all[unsigned(f) - first_feature];
}

/// A module that needs the feature, valid where the build has it.
struct use {
    feature needs;
    const char* text;
};
constexpr use uses[] = {
    {feature::mutable_globals, R"((module (import "m" "g" (global (mut i32)))))"},
    {feature::mutable_globals, R"((module (global (export "g") (mut i32) (i32.const 0))))"},
    {feature::sign_extension, "(module (func (drop (i32.extend8_s (i32.const 0)))))"},
    {feature::saturating_float, "(module (func (drop (i32.trunc_sat_f32_s (f32.const 0)))))"},
    {feature::multi_value, "(module (type (func (result i32 i32))))"},
    {feature::multi_value, "(module (func (i32.const 0) (block (param i32) (drop))))"},
    {feature::multi_value, "(module (func (loop (result i32 i32) (i32.const 0) (i32.const 0)) (drop) (drop)))"},
    {feature::bulk_memory, R"((module (memory 1) (data "x")))"},
    {feature::bulk_memory, "(module (func $f) (elem func $f))"},
    {feature::bulk_memory, "(module (func $f) (elem declare func $f))"},
    {feature::bulk_memory, "(module (func $f) (table 1 funcref) (elem (i32.const 0) funcref (ref.func $f)))"},
    {feature::reference_types, "(module (table 1 funcref) (table 1 funcref))"},
    {feature::reference_types, R"((module (import "m" "t" (table 1 funcref)) (table 1 funcref)))"},
    {feature::reference_types, "(module (func (param externref)))"},
    {feature::reference_types, "(module (func (local funcref)))"},
    {feature::reference_types, R"((module (import "m" "g" (global funcref))))"},
    {feature::reference_types, "(module (table 1 externref))"},
    {feature::reference_types,
     "(module (func (drop (select (result i32) (i32.const 0) (i32.const 0) (i32.const 0)))))"},
    {feature::extended_const, "(module (global i32 (i32.add (i32.const 1) (i32.const 2))))"},
    {feature::extended_const, "(module (global i64 (i64.mul (i64.const 1) (i64.const 2))))"},
    {feature::extended_const, R"((module (memory 1) (data (offset (i32.sub (i32.const 1) (i32.const 1))) "x")))"},
    {feature::tail_call, "(module (func $f (return_call $f)))"},
    {feature::tail_call,
     "(module (type $t (func)) (table 1 funcref) (func (return_call_indirect (type $t) (i32.const 0))))"},
    {feature::tail_call, "(module (type $t (func)) (func (param (ref $t)) (return_call_ref $t (local.get 0))))"},
    {feature::simd, "(module (func (param v128)))"},
    {feature::simd, "(module (func (local v128)))"},
    {feature::simd, "(module (func (block (result v128) (unreachable)) (drop)))"},
    {feature::simd, R"((module (import "m" "g" (global v128))))"},
    {feature::simd, "(module (global v128 (v128.const i64x2 0 0)))"},
    {feature::relaxed_simd, "(module (func (param v128 v128) (drop (f32x4.relaxed_min (local.get 0) (local.get 1)))))"},
    {feature::multi_memory, "(module (memory 1) (memory 1))"},
    {feature::multi_memory, R"((module (import "m" "m" (memory 1)) (memory 1)))"},
    {feature::multi_memory, "(module (memory 1) (memory $n 1) (func (drop (i32.load $n (i32.const 0)))))"},
    {feature::memory64, "(module (memory i64 1))"},
    {feature::memory64, "(module (table i64 1 funcref))"},
    {feature::memory64, R"((module (import "m" "m" (memory i64 1))))"},
    {feature::function_references, "(module (type $t (func)) (func (param (ref $t))))"},
    {feature::function_references, "(module (func (param (ref extern))))"},
    {feature::function_references, "(module (func $f) (table 1 funcref (ref.func $f)))"},
    {feature::function_references, "(module (type $t (func)) (func (param (ref $t)) (call_ref $t (local.get 0))))"},
    {feature::function_references,
     "(module (type $t (func)) (func (param (ref $t)) (return_call_ref $t (local.get 0))))"},
    {feature::gc, "(module (type (struct (field i32))))"},
    {feature::gc, "(module (type (array i8)))"},
    {feature::gc, "(module (rec (type (func)) (type (func))))"},
    {feature::gc, "(module (type (sub (func))))"},
    {feature::gc, "(module (func (param anyref)))"},
    {feature::gc, "(module (func (local nullref)))"},
    {feature::gc, "(module (global $a i32 (i32.const 1)) (global i32 (global.get $a)))"},
    {feature::gc, R"((module (memory 1) (global $a i32 (i32.const 1)) (data (offset (global.get $a)) "x")))"},
    {feature::gc, "(module (func (drop (ref.i31 (i32.const 0)))))"},
    {feature::exceptions, "(module (tag))"},
    {feature::exceptions, R"((module (import "m" "t" (tag))))"},
    {feature::exceptions, "(module (func (param exnref)))"},
    {feature::exceptions, "(module (func (try_table)))"},
    {feature::legacy_exceptions, "(module (func (try (do))))"},
    {feature::threads, "(module (memory 1 1 shared))"},
    {feature::threads, R"((module (import "m" "m" (memory 1 1 shared))))"},
    {feature::threads, "(module (func (atomic.fence)))"},
    {feature::wide_arithmetic, "(module (func (i64.mul_wide_s (i64.const 0) (i64.const 0)) (drop) (drop)))"},
    {feature::custom_page_sizes, "(module (memory 1 (pagesize 1)))"},
    {feature::custom_page_sizes, R"((module (import "m" "m" (memory 1 (pagesize 1)))))"},
};

/// A function that is the instruction and zeros; what comes before them is looked at first.
std::vector<u8> only(const op_row& r) {
    std::vector<u8> code{0};
    if (r.prefix) code.push_back(r.prefix);
    if (r.prefix && r.code >= 0x80) code.push_back(u8(r.code | 0x80)), code.push_back(u8(r.code >> 7));
    else code.push_back(u8(r.code));
    code.insert(code.end(), 20, 0);
    code.push_back(0x0b);
    module_bytes m;
    m.section(1, {1, 0x60, 0, 0}).section(3, {1, 0}).raw({10, int(code.size()) + 2, 1, int(code.size())});
    m.data.insert(m.data.end(), code.begin(), code.end());
    return m.data;
}

} // namespace

TEST_CASE("an instruction of a feature that is off is refused with the feature's name") {
    unsigned instructions = 0;
    for (unsigned i = first_feature; i < end_features; ++i) {
        const features built = everything - feature(i);
        for (u16 k = 0; k < op_count; ++k) {
            if (has(built, op(k))) continue;
            ++instructions;
            CAPTURE(op_table[k].text);
            CAPTURE(feature_table[i].name);
            const std::vector<u8> bytes = only(op_table[k]);
            const auto r = parser_without(feature(i))(bytes);
            REQUIRE(!r);
            CHECK(r.error().offset() == 23); // the instruction itself
            CHECK(said(r) == std::string(msg::feature_off.text) + ": " + std::string(name(lacking(built, op(k)))));
            const auto whole = parse<everything>(bytes);
            if (!whole) {
                CHECK(whole.error().message() != msg::feature_off.text);
                CHECK(whole.error().message() != msg::illegal_opcode.text);
            }
        }
    }
    CHECK(instructions > 400);
}

TEST_CASE("what is no instruction is refused with the feature's name, by decoder, validator and store") {
    for (const use& u : uses) {
        CAPTURE(u.text);
        const features built = everything - u.needs;
        const auto bytes = text::parse(u.text);
        REQUIRE(said(bytes) == "ok");
        const auto whole = parse<everything>(bytes->bytes);
        REQUIRE(said(whole) == "ok");
        CHECK(whole->features_used()[u.needs]);
        const auto refused = parser_without(u.needs)(bytes->bytes);
        REQUIRE(!refused);
        CHECK_MESSAGE(!lacking_named(said(refused), built, whole->features_used()).empty(), said(refused));

        const runtime::engine none{};
        basic_store store(none, built, {});
        const auto made = store.instantiate(*whole);
        REQUIRE(!made);
        CHECK(made.error().kind() == kind::unsupported);
        CHECK_MESSAGE(!lacking_named(said(made), built, whole->features_used()).empty(), said(made));
    }
    for (unsigned i = first_feature; i < end_features; ++i) {
        CAPTURE(feature_table[i].name);
        CHECK(std::any_of(std::begin(uses), std::end(uses), [&](const use& u) { return u.needs == feature(i); }));
    }
}
