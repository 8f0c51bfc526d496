// SPDX-License-Identifier: MIT
// f32 arithmetic with comparisons, as a game has it: n steps of 512 particles that fall, drag and bounce.
typedef unsigned u32;
enum { particles = 512 };

static const float gravity = -9.81f, dt = 1.0f / 60, width = 40, height = 12;

struct particle {
    float x, y, vx, vy, life;
};
static struct particle all[particles];
static u32 state;

static float random(float low, float high) {
    state = state * 1664525 + 1013904223;
    return low + (high - low) * ((float)(state >> 8) / (1 << 24));
}

static void launch(struct particle* p) {
    p->x = random(0, width);
    p->y = random(height / 2, height);
    p->vx = random(-8, 8);
    p->vy = random(0, 10);
    p->life = random(1, 4);
}

// How many particles ended.
__attribute__((noinline)) static u32 step(void) {
    u32 ended = 0;
    for (u32 i = 0; i < particles; ++i) {
        struct particle* p = &all[i];
        const float speed = __builtin_sqrtf(p->vx * p->vx + p->vy * p->vy);
        const float drag = 1 - 0.05f * speed * dt;
        p->vx *= drag;
        p->vy = p->vy * drag + gravity * dt;
        p->x += p->vx * dt;
        p->y += p->vy * dt;
        if (p->x < 0) p->x = -p->x, p->vx = -p->vx;
        if (p->x > width) p->x = 2 * width - p->x, p->vx = -p->vx;
        if (p->y < 0) p->y = -p->y, p->vy = -p->vy * 0.8f;
        p->life -= dt;
        if (p->life <= 0) {
            launch(p);
            ++ended;
        }
    }
    return ended;
}

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    state = seed;
    for (u32 i = 0; i < particles; ++i) launch(&all[i]);
    for (u32 turn = 0; turn < n; ++turn) hash = hash * 31 + step();
    for (u32 i = 0; i < particles; ++i) {
        union {
            float value;
            u32 bits;
        } x = {all[i].x}, y = {all[i].y};
        hash = (hash * 31 + x.bits) * 31 + y.bits;
    }
    return hash;
}
