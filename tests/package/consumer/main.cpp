// SPDX-License-Identifier: MIT
// The smallest user: includes the header, says which version it is, and asks it for something.
#include <tessera/tessera.hpp>

#include <cstdio>

int main() {
    std::printf("%d.%d.%d\n", TESSERA_VERSION_MAJOR, TESSERA_VERSION_MINOR, TESSERA_VERSION_PATCH);
    return tessera::wasm_3_0[tessera::feature::simd] ? 0 : 1;
}
