// SPDX-License-Identifier: MIT
// Uses a feature set whose bodies are nowhere: it must not link.
#include <tessera/tessera.hpp>

int main() {
    tessera::store<tessera::wasm_1_0> store;
    return store.status() ? 0 : 1;
}
