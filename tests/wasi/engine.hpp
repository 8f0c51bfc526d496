// SPDX-License-Identifier: MIT
// The engine of the tests of WASI, which engine.cpp compiles once for all of them. They define TESSERA_WASI.
#pragma once

#include <tessera/tessera.hpp>

inline constexpr tessera::features wasi_profile = tessera::latest - tessera::feature::simd - tessera::feature::gc -
                                                  tessera::feature::exceptions + tessera::feature::interruption;
