// SPDX-License-Identifier: MIT
// Sorts through function pointers (call_indirect) and recursion; imports nothing.

#define EXPORT(name) __attribute__((export_name(name)))

typedef int (*order)(int, int);

static int values[4096];

static int up(int a, int b) { return (a > b) - (a < b); }
static int down(int a, int b) { return up(b, a); }
static int by_low_byte(int a, int b) { return up(a & 255, b & 255); }
static order orders[] = {up, down, by_low_byte};

__attribute__((noinline)) static void quick(int* first, int* last, order compare) {
    while (last - first > 1) {
        const int pivot = first[(last - first) / 2];
        int *low = first, *high = last - 1;
        while (low <= high) {
            while (compare(*low, pivot) < 0) ++low;
            while (compare(*high, pivot) > 0) --high;
            if (low <= high) {
                const int kept = *low;
                *low++ = *high;
                *high-- = kept;
            }
        }
        if (high - first < last - low) {
            quick(first, high + 1, compare);
            first = low;
        } else {
            quick(low, last, compare);
            last = high + 1;
        }
    }
}

// Fills `n` values from a seed, sorts them by order `which`, returns a checksum that depends on the order.
EXPORT("run") unsigned run(unsigned n, unsigned which, unsigned seed) {
    if (n > sizeof values / sizeof *values) __builtin_trap();
    for (unsigned i = 0; i < n; ++i) values[i] = (int)((seed = seed * 1664525u + 1013904223u) >> 4);
    quick(values, values + n, orders[which]); // `which` is not checked: beyond the end stand zeros, which is a null function
    unsigned sum = 0;
    for (unsigned i = 0; i < n; ++i) sum = sum * 31u + (unsigned)values[i];
    return sum;
}

EXPORT("at") int at(unsigned i) { return values[i % 4096]; }

// Uses native-looking recursion until the stack is gone.
EXPORT("deep") unsigned deep(unsigned n) {
    volatile unsigned kept = n;
    return n ? deep(n - 1) + kept : 0;
}
