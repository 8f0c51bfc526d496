// SPDX-License-Identifier: MIT
// Stores that are saved, restored elsewhere, and go on.
#include "support.hpp"

#include <tessera/save.hpp>

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <vector>

#include "../../../bench/kernels.hpp"
#include "../../files.hpp"

namespace saved {

using store = tessera::store<guests::profile>;
using bytes = std::vector<tessera::u8>;

bytes save(store& s, const std::vector<tessera::execution*>& calls = {}) {
    const auto made = tessera::save(s, calls);
    REQUIRE_MESSAGE(made, made.error().message() << ": " << made.error().detail());
    const auto hash = tessera::state_hash(s, calls);
    REQUIRE(hash);
    return {made->begin(), made->end()};
}
/// Restores `from` into `s`, and checks that saving it again gives the same bytes.
tessera::restored restore(store& s, const bytes& from, std::initializer_list<tessera::module> modules,
                          const tessera::imports& env = {}) {
    auto made = tessera::restore(s, from, {modules.begin(), modules.size()}, env);
    REQUIRE_MESSAGE(made, made.error().message() << ": " << made.error().detail() << " at " << made.error().offset());
    std::vector<tessera::execution*> calls;
    for (tessera::execution& e : made->calls) calls.push_back(&e);
    CHECK(save(s, calls) == from);
    return std::move(*made);
}
tessera::module parse(const std::string& text) {
    auto mod = tessera::module::parse_text<guests::profile>(text);
    REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << " line " << mod.error().line());
    return *mod;
}
tessera::u64 hash_of(store& s, const std::vector<tessera::execution*>& calls = {}) {
    const auto h = tessera::state_hash(s, calls);
    REQUIRE(h);
    return *h;
}

/// Calls `name` of `text` with `args` straight, and again with a stop at about every `slice` of fuel, each time in
/// a new store. How often it stopped.
unsigned check_slices(const tessera::module& mod, const char* name, std::vector<tessera::value> args, unsigned slice,
                      unsigned most, unsigned seed, const tessera::imports& env = {}) {
    store whole;
    REQUIRE(whole.add_fuel(tessera::u64{1} << 50));
    auto inst = whole.instantiate(mod, env);
    REQUIRE_MESSAGE(inst, inst.error().message() << inst.error().detail());
    auto f = inst->get<tessera::func>(name);
    REQUIRE(f);
    tessera::value want[1], got[1];
    const auto ran = f->call(args, want);
    REQUIRE_MESSAGE(ran, ran.error().message());
    const tessera::u64 cost = (tessera::u64{1} << 50) - whole.fuel();

    std::mt19937 random(seed);
    store now;
    REQUIRE(now.add_fuel(slice));
    auto made = now.instantiate(mod, env);
    REQUIRE(made);
    auto started = made->get<tessera::func>(name)->start(args);
    REQUIRE(started);
    tessera::execution call = std::move(*started);
    unsigned stops = 0;
    tessera::u64 given = slice;
    for (;;) {
        if (stops < most) {
            const bytes state = save(now, {&call});
            store next;
            auto there = restore(next, state, {mod}, env);
            REQUIRE(there.calls.size() == 1);
            CHECK(hash_of(next, {&there.calls[0]}) == hash_of(now, {&call}));
            call = std::move(there.calls[0]);
            now = std::move(next);
        }
        if (const auto step = call.resume(); !step) REQUIRE_MESSAGE(call.paused(), step.error().message());
        if (call.done()) break;
        ++stops;
        const unsigned more = stops < most ? 1 + random() % (2 * slice) : 1u << 30;
        given += more;
        REQUIRE(now.add_fuel(more));
    }
    REQUIRE(call.results(got));
    CHECK(got[0] == want[0]);
    CHECK(given - now.fuel() == cost);
    return stops;
}

} // namespace saved

TEST_CASE("a kernel that is saved where it stops, and goes on in a new store, gives the same") {
    const std::string folder = TESSERA_TESTS "/../bench/kernels";
    const auto kernels = read_kernels(folder);
    REQUIRE_FALSE(kernels.empty());
    for (const kernel& k : kernels) {
        CAPTURE(k.name);
        auto mod = tessera::module::parse<guests::profile>(read_file((folder + "/" + k.name + ".wasm").c_str()));
        REQUIRE(mod);
        for (const unsigned slice : {7u, 300u, 20'000u}) {
            CAPTURE(slice);
            CHECK(saved::check_slices(*mod, "run", {tessera::value::i32(k.small), tessera::value::i32(k.seed)}, slice, 6,
                                      slice + k.seed) > 0);
        }
    }
}
