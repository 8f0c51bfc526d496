// SPDX-License-Identifier: MIT
// Structures, arrays and references in the hands of the host.
#include "../objects.hpp"

using namespace objects;
using namespace tessera;

TEST_CASE("objects: fields and elements of every type") {
    host h;
    v128 vector;
    for (u8 i = 0; i < 16; ++i) vector.bytes[i] = i;
    u64 half[2];
    std::memcpy(half, vector.bytes, 16);
    if constexpr (std::endian::native == std::endian::big) half[0] = 0x0706050403020100, half[1] = 0x0f0e0d0c0b0a0908;
    const value fields[] = {
        value::i32(0x1ff), value::i64(~u64{1}), value::i32(0xfffe8001), {t_v128, half[0], half[1]}, value::f64(-0.0)};
    auto made = h.store.make_struct(h.type(3), fields);
    REQUIRE(made);
    CHECK(made->type() == h.type(3));
    CHECK(made->fields().size() == 5);
    CHECK(*made->field<u32>(0) == 0xff);
    CHECK(*made->field<u64>(1) == ~u64{1});
    CHECK(*made->field<u32>(2) == 0x8001);
    CHECK(*made->field<v128>(3) == vector);
    CHECK(*made->field(4) == value::f64(-0.0));
    CHECK(made->set_field(0, 7));
    CHECK(made->set_field(1, value::i64(8)));
    CHECK(made->set_field(3, v128{}));
    CHECK(*made->field<u32>(0) == 7);
    CHECK(*made->field<u64>(1) == 8);
    CHECK(*made->field<v128>(3) == v128{});
    CHECK(*made->field(4) == value::f64(-0.0)); // next to it
    CHECK_FALSE(made->set_field(2, 1));         // a constant
    CHECK_FALSE(made->set_field(1, 1));         // of another type
    CHECK_FALSE(made->set_field(5, 1));
    CHECK_FALSE(made->field(5));
    CHECK_FALSE(made->field<f32>(4));
    CHECK(made->element(0).error().kind() == kind::usage);
    CHECK(made->size() == 0);

    auto defaults = h.store.make_struct(h.type(3));
    REQUIRE(defaults);
    CHECK(*defaults->field<u64>(1) == 0);
    CHECK_FALSE(h.store.make_struct(h.type(5))); // its field has no default value
    CHECK_FALSE(h.store.make_struct(h.type(3), std::span(fields, 4)));
    CHECK_FALSE(h.store.make_struct(h.type(1)));
    CHECK_FALSE(h.store.make_struct(1000));

    auto bytes = h.store.make_array(h.type(2), 5, value::i32(0x203));
    REQUIRE(bytes);
    CHECK(bytes->size() == 5);
    CHECK(*bytes->element<u32>(4) == 3);
    CHECK(bytes->set_element(4, 0x1ff));
    CHECK(*bytes->element<u32>(4) == 0xff);
    CHECK(*bytes->element<u32>(3) == 3);
    CHECK(bytes->element(5).error().why() == trap::out_of_bounds_array);
    CHECK(bytes->set_element(5, 0).error().why() == trap::out_of_bounds_array);
    CHECK_FALSE(bytes->field(0));
    CHECK_FALSE(h.store.make_array(h.type(3), 1));

    rooted null = std::move(*h.store.root(h.null()));
    CHECK(null.is_null());
    CHECK(null.field(0).error().why() == trap::null_structure);
    CHECK(null.element(0).error().why() == trap::null_array);
    h.check();
}

