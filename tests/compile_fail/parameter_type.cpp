// SPDX-License-Identifier: MIT
// expect: tessera: this parameter type is none WebAssembly has
#include <tessera/tessera.hpp>

struct point {
    int x, y;
};

int main() {
    tessera::imports env;
    env.define("env", "draw", [](point) {});
}
