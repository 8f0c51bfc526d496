// SPDX-License-Identifier: MIT
// Short loops over small arrays with branches that are hard to foresee: n times all permutations of
// eight numbers, and how often each has to be flipped until a 0 comes first.
typedef unsigned u32;
enum { size = 8 };

__attribute__((noinline)) static u32 fannkuch(u32 first) {
    u32 order[size], copy[size], count[size];
    u32 most = 0, sum = 0, left = size;
    for (u32 i = 0; i < size; ++i) order[i] = (i + first) % size;
    for (u32 number = 0;; ++number) {
        for (; left > 1; --left) count[left - 1] = left;

        for (u32 i = 0; i < size; ++i) copy[i] = order[i];
        u32 flips = 0;
        for (u32 last = copy[0]; last; last = copy[0]) {
            for (u32 low = 0, high = last; low < high; ++low, --high) {
                const u32 kept = copy[low];
                copy[low] = copy[high];
                copy[high] = kept;
            }
            ++flips;
        }
        if (flips > most) most = flips;
        sum += number & 1 ? 0 - flips : flips;

        for (;; ++left) { // the next permutation: rotate one place more of the front
            if (left == size) return sum * 31 + most;
            const u32 front = order[0];
            for (u32 i = 0; i < left; ++i) order[i] = order[i + 1];
            order[left] = front;
            if (--count[left]) break;
        }
    }
}

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 round = 0; round < n; ++round) hash = hash * 31 + fannkuch((round + seed) % size);
    return hash;
}
