// SPDX-License-Identifier: MIT
// Calls: the naive recursion, about 1.6^n of them.
typedef unsigned u32;

static u32 first;

__attribute__((noinline)) static u32 fib(u32 n) { return n < 2 ? n + first : fib(n - 1) + fib(n - 2); }

u32 run(u32 n, u32 seed) {
    first = seed;
    return fib(n);
}
