// SPDX-License-Identifier: MIT
// Locals in registers: where the pass puts pins, and that loops compute the same with them, whatever
// makes a pin stale, and wherever a call is stopped.
#include "support.hpp"

using namespace tessera::exec;
using tessera::f32;
using tessera::f64;
using tessera::i32;
using tessera::no_index;
using tessera::op;
using tessera::u32;
using tessera::u64;

namespace {

/// The switch loop has none.
constexpr bool pins_exist = exists({family::pins, 0, op::nop, {loc::slot}});

node made(variant v, u64 a, u64 b, u64 d) {
    node n;
    n.v = v;
    n.operands[0] = a;
    n.operands[1] = b;
    n.operands[3] = d;
    return n;
}
node add(u64 local, u64 constant, u64 to) {
    return made({family::binary, 0, op::i32_add, {loc::slot, loc::imm, loc::none, loc::slot}}, local, constant, to);
}
node back(u64 local, u32 label) {
    node n = made({family::br_compare, 0, op::i32_ne, {loc::slot, loc::imm, loc::none, loc::none}}, local, 0, 0);
    n.label = label;
    return n;
}
node call() {
    node n;
    n.v.fam = family::call_lazy;
    return n;
}

/// Nodes with one loop over all but the first, and the locals in slots 0 to 3 as i32.
struct one_loop {
    function_ir ir;
    slot_class locals[4];

