// SPDX-License-Identifier: MIT
// expect: tessera: this result type is none WebAssembly has
#include <tessera/tessera.hpp>

int main() {
    tessera::imports env;
    env.define("env", "name", [] { return "text"; });
}
