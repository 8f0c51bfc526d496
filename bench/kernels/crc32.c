// SPDX-License-Identifier: MIT
// Table look-ups, shifts and exclusive ors: n checksums of 64 KiB.
typedef unsigned u32;
enum { size = 65536 };

static u32 table[256];
static unsigned char bytes[size];

u32 run(u32 n, u32 seed) {
    for (u32 i = 0; i < 256; ++i) {
        u32 c = i;
        for (int k = 0; k < 8; ++k) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
        table[i] = c;
    }
    for (u32 i = 0; i < size; ++i) {
        seed = seed * 1664525 + 1013904223;
        bytes[i] = (unsigned char)(seed >> 24);
    }
    u32 crc = ~0u;
    for (u32 round = 0; round < n; ++round)
        for (u32 i = 0; i < size; ++i) crc = table[(crc ^ bytes[i]) & 255] ^ crc >> 8;
    return ~crc;
}
