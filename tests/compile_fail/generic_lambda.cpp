// SPDX-License-Identifier: MIT
// expect: tessera: define needs a function pointer, or an object with one operator
#include <tessera/tessera.hpp>

int main() {
    tessera::imports env;
    env.define("env", "twice", [](auto x) { return 2 * x; });
}