    explicit one_loop(std::initializer_list<node> body) {
        for (slot_class& local : locals) local = {cls::i32, true};
        REQUIRE(ir.nodes.push_back(add(3, 1, 3)));
        for (const node& n : body) REQUIRE(ir.nodes.push_back(n));
        REQUIRE(ir.labels.push_back({1, 0, no_index}));
        REQUIRE(ir.loops.push_back({0, 1, u32(ir.nodes.size()), no_index}));
    }
    void run(bool stoppable = false) { REQUIRE(pin_pass(ir, locals, stoppable, stoppable).run()); }
    u32 pins() const {
        u32 n = 0;
        for (const node& each : ir.nodes) n += each.v.fam == family::pins;
        return n;
    }
};

/// Runs "f" of `text` at once, and again with one unit of fuel more at a time.
template <class R, class... A>
R stepped(const std::string& text, A... args) {
    guests::guest whole(text);
    const R expected = guests::must(whole.get<R(A...)>("f")(args...));

    auto mod = tessera::module::parse_text<guests::profile>(text);
    REQUIRE(mod);
    tessera::store<guests::profile> store;
    auto instance = store.instantiate(*mod);
    REQUIRE(instance);
    auto f = instance->template get<R(A...)>("f");
    REQUIRE(f);
    auto run = f->start(args...);
    REQUIRE(run);
    u32 stops = 0;
    while (!run->resume()) {
        REQUIRE(run->paused());
        REQUIRE(++stops < 100'000);
        REQUIRE(store.add_fuel(1));
    }
    CHECK(stops > 3);
    CHECK(guests::must(run->template get<R>()) == expected);
    return expected;
}

} // namespace

TEST_CASE("pins: the counter of a loop is loaded before it and read from the register") {
    if (!pins_exist) return;
    one_loop l({add(0, 1, 1), add(0, 2, 2), add(0, 0xffff'ffff, 0), back(0, 0)});
    l.run();
    REQUIRE(l.pins() == 1);
    CHECK(l.ir.nodes[1].v.fam == family::pins);
    CHECK(l.ir.nodes[1].operands[0] == 0);
    CHECK(l.ir.labels[0].node == 2); // back edges do not load it again
    CHECK(l.ir.labels[0].landing == 1);
    CHECK(l.ir.nodes[2].v.at[0] == loc::pin);
    CHECK(l.ir.nodes[4].v.at[0] == loc::pin);
    CHECK(l.ir.nodes[4].v.at[3] == loc::pin);
    CHECK(l.ir.nodes[5].v.at[0] == loc::pin);
}
TEST_CASE("pins: after a call they are loaded again, and only where that pays") {
    if (!pins_exist) return;
    one_loop often({add(0, 1, 1), add(0, 2, 2), add(0, 3, 2), call(), add(0, 4, 1), back(0, 0)});
    often.run();
    REQUIRE(often.pins() == 2);
    CHECK(often.ir.nodes[6].v.fam == family::pins);
    one_loop rarely({add(0, 1, 1), call(), back(1, 0)});
    rarely.run();
    CHECK(rarely.pins() == 0);
}
TEST_CASE("pins: an inner loop that begins with the outer one does not load them in its turns") {
    if (!pins_exist) return;
    for (const bool stoppable : {false, true}) {
        one_loop l({add(0, 1, 1), back(0, 1), add(0, 2, 2), add(0, 3, 2), add(0, 4, 1), back(0, 0)});
        REQUIRE(l.ir.labels.push_back({1, 0, no_index}));
        REQUIRE(l.ir.loops.push_back({1, 1, 3, 0}));
        l.run(stoppable);
        REQUIRE(l.ir.nodes[1].v.fam == family::pins);
        for (u32 label = 0; label < 2; ++label) {
            const u32 turn = l.ir.labels[label].node;
            CHECK(turn != 1);
            if (label == 1 || !stoppable) CHECK(l.ir.nodes[turn].v.fam == family::binary);
        }
    }
}
TEST_CASE("pins: a handler that knows none makes them stale") {
    if (!pins_exist) return;
    node count = made({family::unary, 0, op::i32_clz, {loc::slot, loc::none, loc::none, loc::slot}}, 1, 0, 0);
    one_loop l({count, add(0, 1, 1), add(0, 2, 2), add(0, 3, 2), back(0, 0)});
    l.run();
    REQUIRE(l.pins() == 2);
    CHECK(l.ir.nodes[2].v.fam == family::unary);
    CHECK(l.ir.nodes[2].v.at[3] == loc::slot);
    CHECK(l.ir.nodes[3].v.fam == family::pins);
}
TEST_CASE("pins: a local of another kind is left alone") {
    if (!pins_exist) return;
    one_loop l({add(0, 1, 1), add(0, 2, 2), back(0, 0)});
    l.locals[0].pinnable = false;
    l.run();
    CHECK(l.pins() == 0);
}

TEST_CASE("pins: sums of every class, stopped at every back edge") {
    CHECK(stepped<i32>(R"((module (func (export "f") (param $n i32) (result i32) (local $x i32)
        (loop $l
            (local.set $x (i32.add (i32.mul (local.get $x) (i32.const 31)) (local.get $n)))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))))",
                       20) != 0);
    CHECK(stepped<f64>(R"((module (func (export "f") (param $n i32) (result f64) (local $x f64)
        (loop $l
            (local.set $x (f64.add (f64.mul (local.get $x) (f64.const 0.5)) (f64.convert_i32_s (local.get $n))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))))",
                       20) > 1);
    CHECK(stepped<f32>(R"((module (func (export "f") (param $n i32) (result f32) (local $x f32)
        (loop $l
            (local.set $x (f32.neg (f32.add (f32.mul (local.get $x) (f32.const 0.5)) (f32.convert_i32_s (local.get $n)))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))))",
                       20) != 0);
    CHECK(stepped<u64>(R"((module (func (export "f") (param $n i32) (result i64) (local $x i64)
        (loop $l
            (local.set $x (i64.xor (i64.shr_u (local.get $x) (i64.const 3)) (i64.mul (local.get $x) (i64.const 77))))
            (local.set $x (i64.add (local.get $x) (i64.extend_i32_u (local.get $n))))
            (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $x))))",
                       20) != 0);
}

TEST_CASE("pins: callees with pins of their own, in nested loops, stopped everywhere") {
    CHECK(stepped<i32>(R"((module
        (memory 1)
        (func $inner (param $n i32) (result i32) (local $x i32)
            (loop $l
                (local.set $x (i32.add (local.get $x) (i32.mul (local.get $n) (local.get $n))))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $x))
        (func (export "f") (param $n i32) (result i32) (local $x i32) (local $i i32)
            (loop $outer
                (local.set $i (i32.const 4))
                (loop $l
                    (local.set $x (i32.add (local.get $x) (i32.mul (local.get $i) (local.get $i))))
                    (i32.store (i32.shl (local.get $i) (i32.const 2)) (local.get $x))
                    (local.set $x (i32.xor (local.get $x) (call $inner (local.get $i))))
                    (local.set $x (i32.add (local.get $x) (i32.load (i32.shl (local.get $i) (i32.const 2)))))
                    (br_if $l (local.tee $i (i32.sub (local.get $i) (i32.const 1)))))
                (local.set $x (i32.rotl (local.get $x) (local.get $n)))
                (local.set $x (i32.add (local.get $x) (memory.grow (i32.const 0))))
                (br_if $outer (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $x))))",
                       5) != 0);
}

