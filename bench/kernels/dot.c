// SPDX-License-Identifier: MIT
// The dot product of sixteen-bit numbers, n times of 4096: eight products at once with vectors.
typedef unsigned u32;
typedef int i32;
typedef short i16;
enum { length = 4096 };

static i16 a[length], b[length];

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

__attribute__((noinline)) static u32 dot(const i16* x, const i16* y, u32 n) {
    v128_t sum = wasm_i32x4_splat(0), other = sum;
    for (u32 i = 0; i < n; i += 16) {
        sum = wasm_i32x4_add(sum, wasm_i32x4_dot_i16x8(wasm_v128_load(x + i), wasm_v128_load(y + i)));
        other = wasm_i32x4_add(other, wasm_i32x4_dot_i16x8(wasm_v128_load(x + i + 8), wasm_v128_load(y + i + 8)));
    }
    sum = wasm_i32x4_add(sum, other);
    return (u32)wasm_i32x4_extract_lane(sum, 0) + (u32)wasm_i32x4_extract_lane(sum, 1) +
           (u32)wasm_i32x4_extract_lane(sum, 2) + (u32)wasm_i32x4_extract_lane(sum, 3);
}
#else
__attribute__((noinline)) static u32 dot(const i16* x, const i16* y, u32 n) {
    u32 sum = 0;
    for (u32 i = 0; i < n; i += 4)
        sum += (u32)((i32)x[i] * y[i]) + (u32)((i32)x[i + 1] * y[i + 1]) + (u32)((i32)x[i + 2] * y[i + 2]) +
               (u32)((i32)x[i + 3] * y[i + 3]);
    return sum;
}
#endif

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 i = 0; i < length; ++i) {
        seed = seed * 1664525 + 1013904223;
        a[i] = (i16)(seed >> 16);
        b[i] = (i16)seed;
    }
    for (u32 i = 0; i < n; ++i) {
        a[i % length] = (i16)hash;
        hash = hash * 31 + dot(a, b, length);
    }
    return hash;
}
