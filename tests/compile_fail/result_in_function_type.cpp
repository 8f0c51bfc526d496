// SPDX-License-Identifier: MIT
// expect: tessera: leave out result<> in a function type
#include <tessera/tessera.hpp>

int main() {
    tessera::instance instance;
    return instance.get<tessera::result<int>(int)>("f") ? 0 : 1;
}
