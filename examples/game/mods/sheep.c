// SPDX-License-Identifier: MIT
// A mod of examples/game: it grazes, and runs from players; one that was caught is let out elsewhere.
#include "meadow.h"

static uint32_t state;
static spot at;

static uint32_t below(uint32_t n) {
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    return state % n;
}
static float inside(float v, float end) { return v < 0 ? 0 : v > end ? end : v; }
static void let_out(void) {
    at.x = (float)below(64);
    at.y = (float)below(16);
}

void begin(int32_t number, uint32_t seed) {
    (void)number;
    state = seed | 1;
    let_out();
}
void tick(int32_t frame) {
    (void)frame;
    switch (meadow_flee(&at)) {
    case key_left: at.x -= 0.6f; break;
    case key_right: at.x += 0.6f; break;
    case key_up: at.y -= 0.6f; break;
    case key_down: at.y += 0.6f; break;
    default:
        if (below(4)) break;
        at.x += (float)below(3) - 1;
        at.y += (float)below(3) - 1;
    }
    if (meadow_is_caught(&at)) let_out();
    at.x = inside(at.x, 63);
    at.y = inside(at.y, 15);
    meadow_draw(look_sheep, &at);
}
