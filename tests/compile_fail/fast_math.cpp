// SPDX-License-Identifier: MIT
// expect: tessera: -ffast-math breaks the arithmetic
#define __FAST_MATH__ 1
#include <tessera/tessera.hpp>

int main() {}
