// SPDX-License-Identifier: MIT
// One program of parts that were compiled differently. Where a handler of another part replaced one that
// calls in tail position, the native stack would grow with each turn of the guest's loop; where a part
// without exceptions lent its binding of a host function to one with them, an exception would end the program.
#include "part.hpp"

#include <cstdio>

#define TESSERA_ODR_DECLARE(name, throws) outcome name(unsigned n);
#define TESSERA_ODR_RUN(name, throws) {#name, &name, throws},
#include "parts.inc"
TESSERA_ODR_PARTS(TESSERA_ODR_DECLARE)

int main() {
    struct part {
        const char* name;
        outcome (*run)(unsigned);
        bool throws;
    };
    static constexpr part parts[] = {TESSERA_ODR_PARTS(TESSERA_ODR_RUN)};
    const unsigned n = 1000000, expected = 1784293664 + 1; // n * (n + 1) / 2, modulo 2^32, and one
    int failed = 0;
    for (const part& p : parts) {
        const outcome o = p.run(n);
        const bool fine = o.sum == expected && o.caught == p.throws && o.returned == (p.throws ? 0u : 4u);
        std::printf("%s: %s\n", p.name, fine ? "fine" : "FAILED");
        failed += !fine;
    }
    return failed;
}
