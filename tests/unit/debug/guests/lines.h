// SPDX-License-Identifier: MIT
static inline int square(int x) {
    if (x == 0x7777) __builtin_trap(); // line 3
    return x * x;
}
