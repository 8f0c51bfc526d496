// SPDX-License-Identifier: MIT
// Virtual functions (call_indirect through a table in memory): n turns of 1000 objects of five classes.
typedef unsigned u32;
enum { objects = 1000, classes = 5 };

struct object;
struct methods {
    u32 (*measure)(const struct object*);
    void (*step)(struct object*, u32);
};
struct object {
    const struct methods* methods;
    u32 a, b;
};

static u32 measure_point(const struct object* o) { return o->a; }
static void step_point(struct object* o, u32 by) { o->a += by; }

static u32 measure_box(const struct object* o) { return o->a * o->b; }
static void step_box(struct object* o, u32 by) {
    o->a = (o->a + by) & 1023;
    o->b = (o->b + 1) & 1023;
}

static u32 measure_line(const struct object* o) { return o->a > o->b ? o->a - o->b : o->b - o->a; }
static void step_line(struct object* o, u32 by) { o->b = o->b * 5 + by; }

static u32 measure_ring(const struct object* o) { return (o->a << 5 | o->a >> 27) ^ o->b; }
static void step_ring(struct object* o, u32 by) { o->a = o->a << 1 | o->a >> 31, o->b ^= by; }

// Has no step of its own.
static u32 measure_counter(const struct object* o) { return o->b; }

static const struct methods all[classes] = {
    {measure_point, step_point}, {measure_box, step_box},       {measure_line, step_line},
    {measure_ring, step_ring},   {measure_counter, step_point},
};
static struct object heap[objects];

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    for (u32 i = 0; i < objects; ++i) {
        seed = seed * 1664525 + 1013904223;
        heap[i].methods = &all[(seed >> 16) % classes];
        heap[i].a = seed >> 8;
        heap[i].b = i;
    }
    for (u32 turn = 0; turn < n; ++turn)
        for (u32 i = 0; i < objects; ++i) {
            struct object* o = &heap[i];
            o->methods->step(o, turn);
            hash = hash * 31 + o->methods->measure(o);
        }
    return hash;
}
