// SPDX-License-Identifier: MIT
// Modules whose function bodies are validated when they are called.
#include "support.hpp"

#include <doctest/doctest.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using tessera::kind;
using tessera::module;

constexpr tessera::features full = engines::plain; // no legacy exceptions
using bytes = tessera::vec<tessera::u8>;

bytes assembled(std::string_view text) {
    auto made = engines::assembled(text);
    REQUIRE(made);
    return std::move(*made);
}
std::span<const tessera::u8> view(const bytes& b) { return {b.data(), b.size()}; }

constexpr std::string_view mixed = R"((module
    (table funcref (elem $mixed $declared))
    (func (export "good") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
    (func $mixed (export "bad") (result i32) (i64.const 1))
    (func (export "calls") (result i32) (call $mixed))
    (func (export "tail") (result i32) (return_call $mixed))
    (func (export "indirect") (param i32) (result i32) (call_indirect (result i32) (local.get 0)))
    (func $declared (result i32) (drop (ref.func $declared)) (i32.const 7))
    (func (export "undeclared") (drop (ref.func $hidden)))
    (func $hidden)
    (func (export "vector") (drop (v128.const i64x2 0 0)))
    (func (export "legacy") (try (do) (catch_all)))
))";

/// What calling the export says, with its place in the module.
template <class T, class... A>
std::string called(const tessera::instance& i, std::string_view name, A... arguments) {
    auto f = i.get<T(A...)>(name);
    REQUIRE(f);
    auto r = (*f)(arguments...);
    if (r) return "ok";
    return std::string(r.error().message()) + " at " + std::to_string(r.error().offset());
}

} // namespace

TEST_CASE("lazy: a body that is not valid is an error of each call, and of nothing else") {
    const bytes code = assembled(mixed);
    auto eager = module::parse<engines::metered>(view(code));
    REQUIRE(!eager);
    REQUIRE(eager.error().kind() == kind::invalid);
    const std::string wrong = std::string(eager.error().message()) + " at " + std::to_string(eager.error().offset());

    auto mod = module::borrow_lazily<engines::metered>(view(code));
    REQUIRE_MESSAGE(mod, mod.error().message());
    CHECK(!mod->features_used()[tessera::feature::simd]);
    tessera::store<full> store;
    for (int round = 0; round < 2; ++round) {
        auto i = store.instantiate(*mod);
        REQUIRE_MESSAGE(i, i.error().message());
        CHECK(called<int>(*i, "good", 1) == "ok");
        for (const char* name : {"bad", "calls", "tail"}) CHECK(called<int>(*i, name) == wrong);
        CHECK(called<int>(*i, "indirect", 0) == wrong);
        CHECK(called<int>(*i, "indirect", 1) == "ok");
        CHECK(called<void>(*i, "undeclared").starts_with("undeclared function reference at "));
        CHECK(called<void>(*i, "vector") == "ok");
        CHECK(called<void>(*i, "legacy").starts_with("module needs a feature that this store is built without"));
        CHECK(called<int>(*i, "good", 1) == "ok");
    }
    auto i = store.instantiate(*mod);
    REQUIRE(i);
    auto bad = i->get<int()>("calls");
    REQUIRE(bad);
    auto r = (*bad)();
    REQUIRE(!r);
    CHECK(r.error().kind() == kind::invalid);
    CHECK(r.error().detail() == eager.error().detail());
    REQUIRE(r.error().frames().size() == 1); // the caller; the function itself never began
    CHECK(r.error().frames()[0].func == 2);
    CHECK(code[std::size_t(r.error().frames()[0].offset)] == 0x10); // its call

    auto execution = i->get<tessera::func>("bad");
    REQUIRE(execution);
    auto started = execution->start({});
    REQUIRE(started);
    CHECK(!started->resume());
}

TEST_CASE("lazy: all bodies at once") {
    const bytes code = assembled(mixed);
    auto mod = module::parse_lazily<engines::metered>(view(code));
    REQUIRE(mod);
    auto eager = module::parse<engines::metered>(view(code));
    REQUIRE(!eager);
    auto valid = mod->validate();
    REQUIRE(!valid);
    CHECK(valid.error().message() == eager.error().message());
    CHECK(valid.error().offset() == eager.error().offset());
    CHECK(mod->to_text().error().kind() == kind::invalid);
    CHECK(mod->to_binary().error().kind() == kind::invalid);
    CHECK(module().validate().error().is(tessera::msg::stale_handle));

    auto good = module::parse_lazily<full>(view(assembled("(func (export \"f\"))")));
    REQUIRE(good);
    CHECK(good->validate());
    CHECK(good->to_text());
    CHECK(good->to_binary());
    CHECK(module::parse<full>(view(code)).error().kind() == kind::malformed); // the feature is off
}

TEST_CASE("lazy: everything but bodies is validated at once") {
    for (std::string_view wrong :
         {"(module (func) (export \"f\" (func 1)))", "(module (global i32 (i64.const 1)))",
          "(module (func (type 0)) (type (struct)))", "(module (table 1 funcref) (elem (i32.const 0) func 3))"}) {
        auto m = module::parse_lazily<full>(view(assembled(wrong)));
        REQUIRE(!m);
        CHECK(m.error().kind() == kind::invalid);
    }
}

TEST_CASE("lazy: a malformed body is one at the call, and limits of modules hold") {
    bytes code = assembled("(module (func (export \"f\") (drop (i32.const 5))) (func (export \"g\")))");
    for (tessera::u8& b : code)
        if (b == 0x41) b = 0xff; // i32.const: no opcode any more
    tessera::module_limits limits;
    limits.locals = 1;
    auto mod = module::parse_lazily<full>(std::move(code), limits);
    REQUIRE(mod);
    tessera::store<full> store;
    auto i = store.instantiate(*mod);
    REQUIRE(i);
    auto f = i->get<void()>("f");
    REQUIRE(f);
    auto r = (*f)();
    REQUIRE(!r);
    CHECK(r.error().kind() == kind::malformed);
    CHECK(called<void>(*i, "g") == "ok");

    auto many = module::parse_lazily<full>(view(assembled("(func (export \"f\") (local i32 i32))")), limits);
    REQUIRE(many);
    auto j = store.instantiate(*many);
    REQUIRE(j);
    CHECK(called<void>(*j, "f").starts_with("implementation limit reached"));
}

TEST_CASE("lazy: stores on several threads share the module") {
    auto mod = module::parse_lazily<engines::metered>(view(assembled(mixed)));
    REQUIRE(mod);
    int right[4] = {};
    std::vector<std::thread> threads;
    for (int& count : right)
        threads.emplace_back([&mod, &count] {
            for (int n = 0; n < 20; ++n) {
                tessera::store<full> store;
                auto i = store.instantiate(*mod);
                auto good = i->get<int(int)>("good");
                auto bad = i->get<int()>("bad");
                count += (*good)(1).value_or(0) == 2 && (*bad)().error().kind() == kind::invalid;
            }
        });
    for (std::thread& t : threads) t.join();
    for (int count : right) CHECK(count == 20);
}
