// SPDX-License-Identifier: MIT
// f64 loads, multiplications and additions: n products of 96 x 96 matrices.
typedef unsigned u32;
typedef unsigned long long u64;
enum { size = 96 };

static double a[size][size], b[size][size], c[size][size];

static void multiply(void) {
    for (u32 i = 0; i < size; ++i)
        for (u32 j = 0; j < size; ++j) {
            double sum = 0;
            for (u32 k = 0; k < size; ++k) sum += a[i][k] * b[k][j];
            c[i][j] = sum;
        }
}

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 i = 0; i < size; ++i)
        for (u32 j = 0; j < size; ++j) {
            seed = seed * 1664525 + 1013904223;
            a[i][j] = (double)(seed >> 16) / 65536;
            seed = seed * 1664525 + 1013904223;
            b[i][j] = (double)(seed >> 16) / 65536;
        }
    for (u32 round = 0; round < n; ++round) {
        multiply();
        for (u32 i = 0; i < size; ++i) {
            union {
                double value;
                u64 bits;
            } x = {c[i][(i * 7 + round) % size]};
            hash = hash * 31 + (u32)(x.bits ^ x.bits >> 32);
            a[i][round % size] = c[i][i] / size; // the next product depends on this one
        }
    }
    return hash;
}
