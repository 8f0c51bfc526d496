// SPDX-License-Identifier: MIT
// Lets each allocation fail in turn: every one has to end in an error, and nothing may be left behind.
#include "../engine.hpp"

#include <doctest/doctest.h>
#include <files.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr tessera::features profile = engines::metered;

/// Runs `work`, which returns a result<void>, with the first, the second, … allocation failing until
/// it no longer fails. Says in how many ways it failed.
template <class Work>
long fail_each(Work work) {
    // A first run may fill what the C++ library keeps.
    CHECK(work());
    for (long n = 0; n < 100000; ++n) {
        const long before = faults::live;
        faults::left = n;
        faults::sticky = true;
        faults::failed = 0;
        {
            tessera::result<void> outcome = work();
            if (!outcome) {
                INFO("allocation " << n << ": " << outcome.error().message());
                CHECK(outcome.error().kind() == tessera::kind::exhaustion);
            }
        }
        faults::left = -1;
        REQUIRE(faults::live == before);
        if (faults::failed == 0) return n;
    }
    FAIL("it never works");
    return -1;
}

constexpr std::string_view text = R"((module $all
    (type $binary (func (param i32 i32) (result i32)))
    (import "env" "note" (func $note (param i32)))
    (memory (export "memory") 1 3)
    (table $t (export "table") 4 10 funcref)
    (global $g (export "g") (mut i32) (i32.const 7))
    (elem (table $t) (i32.const 0) func $add $sub)
    (data (i32.const 16) "hello")
    (func $add (type $binary) (i32.add (local.get 0) (local.get 1)))
    (func $sub (type $binary) (i32.sub (local.get 0) (local.get 1)))
    (func (export "apply") (param i32 i32 i32) (result i32)
        (call $note (local.get 0))
        (global.set $g (i32.add (global.get $g) (i32.const 1)))
        (call_indirect $t (type $binary) (local.get 1) (local.get 2) (local.get 0)))
    (func (export "grow") (result i32) (memory.grow (i32.const 1)))
    (func $deep (export "deep") (param i32) (result i32)
        (if (result i32) (local.get 0)
            (then (i32.add (i32.const 1) (call $deep (i32.sub (local.get 0) (i32.const 1)))))
            (else (i32.const 0)))))
)";

tessera::result<void> use(const tessera::module& mod) {
    tessera::imports env;
    int notes = 0;
    env.define("env", "note", [&notes](int) { ++notes; });
    tessera::store<profile> store;
    if (auto ok = store.add_fuel(1000000); !ok) return ok;
    auto instance = store.instantiate(mod, env);
    if (!instance) return instance.error();
    auto apply = instance->get<int(int, int, int)>("apply");
    if (!apply) return apply.error();
    auto sum = (*apply)(0, 40, 2);
    if (!sum) return sum.error();
    CHECK(*sum == 42);
    auto nothing = (*apply)(9, 1, 1);
    CHECK(!nothing);
    auto deep = instance->get<int(int)>("deep");
    if (!deep) return deep.error();
    auto depth = (*deep)(1000);
    if (!depth) return depth.error();
    CHECK(*depth == 1000);
    auto grow = instance->get<int()>("grow");
    if (!grow) return grow.error();
    auto pages = (*grow)();
    if (!pages) return pages.error();
    if (*pages < 0) return tessera::error(tessera::trap::out_of_memory); // what memory.grow says of a failed allocation
    auto memory = instance->get<tessera::memory>("memory");
    if (!memory) return memory.error();
    CHECK(memory->pages() == 2);
    return {};
}

} // namespace

TEST_CASE("allocation: parsing text") {
    const long ways = fail_each([] {
        auto mod = tessera::module::parse_text<profile>(text);
        return mod ? tessera::result<void>() : tessera::result<void>(mod.error());
    });
    CHECK(ways > 10);
}

TEST_CASE("allocation: errors of text") {
    fail_each([]() -> tessera::result<void> {
        auto mod = tessera::module::parse_text<profile>("(module (func $f (result i32) (i64.const 1)))");
        REQUIRE(!mod);
        if (mod.error().kind() == tessera::kind::exhaustion) return mod.error();
        CHECK(mod.error().kind() == tessera::kind::invalid);
        return {};
    });
}

TEST_CASE("allocation: parsing bytes") {
    for (const char* file : {"/guests/mod.wasm", "/guests/words.wasm"}) {
        const auto bytes = read_file((std::string(TESSERA_EXAMPLES) + file).c_str());
        REQUIRE(!bytes.empty());
        fail_each([&] {
            auto mod = tessera::module::parse<profile>(bytes);
            return mod ? tessera::result<void>() : tessera::result<void>(mod.error());
        });
    }
}

TEST_CASE("allocation: linking, running, growing") {
    auto mod = tessera::module::parse_text<profile>(text);
    REQUIRE(mod);
    const long ways = fail_each([&] { return use(*mod); });
    CHECK(ways > 10);
}

