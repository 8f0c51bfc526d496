// SPDX-License-Identifier: MIT
// What tests of machine code are built with, all with one of the engines in spec/engine.cpp.
#pragma once

#include <tessera/tessera.hpp>

constexpr tessera::features native_profile =
    tessera::everything + tessera::feature::native + tessera::feature::fuel + tessera::feature::interruption;

/// The same with all that games want: NaNs with bits to compare, and marks of the pages that were written to.
constexpr tessera::features native_game_profile =
    native_profile + tessera::feature::deterministic + tessera::feature::dirty_marks;

extern template const tessera::runtime::engine& tessera::runtime::engine_for<native_profile>() noexcept;
extern template const tessera::runtime::engine& tessera::runtime::engine_for<native_game_profile>() noexcept;
