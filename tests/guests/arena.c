// SPDX-License-Identifier: MIT
// A guest of the interface in tests/unit/game/arena.hpp, written with the declarations made from it.
#include "arena.h"

static unsigned char room[4096] __attribute__((aligned(16)));
static unsigned used;

__attribute__((export_name("malloc"))) void *guest_malloc(uint32_t size) {
    void *const at = room + used;
    if (size > sizeof room - used) return 0;
    used += (size + 15) & ~15u;
    return at;
}
__attribute__((export_name("free"))) void guest_free(void *at) { used = (unsigned)((unsigned char *)at - room); }

static uint32_t size_of(const char *text) {
    uint32_t n = 0;
    while (text[n]) ++n;
    return n;
}
static void say(const char *text) { arena_log(text, size_of(text)); }

static int hits;
static int on_hit(unit who, int damage) {
    unit_state s;
    arena_look(who, &s);
    s.health -= damage;
    s.slots[1] = (int16_t)(s.slots[1] * 100);
    s.score += 1;
    s.side = team_blue;
    s.is_alive = s.health > 0;
    arena_change(who, &s);
    return ++hits;
}

// Line 0 is fine; else the number of what is not as it should be.
int tick(float seconds) {
    say("tick");
    const vec2 at = {1.5f, -2}, by = {seconds, 4};
    const unit ann = arena_spawn("Ann", team_red, &at), bob = arena_spawn("Bob", team_blue, &at);
    if (!ann || !bob || ann == bob) return 1;
    arena_move(ann, &by);
    arena_move(ann, 0);
    vec2 now = {0, 0};
    if (!arena_where(ann, &now) || now.x != 1.5f + seconds || now.y != 2) return 2;
    if (!arena_remove(bob) || arena_remove(bob) || arena_where(bob, &now)) return 3;
    unit_state s;
    arena_look(ann, &s);
    if (s.level != 1 || s.health != 100.5 || s.side != team_red || s.at.x != now.x || s.slots[0] != 1 ||
        s.slots[1] != -2 || s.slots[2] != 3 || !s.is_alive || s.score != -5000000000)
        return 4;
    char name[8] = "-------"; // nothing is written beyond the room that is given
    if (arena_name_of(ann, name, 2) != 3 || name[1] != 'n' || name[2] != '-') return 5;
    vec2 points[2] = {{1, 2}, {3, 6}}, middle;
    arena_middle(points, 2, &middle);
    if (middle.x != 2 || middle.y != 4 || points[0].x != 2 || points[1].y != 4) return 6;
    int32_t numbers[3] = {2147483647, 2147483647, -1};
    if (arena_sum(numbers, 3) != 4294967293) return 7;
    if (arena_feel(mood_calm) != team_blue || arena_feel(mood_angry) != team_red) return 8;
    arena_on_hit(on_hit);
    return 0;
}

// What the host puts into the guest's memory.
__attribute__((export_name("measure"))) double measure(const unit_state *all, uint32_t count, const char *text) {
    double sum = size_of(text);
    for (uint32_t i = 0; i < count; ++i) sum += all[i].health + all[i].slots[2] + all[i].at.y;
    return sum;
}
