// SPDX-License-Identifier: MIT
#include "../../faults.hpp"

#include "../runtime/fake.hpp"

#include <doctest/doctest.h>

#include <optional>
#include <string>

using namespace fake;
namespace msg = tessera::msg;
using tessera::value;

namespace {

const bytes module_bytes = wasm(
    {section(1, {type({}, {0x7f}), type({0x7f}, {}), type({0x7e, 0x7d}, {0x7c})}),
     section(2, {import("env", "tick", {0, 1}), import("env", "memory", {2, 0, 0}), import("env", "g", {3, 0x7f, 0}),
                 import("env", "mix", {0, 2})}),
     section(3, {bytes{0}, bytes{0}, bytes{0}}), section(4, {bytes{0x70, 0, 5}, bytes{0x6f, 0, 3}}),
     section(5, {bytes{0, 2}}),
     section(6, {bytes{0x7f, 1} + expr(bytes{0x23, 0} + i32_const(5) + bytes{0x6a}), bytes{0x70, 0} + expr({0xd2, 3})}),
     section(7, {export_("f", 0, 2), export_("g", 0, 3), export_("m", 2, 1), export_("t", 1, 0), export_("v", 3, 1)}),
     section(9, {bytes{0} + expr(i32_const(1)) + bytes{2, 2, 3}, bytes{1, 0, 3, 2, 3, 4},
                 bytes{5, 0x70, 2} + expr({0xd2, 2}) + expr({0xd0, 0x70})}),
     section(12, leb(2)), section(10, {body({0x41, 0}), body({0x41, 0}), body({0x41, 0})}),
     section(11, {bytes{1} + name("passive"), bytes{2, 1} + expr(i32_const(3)) + name("active")})});

/// False if `r` failed, and then for want of memory.
template <class R>
bool worked(const R& r) {
    if (r) return true;
    CHECK(r.error().is(msg::out_of_memory));
    CHECK(faults::failed != 0);
    return false;
}

} // namespace

TEST_CASE("out of memory: parsing") {
    const long before = faults::live;
    const long n = faults::each([&] {
        const bool done = worked(parse(module_bytes));
        CHECK(faults::live == before);
        return done;
    });
    CHECK(n > 10);
}

TEST_CASE("out of memory: instantiation leaves nothing behind, and works the next time") {
    const long before = faults::live;
    {
        auto mod = parse(module_bytes);
        REQUIRE_MESSAGE(mod, mod.error().message());
        const long n = faults::each([&] {
            const long left = std::exchange(faults::left, -1); // what prepares is not under test
            auto s = new_store();
            REQUIRE(s.status());
            int ticks = 0;
            tessera::imports env;
            env.define("env", "tick", [&](int) { ++ticks; });
            env.define("env", "mix", [](long long, float) { return 1.0; });
            env.define("env", "memory", *s.make_memory({{0, 0, false, false}, false, 16}));
            env.define("env", "g", *s.make_global(value::i32(1), false));
            faults::left = left;
            auto i = s.instantiate(*mod, env);
            const bool done = worked(i);
            faults::left = -1;
            const auto* d = s.data();
            CHECK(d->instances.size() == (done ? 1 : d->instances.size()));
            if (!done && d->instances.empty()) {
                CHECK(d->memories.size() == 1);
                CHECK(d->tables.empty());
                CHECK(d->globals.size() == 1);
                CHECK(d->funcs.empty());
                CHECK(d->units.empty());
            }
            auto again = s.instantiate(*mod, env);
            REQUIRE(again);
            CHECK(*again->get<tessera::memory>("m")->text(3, 6) == "active");
            CHECK(again->get<tessera::table>("t")->get<tessera::func>(1).has_value());
            return done;
        });
        CHECK(n > 20);
    }
    CHECK(faults::live == before);
}

TEST_CASE("out of memory: a store, its objects, imports") {
    const long before = faults::live;
    faults::each([&] {
        auto s = new_store();
        return worked(s.status());
    });
    const std::string big(100, 'x');
    faults::each([&] {
        tessera::imports env;
        bool all = worked(env.define("module", "function", [big] { return int(big.size()); }));
        all = worked(env.define("module", big, [] {})) && all;
        all = worked(env.define("module", "dynamic",
                                tessera::func_type{std::span(&tessera::t_i32, 1), std::span(&tessera::t_i64, 1)},
                                [](tessera::caller&, std::span<const value>,
                                   std::span<value>) -> tessera::result<void> { return {}; })) &&
              all;
        if (!all) {
            CHECK(!env.status());
            CHECK(env.status().error().is(msg::out_of_memory));
        }
        tessera::imports moved = std::move(env);
        CHECK(bool(moved.status()) == all);
        return all;
    });
    faults::each([&] {
        auto s = new_store();
        if (!worked(s.status())) return false;
        bool all = worked(s.make_memory({{1, 2, true, false}, false, 16}));
        all = worked(s.make_table({{9, 0, false, false}, tessera::t_externref})) && all;
        all = worked(s.make_global(value::f64(1), true)) && all;
        all = worked(s.make_tag(std::span<const tessera::val_type>(&tessera::t_i32, 1))) && all;
        all = worked(s.make_func([big](int a) { return a + int(big.size()); })) && all;
        all = worked(s.make_object<std::string>("held")) && all;
        return all;
    });
    CHECK(faults::live == before);
}

TEST_CASE("out of memory: growing") {
    const long before = faults::live;
    {
        auto s = new_store();
        auto m = s.make_memory({{1, 100, true, false}, false, 16});
        auto t = s.make_table({{1, 100, true, false}, tessera::t_externref});
        REQUIRE(m);
        REQUIRE(t);
        faults::left = 0;
        faults::sticky = true;
        auto grown = m->grow(50);
        REQUIRE(!grown);
        CHECK(grown.error().is(msg::cannot_grow));
        CHECK(m->pages() == 1);
        CHECK(!t->grow(50, tessera::externref()));
        CHECK(t->size() == 1);
        CHECK(s.data()->memory_total.used == 65536);
        faults::left = -1;
        faults::sticky = false;
        CHECK(m->grow(50));
        CHECK(t->grow(50, tessera::externref()));
        // Only the room to spare is not there: what is needed still is.
        faults::left = 0;
        CHECK(m->grow(10));
        faults::left = -1;
    }
    CHECK(faults::live == before);
}
