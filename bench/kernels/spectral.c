// SPDX-License-Identifier: MIT
// f64 divisions of integers and sums of products: n times the spectral norm of 160 x 160 elements of an
// infinite matrix, by three power iterations from a random vector.
typedef unsigned u32;
typedef unsigned long long u64;
enum { size = 160 };

static double u[size], v[size], half_way[size];

static double element(u32 i, u32 j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

__attribute__((noinline)) static void times(const double* from, double* to) {
    for (u32 i = 0; i < size; ++i) {
        double sum = 0;
        for (u32 j = 0; j < size; ++j) sum += element(i, j) * from[j];
        to[i] = sum;
    }
}

__attribute__((noinline)) static void transposed_times(const double* from, double* to) {
    for (u32 i = 0; i < size; ++i) {
        double sum = 0;
        for (u32 j = 0; j < size; ++j) sum += element(j, i) * from[j];
        to[i] = sum;
    }
}

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 round = 0; round < n; ++round) {
        for (u32 i = 0; i < size; ++i) {
            seed = seed * 1664525 + 1013904223;
            u[i] = 1 + (double)(seed >> 16) / 65536;
        }
        for (int step = 0; step < 3; ++step) {
            times(u, half_way);
            transposed_times(half_way, v);
            times(v, half_way);
            transposed_times(half_way, u);
        }
        double uv = 0, vv = 0;
        for (u32 i = 0; i < size; ++i) {
            uv += u[i] * v[i];
            vv += v[i] * v[i];
        }
        union {
            double value;
            u64 bits;
        } norm = {__builtin_sqrt(uv / vv)};
        hash = hash * 31 + (u32)(norm.bits ^ norm.bits >> 32);
    }
    return hash;
}
