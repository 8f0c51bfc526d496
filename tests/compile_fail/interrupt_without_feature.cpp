// SPDX-License-Identifier: MIT
// expect: interrupt
#include <tessera/tessera.hpp>

int main() {
    tessera::store<tessera::wasm_2_0> store;
    store.interrupt();
}
