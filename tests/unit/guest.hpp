// SPDX-License-Identifier: MIT
// One store and one instance of a module in text.
#pragma once

#include <tessera/tessera.hpp>

#include <doctest/doctest.h>

#include <string>

namespace guests {

/// An instance of `text` in a store of its own.
template <tessera::features F>
class basic_guest {
public:
    explicit basic_guest(const std::string& text, const tessera::imports& env = {}, const tessera::limits& limits = {})
        : store(limits) {
        auto mod = tessera::module::parse_text<F>(text);
        REQUIRE_MESSAGE(mod, mod.error().message() << " " << mod.error().detail() << " line " << mod.error().line());
        if constexpr (F[tessera::feature::fuel]) REQUIRE(store.add_fuel(tessera::u64{1} << 60));
        auto made = store.instantiate(*mod, env);
        REQUIRE_MESSAGE(made, made.error().message() << " " << made.error().detail());
        instance = *made;
    }
    template <class Signature>
    auto get(const char* name) const {
        auto f = instance.template get<Signature>(name);
        REQUIRE_MESSAGE(f, name);
        return *f;
    }

    tessera::store<F> store;
    tessera::instance instance;
};

/// The value of a result that must have one.
template <class T>
T must(const tessera::result<T>& r) {
    REQUIRE_MESSAGE(r.has_value(), r.error().message());
    return *r;
}

} // namespace guests
