// SPDX-License-Identifier: MIT
// The smallest user: includes the header and asks it for something.
#include <tessera/tessera.hpp>

int main() { return tessera::wasm_3_0[tessera::feature::simd] && TESSERA_VERSION_MAJOR < 99 ? 0 : 1; }
