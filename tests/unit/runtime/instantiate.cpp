// SPDX-License-Identifier: MIT
#include "fake.hpp"

#include <doctest/doctest.h>

using namespace fake;
using tessera::kind;
using tessera::trap;
using tessera::value;

namespace {

/// Instantiates; REQUIREs nothing, so that failures can be looked at.
tessera::result<tessera::instance> make(tessera::basic_store& s, const bytes& b, const tessera::imports& env = {}) {
    auto mod = fake::parse(b);
    if (!mod) return mod.error();
    return s.instantiate(*mod, env);
}

const bytes one_func_type = section(1, {type({}, {0x7f})});

/// (func) exports "f" of index 0, which the fake engine answers with 0.
const bytes exports_f =
    wasm({one_func_type, section(3, {bytes{0}}), section(7, {export_("f", 0, 0)}), section(10, {body({0x41, 0})})});

} // namespace

TEST_CASE("instantiate: the empty module, and one function") {
    auto s = new_store();
    REQUIRE(s.status());
    CHECK(make(s, wasm({})));
    auto i = make(s, exports_f);
    REQUIRE(i);
    auto f = i->get<int()>("f");
    REQUIRE(f);
    auto r = (*f)();
    REQUIRE(r);
    CHECK(*r == 0);
    CHECK(i->get<int()>("g").error().is(tessera::msg::unknown_export));
    CHECK(i->get<int()>("g").error().detail() == "g");
    CHECK(i->get<long long()>("f").error().is(tessera::msg::wrong_type));
    CHECK(i->get<int(int)>("f").error().is(tessera::msg::wrong_type));
    CHECK(i->get<void()>("f").error().is(tessera::msg::wrong_type));
    CHECK(i->get<tessera::memory>("f").error().is(tessera::msg::wrong_type));
}

TEST_CASE("instantiate: unknown and incompatible imports name themselves") {
    auto s = new_store();
    const bytes m = wasm({section(1, {type({0x7f}, {0x7f})}), section(2, {import("env", "f", {0, 0})})});
    tessera::imports env;
    auto i = make(s, m, env);
    REQUIRE(!i);
    CHECK(i.error().kind() == kind::unlinkable);
    CHECK(i.error().message() == "unknown import");
    CHECK(i.error().detail() == "env.f");
    env.define("env", "f", [](int, int) { return 1; });
    i = make(s, m, env);
    REQUIRE(!i);
    CHECK(i.error().message() == "incompatible import type");
    CHECK(i.error().detail() == "env.f");
    env.define("env", "f", *s.make_global(value::i32(1), false));
    CHECK(make(s, m, env).error().message() == "incompatible import type");
    env.define("env", "f", [](int a) { return a; });
    CHECK(make(s, m, env));
}

TEST_CASE("instantiate: imported host functions can be called and exported again") {
    auto s = new_store();
    tessera::imports env;
    int seen = 0;
    env.define("env", "f", [&](int a) { return seen = a; });
    auto i = make(s,
                  wasm({section(1, {type({0x7f}, {0x7f})}), section(2, {import("env", "f", {0, 0})}),
                        section(7, {export_("g", 0, 0)})}),
                  env);
    REQUIRE(i);
    auto g = i->get<int(int)>("g");
    REQUIRE(g);
    CHECK(*(*g)(5) == 5);
    CHECK(seen == 5);
}

TEST_CASE("instantiate: what a failure before linking is done leaves behind is nothing") {
    auto s = new_store();
    const bytes m = wasm(
        {section(1, {type({}, {})}), section(2, {import("a", "f", {0, 0}), import("a", "missing", {0, 0})}),
         section(3, {bytes{0}}), section(4, {bytes{0x70, 0, 5}}), section(5, {bytes{0, 1}}), section(10, {body({})})});
    tessera::imports env;
    env.define("a", "f", [] {});
    const auto* d = s.data();
    for (int k = 0; k < 3; ++k) {
        REQUIRE(!make(s, m, env));
        CHECK(d->funcs.empty());
        CHECK(d->instances.empty());
        CHECK(d->memories.empty());
        CHECK(d->tables.empty());
        CHECK(d->units.empty());
        CHECK(d->func_blocks.empty());
        CHECK(d->memory_total.used == 0);
    }
}

