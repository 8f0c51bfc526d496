// SPDX-License-Identifier: MIT
// Stepping, looking, writing.
#include "support.hpp"

#include <tuple>

using namespace watched;

namespace {

const std::string arithmetic = R"((module
    (func $add (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
    (func (export "run") (param i32) (result i32) (local f64)
        (i32.mul (call $add (local.get 0) (i32.const 2)) (i32.const 10)))))";

TEST_CASE("every instruction is a step, with its operands") {
    guest g(arithmetic);
    g.start("run", {value::i32(5)});
    std::vector<std::string> seen;
    while (g.debugger.is_alive()) {
        seen.push_back(g.here());
        CHECK(g.debugger.count() + 1 == seen.size());
        REQUIRE(g.debugger.step());
    }
    CHECK(seen == std::vector<std::string>{"f1 local.get", "f1 i32.const 5", "f1 call 5 2", "f0 local.get",
                                           "f0 local.get 5", "f0 i32.add 5 2", "f0 end 7", "f1 i32.const 7",
                                           "f1 i32.mul 7 10", "f1 end 70"});
    CHECK(g.debugger.last().kind == stop_kind::done);
    CHECK(g.debugger.count() == 10);
    CHECK(g.result() == 70);
}

TEST_CASE("over and out") {
    guest g(arithmetic);
    g.start("run", {value::i32(5)});
    REQUIRE(g.debugger.run_to(2));
    CHECK(g.here() == "f1 call 5 2");
    CHECK(kind_of(g.debugger.over()) == stop_kind::step);
    CHECK(g.here() == "f1 i32.const 7");
    g.start("run", {value::i32(5)});
    REQUIRE(g.debugger.run_to(4));
    CHECK(g.here() == "f0 local.get 5");
    CHECK(g.debugger.frames() == 2);
    CHECK(g.here(1) == "f1 call");
    CHECK(kind_of(g.debugger.out()) == stop_kind::step);
    CHECK(g.here() == "f1 i32.const 7");
    value none;
    CHECK_FALSE(g.debugger.results({&none, 1})); // not yet
    CHECK(kind_of(g.debugger.out()) == stop_kind::done);
    CHECK(g.result() == 70);
    CHECK_FALSE(g.debugger.step());
    CHECK_FALSE(g.debugger.results({&none, 0}));
    g.start("run", {value::i32(5)});
    g.debugger.abandon();
    CHECK_FALSE(g.debugger.is_alive());
    CHECK_FALSE(g.debugger.results({&none, 1}));
}

TEST_CASE("recursion: over stays in its frame") {
    guest g(R"((module (func $fac (export "fac") (param i64) (result i64)
        (if (result i64) (i64.eqz (local.get 0)) (then (i64.const 1))
            (else (i64.mul (local.get 0) (call $fac (i64.sub (local.get 0) (i64.const 1)))))))))");
    g.start("fac", {value::i64(10)});
    u32 steps = 0;
    for (; g.debugger.is_alive(); ++steps) {
        CHECK(g.debugger.frames() == 1);
        REQUIRE(g.debugger.over());
    }
    CHECK(g.result() == 3628800);
    CHECK(steps == 11);
    CHECK(g.debugger.count() > 100);
}

TEST_CASE("what is written is what goes on") {
    guest g(arithmetic);
    g.start("run", {value::i32(5)});
    REQUIRE(g.debugger.run_to(5));
    REQUIRE(g.here() == "f0 i32.add 5 2");
    const debug::frame f = g.debugger.at(0), outer = g.debugger.at(1);
    CHECK(f.taken() == 2);
    CHECK(f.set_operand(1, value::i32(100)));
    CHECK(f.operand(1)->bits == 100);
    CHECK(outer.local(0)->bits == 5);
    CHECK(outer.set_local(1, value::f64(1.5)));
    CHECK(outer.local(1)->as_f64() == 1.5);
    CHECK(outer.locals() == 2);
    // Wrong types and places are errors.
    CHECK_FALSE(f.set_operand(1, value::i64(1)));
    CHECK_FALSE(f.set_operand(2, value::i32(1)));
    CHECK_FALSE(f.local(2));
    CHECK_FALSE(outer.set_local(1, value::f32(1)));
    CHECK_FALSE(f.memory(0));
    CHECK(kind_of(g.debugger.go_on()) == stop_kind::done);
    CHECK(g.result() == 1050);
    // A frame of a call that went on is no frame.
    CHECK_FALSE(bool(f));
    CHECK(f.operand(0).error().is(msg::stale_handle));
    CHECK(f.set_local(0, value::i32(0)).error().is(msg::stale_handle));
    CHECK(f.instruction().empty());
    CHECK_FALSE(bool(g.debugger.at(0)));
}

