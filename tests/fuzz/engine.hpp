// SPDX-License-Identifier: MIT
// The engine of the fuzzers that run guests. engine.cpp has the bodies, compiled once; what links `fuzz_engine` sees
// declarations only.
#pragma once

#include <tessera/tessera.hpp>

namespace fuzz {

/// NaNs are canonical, as what is compared has to have the same bits.
inline constexpr tessera::features profile = tessera::latest + tessera::feature::deterministic +
                                             tessera::feature::fuel + tessera::feature::interruption +
                                             tessera::feature::native;

/// All that can be is compiled when it is first called.
inline constexpr tessera::native_options compile_all{.threshold = 0, .all = true, .code_bytes = 4 << 20};

} // namespace fuzz
