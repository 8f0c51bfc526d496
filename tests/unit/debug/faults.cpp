// SPDX-License-Identifier: MIT
// Debugging with each allocation failing in turn.
#include "support.hpp"

using namespace watched;

namespace {

/// Attaches, stops, steps to the end, lists; the result of the call.
result<u64> session(debug::debugger& d, tessera::store<profile>& store, const module& mod, const tessera::instance& i) {
    if (auto ok = d.attach(store); !ok) return ok.error();
    const auto first = debug::debugger::first_instruction(mod, 0);
    if (!first) return first.error();
    const auto number = d.break_at(mod, *first);
    if (!number) return number.error();
    if (auto ok = d.watch(*i.get<memory>("m"), 0, 100); !ok) return ok.error();
    auto at = d.start(*i.get<func>("run"), {});
    while (at && at->is_alive()) at = d.step();
    if (!at) return at.error();
    if (at->kind == stop_kind::failed) return d.failure();
    value v;
    if (auto ok = d.results({&v, 1}); !ok) return ok.error();
    if (auto list = debug::listing::print(mod); !list) return list.error();
    return v.bits;
}

TEST_CASE("out of memory: a debugging session") {
    struct quiet : debug::listener {
        void begins(const debug::frame&, u32) noexcept override {}
        void ends(u32, view<value>) noexcept override {}
    };
    const long before = faults::live;
    {
        const module mod = parse(R"((module (memory (export "m") 1)
            (func $f (param i32) (result i32) (i32.store (i32.const 0) (local.get 0)) (i32.add (local.get 0) (i32.const 1)))
            (func (export "run") (result i32) (block $b (result i32) (br_if $b (call $f (i32.const 4)) (i32.const 1))))))");
        const long n = faults::each([&] {
            const long left = std::exchange(faults::left, -1); // what prepares is not under test
            tessera::store<profile> store;
            REQUIRE(store.add_fuel(1'000'000));
            auto instance = store.instantiate(mod);
            REQUIRE(instance);
            quiet listens;
            debug::debugger d;
            d.tell(&listens);
            faults::left = left;
            const auto first = session(d, store, mod, *instance);
            faults::left = -1;
            if (!first) {
                CHECK(first.error().kind() == kind::exhaustion);
                CHECK(faults::failed != 0);
            }
            // Whatever was missing, it works when it is there again.
            const auto second = session(d, store, mod, *instance);
            REQUIRE_MESSAGE(second, second.error().message());
            CHECK(*second == 5);
            d.detach();
            CHECK(*(*instance->get<int()>("run"))() == 5);
            return first.has_value();
        });
        CHECK(n > 20);
    }
    CHECK(faults::live == before);
}

} // namespace
