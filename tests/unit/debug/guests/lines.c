// SPDX-License-Identifier: MIT
// A guest whose traps have known lines; build.sh compiles it, with a line table of DWARF 4 and of DWARF 5.
#include "lines.h"

__attribute__((noinline)) int quotient(int a, int b) {
    int twice = 2 * a;
    return twice / b;
}

__attribute__((export_name("run"))) int run(int a, int b) {
    int sum = square(a);
    sum += quotient(sum, b);
    return sum;
}