TEST_CASE("a trap leaves its frames") {
    guest g(R"((module
        (func $div (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))
        (func (export "run") (param i32) (result i32) (i32.add (i32.const 7) (call $div (i32.const 1) (local.get 0))))))");
    g.start("run", {value::i32(0)});
    CHECK(kind_of(g.debugger.go_on()) == stop_kind::failed);
    CHECK(g.debugger.failure().why() == trap::integer_divide_by_zero);
    CHECK(g.debugger.failure().frames().size() == 2);
    CHECK(g.debugger.frames() == 2);
    CHECK(g.here() == "f0 i32.div_u 1 0");
    CHECK(g.here(1) == "f1 call 7");
    CHECK(g.debugger.count() == 6);
    CHECK_FALSE(g.debugger.step());
    CHECK_FALSE(g.debugger.is_alive());
}

TEST_CASE("all kinds of values") {
    guest g(R"((module
        (type $pair (struct (field i32) (field i64)))
        (memory 1)
        (global $g (mut i64) (i64.const 9))
        (func (export "run") (param i64 f32 v128 externref) (local $p (ref null $pair))
            (local.set $p (struct.new $pair (i32.const 1) (i64.const 2)))
            (drop (f32.neg (local.get 1)))
            (drop (i32x4.add (local.get 2) (local.get 2)))
            (i32.store8 (i32.const 3) (i32.const 200)))))");
    const value v{t_v128, 0x0000000200000001, 0x0000000400000003};
    g.start("run", {value::i64(~u64{0}), value::f32(2.5f), v, value::reference(t_externref, {})});
    while (g.debugger.is_alive() && g.debugger.at(0).instruction() != "i32.store8") REQUIRE(g.debugger.step());
    const debug::frame f = g.debugger.at(0);
    CHECK(f.local(0)->bits == ~u64{0});
    CHECK(f.local(1)->as_f32() == 2.5f);
    CHECK(*f.local(2) == v);
    CHECK(f.local(3)->bits == 0);
    const value pair = *f.local(4);
    CHECK(pair.type.is_ref());
    auto root = g.store.root(pair);
    REQUIRE(root);
    CHECK(root->field(1)->bits == 2);
    CHECK(f.set_local(4, value::reference(pair.type, {})));
    CHECK(f.set_local(4, pair));
    CHECK_FALSE(f.set_local(4, value::reference(t_externref, {})));
    CHECK(f.set_local(2, {t_v128, 1, 2}));
    CHECK(*f.local(2) == value{t_v128, 1, 2});
    CHECK(f.global(0)->get().bits == 9);
    CHECK_FALSE(f.global(1));
    REQUIRE(g.debugger.step());
    CHECK(*g.debugger.at(0).memory(0)->load<u8>(3) == 200);
    CHECK(g.debugger.at(0).instruction() == "end");
    REQUIRE(g.store.collect());
    CHECK(root->field(0)->bits == 1);
}

/// Makes a list of 30 numbers, then another one that takes the place of what is not kept alive, and adds up the first.
const std::string list_of_objects = R"((module
    (type $node (struct (field i32) (field (ref null $node))))
    (func $list (param i32 i32) (result (ref null $node))
        (if (result (ref null $node)) (i32.eqz (local.get 0)) (then (ref.null $node))
            (else (struct.new $node (i32.mul (local.get 0) (local.get 1))
                                    (call $list (i32.sub (local.get 0) (i32.const 1)) (local.get 1))))))
    (func $sum (param (ref null $node)) (result i32)
        (if (result i32) (ref.is_null (local.get 0)) (then (i32.const 0))
            (else (i32.add (struct.get $node 0 (local.get 0)) (call $sum (struct.get $node 1 (local.get 0)))))))
    (func $first (param (ref null $node) (ref null $node)) (result (ref null $node)) (local.get 0))
    (func (export "run") (result i32)
        (call $sum (call $first (call $list (i32.const 30) (i32.const 1)) (call $list (i32.const 30) (i32.const 100)))))))";

