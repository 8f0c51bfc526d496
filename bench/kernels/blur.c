// SPDX-License-Identifier: MIT
// An image of bytes is blurred n times: each pixel becomes the mean of the nine around it, weighted 1 2 1 in each
// direction. Sixteen pixels at once with vectors.
typedef unsigned u32;
typedef unsigned short u16;
typedef unsigned char u8;
enum { width = 256, height = 64 };

static u8 image[height][width], next[height][width];

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

// 1 2 1 of bytes, as sixteen-bit lanes: the lower or the upper eight.
static inline v128_t weigh(v128_t a, v128_t b, v128_t c) {
    return wasm_i16x8_add(wasm_i16x8_add(a, c), wasm_i16x8_shl(b, 1));
}
static inline v128_t low(const u8* p) {
    return weigh(wasm_u16x8_load8x8(p - width), wasm_u16x8_load8x8(p), wasm_u16x8_load8x8(p + width));
}
static void row(const u8* from, u8* to) {
    for (u32 x = 8; x < width - 8; x += 16) {
        v128_t half[2];
        for (u32 k = 0; k < 2; ++k) {
            const u8* p = from + x + 8 * k;
            half[k] = wasm_u16x8_shr(wasm_i16x8_add(weigh(low(p - 1), low(p), low(p + 1)), wasm_i16x8_splat(8)), 4);
        }
        wasm_v128_store(to + x, wasm_u8x16_narrow_i16x8(half[0], half[1]));
    }
}
#else
static inline u32 weigh(u32 a, u32 b, u32 c) { return a + c + 2 * b; }
static inline u32 column(const u8* p) { return weigh(p[-width], p[0], p[width]); }
static void row(const u8* from, u8* to) {
    for (u32 x = 8; x < width - 8; ++x) {
        const u8* p = from + x;
        to[x] = (u8)((weigh(column(p - 1), column(p), column(p + 1)) + 8) >> 4);
    }
}
#endif

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 y = 0; y < height; ++y)
        for (u32 x = 0; x < width; ++x) {
            seed = seed * 1664525 + 1013904223;
            image[y][x] = next[y][x] = (u8)(seed >> 24);
        }
    for (u32 i = 0; i < n; ++i) {
        for (u32 y = 1; y < height - 1; ++y)
            if (i % 2) row(next[y], image[y]);
            else row(image[y], next[y]);
    }
    for (u32 y = 0; y < height; ++y)
        for (u32 x = 0; x < width; ++x) hash = hash * 31 + image[y][x] * 7u + next[y][x];
    return hash;
}
