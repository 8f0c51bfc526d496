// SPDX-License-Identifier: MIT
// Guests whose accesses are checked, or stopped by guard pages.
#pragma once

#include "native/profile.hpp"

#include <doctest/doctest.h>

#include <string_view>

namespace guard_test {

using namespace tessera;
using tessera::i32;
using tessera::i64;
using tessera::u32;
using tessera::u64;

inline constexpr features profile = native_profile;
#if defined(__linux__) || defined(_WIN32)
inline constexpr bool has_guards = TESSERA_TAIL_CALLS;
#else
inline constexpr bool has_guards = false;
#endif

enum class bounds { interpreted, checked, guarded };

struct guest {
    tessera::store<profile> store;
    tessera::instance instance;

    guest(std::string_view text, bounds how, const imports& env = {}, native_options options = {.threshold = 0}) {
        REQUIRE(store.add_fuel(~u64{0}).has_value());
        options.all = true;
        options.guard_pages = how == bounds::guarded;
        if (how != bounds::interpreted) REQUIRE(enable_native(store, options).has_value());
        instance = add(text, env);
    }
    tessera::instance add(std::string_view text, const imports& env = {}) {
        auto mod = tessera::module::parse_text<profile>(text);
        REQUIRE(mod.has_value());
        auto made = store.instantiate(*mod, env);
        REQUIRE(made.has_value());
        return *made;
    }
    template <class T>
    auto get(std::string_view name) {
        return *instance.get<T>(name);
    }
    u64 guarded() const { return native_counters_of(store).guarded; }
};

template <class T>
void check_same(const result<T>& got, const result<T>& wanted) {
    REQUIRE(got.has_value() == wanted.has_value());
    if (got.has_value()) {
        CHECK(*got == *wanted);
        return;
    }
    CHECK(got.error().why() == wanted.error().why());
    CHECK(got.error().offset() == wanted.error().offset());
    CHECK(got.error().frames().size() == wanted.error().frames().size());
}

} // namespace guard_test
