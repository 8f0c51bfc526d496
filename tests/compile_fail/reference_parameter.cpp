// SPDX-License-Identifier: MIT
// expect: tessera: a reference parameter would refer to a copy
#include <tessera/tessera.hpp>

int main() {
    tessera::imports env;
    env.define("env", "next", [](int& counter) { ++counter; });
}
