// SPDX-License-Identifier: MIT
// Is a text valid UTF-8? n times of 16 KiB, mostly not ASCII. With vectors sixteen bytes at once, by three tables of
// what two neighbouring bytes cannot be ("Validating UTF-8 in less than one instruction per byte", Keiser and Lemire).
typedef unsigned u32;
typedef unsigned char u8;
enum { size = 16384 };

static u8 text[size + 16];

#ifdef __wasm_simd128__
#include <wasm_simd128.h>

enum {
    too_short = 1,
    too_long = 2,
    overlong_3 = 4,
    too_large = 8,
    surrogate = 16,
    overlong_2 = 32,
    too_large_1000 = 64,
    two_conts = 128,
    carry = too_short | too_long | two_conts,
};

static inline v128_t before(v128_t now, v128_t last, int n) {
    return n == 1   ? wasm_i8x16_shuffle(last, now, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30)
           : n == 2 ? wasm_i8x16_shuffle(last, now, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29)
                    : wasm_i8x16_shuffle(last, now, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
}
__attribute__((noinline)) static u32 valid(const u8* at, u32 n) {
    const v128_t first_high =
        wasm_u8x16_const(too_long, too_long, too_long, too_long, too_long, too_long, too_long, too_long, two_conts,
                         two_conts, two_conts, two_conts, too_short | overlong_2, too_short,
                         too_short | overlong_3 | surrogate, too_short | too_large | too_large_1000);
    const v128_t first_low = wasm_u8x16_const(
        carry | overlong_3 | overlong_2 | too_large_1000, carry | overlong_2, carry, carry, carry | too_large,
        carry | too_large | too_large_1000, carry | too_large | too_large_1000, carry | too_large | too_large_1000,
        carry | too_large | too_large_1000, carry | too_large | too_large_1000, carry | too_large | too_large_1000,
        carry | too_large | too_large_1000, carry | too_large | too_large_1000,
        carry | too_large | too_large_1000 | surrogate, carry | too_large | too_large_1000,
        carry | too_large | too_large_1000);
    const v128_t second_high = wasm_u8x16_const(
        too_short, too_short, too_short, too_short, too_short, too_short, too_short, too_short,
        too_long | overlong_2 | two_conts | overlong_3 | too_large_1000,
        too_long | overlong_2 | two_conts | overlong_3 | too_large,
        too_long | overlong_2 | two_conts | surrogate | too_large,
        too_long | overlong_2 | two_conts | surrogate | too_large, too_short, too_short, too_short, too_short);
    const v128_t nibble = wasm_i8x16_splat(15);
    v128_t wrong = wasm_i8x16_splat(0), last = wrong;
    for (u32 i = 0; i <= n; i += 16) { // the text ends in sixteen zeros, so an unfinished end is seen
        const v128_t now = wasm_v128_load(at + i), one = before(now, last, 1);
        const v128_t special = wasm_v128_and(wasm_v128_and(wasm_i8x16_swizzle(first_high, wasm_u8x16_shr(one, 4)),
                                                           wasm_i8x16_swizzle(first_low, wasm_v128_and(one, nibble))),
                                             wasm_i8x16_swizzle(second_high, wasm_u8x16_shr(now, 4)));
        const v128_t third = wasm_u8x16_sub_sat(before(now, last, 2), wasm_i8x16_splat((signed char)(0xe0 - 0x80))),
                     fourth = wasm_u8x16_sub_sat(before(now, last, 3), wasm_i8x16_splat((signed char)(0xf0 - 0x80)));
        const v128_t must = wasm_v128_and(wasm_v128_or(third, fourth), wasm_i8x16_splat((signed char)0x80));
        wrong = wasm_v128_or(wrong, wasm_v128_xor(must, special));
        last = now;
    }
    return !wasm_v128_any_true(wrong);
}
#else
__attribute__((noinline)) static u32 valid(const u8* at, u32 n) {
    const u8* const end = at + n;
    while (at < end) {
        const u32 first = *at++;
        if (first < 0x80) continue;
        u32 low = 0x80, high = 0xbf, more = 1;
        if (first < 0xc2 || first > 0xf4) return 0;
        if (first >= 0xe0) more = first >= 0xf0 ? 3 : 2;
        if (first == 0xe0) low = 0xa0;
        if (first == 0xed) high = 0x9f;
        if (first == 0xf0) low = 0x90;
        if (first == 0xf4) high = 0x8f;
        if ((u32)(end - at) < more) return 0;
        if (*at < low || *at > high) return 0;
        for (u32 k = 1; k < more; ++k)
            if ((at[k] & 0xc0) != 0x80) return 0;
        at += more;
    }
    return 1;
}
#endif

static u32 put(u8* to, u32 c) {
    if (c < 0x80) return to[0] = (u8)c, 1;
    if (c < 0x800) return to[0] = (u8)(0xc0 | c >> 6), to[1] = (u8)(0x80 | (c & 63)), 2;
    if (c < 0x10000)
        return to[0] = (u8)(0xe0 | c >> 12), to[1] = (u8)(0x80 | (c >> 6 & 63)), to[2] = (u8)(0x80 | (c & 63)), 3;
    to[0] = (u8)(0xf0 | c >> 18), to[1] = (u8)(0x80 | (c >> 12 & 63));
    return to[2] = (u8)(0x80 | (c >> 6 & 63)), to[3] = (u8)(0x80 | (c & 63)), 4;
}

u32 run(u32 n, u32 seed) {
    u32 hash = seed, used = 0;
    while (used < size - 4) {
        seed = seed * 1664525 + 1013904223;
        const u32 bits = 1 + (seed >> 28) % 5 * 5; // 6 to 21 bits of character
        u32 c = (seed >> 4) & ((2u << (bits < 20 ? bits + 5 : 20)) - 1) & 0x1fffff;
        if (c > 0x10ffff || (c >= 0xd800 && c < 0xe000)) c = 'x';
        used += put(text + used, c);
    }
    for (u32 i = 0; i < n; ++i) {
        seed = seed * 1664525 + 1013904223;
        const u32 at = i % 4 ? used - 1 - (seed >> 28) : 0; // a fault near the end, or none
        const u8 was = text[at];
        if (i % 4) text[at] ^= (u8)(seed >> 16 & 0xc0);
        hash = hash * 31 + valid(text, used);
        text[at] = was;
    }
    return hash;
}
