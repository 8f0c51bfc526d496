/* The functions of "meadow", made from the host's description of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define _Static_assert static_assert
#endif

typedef int32_t key;
enum { key_none = 0, key_left = 1, key_right = 2, key_up = 3, key_down = 4 };

typedef struct spot {
    float x;
    float y;
} spot;
_Static_assert(sizeof(spot) == 8, "spot");
_Static_assert(offsetof(spot, x) == 0, "spot.x");
_Static_assert(offsetof(spot, y) == 4, "spot.y");

typedef int32_t look;
enum { look_ant = 0, look_tail = 1, look_firefly = 2, look_mole = 3, look_sheep = 4, look_comet = 5 };

/* The key that a player holds down. */
__attribute__((import_module("meadow"), import_name("held")))
key meadow_held(int32_t player);

/* Where a player stands. */
__attribute__((import_module("meadow"), import_name("stand")))
void meadow_stand(int32_t player, const spot *at);

/* Draws something. */
__attribute__((import_module("meadow"), import_name("draw")))
void meadow_draw(look what, const spot *at);

/* Where to run from a place, away from the nearest player; none if nobody is near. */
__attribute__((import_module("meadow"), import_name("flee")))
key meadow_flee(const spot *from);

/* Whether a player gets what is at a place, and a point for it. */
__attribute__((import_module("meadow"), import_name("is_caught")))
bool meadow_is_caught(const spot *at);

/* Writes a line. */
__attribute__((import_module("meadow"), import_name("say")))
void meadow_say(const char *line, uint32_t line_size);

/* Called once, with a number that every mod of a kind has another of. */
__attribute__((export_name("begin")))
void begin(int32_t number, uint32_t seed);

/* Called once a frame. */
__attribute__((export_name("tick")))
void tick(int32_t frame);

#ifdef __cplusplus
#undef _Static_assert
}
#endif
