// SPDX-License-Identifier: MIT
// f64 arithmetic on a few structures, with square roots and divisions: n steps of the sun and four planets.
typedef unsigned u32;
typedef unsigned long long u64;
enum { bodies = 5 };

static const double pi = 3.141592653589793, year = 365.24;

struct body {
    double x, y, z, vx, vy, vz, mass;
};

// Jupiter, Saturn, Uranus and Neptune: astronomical units, days, masses of the sun
static const struct body planets[bodies - 1] = {
    {4.84143144246472090e+00, -1.16032004402742839e+00, -1.03622044471123109e-01, 1.66007664274403694e-03,
     7.69901118419740425e-03, -6.90460016972063023e-05, 9.54791938424326609e-04},
    {8.34336671824457987e+00, 4.12479856412430479e+00, -4.03523417114321381e-01, -2.76742510726411790e-03,
     4.99852801234917238e-03, 2.30417297573763929e-05, 2.85885980666130812e-04},
    {1.28943695621391310e+01, -1.51111514016986312e+01, -2.23307578892655734e-01, 2.96460137564761618e-03,
     2.37847173959480950e-03, -2.96589568540237556e-05, 4.36624404335156298e-05},
    {1.53796971148509165e+01, -2.59193146099879641e+01, 1.79258772950371181e-01, 2.68067772490389322e-03,
     1.62824170038242295e-03, -9.51592254519715870e-05, 5.15138902046611451e-05},
};
static struct body all[bodies];

static void begin(u32 seed) {
    struct body* sun = &all[0];
    sun->x = sun->y = sun->z = sun->vx = sun->vy = sun->vz = 0;
    sun->mass = 4 * pi * pi;
    for (int i = 1; i < bodies; ++i) {
        const struct body* from = &planets[i - 1];
        struct body* to = &all[i];
        seed = seed * 1664525 + 1013904223;
        to->x = from->x + (double)(seed >> 16) / (1u << 20); // a little beside where it is
        to->y = from->y;
        to->z = from->z;
        to->vx = from->vx * year;
        to->vy = from->vy * year;
        to->vz = from->vz * year;
        to->mass = from->mass * sun->mass;
        sun->vx -= to->vx * to->mass / sun->mass;
        sun->vy -= to->vy * to->mass / sun->mass;
        sun->vz -= to->vz * to->mass / sun->mass;
    }
}

static void advance(double dt) {
    for (int i = 0; i < bodies; ++i) {
        struct body* a = &all[i];
        for (int j = i + 1; j < bodies; ++j) {
            struct body* b = &all[j];
            const double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            const double square = dx * dx + dy * dy + dz * dz;
            const double pull = dt / (square * __builtin_sqrt(square));
            a->vx -= dx * b->mass * pull;
            a->vy -= dy * b->mass * pull;
            a->vz -= dz * b->mass * pull;
            b->vx += dx * a->mass * pull;
            b->vy += dy * a->mass * pull;
            b->vz += dz * a->mass * pull;
        }
    }
    for (int i = 0; i < bodies; ++i) {
        struct body* a = &all[i];
        a->x += dt * a->vx;
        a->y += dt * a->vy;
        a->z += dt * a->vz;
    }
}

static u32 fold(u32 hash, double value) {
    union {
        double value;
        u64 bits;
    } x = {value};
    return hash * 31 + (u32)(x.bits ^ x.bits >> 32);
}

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    begin(seed);
    for (u32 step = 0; step < n; ++step) advance(0.01);
    for (int i = 0; i < bodies; ++i) {
        hash = fold(hash, all[i].x);
        hash = fold(hash, all[i].y);
        hash = fold(hash, all[i].vz);
    }
    return hash;
}
