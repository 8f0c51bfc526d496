// SPDX-License-Identifier: MIT
// expect: add_fuel
// A member that needs a feature does not exist without it.
#include <tessera/tessera.hpp>

int main() {
    tessera::store<tessera::wasm_2_0> store;
    return store.add_fuel(1) ? 0 : 1;
}
