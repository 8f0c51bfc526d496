// SPDX-License-Identifier: MIT
// What tests of machine code are built with, all with one engine: the one in spec/engine.cpp.
#pragma once

#include <tessera/tessera.hpp>

constexpr tessera::features native_profile =
    tessera::everything + tessera::feature::native + tessera::feature::fuel + tessera::feature::interruption;

extern template const tessera::runtime::engine& tessera::runtime::engine_for<native_profile>() noexcept;
