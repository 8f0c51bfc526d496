// SPDX-License-Identifier: MIT
// The engine of the benchmarks that do not measure the code of a call itself: compiled once for all of them.
#define TESSERA_IMPLEMENTATION
#include <tessera/tessera.hpp>

TESSERA_INSTANTIATE(tessera::wasm_3_0);
