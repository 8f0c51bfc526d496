// SPDX-License-Identifier: MIT
// A guest of the tests' engine, for the tests of exec/.
#pragma once

#include "../../engine.hpp"
#include "../guest.hpp"

namespace guests {

inline constexpr tessera::features profile = engines::metered;
using guest = basic_guest<profile>;

/// What calling `name` with `args` traps with; trap::none if it does not.
template <class... A>
tessera::trap outcome(const guest& g, const char* name, A... args) {
    const auto r = g.get<void(A...)>(name)(args...);
    return r ? tessera::trap::none : r.error().why();
}

} // namespace guests
