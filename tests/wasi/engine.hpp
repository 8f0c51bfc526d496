// SPDX-License-Identifier: MIT
// The engine of the tests of WASI. It is compiled once, by engine.cpp, and the functions of WASI by functions.cpp.
#pragma once

#include <tessera/tessera.hpp>

inline constexpr tessera::features wasi_profile = tessera::latest - tessera::feature::simd - tessera::feature::gc -
                                                  tessera::feature::exceptions + tessera::feature::interruption;
