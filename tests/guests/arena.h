/* The functions of "arena", made from the host's description of them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#define _Static_assert static_assert
#endif

/* The number of an object of the host's; 0 is none. */
typedef uint32_t unit;

typedef uint8_t team;
enum { team_red = 0, team_blue = 7 };

typedef struct vec2 {
    float x;
    float y;
} vec2;
_Static_assert(sizeof(vec2) == 8, "vec2");
_Static_assert(offsetof(vec2, x) == 0, "vec2.x");
_Static_assert(offsetof(vec2, y) == 4, "vec2.y");

typedef struct unit_state {
    uint8_t level;
    double health;
    team side;
    vec2 at;
    int16_t slots[3];
    bool is_alive;
    int64_t score;
} unit_state;
_Static_assert(sizeof(unit_state) == 48, "unit_state");
_Static_assert(offsetof(unit_state, level) == 0, "unit_state.level");
_Static_assert(offsetof(unit_state, health) == 8, "unit_state.health");
_Static_assert(offsetof(unit_state, side) == 16, "unit_state.side");
_Static_assert(offsetof(unit_state, at) == 20, "unit_state.at");
_Static_assert(offsetof(unit_state, slots) == 28, "unit_state.slots");
_Static_assert(offsetof(unit_state, is_alive) == 34, "unit_state.is_alive");
_Static_assert(offsetof(unit_state, score) == 40, "unit_state.score");

typedef int32_t mood;
enum { mood_angry = -1, mood_calm = 0 };

/* Writes a line. */
__attribute__((import_module("arena"), import_name("log")))
void arena_log(const char *line, uint32_t line_size);

/* Makes a unit; 0 if there is no room. */
__attribute__((import_module("arena"), import_name("spawn")))
unit arena_spawn(const char *name, team side, const vec2 *at);

/* Takes a unit away. */
__attribute__((import_module("arena"), import_name("remove")))
bool arena_remove(unit who);

/* Moves a unit, by nothing if that is NULL. */
__attribute__((import_module("arena"), import_name("move")))
void arena_move(unit who, const vec2 *by /* or NULL */);

/* Where a unit is; false if there is no such unit. */
__attribute__((import_module("arena"), import_name("where")))
bool arena_where(unit who, vec2 *result);

/* All about a unit. */
__attribute__((import_module("arena"), import_name("look")))
void arena_look(unit who, unit_state *result);

/* Sets all about a unit. */
__attribute__((import_module("arena"), import_name("change")))
void arena_change(unit who, const unit_state *to);

/* A unit's name; the number of its bytes. */
__attribute__((import_module("arena"), import_name("name_of")))
uint32_t arena_name_of(unit who, char *name, uint32_t name_size);

/* The middle of some points, which are moved there. */
__attribute__((import_module("arena"), import_name("middle")))
void arena_middle(vec2 *points, uint32_t points_count, vec2 *result);

/* The sum of some numbers. */
__attribute__((import_module("arena"), import_name("sum")))
int64_t arena_sum(int32_t *numbers, uint32_t numbers_count);

/* How it is. */
__attribute__((import_module("arena"), import_name("feel")))
team arena_feel(mood how);

/* What is called when a unit is hit; NULL: nothing. */
__attribute__((import_module("arena"), import_name("on_hit")))
void arena_on_hit(int32_t (*f)(unit, int32_t));

/* Called once a frame. */
__attribute__((export_name("tick")))
int32_t tick(float seconds);

#ifdef __cplusplus
#undef _Static_assert
}
#endif