TEST_CASE("what frames refer to is kept, at each allocation") {
    guest g(list_of_objects);
    g.store.collect_always(true);
    g.start("run");
    CHECK(kind_of(g.debugger.go_on()) == stop_kind::done);
    CHECK(g.result() == 465);
}

TEST_CASE("what frames refer to is kept where the call stands") {
    guest g(list_of_objects);
    g.start("run");
    u32 on_top = 0, further_out = 0;
    while (g.debugger.is_alive()) {
        REQUIRE(g.store.collect());
        // The first list is an operand, of the frame that stands there or of its caller.
        const debug::frame f = g.debugger.at(0);
        const bool in_run = f.function() == 3 && f.operands() > 0 && f.operand(0)->type.is_ref(),
                   second = f.function() == 0 && f.local(0)->bits == 30 && f.local(1)->bits == 100;
        on_top += in_run;
        further_out += second;
        if (in_run || second) CHECK(g.store.heap().bytes_live >= 30 * 12);
        REQUIRE(g.debugger.step());
    }
    CHECK(on_top >= 2);
    CHECK(further_out >= 5);
    CHECK(g.result() == 465);
}

TEST_CASE("exceptions, tail calls, other instances") {
    guest first(R"((module
        (tag $e (export "e") (param i32))
        (func (export "throw") (param i32) (throw $e (local.get 0)))))");
    CHECK(kind_of(first.debugger.start(first.get("throw"), std::vector{value::i32(1)})) == stop_kind::step);
    CHECK(kind_of(first.debugger.go_on()) == stop_kind::failed);
    CHECK(first.debugger.failure().why() == trap::uncaught_exception);

    const module second = parse(R"((module
        (tag $e (import "m" "e") (param i32))
        (func $throw (import "m" "throw") (param i32))
        (func $loop (param i32) (result i32)
            (if (i32.eqz (local.get 0)) (then (return (i32.const 77))))
            (return_call $loop (i32.sub (local.get 0) (i32.const 1))))
        (func (export "run") (result i32)
            (block $h (result i32) (try_table (catch $e $h) (call $throw (i32.const 42))) (i32.const 0))
            (i32.add (call $loop (i32.const 3))))))");
    imports env;
    env.define("m", first.instance);
    auto made = first.store.instantiate(second, env);
    REQUIRE(made);
    REQUIRE(first.debugger.start(*made->get<func>("run"), {}));
    u32 deepest = 0;
    bool elsewhere = false;
    while (first.debugger.is_alive()) {
        deepest = std::max(deepest, first.debugger.frames());
        elsewhere |= first.debugger.at(0).instance() == first.instance;
        if (first.here() == "f0 throw 42") CHECK(first.debugger.frames() == 2);
        REQUIRE(first.debugger.step());
    }
    CHECK(elsewhere);
    CHECK(deepest == 2);
    CHECK(first.result() == 119);
}

TEST_CASE("what host functions call runs through") {
    imports env;
    env.define("env", "twice", [](caller& who, u32 x) -> result<u32> {
        auto f = who.get<u32(u32)>("inner");
        if (!f) return f.error();
        auto a = (*f)(x);
        return a ? (*f)(*a) : a;
    });
    guest g(R"((module
        (func $twice (import "env" "twice") (param i32) (result i32))
        (func (export "inner") (param i32) (result i32) (i32.add (local.get 0) (i32.const 1)))
        (func (export "run") (result i32) (call $twice (i32.const 5)))))",
            env);
    g.start("run");
    u32 steps = 0;
    for (; g.debugger.is_alive(); ++steps) REQUIRE(g.debugger.step());
    CHECK(steps == 3);
    CHECK(g.result() == 7);
}

