// SPDX-License-Identifier: MIT
// f64 arithmetic in registers and a comparison: the set on n x n points, at most 255 steps each.
typedef unsigned u32;

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 row = 0; row < n; ++row)
        for (u32 column = 0; column < n; ++column) {
            const double cr = 3.0 * column / n - 2.25, ci = 2.5 * row / n - 1.25;
            double zr = 0, zi = 0;
            u32 steps = 0;
            for (; steps < 255; ++steps) {
                const double rr = zr * zr, ii = zi * zi;
                if (rr + ii > 4) break;
                zi = 2 * zr * zi + ci;
                zr = rr - ii + cr;
            }
            hash = hash * 31 + steps;
        }
    return hash;
}
