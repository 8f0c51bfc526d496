// SPDX-License-Identifier: MIT
// Calls with machine code stop and go on like those without.
#include "native/profile.hpp"

#include "../../../bench/kernels.hpp"
#include "../../files.hpp"

#include <tessera/game.hpp>

#include <doctest/doctest.h>

#include <random>

namespace {

using namespace tessera;
using tessera::u32;
using tessera::u64;
using native_store = tessera::store<native_profile>;

} // namespace

TEST_CASE("a kernel as machine code in random slices ends as one that is interpreted straight, and costs the same") {
    const std::string folder = TESSERA_TESTS "/../bench/kernels";
    const auto kernels = read_kernels(folder);
    REQUIRE_FALSE(kernels.empty());
    std::minstd_rand random(7);
    for (const kernel& k : kernels) {
        CAPTURE(k.name);
        auto mod = tessera::module::parse<native_profile>(read_file((folder + "/" + k.name + ".wasm").c_str()));
        REQUIRE(mod.has_value());
        const value args[] = {value::i32(k.small), value::i32(k.seed)};
        constexpr u64 plenty = u64{1} << 60;
        native_store straight;
        REQUIRE(straight.add_fuel(plenty).has_value());
        auto a = straight.instantiate(*mod);
        REQUIRE(a.has_value());
        value want[1], got[1];
        REQUIRE(a->get<tessera::func>("run")->call(args, want).has_value());
        CHECK(want[0].bits == k.small_result);
        const u64 cost = plenty - straight.fuel();
        for (const u32 threshold : {0u, 5u}) {
            CAPTURE(threshold);
            native_store compiled;
            REQUIRE(enable_native(compiled, {.threshold = threshold}).has_value());
            auto b = compiled.instantiate(*mod);
            REQUIRE(b.has_value());
            auto call = game::start(*b->get<tessera::func>("run"), args);
            REQUIRE(call.has_value());
            u32 slices = 0;
            for (const u32 most = u32(cost / 500 + 50); !call->is_over(); ++slices) call->run(random() % most);
            CHECK(call->state() == game::standing::finished);
            REQUIRE(call->results(got).has_value());
            CHECK(got[0] == want[0]);
            CHECK(call->fuel_used() == cost);
            CHECK(slices > 3);
        }
    }
}