TEST_CASE("instantiate: memories, tables and globals match by their current size and type") {
    auto s = new_store();
    auto memory = s.make_memory({{1, 4, true, false}, false, 16});
    REQUIRE(memory);
    tessera::imports env;
    env.define("h", "m", *memory);
    const auto wants_memory = [&](bytes limits) {
        return make(s, wasm({section(2, {import("h", "m", bytes{2} + limits)})}), env);
    };
    CHECK(wants_memory({1, 1, 4}));
    CHECK(wants_memory({1, 0, 9}));
    CHECK(wants_memory({0, 1}));
    CHECK(!wants_memory({0, 2}));
    CHECK(!wants_memory({1, 1, 3}));
    CHECK(!wants_memory({4, 1}));
    REQUIRE(memory->grow(1));
    CHECK(wants_memory({0, 2}));

    auto table = s.make_table({{2, 5, true, false}, tessera::t_funcref});
    REQUIRE(table);
    env.define("h", "t", *table);
    const auto wants_table = [&](bytes t) {
        return make(s, wasm({section(2, {import("h", "t", bytes{1} + t)})}), env);
    };
    CHECK(wants_table({0x70, 1, 2, 5}));
    CHECK(wants_table({0x70, 0, 0}));
    CHECK(!wants_table({0x70, 0, 3}));
    CHECK(!wants_table({0x70, 1, 0, 4}));
    CHECK(!wants_table({0x6f, 0, 0}));

    auto constant = s.make_global(value::i32(7), false), variable = s.make_global(value::i64(8), true);
    REQUIRE(constant);
    REQUIRE(variable);
    env.define("h", "c", *constant);
    env.define("h", "v", *variable);
    const auto wants_global = [&](const char* n, bytes t) {
        return make(s, wasm({section(2, {import("h", n, bytes{3} + t)})}), env);
    };
    CHECK(wants_global("c", {0x7f, 0}));
    CHECK(!wants_global("c", {0x7f, 1}));
    CHECK(!wants_global("c", {0x7e, 0}));
    CHECK(wants_global("v", {0x7e, 1}));
    CHECK(!wants_global("v", {0x7e, 0}));

    auto tag = s.make_tag(std::span<const tessera::val_type>());
    REQUIRE(tag);
    env.define("h", "x", *tag);
    CHECK(make(s, wasm({section(1, {type({}, {})}), section(2, {import("h", "x", {4, 0, 0})})}), env));
    CHECK(!make(s, wasm({section(1, {type({0x7f}, {})}), section(2, {import("h", "x", {4, 0, 0})})}), env));
}

TEST_CASE("instantiate: objects of another store are refused, and stale ones") {
    auto a = new_store(), b = new_store();
    auto global = a.make_global(value::i32(7), false);
    REQUIRE(global);
    tessera::imports env;
    env.define("h", "g", *global);
    const bytes m = wasm({section(2, {import("h", "g", {3, 0x7f, 0})})});
    CHECK(make(a, m, env));
    CHECK(make(b, m, env).error().is(tessera::msg::other_store));
    REQUIRE(a.reset());
    CHECK(make(a, m, env).error().is(tessera::msg::stale_handle));
    CHECK(!*global);
    CHECK(global->get().type == tessera::t_bottom);
    CHECK(global->get<int>().error().is(tessera::msg::stale_handle));
}

