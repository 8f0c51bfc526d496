// SPDX-License-Identifier: MIT
// The engines of the tests that need no others. engine.cpp has the bodies, compiled once for all programs; what links
// `test_engine` sees declarations only. Where TEST_ENGINE_METERED_ONLY is defined, `metered` is the only one.
#pragma once

#include "faults.hpp"

#include <tessera/tessera.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace engines {

/// All instructions; metered, interruptible, watched, written pages marked. NaNs have bits to compare.
inline constexpr tessera::features metered = tessera::everything + tessera::feature::fuel +
                                             tessera::feature::interruption + tessera::feature::tracing +
                                             tessera::feature::dirty_marks + tessera::feature::deterministic;

/// Without fuel and without the exceptions of before 3.0.
inline constexpr tessera::features plain = tessera::latest + tessera::feature::interruption;

/// A row of the table that loads or stores vectors, or lanes of them.
struct vector_access {
    std::string text;
    unsigned size; ///< in bytes
    bool is_store;
    std::string lane; ///< what stands after the offset
};
std::vector<vector_access> vector_accesses();

/// The bytes of a module in text, which need not be valid.
tessera::result<tessera::vec<tessera::u8>> assembled(std::string_view text);

} // namespace engines
