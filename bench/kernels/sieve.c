// SPDX-License-Identifier: MIT
// Byte stores with a stride and a scan of bytes: n sieves of the primes below 2^18.
typedef unsigned u32;
enum { limit = 1 << 18 };

static unsigned char composite[limit];

static u32 sieve(void) {
    u32 sum = 0;
    for (u32 i = 0; i < limit; ++i) composite[i] = 0;
    for (u32 i = 2; i < limit; ++i) {
        if (composite[i]) continue;
        sum += i;
        if (i < 512) // 512 * 512 is the limit
            for (u32 k = i * i; k < limit; k += i) composite[k] = 1;
    }
    return sum;
}

u32 run(u32 n, u32 seed) {
    u32 sum = seed;
    for (u32 round = 0; round < n; ++round) sum = sum * 31 + sieve();
    return sum;
}
