// SPDX-License-Identifier: MIT
// Loops over single bytes, as a libc without tricks has them: n times 512 strings are measured, copied and compared.
typedef unsigned u32;
typedef unsigned char u8;
enum { strings = 512, room = 256 };

static u8 from[strings][room], to[strings][room];

__attribute__((noinline)) static u32 length(const u8* text) {
    const u8* end = text;
    while (*end) ++end;
    return (u32)(end - text);
}

__attribute__((noinline)) static void copy(u8* target, const u8* source, u32 n) {
    while (n--) *target++ = *source++;
}

__attribute__((noinline)) static int compare(const u8* a, const u8* b, u32 n) {
    for (; n; --n, ++a, ++b)
        if (*a != *b) return *a < *b ? -1 : 1;
    return 0;
}

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 i = 0; i < strings; ++i) {
        seed = seed * 1664525 + 1013904223;
        const u32 size = seed >> 24; // below room, so the last byte stays zero
        for (u32 k = 0; k < size; ++k) from[i][k] = (u8)('a' + k % 26);
    }
    for (u32 round = 0; round < n; ++round) {
        from[round % strings][0] = (u8)('A' + round % 26);
        for (u32 i = 0; i < strings; ++i) copy(to[i], from[i], length(from[i]) + 1);
        for (u32 i = 0; i < strings; ++i) {
            const u32 other = (i + round + 1) % strings, a = length(to[i]), b = length(from[other]);
            hash = hash * 31 + (u32)compare(to[i], from[other], a < b ? a : b) + a;
        }
    }
    return hash;
}
