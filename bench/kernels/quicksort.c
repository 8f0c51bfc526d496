// SPDX-License-Identifier: MIT
// Comparisons through a function pointer (call_indirect) and recursion: n sorts of 4096 records, each time in another order.
typedef unsigned u32;
enum { size = 4096 };

struct record {
    u32 key, weight;
};
typedef int (*order)(const struct record*, const struct record*);

static struct record records[size];

static int by_key(const struct record* a, const struct record* b) { return a->key < b->key ? -1 : a->key > b->key; }
static int by_key_down(const struct record* a, const struct record* b) { return by_key(b, a); }
static int by_weight(const struct record* a, const struct record* b) {
    if (a->weight != b->weight) return a->weight < b->weight ? -1 : 1;
    return by_key(a, b);
}

static void swap(struct record* a, struct record* b) {
    const u32 key = a->key, weight = a->weight;
    a->key = b->key;
    a->weight = b->weight;
    b->key = key;
    b->weight = weight;
}

// [low, high]; the middle record is the pivot.
static void quicksort(struct record* low, struct record* high, order compare) {
    while (low < high) {
        struct record pivot = low[(high - low) / 2];
        struct record *a = low, *b = high;
        while (a <= b) {
            while (compare(a, &pivot) < 0) ++a;
            while (compare(b, &pivot) > 0) --b;
            if (a <= b) swap(a++, b--);
        }
        if (b - low < high - a) { // the shorter part by recursion
            quicksort(low, b, compare);
            low = a;
        } else {
            quicksort(a, high, compare);
            high = b;
        }
    }
}

u32 run(u32 n, u32 seed) {
    static const order orders[] = {by_key, by_weight, by_key_down};
    u32 hash = seed;
    for (u32 round = 0; round < n; ++round) {
        for (u32 i = 0; i < size; ++i) {
            seed = seed * 1664525 + 1013904223;
            records[i].key = seed >> 8;
            records[i].weight = seed >> 24 & 15;
        }
        quicksort(records, records + size - 1, orders[round % 3]);
        for (u32 i = 0; i < size; i += 16) hash = hash * 31 + records[i].key;
    }
    return hash;
}
