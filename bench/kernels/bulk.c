// SPDX-License-Identifier: MIT
// memory.copy and memory.fill: n blocks of up to 255 bytes are filled, copied, and moved onto themselves.
typedef unsigned u32;
typedef unsigned char u8;
enum { size = 1 << 18, most = 256 };

static u8 bytes[size];

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 round = 0; round < n; ++round) {
        seed = seed * 1664525 + 1013904223;
        const u32 a = (seed >> 8) % (size - 2 * most), length = seed >> 24;
        seed = seed * 1664525 + 1013904223;
        const u32 b = (seed >> 8) % (size - 2 * most);
        __builtin_memset(bytes + a, (int)(seed >> 20 & 255), length);
        __builtin_memmove(bytes + b, bytes + a, length / 2 + 1);
        __builtin_memmove(bytes + b + length / 4, bytes + b, length);
        hash = hash * 31 + bytes[a + length / 2] + bytes[b + length];
    }
    for (u32 i = 0; i < size; i += 61) hash = hash * 31 + bytes[i];
    return hash;
}
