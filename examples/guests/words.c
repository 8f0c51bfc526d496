// SPDX-License-Identifier: MIT
// Counts the words of a text that the host writes into the guest's memory, and finds the most frequent.
// build: clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry words.c -o words.wasm

#define EXPORT(name) __attribute__((export_name(name)))

enum { most_words = 1024, room = 65536 };

static char text[room];

struct entry {
    const char* at;
    unsigned length;
    unsigned count;
};
static struct entry table[most_words]; // open addressing
static unsigned different, total;

// Where the host writes the text, and how much fits.
EXPORT("buffer") char* buffer(void) { return text; }
EXPORT("capacity") unsigned capacity(void) { return room; }

static int is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '\'' || (c & 0x80); }

static int same(const char* a, const char* b, unsigned n) {
    while (n && *a == *b) ++a, ++b, --n;
    return n == 0;
}

static void add(const char* word, unsigned length) {
    unsigned hash = 2166136261u; // FNV-1a
    for (unsigned i = 0; i < length; ++i) hash = (hash ^ (unsigned char)word[i]) * 16777619u;
    for (unsigned i = 0; i < most_words; ++i) {
        struct entry* e = &table[(hash + i) % most_words];
        if (e->count && (e->length != length || !same(e->at, word, length))) continue;
        if (!e->count) {
            if (different == most_words - 1) return;
            e->at = word, e->length = length, ++different;
        }
        ++e->count;
        return;
    }
}

// Counts the words among the first `length` bytes of the buffer; letters lose their case there.
EXPORT("count") unsigned count(unsigned length) {
    if (length > room) __builtin_trap();
    for (unsigned i = 0; i < most_words; ++i) table[i].count = 0;
    different = total = 0;
    for (unsigned i = 0; i < length;) {
        if (!is_letter(text[i])) {
            ++i;
            continue;
        }
        const unsigned begin = i;
        for (; i < length && is_letter(text[i]); ++i)
            if (text[i] >= 'A' && text[i] <= 'Z') text[i] += 'a' - 'A';
        add(text + begin, i - begin);
        ++total;
    }
    return total;
}

EXPORT("distinct") unsigned distinct(void) { return different; }

// The most frequent word, the first in the text where two are equal: its address in the upper half,
// its length in the lower.
EXPORT("top") unsigned long long top(void) {
    const struct entry* best = 0;
    for (unsigned i = 0; i < most_words; ++i) {
        const struct entry* e = &table[i];
        if (e->count && (!best || e->count > best->count || (e->count == best->count && e->at < best->at))) best = e;
    }
    return best ? (unsigned long long)(unsigned)best->at << 32 | best->length : 0;
}
