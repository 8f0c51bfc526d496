// SPDX-License-Identifier: MIT
// expect: tessera: a parameter type is none WebAssembly has
#include <tessera/tessera.hpp>

int main() {
    tessera::instance instance;
    return instance.get<int(short)>("f") ? 0 : 1;
}
