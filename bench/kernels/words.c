// SPDX-License-Identifier: MIT
// A hash map with strings as keys: n times the words of a text of 64 KiB are counted.
typedef unsigned u32;
typedef unsigned char u8;
enum { room = 65536, slots = 4096, vocabulary = 1000 };

struct entry {
    const u8* word;
    u32 length, count;
};
static struct entry map[slots]; // open addressing; count 0 is an empty slot
static u8 text[room];

// A made-up word for a number: syllables of a consonant and a vowel.
static u32 spell(u8* at, u32 number) {
    u32 length = 0;
    do {
        const u32 syllable = number % 75;
        number /= 75;
        at[length++] = (u8) "bcdfghklmnprstv"[syllable / 5];
        at[length++] = (u8) "aeiou"[syllable % 5];
    } while (number);
    return length;
}

// Words are the commoner the smaller their number is; some begin a sentence.
static void write_text(u32 seed) {
    u32 at = 0;
    while (at < room - 16) {
        seed = seed * 1664525 + 1013904223;
        const u32 a = (seed >> 16) % vocabulary;
        seed = seed * 1664525 + 1013904223;
        const u32 word = a * ((seed >> 16) % vocabulary) / vocabulary;
        const u32 begin = at;
        at += spell(text + at, word * 7);
        if (seed >> 29 == 0) {
            text[begin] = (u8)(text[begin] - 'a' + 'A');
            text[at++] = '.';
        }
        text[at++] = ' ';
    }
    while (at < room) text[at++] = ' ';
}

static u8 lower(u8 c) { return c >= 'A' && c <= 'Z' ? (u8)(c - 'A' + 'a') : c; }
static int is_letter(u8 c) { return c >= 'a' && c <= 'z'; }

__attribute__((noinline)) static int same(const u8* a, const u8* b, u32 n) {
    for (u32 i = 0; i < n; ++i)
        if (lower(a[i]) != lower(b[i])) return 0;
    return 1;
}

__attribute__((noinline)) static struct entry* find(const u8* word, u32 length) {
    u32 hash = 2166136261u; // FNV-1a
    for (u32 i = 0; i < length; ++i) hash = (hash ^ lower(word[i])) * 16777619u;
    for (u32 i = hash ^ hash >> 15;; ++i) {
        struct entry* e = &map[i % slots];
        if (!e->count || (e->length == length && same(e->word, word, length))) return e;
    }
}

static u32 count_words(void) {
    u32 different = 0;
    for (u32 i = 0; i < slots; ++i) map[i].count = 0;
    for (u32 at = 0; at < room; ++at) {
        if (!is_letter(lower(text[at]))) continue;
        const u32 begin = at;
        while (at < room && is_letter(lower(text[at]))) ++at;
        struct entry* e = find(text + begin, at - begin);
        if (!e->count) {
            e->word = text + begin;
            e->length = at - begin;
            ++different;
        }
        ++e->count;
    }
    return different;
}

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    write_text(seed);
    for (u32 round = 0; round < n; ++round) {
        hash = hash * 31 + count_words();
        u32 most = 0;
        for (u32 i = 0; i < slots; ++i) {
            hash += map[i].count * i;
            if (map[i].count > map[most].count) most = i;
        }
        hash = hash * 31 + map[most].length;
        text[hash % room] = (u8)('a' + round % 26); // the next text is another
    }
    return hash;
}
