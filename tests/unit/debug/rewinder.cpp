// SPDX-License-Identifier: MIT
// Going back by making the call again.
#include "support.hpp"

#include <optional>

using namespace watched;

namespace {

/// A store for each time, with a host function that gives the same numbers in each.
struct small_world : debug::world {
    explicit small_world(const std::string& text) : mod(parse(text)) {}

    result<debug::entry_point> make(debug::debugger& d) noexcept override {
        ++made;
        given = 0;
        store.emplace();
        if (auto ok = d.attach(*store); !ok) return ok.error();
        static_cast<void>(store->add_fuel(u64{1} << 40));
        imports env;
        env.define("env", "next", [this] { return ++given; });
        auto instance = store->instantiate(mod, env);
        if (!instance) return instance.error();
        auto f = instance->get<func>("run");
        if (!f) return f.error();
        return debug::entry_point{*f, arguments};
    }
    module mod;
    std::vector<value> arguments;
    std::optional<tessera::store<profile>> store;
    u32 given = 0, made = 0;
};

const std::string program = R"((module
    (func $next (import "env" "next") (result i32))
    (func (export "run") (result i32) (local i32 i32)
        (loop $again
            (local.set 1 (i32.add (local.get 1) (i32.mul (call $next) (call $next))))
            (br_if $again (i32.lt_u (local.tee 0 (i32.add (local.get 0) (i32.const 1))) (i32.const 10))))
        (local.get 1))))";

TEST_CASE("back and forth shows the same") {
    small_world world(program);
    debug::debugger d;
    debug::rewinder r(d, world);
    REQUIRE(r.restart());
    const auto now = [&] { // offset, locals, operands
        const debug::frame f = d.at(0);
        std::vector<u64> m{f.offset()};
        for (u32 i = 0; i < f.locals(); ++i) m.push_back(f.local(i)->bits);
        for (u32 i = 0; i < f.operands(); ++i) m.push_back(f.operand(i)->bits);
        return m;
    };
    std::vector<std::vector<u64>> all;
    while (d.is_alive()) {
        all.push_back(now());
        REQUIRE(d.step());
    }
    value v;
    REQUIRE(d.results({&v, 1}));
    CHECK(v.bits == 1430); // 1*2 + 3*4 + ... + 19*20
    while (!all.empty()) {
        CHECK(kind_of(r.back()) == stop_kind::step);
        CHECK(d.count() == all.size() - 1);
        CHECK(now() == all.back());
        all.pop_back();
    }
    CHECK(d.count() == 0);
    CHECK(kind_of(r.back()) == stop_kind::step);
    CHECK(d.count() == 0);
    CHECK(kind_of(d.go_on()) == stop_kind::done);
}

TEST_CASE("back to a breakpoint") {
    small_world world(program);
    debug::debugger d;
    debug::rewinder r(d, world);
    REQUIRE(r.restart());
    while (d.at(0).instruction() != "local.set") REQUIRE(d.step());
    const auto number = d.break_at(world.mod, d.at(0).offset());
    REQUIRE(number);
    std::vector<u64> stops{d.count()};
    while (kind_of(d.go_on()) == stop_kind::breakpoint) stops.push_back(d.count());
    CHECK(stops.size() == 10);
    for (; !stops.empty(); stops.pop_back()) {
        CHECK(*r.back_to_point() == debug::stop{stop_kind::breakpoint, *number});
        CHECK(d.count() == stops.back());
    }
    CHECK(kind_of(r.back_to_point()) == stop_kind::step);
    CHECK(d.count() == 0);
}

TEST_CASE("from a trap to the instruction that trapped") {
    small_world world(R"((module (func (export "run") (result i32)
        (i32.const 1) (i32.const 0) (i32.div_u))))");
    debug::debugger d;
    debug::rewinder r(d, world);
    REQUIRE(r.restart());
    CHECK(kind_of(d.go_on()) == stop_kind::failed);
    CHECK(d.count() == 2);
    CHECK(kind_of(r.back()) == stop_kind::step);
    CHECK(d.at(0).instruction() == "i32.div_u");
    CHECK(kind_of(r.back()) == stop_kind::step);
    CHECK(d.at(0).instruction() == "i32.const");
    CHECK(world.made == 3);
}

} // namespace
