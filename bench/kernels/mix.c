// SPDX-License-Identifier: MIT
// A bit of everything, as small processors are measured with: n turns of a linked list that is searched, reversed and
// sorted, of small matrices of integers, and of a state machine that reads numbers; a CRC of 16 bits ties them.
typedef unsigned u32;
typedef unsigned short u16;
typedef short i16;
typedef unsigned char u8;
enum { list_size = 64, matrix_size = 12, text_size = 512 };

static u16 crc16(u16 crc, u16 value) {
    for (int i = 0; i < 16; ++i, value >>= 1) crc = (crc ^ value) & 1 ? (u16)(crc >> 1 ^ 0xa001) : (u16)(crc >> 1);
    return crc;
}

// ---- the list ------------------------------------------------------------------------------------

struct link {
    struct link* next;
    u16 value, place;
};
static struct link links[list_size];

static struct link* reversed(struct link* list) {
    struct link* done = 0;
    while (list) {
        struct link* next = list->next;
        list->next = done;
        done = list;
        list = next;
    }
    return done;
}

static const struct link* find(const struct link* list, u16 value) {
    while (list && list->value != value) list = list->next;
    return list;
}

static int value_before(const struct link* a, const struct link* b) { return a->value <= b->value; }
static int place_before(const struct link* a, const struct link* b) { return a->place <= b->place; }

// Merges runs of 1, 2, 4 … links until one is left.
static struct link* sorted(struct link* list, int (*before)(const struct link*, const struct link*)) {
    for (u32 width = 1;; width *= 2) {
        struct link *rest = list, **tail = &list;
        u32 merges = 0;
        while (rest) {
            struct link* a = rest;
            u32 a_left = 0, b_left = width;
            while (rest && a_left < width) ++a_left, rest = rest->next;
            struct link* b = rest;
            ++merges;
            while (a_left || (b_left && b)) {
                struct link* least;
                if (a_left && (!b_left || !b || before(a, b))) least = a, a = a->next, --a_left;
                else least = b, b = b->next, --b_left;
                *tail = least;
                tail = &least->next;
            }
            rest = b;
        }
        *tail = 0;
        if (merges <= 1) return list;
    }
}

static u16 list_turn(u16 crc, u32 turn) {
    struct link* list = sorted(links, place_before);
    for (struct link* l = list; l; l = l->next) l->value = (u16)((l->value * 5 + turn) & 0x3ff);
    list = sorted(reversed(list), value_before);
    for (u16 value = 0; value < 32; ++value) {
        const struct link* found = find(list, (u16)(value * 31 & 0x3ff));
        crc = crc16(crc, found ? found->place : 0xffff);
    }
    for (u32 i = 0; i < list_size; ++i) links[i].next = i + 1 < list_size ? &links[i + 1] : 0;
    return crc;
}

// ---- the matrices --------------------------------------------------------------------------------

static i16 left[matrix_size][matrix_size], right[matrix_size][matrix_size];
static int product[matrix_size][matrix_size];

static u16 matrix_turn(u16 crc, u32 turn) {
    u32 sum = 0;
    for (u32 i = 0; i < matrix_size; ++i)
        for (u32 j = 0; j < matrix_size; ++j) {
            product[i][j] = 0;
            for (u32 k = 0; k < matrix_size; ++k) product[i][j] += left[i][k] * right[k][j];
            sum += (u32)product[i][j] >> 2 & 0x1f;
        }
    for (u32 i = 0; i < matrix_size; ++i) left[i][turn % matrix_size] = (i16)(product[i][i] & 0xff);
    return crc16(crc, (u16)sum);
}

// ---- the state machine ---------------------------------------------------------------------------

enum state { start, sign, whole, fraction, exponent, power, invalid, states };

static u8 text[text_size];

static u16 text_turn(u16 crc, u32 turn) {
    u32 counts[states] = {0};
    enum state now = start;
    text[turn * 7 % text_size] ^= (u8)(turn & 3);
    for (u32 i = 0; i < text_size; ++i) {
        const u8 c = text[i];
        const int digit = c >= '0' && c <= '9';
        if (c == ',') {
            ++counts[now];
            now = start;
            continue;
        }
        switch (now) {
        case start: now = digit ? whole : c == '+' || c == '-' ? sign : invalid; break;
        case sign: now = digit ? whole : invalid; break;
        case whole: now = digit ? whole : c == '.' ? fraction : c == 'e' ? exponent : invalid; break;
        case fraction: now = digit ? fraction : c == 'e' ? exponent : invalid; break;
        case exponent: now = digit || c == '-' ? power : invalid; break;
        case power: now = digit ? power : invalid; break;
        default: break;
        }
    }
    for (u32 i = 0; i < states; ++i) crc = crc16(crc, (u16)counts[i]);
    return crc;
}

u32 run(u32 n, u32 seed) {
    static const char numbers[] = "12,-7.5,+300,1e9,4.25e-3,.5,0,77x,";
    u16 crc = (u16)seed;
    for (u32 i = 0; i < list_size; ++i) {
        seed = seed * 1664525 + 1013904223;
        links[i].value = (u16)(seed >> 16 & 0x3ff);
        links[i].place = (u16)i;
        links[i].next = i + 1 < list_size ? &links[i + 1] : 0;
    }
    for (u32 i = 0; i < matrix_size; ++i)
        for (u32 j = 0; j < matrix_size; ++j) {
            seed = seed * 1664525 + 1013904223;
            left[i][j] = (i16)(seed >> 24);
            right[i][j] = (i16)((seed >> 16 & 0xff) - 128);
        }
    for (u32 i = 0; i < text_size; ++i) text[i] = (u8)numbers[i % (sizeof numbers - 1)];
    for (u32 turn = 0; turn < n; ++turn) {
        crc = list_turn(crc, turn);
        crc = matrix_turn(crc, turn);
        crc = text_turn(crc, turn);
    }
    return seed ^ crc;
}
