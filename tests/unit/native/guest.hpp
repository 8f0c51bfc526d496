// SPDX-License-Identifier: MIT
// A module in a store of its own, as machine code or interpreted.
#pragma once

#include "native/profile.hpp"

#include <doctest/doctest.h>

#include <string_view>

struct native_guest {
    tessera::store<native_profile> store;
    tessera::instance instance;

    explicit native_guest(std::string_view text, bool compiled, const tessera::imports& env = {},
                          tessera::native_options options = {.threshold = 0, .all = true}) {
        REQUIRE(store.add_fuel(~tessera::u64{0}).has_value());
        if (compiled) REQUIRE(enable_native(store, options).has_value());
        auto mod = tessera::module::parse_text<native_profile>(text);
        REQUIRE(mod.has_value());
        auto made = store.instantiate(*mod, env);
        REQUIRE(made.has_value());
        instance = *made;
    }
    template <class T>
    auto get(std::string_view name) {
        return *instance.get<T>(name);
    }
};
