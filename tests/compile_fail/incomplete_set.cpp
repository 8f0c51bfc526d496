// SPDX-License-Identifier: MIT
// expect: tessera: this set has the first feature named here without the second
// names: feature::gc, (tessera::)?(v[a-z0-9_]*::)?feature::function_references
#include <tessera/tessera.hpp>

int main() {
    constexpr tessera::features gc_alone{1 | 1u << unsigned(tessera::feature::gc)};
    tessera::store<gc_alone> store;
    return store.status() ? 0 : 1;
}