TEST_CASE("allocation: validating at the call") {
    auto parsed = tessera::module::parse_text<profile>(text);
    REQUIRE(parsed);
    auto mod = tessera::module::borrow_lazily<profile>(parsed->bytes());
    REQUIRE(mod);
    const long eager = fail_each([&] { return use(*parsed); });
    CHECK(fail_each([&] { return use(*mod); }) > eager);
}

TEST_CASE("allocation: objects of the host") {
    fail_each([]() -> tessera::result<void> {
        tessera::store<profile> store;
        auto memory = store.make_memory({{1, 2, true}});
        if (!memory) return memory.error();
        auto table = store.make_table({{2, 5, true}, tessera::t_funcref});
        if (!table) return table.error();
        auto global = store.make_global(tessera::value::i32(1), true);
        if (!global) return global.error();
        auto function = store.make_func([](int x) { return x + 1; });
        if (!function) return function.error();
        auto object = store.make_object<int>(5);
        if (!object) return object.error();
        CHECK(*store.object<int>(*object) == 5);
        return {};
    });
}

TEST_CASE("allocation: exceptions, caught and not, of the guest and of the host") {
    auto mod = tessera::module::parse_text<profile>(R"((module
        (import "env" "fail" (func $fail (param i32)))
        (tag $e (export "e") (param i32))
        (func $again (param i32)
            (block $h (result i32 exnref) (try_table (catch_ref $e $h) (call $fail (local.get 0))) (return))
            (throw_ref))
        (func (export "catch") (param i32) (result i32)
            (block $h (result i32) (try_table (catch $e $h) (call $again (local.get 0))) (i32.const 0)))
        (func (export "throw") (param i32) (throw $e (local.get 0)))))");
    REQUIRE(mod);
    const long ways = fail_each([&]() -> tessera::result<void> {
        tessera::tag e;
        tessera::imports env;
        env.define("env", "fail", [&e](int n) -> tessera::result<void> { return e.exception(n); });
        tessera::store<profile> store;
        if (auto ok = store.add_fuel(1000000); !ok) return ok;
        auto instance = store.instantiate(*mod, env);
        if (!instance) return instance.error();
        e = *instance->get<tessera::tag>("e");
        auto caught = (*instance->get<int(int)>("catch"))(5);
        if (!caught) return caught.error();
        CHECK(*caught == 5);
        auto thrown = (*instance->get<void(int)>("throw"))(6);
        REQUIRE(!thrown);
        if (thrown.error().kind() == tessera::kind::exhaustion) return thrown.error();
        CHECK(e.is_tag_of(thrown.error()));
        REQUIRE(thrown.error().payload().size() == 1);
        CHECK(thrown.error().payload()[0].as_u32() == 6);
        return {};
    });
    CHECK(ways > 15);
}

TEST_CASE("allocation: typed calls in each direction make none") {
    auto mod = tessera::module::parse_text<profile>(R"((module
        (import "env" "next" (func $next (param i32) (result i32)))
        (func $add (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "half") (param f64) (result f64) (f64.mul (local.get 0) (f64.const 0.5)))
        (func (export "calls") (param i32) (result i32)
            (call $next (call $add (call $next (local.get 0)) (i32.const 1))))))");
    REQUIRE(mod);
    tessera::imports env;
    env.define("env", "next", [](int x) { return x + 1; });
    tessera::store<profile> store;
    REQUIRE(store.add_fuel(1000000));
    auto instance = store.instantiate(*mod, env);
    REQUIRE(instance);
    auto add = instance->get<int(int, int)>("add");
    auto half = instance->get<double(double)>("half");
    auto calls = instance->get<int(int)>("calls");
    REQUIRE((add && half && calls));
    long before = 0;
    for (int i = 0; i < 100; ++i) { // the first time, functions are lowered
        CHECK(*(*add)(i, 3) == i + 3);
        CHECK(*(*half)(i) == i / 2.0);
        CHECK(*(*calls)(i) == i + 3);
        if (i == 0) before = faults::asked;
    }
    CHECK(faults::asked == before);
}