TEST_CASE("objects: references are of types") {
    host h;
    const rooted node = h.node(h.null(), h.null(), 1), null = std::move(*h.store.root(h.null()));
    const auto array = std::move(*h.store.make_array(h.type(1), 1));
    const auto number = std::move(*h.store.root(value::reference(t_anyref, {7})));
    const auto abstract = [](u8 code) { return val_type::ref(heap_type::abstract(code), false); };
    const auto type = [&](u32 t) { return val_type::ref(heap_type::index(h.type(t)), false); };
    CHECK((node.is(type(0)) && !node.is(type(1)) && node.is(abstract(code::struct_)) && node.is(abstract(code::eq))));
    CHECK((!node.is(abstract(code::array)) && !node.is(abstract(code::i31)) && !node.is(abstract(code::none))));
    CHECK((array.is(type(1)) && array.is(abstract(code::array)) && !array.is(abstract(code::struct_))));
    CHECK((number.is(abstract(code::i31)) && number.is(abstract(code::eq)) && !number.is(type(0))));
    CHECK((!null.is(type(0)) && null.is(val_type::ref(heap_type::index(h.type(1)), true))));
    CHECK_FALSE(node.is(t_funcref));
    CHECK_FALSE(node.is(t_i32));
    // Only what is of its type gets into a field.
    CHECK_FALSE(node.set_field(0, array.get()));
    CHECK_FALSE(node.set_field(0, number.get()));
    CHECK(node.set_field(0, node.get()));
    CHECK(array.set_element(0, node.get()));
    CHECK(array.set_element(0, number.get()));
    CHECK(array.set_element(0, value::reference(t_anyref, {})));
    CHECK_FALSE(array.set_element(0, value::reference(t_anyref, {1u << 20}))); // nothing lies there
    CHECK_FALSE(array.set_element(0, value::reference(t_anyref, {node.get().as_ref().bits + 8})));
    h.check();
}

TEST_CASE("objects: handles are stale after a reset") {
    host h;
    const rooted node = h.node(h.null(), h.null(), 1);
    REQUIRE(h.store.reset());
    CHECK_FALSE(node);
    CHECK_FALSE(node.field(0));
    CHECK_FALSE(node.set_field(2, 1));
    CHECK(node.get().as_ref().is_null());
    CHECK(h.store.heap().bytes_total == 0);
}

TEST_CASE("objects: what belongs to another store, or to nobody, is refused") {
    host h, other;
    const rooted mine = h.node(h.null(), h.null(), 1);
    const rooted theirs = other.node(other.null(), other.null(), 2); // lies where `mine` does
    CHECK(h.type(0) == other.type(0));
    CHECK_FALSE(mine.set_field(0, value::reference(t_anyref, {theirs.get().as_ref().bits + 4096})));
    CHECK_FALSE(mine.set_field(0, value::reference(val_type::ref(heap_type::index(1000), true), {})));
    CHECK_FALSE(h.store.root(value::i32(8)));
    CHECK_FALSE(h.store.root(value::reference(t_anyref, {1u << 30})));
    CHECK(h.store.root(value::reference(t_anyref, {})));
    const rooted none;
    CHECK_FALSE(none);
    CHECK(none.is_null());
    CHECK(none.size() == 0);
    CHECK(none.fields().empty());
    CHECK_FALSE(none.is(t_anyref));
    CHECK(none.field(0).error().kind() == kind::usage);
    CHECK(none.set_element(0, 1).error().kind() == kind::usage);
    h.check();
}

TEST_CASE("objects: functions, tables and globals take what is rooted") {
    host h;
    rooted node = h.node(h.null(), h.null(), 5);
    const auto global = h.store.make_global({t_anyref, true}, node.get());
    const auto table = h.store.make_table({{1}, t_externref});
    REQUIRE(global);
    REQUIRE(table);
    REQUIRE(table->set(0, value::reference(t_externref, node.get().as_ref())));
    node = rooted();
    h.check();
    CHECK(h.store.heap().bytes_live == node_bytes);
    auto again = h.store.root(global->get());
    REQUIRE(again);
    CHECK(*again->field<u32>(2) == 5);
    REQUIRE(global->set(value::reference(t_anyref, {})));
    *again = rooted();
    h.check();
    CHECK(h.store.heap().bytes_live == node_bytes); // the table has it
    REQUIRE(table->set(0, value::reference(t_externref, {})));
    h.check();
    CHECK(h.store.heap().bytes_live == 0);
}
