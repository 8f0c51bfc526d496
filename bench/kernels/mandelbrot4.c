// SPDX-License-Identifier: MIT
// The set on n x n points, n a multiple of 4, at most 255 steps each, in f32: of four points at once with vectors,
// with the results of one point after the other.
typedef unsigned u32;

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

static void four(u32 n, u32 row, u32 column, u32* steps) {
    const v128_t cr = wasm_f32x4_sub(
        wasm_f32x4_div(wasm_f32x4_mul(wasm_f32x4_splat(3.0f), wasm_f32x4_make((float)column, (float)column + 1,
                                                                              (float)column + 2, (float)column + 3)),
                       wasm_f32x4_splat((float)n)),
        wasm_f32x4_splat(2.25f));
    const v128_t ci = wasm_f32x4_splat(2.5f * (float)row / (float)n - 1.25f);
    v128_t zr = wasm_f32x4_splat(0), zi = zr, count = wasm_i32x4_splat(0), inside = wasm_i32x4_splat(-1);
    for (u32 i = 0; i < 255; ++i) {
        const v128_t rr = wasm_f32x4_mul(zr, zr), ii = wasm_f32x4_mul(zi, zi);
        inside = wasm_v128_and(inside, wasm_f32x4_le(wasm_f32x4_add(rr, ii), wasm_f32x4_splat(4)));
        if (!wasm_v128_any_true(inside)) break;
        count = wasm_i32x4_sub(count, inside);
        zi = wasm_f32x4_add(wasm_f32x4_mul(wasm_f32x4_mul(wasm_f32x4_splat(2), zr), zi), ci);
        zr = wasm_f32x4_add(wasm_f32x4_sub(rr, ii), cr);
    }
    wasm_v128_store(steps, count);
}
#else
static void four(u32 n, u32 row, u32 column, u32* steps) {
    for (u32 k = 0; k < 4; ++k) {
        const float cr = 3.0f * (float)(column + k) / (float)n - 2.25f, ci = 2.5f * (float)row / (float)n - 1.25f;
        float zr = 0, zi = 0;
        for (steps[k] = 0; steps[k] < 255; ++steps[k]) {
            const float rr = zr * zr, ii = zi * zi;
            if (rr + ii > 4) break;
            zi = 2 * zr * zi + ci;
            zr = rr - ii + cr;
        }
    }
}
#endif

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 row = 0; row < n; ++row)
        for (u32 column = 0; column < n; column += 4) {
            u32 steps[4];
            four(n, row, column, steps);
            for (u32 k = 0; k < 4; ++k) hash = hash * 31 + steps[k];
        }
    return hash;
}
