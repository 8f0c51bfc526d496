// SPDX-License-Identifier: MIT
#include <tessera/features.hpp>

#include <doctest/doctest.h>

using namespace tessera;

static_assert((features{} + feature::gc)[feature::bulk_memory] && !(wasm_3_0 - feature::bulk_memory)[feature::gc]);

namespace {

/// All features, one after the other.
template <class Each>
void for_each_feature(Each each) {
    for (unsigned i = 0; i < unsigned(feature::count_); ++i) each(feature(i));
}

} // namespace

TEST_CASE("features: what is added brings what it needs, what is removed takes what needs it") {
    for_each_feature([](feature f) {
        CAPTURE(name(f));
        const features with = features{} + f;
        CHECK(with[f]);
        CHECK(with.contains(implied_by(f)));
        const features without = everything - f;
        CHECK(without[f] == (f == feature::mvp));
        for_each_feature([&](feature g) {
            if (without[g]) CHECK(without.contains(implied_by(g)));
            if (with[g]) CHECK(with.contains(implied_by(g)));
        });
        CHECK((with - f)[feature::mvp]);
    });
}

TEST_CASE("features: sets") {
    CHECK(wasm_3_0.contains(wasm_2_0));
    CHECK(wasm_2_0.contains(wasm_1_0));
    CHECK(!wasm_2_0.contains(wasm_3_0));
    CHECK(everything.contains(latest));
    CHECK(latest.first_missing(everything) == feature::legacy_exceptions);
    CHECK(everything.first_missing(latest) == feature::count_); // nothing is missing
    CHECK((wasm_1_0 + (features{} + feature::gc)) == wasm_1_0 + feature::gc);
    CHECK(name(feature::bulk_memory) == "bulk-memory");
}
