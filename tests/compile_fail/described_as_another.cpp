// SPDX-License-Identifier: MIT
// expect: tessera: this describe is about another type
#define TESSERA_GAME 1
#include <tessera/tessera.hpp>

struct point {
    int x, y;
};
struct other {
    int x;
};
constexpr auto describe(tessera::guest_type<other>) {
    return tessera::structure("point", tessera::field("x", &point::x), tessera::field("y", &point::y));
}

int main() { return int(tessera::memory().load<other>(0)->x); }
