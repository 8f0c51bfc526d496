// SPDX-License-Identifier: MIT
// The command around a kernel that is compiled natively: NAME WORK SEED prints what run(WORK, SEED) returns.
#include <stdio.h>
#include <stdlib.h>

unsigned run(unsigned work, unsigned seed);

int main(int argc, char** argv) {
    if (argc != 3) return 2;
    printf("%u\n", run((unsigned)strtoul(argv[1], 0, 10), (unsigned)strtoul(argv[2], 0, 10)));
}