TEST_CASE("instantiate: constant expressions") {
    auto s = new_store();
    tessera::imports env;
    auto host = s.make_global(value::i32(1000), false);
    REQUIRE(host);
    env.define("h", "g", *host);
    const bytes add{0x6a}, sub{0x6b}, mul{0x6c};
    auto i = make(
        s,
        wasm({one_func_type, section(2, {import("h", "g", {3, 0x7f, 0})}), section(3, {bytes{0}}),
              section(6,
                      {bytes{0x7f, 0} + expr(bytes{0x23, 0} + i32_const(3) + mul + i32_const(-1) + add), // 1: 2999
                       bytes{0x7f, 1} + expr(bytes{0x23, 1} + i32_const(1) + sub),                       // 2: 2998
                       bytes{0x7e, 0} + expr({0x42, 0x7f, 0x42, 2, 0x7e, 0x42, 1, 0x7d, 0x42, 5, 0x7c}), // 3: -1*2-1+5
                       bytes{0x7d, 0} + expr({0x43, 0, 0, 0x80, 0x3f}),                                  // 4: 1.0f
                       bytes{0x7c, 0} + expr({0x44, 0, 0, 0, 0, 0, 0, 0, 0x40}),                         // 5: 2.0
                       bytes{0x70, 0} + expr({0xd2, 0}),      // 6: ref.func 0
                       bytes{0x6f, 0} + expr({0xd0, 0x6f})}), // 7: null
              section(7, {export_("1", 3, 1), export_("2", 3, 2), export_("3", 3, 3), export_("4", 3, 4),
                          export_("5", 3, 5), export_("6", 3, 6), export_("7", 3, 7)}),
              section(10, {body({0x41, 0})})}),
        env);
    REQUIRE_MESSAGE(i, i.error().message());
    const auto get = [&](const char* n) { return i->get<tessera::global>(n)->get(); };
    CHECK(get("1") == value::i32(2999));
    CHECK(get("2") == value::i32(2998));
    CHECK(get("3") == value::i64(2));
    CHECK(get("4") == value::f32(1.0f));
    CHECK(get("5") == value::f64(2.0));
    CHECK(get("6").as_ref().bits == 1);
    CHECK(get("7").as_ref().is_null());
    auto f = i->get<tessera::global>("6")->get<tessera::func>();
    REQUIRE(f);
    CHECK(*f == tessera::func(*s.data(), 0));
    auto two = i->get<tessera::global>("2");
    REQUIRE(two->set(5));
    CHECK(*two->get<int>() == 5);
    CHECK(two->set(value::i64(5)).error().is(tessera::msg::wrong_type));
    CHECK(two->set(1.0).error().is(tessera::msg::wrong_type));
    CHECK(i->get<tessera::global>("1")->set(5).error().is(tessera::msg::global_immutable));
}

TEST_CASE("instantiate: segments in order; what was written before a trap stays") {
    auto s = new_store();
    auto memory = s.make_memory({{1, 1, true, false}, false, 16});
    auto table = s.make_table({{4, 4, true, false}, tessera::t_funcref});
    REQUIRE(memory);
    REQUIRE(table);
    tessera::imports env;
    env.define("h", "m", *memory);
    env.define("h", "t", *table);
    const bytes imports = section(2, {import("h", "m", {2, 0, 1}), import("h", "t", {1, 0x70, 0, 4})});
    const bytes code = section(3, {bytes{0}, bytes{0}}) + section(7, {export_("f", 0, 1)});
    const bytes bodies = section(10, {body({0x41, 0}), body({0x41, 0})});
    const auto elem = [](int at, bytes funcs) { return bytes{0} + expr(i32_const(at)) + leb(funcs.size()) + funcs; };
    const auto data = [](int at, std::string_view text) { return bytes{0} + expr(i32_const(at)) + name(text); };
    auto i = make(s,
                  wasm({one_func_type, imports, code, section(9, {elem(1, {1, 0})}), bodies,
                        section(11, {data(0, "abc"), data(2, "XY")})}),
                  env);
    REQUIRE(i);
    CHECK(*memory->text(0, 4) == "abXY");
    CHECK(!*table->get<tessera::func>(0));
    REQUIRE(table->get<tessera::func>(1));
    CHECK(*table->get<tessera::func>(1) == *i->get<tessera::func>("f"));

    auto bad = make(s,
                    wasm({one_func_type, imports, code, section(9, {elem(3, {1})}), bodies,
                          section(11, {data(5, "kept"), data(65534, "lost")})}),
                    env);
    REQUIRE(!bad);
    CHECK(bad.error().why() == trap::out_of_bounds_memory);
    CHECK(*memory->text(5, 4) == "kept");
    CHECK(memory->bytes()[65534] == 0);
    // The function of the failed instance is in the table, and can be called.
    auto f = *table->get<tessera::func>(3);
    REQUIRE(f);
    value r[1];
    REQUIRE(f.call({}, r));
    CHECK(r[0] == value::i32(1));

    bad = make(s,
               wasm({one_func_type, imports, code, section(9, {elem(0, {0}), elem(3, {1, 1})}), bodies,
                     section(11, {data(20, "never")})}),
               env);
    REQUIRE(!bad);
    CHECK(bad.error().why() == trap::out_of_bounds_table);
    CHECK(*table->get<tessera::func>(0));
    CHECK(memory->bytes()[20] == 0);
}

