// SPDX-License-Identifier: MIT
// What is said of modules that are not valid.
#include <tessera/debug.hpp>
#include <tessera/tessera.hpp>

#include <doctest/doctest.h>

#include <string>

namespace {

using namespace tessera;

/// The bytes of `text`, valid or not.
vec<u8> bytes_of(const std::string& text) {
    auto made = text::parse(text);
    REQUIRE(made);
    return std::move(made->bytes);
}
struct explained {
    vec<u8> bytes;
    debug::explanation what;
    std::string text;
    explicit explained(const std::string& source) : bytes(bytes_of(source)) {
        const std::span<const u8> all(bytes.data(), bytes.size());
        const auto mod = module::parse<everything>(all);
        REQUIRE_FALSE(mod);
        REQUIRE(mod.error().kind() == kind::invalid);
        auto e = debug::explain<everything>(all, mod.error());
        REQUIRE(e);
        what = std::move(*e);
        text.assign(what.text.data(), what.text.size());
    }
    static std::string types(const vec<val_type>& list) {
        std::string all;
        for (val_type t : list) all += std::string(valid::description() << t) + " ";
        return all;
    }
    std::string expected() const { return types(what.expected); }
    std::string actual() const { return types(what.actual); }
};

} // namespace

TEST_CASE("an explanation has the rule, and the stack as it should be and as it is") {
    const explained add("(module (func (param i64)) (func $sum (param i64) (result i32)\n"
                        "(f32.const 1) (i32.add (i32.const 1) (local.get 0)) (drop)))");
    CHECK(add.what.function == 1);
    CHECK(add.what.instruction == "i32.add");
    CHECK(add.expected() == "i32 i32 ");
    CHECK(add.actual() == "f32 i32 i64 ");
    CHECK_FALSE(add.what.unreachable);
    INFO(add.text);
    CHECK(add.text.find("type mismatch: instruction requires [i32] but stack has [i64]\n  at byte 0x") == 0);
    CHECK(add.text.find(", in function 1 $sum\n  rule      i32.add : [i32 i32] -> [i32]\n"
                        "  expected  [i32 i32]\n  actual    [f32 i32 i64]") != add.text.npos);
}

TEST_CASE("what is expected follows from the immediates") {
    const struct {
        const char *text, *instruction, *expected, *actual;
    } all[] = {
        {"(module (func (local f64) (local.set 0 (i32.const 1))))", "local.set", "f64 ", "i32 "},
        {"(module (global (mut i64) (i64.const 0)) (func (global.set 0 (i32.const 1))))", "global.set", "i64 ", "i32 "},
        {"(module (func $f (param i32 f32)) (func (call $f (i32.const 1))))", "call", "i32 f32 ", "i32 "},
        {"(module (table 1 funcref) (func (call_indirect (param i64) (i32.const 1))))", "call_indirect", "i64 i32 ",
         "i32 "},
        {"(module (func (block (result i32) (br 0 (f32.const 1))) (drop)))", "br", "i32 ", "f32 "},
        {"(module (func (result i32) (i64.const 1)))", "end", "i32 ", "i64 "},
        {"(module (func (result i32) (return (i64.const 1))))", "return", "i32 ", "i64 "},
        {"(module (func (i32.const 7) (block (drop))))", "drop", "", ""},
        {"(module (memory i64 1) (func (drop (i32.load (i32.const 1)))))", "i32.load", "i64 ", "i32 "},
        {"(module (tag (param f64)) (func (throw 0)))", "throw", "f64 ", ""},
        {"(module (func (if (i64.const 1) (then))))", "if", "i32 ", "i64 "},
        {"(module (func (local.get 3) (drop)))", "local.get", "", ""},
    };
    for (const auto& one : all) {
        CAPTURE(one.text);
        const explained e(one.text);
        CHECK(e.what.instruction == one.instruction);
        CHECK(e.expected() == one.expected);
        CHECK(e.actual() == one.actual);
    }
    const explained after("(module (func (unreachable) (i64.const 1) (i32.add) (drop)))");
    CHECK(after.what.unreachable);
    CHECK(after.actual() == "i64 ");
}

TEST_CASE("an error that is about no instruction, or about other bytes, has its text") {
    const explained exported("(module (func) (export \"f\" (func 0)) (export \"f\" (func 0)))");
    CHECK(exported.what.instruction.empty());
    CHECK(exported.text.find("duplicate export name: f") == 0);
    const u8 other[] = {0, 'a', 's', 'm', 1, 0, 0, 0};
    for (const error& why :
         {error(msg::type_mismatch, u64{4}), error(msg::unknown_export, "f"), error(msg::type_mismatch)}) {
        auto e = debug::explain<everything>(other, why);
        REQUIRE(e);
        CHECK(e->instruction.empty());
        CHECK(std::string(e->text.data(), e->text.size()).find(why.message()) == 0);
    }
}

TEST_CASE("every instruction has a rule") {
    for (u16 i = 0; i < op_count; ++i) {
        CAPTURE(row(op(i)).text);
        CHECK(row(op(i)).type.poly != debug::typing_rule(op(i)).empty());
    }
}
