// SPDX-License-Identifier: MIT
// Long loops: where a handler of another part replaced one that calls in tail position, the native
// stack would grow with each turn.
#include <cstdio>

unsigned optimised(unsigned n);
unsigned plain(unsigned n);
unsigned loop(unsigned n);

int main() {
    const unsigned n = 1000000, expected = 1784293664; // n * (n + 1) / 2, modulo 2^32
    const unsigned a = plain(n), b = loop(n), c = optimised(n);
    std::printf("%u %u %u\n", a, b, c);
    return a == expected && b == expected && c == expected ? 0 : 1;
}