TEST_CASE("instantiate: passive and declarative segments, drops") {
    auto s = new_store();
    auto i =
        make(s, wasm({one_func_type, section(3, {bytes{0}}), section(4, {bytes{0x70, 0, 1}}), section(5, {bytes{0, 1}}),
                      section(9, {bytes{1, 0, 2, 0, 0}, bytes{3, 0, 1, 0},
                                  bytes{5, 0x70, 2} + expr({0xd2, 0}) + expr({0xd0, 0x70})}),
                      section(12, leb(2)), section(10, {body({0x41, 0})}),
                      section(11, {bytes{1} + name("passive"), bytes{0} + expr(i32_const(0)) + name("x")})}));
    REQUIRE_MESSAGE(i, i.error().message());
    tessera::runtime::instance_data& d = *s.data()->instances[0];
    REQUIRE(d.elems.size() == 3);
    CHECK(d.elems[0].size() == 2);
    CHECK(d.elems[0][1] == 1);
    CHECK(d.elems[1].empty());
    REQUIRE(d.elems[2].size() == 2);
    CHECK(d.elems[2][0] == 1);
    CHECK(d.elems[2][1] == 0);
    CHECK(d.datas[0].size() == 7);
    CHECK(d.datas[1].empty());
    d.drop_elem(0);
    d.drop_data(0);
    CHECK(d.elems[0].empty());
    CHECK(d.datas[0].empty());
}

TEST_CASE("instantiate: tables with an initial value") {
    auto s = new_store();
    auto i =
        make(s, wasm({one_func_type, section(3, {bytes{0}}), section(4, {bytes{0x40, 0, 0x70, 0, 3} + expr({0xd2, 0})}),
                      section(7, {export_("t", 1, 0)}), section(10, {body({0x41, 0})})}));
    REQUIRE_MESSAGE(i, i.error().message());
    auto t = i->get<tessera::table>("t");
    for (u64 k = 0; k < 3; ++k) CHECK(*t->get<tessera::func>(k));
}

TEST_CASE("instantiate: the start function") {
    auto s = new_store();
    tessera::imports env;
    int started = 0;
    bool fail = false;
    env.define("h", "start", [&]() -> tessera::result<void> {
        ++started;
        if (fail) return trap::unreachable;
        return {};
    });
    const bytes m =
        wasm({section(1, {type({}, {})}), section(2, {import("h", "start", {0, 0})}), section(8, bytes{0})});
    REQUIRE(make(s, m, env));
    CHECK(started == 1);
    fail = true;
    auto i = make(s, m, env);
    REQUIRE(!i);
    CHECK(i.error().why() == trap::unreachable);
    CHECK(s.data()->instances.size() == 2);
}