TEST_CASE("pins: loops with several ways back and out") {
    CHECK(stepped<i32>(R"((module (func (export "f") (param $n i32) (result i32) (local $x i32)
        (block $out
            (loop $l
                (local.set $n (i32.sub (local.get $n) (i32.const 1)))
                (br_if $out (i32.eqz (local.get $n)))
                (block $b (block $a
                    (br_table $a $b $l (i32.and (local.get $n) (i32.const 3))))
                    (local.set $x (i32.add (local.get $x) (local.get $n)))
                    (br $l))
                (local.set $x (i32.mul (i32.add (local.get $x) (local.get $n)) (i32.const 3)))
                (br $l)))
        (i32.add (local.get $x) (local.get $n)))))",
                       40) != 0);
}

TEST_CASE("pins: vectors, whose register a call, another handler or a landing takes, stopped everywhere") {
    // Sums of the lanes, so that the result is a number: f of n is what a loop over scalars gives.
    constexpr const char* text = R"((module
        (memory 1)
        (tag $e)
        (func $other (param $n i32) (result v128) (local $y v128)
            (loop $l
                (local.set $y (i32x4.add (local.get $y) (i32x4.splat (local.get $n))))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (local.get $y))
        (func $throws (param $n i32) (if (i32.and (local.get $n) (i32.const 1)) (then (throw $e))))
        (func (export "f") (param $n i32) (result i32) (local $x v128) (local $y v128) (local $m i32)
            (loop $l
                (local.set $x (i32x4.add (local.get $x) (i32x4.splat (local.get $n))))
                (local.set $y (v128.xor (local.get $x) (local.get $y)))
                (local.set $x (i32x4.add (local.get $x) (local.get $x)))
                (v128.store (i32.const 16) (local.get $x))
                (local.set $m (i32.const 3))
                (loop $inner
                    (local.set $x (i16x8.add (v128.xor (local.get $x) (local.get $y)) (local.get $x)))
                    (br_if $inner (local.tee $m (i32.sub (local.get $m) (i32.const 1)))))
                (block $caught
                    (try_table (catch $e $caught)
                        (local.set $x (i32x4.replace_lane 1 (local.get $x) (local.get $n)))
                        (call $throws (local.get $n))
                        (local.set $x (i32x4.add (local.get $x) (call $other (local.get $n))))))
                (local.set $x (i32x4.add (local.get $x) (v128.load (i32.const 16))))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (i32.add (i32.add (i32x4.extract_lane 0 (local.get $x)) (i32x4.extract_lane 1 (local.get $x)))
                     (i32.add (i32x4.extract_lane 2 (local.get $x)) (i32x4.extract_lane 3 (local.get $y))))))
    )";
    // The same on numbers: lanes 0, 2 and 3 are alike, and lane 1 is not.
    u32 x[2] = {}, y[2] = {};
    const auto add_halves = [](u32 a, u32 b) { return ((a + b) & 0xffffu) | (((a >> 16) + (b >> 16)) << 16); };
    for (u32 n = 6; n != 0; --n) {
        u32 kept[2];
        for (int i = 0; i < 2; ++i) {
            x[i] += n;
            y[i] ^= x[i];
            x[i] += x[i];
            kept[i] = x[i];
            for (int m = 0; m < 3; ++m) x[i] = add_halves(x[i] ^ y[i], x[i]);
        }
        x[1] = n;
        for (int i = 0; i < 2; ++i) x[i] += (n % 2 ? 0 : n * (n + 1) / 2) + kept[i];
    }
    CHECK(u32(stepped<i32>(text, 6)) == x[0] + x[1] + x[0] + y[0]);
    if (pins_exist && has_vector_register) {
        constexpr auto slots = loc::slot;
        CHECK(exists({family::pins, 0, op::nop, {loc::none, loc::none, loc::none, slots}}));
        CHECK(exists({family::binary, 0, op::f32x4_mul, {loc::pin, slots, loc::none, loc::acc}}));
        CHECK(exists({family::binary, 0, op::f32x4_add, {loc::pin, loc::acc, loc::none, loc::pin}}));
    }
}