TEST_CASE("allocation: a thousand suspended calls cost less than 16 KiB each, and their slices nothing") {
    auto mod =
        tessera::module::parse_text<profile>(R"((module (import "env" "wait" (func $wait (param i32) (result i32)))
        (func $fib (param i32) (result i32)
            (if (result i32) (i32.lt_u (local.get 0) (i32.const 2)) (then (local.get 0))
                (else (i32.add (call $fib (i32.sub (local.get 0) (i32.const 1))) (call $fib (i32.sub (local.get 0) (i32.const 2)))))))
        (func (export "run") (param i32) (result i32)
            (loop $again (result i32)
                (drop (call $fib (i32.const 20)))
                (drop (call $wait (local.get 0)))
                (br $again)))))");
    REQUIRE(mod);
    namespace game = tessera::game;
    tessera::imports env;
    env.define("env", "wait", [](tessera::caller& who, int) -> tessera::result<int> { return game::suspend(who); });
    tessera::store<profile> store;
    auto instance = store.instantiate(*mod, env);
    REQUIRE(instance);
    auto run = instance->get<int(int)>("run");
    REQUIRE(run);
    std::vector<game::call> calls;
    calls.reserve(1000);
    const double before = faults::asked_bytes;
    for (int i = 0; i < 1000; ++i) {
        auto made = game::start(*run, i);
        REQUIRE(made);
        calls.push_back(std::move(*made));
        // Half of them wait for the host, half are out of fuel deep in calls.
        for (int k = 0; k < 2; ++k)
            CHECK(calls.back().run(i % 2 ? 1'000'000 : 500) ==
                  (i % 2 ? game::standing::waiting : game::standing::out_of_fuel));
    }
    CHECK((faults::asked_bytes - before) / 1000 + double(sizeof(game::call)) < 16 * 1024);
    const long asked_before = faults::asked;
    for (auto& c : calls) {
        if (c.state() == game::standing::waiting) CHECK(c.answer(1));
        c.run(1'000'000);
    }
    CHECK(faults::asked - asked_before < 1600); // the others wait for the first time, and answers have room for one
    const long at_last = faults::asked;
    for (auto& c : calls)
        if (c.state() == game::standing::out_of_fuel) c.run(100);
    CHECK(faults::asked == at_last);
}
TEST_CASE("allocation: slices, waiting, a coroutine, a scheduler, a reload") {
    auto mod = tessera::module::parse_text<profile>(R"((module (import "env" "wait" (func $wait (result i32)))
        (import "env" "task" (func $task (result i32)))
        (memory (export "memory") 1) (global (export "g") (mut i32) (i32.const 1))
        (func (export "migrate"))
        (func (export "run") (result i32) (i32.add (call $wait) (call $task)))))");
    REQUIRE(mod);
    namespace game = tessera::game;
    const long ways = fail_each([&]() -> tessera::result<void> {
        game::later<int> later;
        tessera::imports env;
        env.define("env", "wait", [](tessera::caller& who) -> tessera::result<int> { return game::suspend(who); });
        env.define("env", "task", game::async([&]() -> game::task<int> { co_return co_await later; }));
        tessera::store<profile> store;
        if (auto ok = store.add_fuel(1000); !ok) return ok; // for the call of migrate
        auto instance = store.instantiate(*mod, env);
        if (!instance) return instance.error();
        auto run = instance->get<int()>("run");
        if (!run) return run.error();
        auto made = game::start(*run);
        if (!made) return made.error();
        game::scheduler all;
        auto member = all.add("mod", std::move(*made));
        if (!member) return member.error();
        game::call& call = all.at(*member);
        for (int i = 0; !call.is_over() && i < 9; ++i) {
            all.run(1000);
            if (call.state() != game::standing::waiting) continue;
            if (later.is_awaited()) later.set(2);
            else if (auto ok = call.answer(40); !ok) return ok;
        }
        if (call.state() == game::standing::trapped) return call.error();
        CHECK(*call.get<int>() == 42);
        auto next = game::reload(store, *instance, *mod, env);
        if (!next) return next.error();
        return {};
    });
    CHECK(ways > 20);
}

/// What the call of "f" in `source` asks for.
double bytes_of_call(const std::string& source) {
    auto mod = tessera::module::parse_text<profile>(source);
    REQUIRE(mod);
    tessera::store<profile> store;
    REQUIRE(store.add_fuel(1000000));
    auto instance = store.instantiate(*mod);
    REQUIRE(instance);
    auto f = instance->get<void()>("f");
    REQUIRE(f);
    const double before = faults::asked_bytes;
    CHECK((*f)());
    return faults::asked_bytes - before;
}
TEST_CASE("allocation: lowering many functions asks for as much for each") {
    const auto calls = [](int count) {
        std::string functions, all;
        for (int i = 0; i < count; ++i) {
            functions += "(func)";
            all += "(call " + std::to_string(i) + ")";
        }
        return bytes_of_call("(module " + functions + "(func (export \"f\") " + all + "))");
    };
    CHECK(calls(2000) < 6 * calls(500));
}
TEST_CASE("allocation: many references to exceptions ask for as much for each") {
    const auto references = [](int count) {
        return bytes_of_call("(module (tag $e) (table $t 4000 exnref) (func (export \"f\") (local $i i32)"
                             "(loop $l (table.set $t (local.get $i)"
                             "(block $h (result exnref) (try_table (catch_all_ref $h) (throw $e)) (unreachable)))"
                             "(br_if $l (i32.ne (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const " +
                             std::to_string(count) + "))))))");
    };
    CHECK(references(4000) < 6 * references(1000));
}
