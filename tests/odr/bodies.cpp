// SPDX-License-Identifier: MIT
// The bodies for the parts that only see declarations.
#include <tessera/tessera.hpp>

TESSERA_INSTANTIATE(tessera::wasm_2_0 - tessera::feature::simd + tessera::feature::fuel);
TESSERA_INSTANTIATE(tessera::wasm_1_0);
