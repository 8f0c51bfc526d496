// SPDX-License-Identifier: MIT
// A small game mod: it spawns walkers, moves them every frame and asks the host to draw them.
// build: clang --target=wasm32 -O2 -nostdlib -Wl,--no-entry mod.c -o mod.wasm

#define IMPORT(name) __attribute__((import_module("env"), import_name(name)))
#define EXPORT(name) __attribute__((export_name(name)))

IMPORT("spawn") int host_spawn(int kind);                // a new entity's id
IMPORT("random") unsigned host_random(void);             // 32 bits
IMPORT("draw") void host_draw(float x, float y, int id); // once for each entity and frame
IMPORT("say") void host_say(const char* text, unsigned length);

enum { most = 64, width = 40, height = 12 };

struct walker {
    int id;
    float x, y;   // cells
    float vx, vy; // cells a second
};

static struct walker walkers[most];
static int walker_count;
static unsigned bounces;

static float between(float low, float high) {
    return low + (high - low) * ((float)(host_random() >> 8) / 16777216.0f);
}

// Makes `count` walkers; returns how many there are, -1 if that is too many.
EXPORT("init") int init(int count) {
    if (count < 0 || count > most) return -1;
    for (walker_count = 0; walker_count < count; ++walker_count) {
        struct walker* w = &walkers[walker_count];
        w->id = host_spawn(walker_count % 3);
        w->x = between(0, width);
        w->y = between(0, height);
        w->vx = between(-8, 8);
        w->vy = between(-4, 4);
    }
    static const char hello[] = "mod: ready";
    host_say(hello, sizeof hello - 1);
    return walker_count;
}

// Turns a walker round at the edge it has crossed; the new position is inside again.
static float fold(float at, float* speed, float edge) {
    if (at >= 0 && at < edge) return at;
    ++bounces;
    *speed = -*speed;
    const float back = at < 0 ? -at : 2 * edge - at;
    return back < edge ? back : edge - 0.001f;
}

// One frame of `dt` seconds.
EXPORT("frame") void frame(float dt) {
    for (int i = 0; i < walker_count; ++i) {
        struct walker* w = &walkers[i];
        w->x = fold(w->x + w->vx * dt, &w->vx, width);
        w->y = fold(w->y + w->vy * dt, &w->vy, height);
        host_draw(w->x, w->y, w->id);
    }
}

// How often a walker has turned round.
EXPORT("bounces") unsigned bounce_count(void) { return bounces; }

// The mistake a host has to survive: a walker that is not there, far outside the memory.
__attribute__((noinline)) static float position_of(unsigned index) { return ((volatile struct walker*)walkers)[index].x; }
EXPORT("crash") float crash(void) { return position_of(0x07000000u); }