TEST_CASE("out of fuel, interrupted: paused") {
    guest g(R"((module (func (export "run") (result i32) (local i32)
        (loop (br_if 0 (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 1000)))) (local.get 0))))");
    g.store.data()->fuel = 100;
    g.start("run");
    CHECK(kind_of(g.debugger.go_on()) == stop_kind::paused);
    CHECK(g.debugger.failure().why() == trap::out_of_fuel);
    CHECK(g.debugger.is_alive());
    CHECK(g.debugger.at(0).instruction() == "local.get");
    REQUIRE(g.store.add_fuel(1'000'000));
    g.store.interrupt();
    CHECK(kind_of(g.debugger.go_on()) == stop_kind::paused);
    CHECK(g.debugger.failure().why() == trap::interrupted);
    CHECK(kind_of(g.debugger.go_on()) == stop_kind::done);
    CHECK(g.result() == 1000);
    CHECK(g.debugger.count() == 4 + 1000 * 7);
}

TEST_CASE("attaching") {
    store<wasm_1_0> fast;
    debug::debugger d;
    CHECK(d.attach(fast).error().is(msg::feature_not_built));
    CHECK(d.step().error().is(msg::stale_handle));
    CHECK(d.frames() == 0);
    CHECK_FALSE(bool(d.at(0)));
    CHECK(d.start(func(), {}).error().is(msg::stale_handle));

    // A store that has run fast is watched from then on, and runs fast again.
    guest g(arithmetic);
    g.debugger.detach();
    auto run = *g.instance.get<int(int)>("run");
    CHECK(*run(5) == 70);
    REQUIRE(d.attach(g.store));
    REQUIRE(d.start(g.get("run"), std::vector{value::i32(6)}));
    CHECK(kind_of(d.step()) == stop_kind::step);
    // One call at a time, and none that waits.
    debug::debugger other;
    CHECK(other.attach(g.store).error().is(msg::already_running));
    CHECK(*run(5) == 70); // a call by others runs through
    CHECK(kind_of(d.go_on()) == stop_kind::done);
    d.detach();
    CHECK(*run(7) == 90);
    CHECK(d.go_on().error().is(msg::stale_handle));

    // The last one is attached.
    REQUIRE(other.attach(g.store));
    REQUIRE(d.attach(g.store));
    CHECK(other.start(g.get("run"), std::vector{value::i32(6)}).error().is(msg::stale_handle));

    // Gone with the store.
    REQUIRE(d.start(g.get("run"), std::vector{value::i32(6)}));
    REQUIRE(g.store.reset());
    CHECK(d.step().error().is(msg::stale_handle));
    CHECK_FALSE(bool(d.at(0)));
    {
        guest brief(arithmetic);
        REQUIRE(d.attach(brief.store));
        REQUIRE(d.start(brief.get("run"), std::vector{value::i32(6)}));
    }
    CHECK_FALSE(d.is_alive());
    CHECK(d.go_on().error().is(msg::stale_handle));
}

struct transcript : debug::listener {
    std::string text;
    void begins(const debug::frame& at, u32 depth) noexcept override {
        text += std::string(2 * depth, ' ') + std::string(at.instruction());
        for (u32 i = at.operands() - at.taken(); i < at.operands(); ++i)
            text += " " + std::to_string(at.operand(i)->bits);
        text += "\n";
    }
    void ends(u32 depth, view<value> results) noexcept override {
        for (const value& v : results) text += std::string(2 * depth, ' ') + "= " + std::to_string(v.bits) + "\n";
    }
};

TEST_CASE("a listener is told of operands and results") {
    guest g(arithmetic);
    transcript all;
    g.debugger.tell(&all);
    value result;
    REQUIRE(g.get("run").call(std::vector{value::i32(1)}, {&result, 1}));
    CHECK(result.bits == 30);
    CHECK(all.text == "local.get\n= 1\ni32.const\n= 2\ncall 1 2\n  local.get\n  = 1\n  local.get\n  = 2\n"
                      "  i32.add 1 2\n  = 3\n  end\n= 3\ni32.const\n= 10\ni32.mul 3 10\n= 30\nend\n");
}

} // namespace
