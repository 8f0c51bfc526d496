// SPDX-License-Identifier: MIT
// Locals in registers: where the pass puts pins. That loops compute the same with them is tested in exec/.
#include <tessera/tessera.hpp>

#include <doctest/doctest.h>

#include <initializer_list>

using namespace tessera::exec;
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

TEST_CASE("pins: vectors have a register where handlers jump to each other") {
    if (!(pins_exist && has_vector_register)) return;
    constexpr auto slots = loc::slot;
    CHECK(exists({family::pins, 0, op::nop, {loc::none, loc::none, loc::none, slots}}));
    CHECK(exists({family::binary, 0, op::f32x4_mul, {loc::pin, slots, loc::none, loc::acc}}));
    CHECK(exists({family::binary, 0, op::f32x4_add, {loc::pin, loc::acc, loc::none, loc::pin}}));
}
