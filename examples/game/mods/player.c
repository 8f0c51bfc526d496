// SPDX-License-Identifier: MIT
// A mod of examples/game: one of the two who play.
#include "meadow.h"

static int32_t me;
static spot at = {16, 8};

void begin(int32_t number, uint32_t seed) {
    (void)seed;
    me = number;
    if (me) at.x = 48;
}
void tick(int32_t frame) {
    (void)frame;
    switch (meadow_held(me)) {
    case key_left: at.x -= at.x >= 1; break;
    case key_right: at.x += at.x < 63; break;
    case key_up: at.y -= at.y >= 1; break;
    case key_down: at.y += at.y < 15; break;
    default: break;
    }
    meadow_stand(me, &at);
}