TEST_CASE("instantiate: what this build cannot run is named") {
    auto s = new_store({}, tessera::wasm_1_0);
    auto i = make(s, wasm({section(1, {type({}, {0x7f, 0x7f})}), section(3, {bytes{0}}),
                           section(10, {body({0x41, 0, 0x41, 0})})}));
    REQUIRE(!i);
    CHECK(i.error().kind() == kind::unsupported);
    CHECK(i.error().detail() == "multi-value");
}

TEST_CASE("instantiate: limits have names") {
    const bytes memory = wasm({section(5, {bytes{0, 2}})}), table = wasm({section(4, {bytes{0x70, 0, 20}})});
    const auto refused = [](tessera::limits l, const bytes& m, int good = 0) {
        auto s = new_store(l);
        for (int i = 0; i < good; ++i) REQUIRE(make(s, m));
        auto r = make(s, m);
        REQUIRE(!r);
        CHECK(r.error().is(tessera::msg::limit_reached));
        CHECK(r.error().kind() == kind::exhaustion);
        return std::string(r.error().detail());
    };
    tessera::limits l;
    l.memory_bytes = 65536;
    CHECK(refused(l, memory) == "limits::memory_bytes");
    l = {};
    l.total_memory_bytes = 5 * 65536;
    CHECK(refused(l, memory, 2) == "limits::total_memory_bytes");
    l = {};
    l.table_entries = 19;
    CHECK(refused(l, table) == "limits::table_entries");
    l = {};
    l.total_table_entries = 50;
    CHECK(refused(l, table, 2) == "limits::total_table_entries");
    l = {};
    l.instances = 3;
    CHECK(refused(l, wasm({}), 3) == "limits::instances");
    l = {};
    l.memories = 1;
    CHECK(refused(l, memory, 1) == "limits::memories");
    l = {};
    l.tables = 1;
    CHECK(refused(l, table, 1) == "limits::tables");
    l = {};
    l.functions = 2;
    CHECK(refused(l, exports_f, 2) == "limits::functions");
}

TEST_CASE("instantiate: many instances of one module share its unit, modules share types") {
    auto s = new_store();
    auto mod = fake::parse(exports_f);
    REQUIRE(mod);
    for (int i = 0; i < 10; ++i) REQUIRE(s.instantiate(*mod));
    CHECK(s.data()->units.size() == 1);
    CHECK(s.data()->funcs.size() == 10);
    auto other = fake::parse(exports_f);
    REQUIRE(other);
    REQUIRE(s.instantiate(*other));
    CHECK(s.data()->units.size() == 2);
    CHECK(s.data()->types.size() == 1);
    CHECK(s.data()->funcs[0]->type_id == s.data()->funcs[10]->type_id);
}

TEST_CASE("instantiate: a whole instance as imports") {
    auto s = new_store();
    auto a = make(s, exports_f);
    REQUIRE(a);
    tessera::imports env;
    env.define("a", *a);
    const bytes m = wasm({one_func_type, section(2, {import("a", "f", {0, 0})}), section(7, {export_("again", 0, 0)})});
    auto b = make(s, m, env);
    REQUIRE(b);
    CHECK(*b->get<tessera::func>("again") == *a->get<tessera::func>("f"));
    env.define("a", "f", [] { return 77; });
    auto c = make(s, m, env);
    REQUIRE(c);
    auto f = c->get<int()>("again");
    CHECK(*(*f)() == 77);
    const bytes missing = wasm({one_func_type, section(2, {import("a", "q", {0, 0})})});
    CHECK(make(s, missing, env).error().is(tessera::msg::unknown_import));
    tessera::imports stale;
    stale.define("a", *a);
    REQUIRE(s.reset());
    CHECK(make(s, m, stale).error().is(tessera::msg::stale_handle));
    CHECK(make(s, missing, stale).error().is(tessera::msg::stale_handle)); // what it exported is not known any more
}
