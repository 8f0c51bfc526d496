// SPDX-License-Identifier: MIT
// A mod of examples/game: it digs, and has a fault, which is found when it comes to the end of its tunnel.
#include "meadow.h"

static spot tunnel[20];
static uint32_t dug;

__attribute__((noinline)) static void dig(uint32_t n) {
    if (n == sizeof tunnel / sizeof *tunnel) __builtin_trap();
    tunnel[n].x = 8 + 2 * (float)n;
    tunnel[n].y = 15 - (float)(n % 4);
}

void begin(int32_t number, uint32_t seed) { (void)number, (void)seed; }
void tick(int32_t frame) {
    (void)frame;
    dig(dug++);
    for (uint32_t i = 0; i < dug; ++i) meadow_draw(look_mole, &tunnel[i]);
}
