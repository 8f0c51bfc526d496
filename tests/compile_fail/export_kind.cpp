// SPDX-License-Identifier: MIT
// expect: tessera: get<T>: T is
#include <tessera/tessera.hpp>

int main() {
    tessera::instance instance;
    return instance.get<double>("f") ? 0 : 1;
}
