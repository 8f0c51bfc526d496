// SPDX-License-Identifier: MIT
// One store and one instance of a module in text, for the tests of exec/.
#pragma once

#include <tessera/tessera.hpp>

#include <doctest/doctest.h>

#include <string>

namespace guests {

// The feature sets of these tests: each engine costs the compiler as much as all the tests together.
inline constexpr tessera::features profile =
    tessera::latest + tessera::feature::legacy_exceptions + tessera::feature::fuel + tessera::feature::interruption +
    tessera::feature::dirty_marks;
inline constexpr tessera::features deterministic = tessera::latest + tessera::feature::deterministic;

/// An instance of `text` in a store of its own.
class guest {
public:
    explicit guest(const std::string& text, const tessera::imports& env = {}, const tessera::limits& limits = {})
        : store(limits) {
        auto mod = tessera::module::parse_text<profile>(text);
        REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << " line " << mod.error().line());
        REQUIRE(store.add_fuel(tessera::u64{1} << 60));
        auto made = store.instantiate(*mod, env);
        REQUIRE_MESSAGE(made, made.error().message() << " " << made.error().detail());
        instance = *made;
    }
    template <class Signature>
    auto get(const char* name) const {
        auto f = instance.get<Signature>(name);
        REQUIRE_MESSAGE(f, name);
        return *f;
    }

    tessera::store<profile> store;
    tessera::instance instance;
};

/// The value of a result that must have one.
template <class T>
T must(const tessera::result<T>& r) {
    REQUIRE_MESSAGE(r.has_value(), r.error().message());
    return *r;
}

/// What calling `name` with `args` traps with; trap::none if it does not.
template <class... A>
tessera::trap outcome(const guest& g, const char* name, A... args) {
    const auto r = g.get<void(A...)>(name)(args...);
    return r ? tessera::trap::none : r.error().why();
}

} // namespace guests
