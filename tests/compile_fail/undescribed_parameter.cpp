// SPDX-License-Identifier: MIT
// expect: tessera: guests are told of numbers, bool, structures and enumerations that are described
#define TESSERA_GAME 1
#include <tessera/tessera.hpp>

struct point {
    int x, y;
};

int main() {
    tessera::imports env;
    tessera::game::binding api("env", env);
    api.function("draw", "Draws a point.", {"at"}, [](point) {});
}
