// SPDX-License-Identifier: MIT
// The bodies of the library for wasm_2_0, compiled once for all examples that use no other features. The examples by
// themselves are compiled with nothing but the header.
#define TESSERA_IMPLEMENTATION
#include <tessera/tessera.hpp>

TESSERA_INSTANTIATE(tessera::wasm_2_0);
