// SPDX-License-Identifier: MIT
// A recursive parser with a node for each value: n times a JSON text of about 60 KB is parsed and added up.
typedef unsigned u32;
typedef unsigned long long u64;
typedef unsigned char u8;
enum { room = 65536, most_nodes = 32768, deepest = 64 };

// ---- the text ------------------------------------------------------------------------------------

static u8 text[room];
static u32 length, state;

static u32 random(u32 below) {
    state = state * 1664525 + 1013904223;
    return (state >> 16) % below;
}

static void put(const char* what) {
    while (*what) text[length++] = (u8)*what++;
}

static void put_number(u32 n) {
    u8 digits[10];
    u32 count = 0;
    do digits[count++] = (u8)('0' + n % 10);
    while (n /= 10);
    while (count) text[length++] = digits[--count];
}

static void write_text(u32 seed) {
    static const char* const names[] = {"mast", "sail", "anchor", "rope \\\"thick\\\"", "keel\\n", "rudder", "\\u00fcber", "deck"};
    state = seed;
    length = 0;
    put("[");
    for (u32 i = 0; length < room - 512; ++i) {
        put(i ? ",\n  {\"id\": " : "\n  {\"id\": ");
        put_number(i);
        put(", \"name\": \"");
        put(names[random(8)]);
        put("\", \"at\": [");
        for (u32 k = 0; k < 3; ++k) {
            if (k) put(", ");
            if (random(2)) put("-");
            put_number(random(1000));
            put(".");
            put_number(random(10000));
            if (random(8) == 0) put("e-2");
        }
        put("], \"sound\": ");
        put(random(3) ? "true" : random(2) ? "false" : "null");
        put(", \"parts\": {\"count\": ");
        put_number(random(100000));
        put(", \"inner\": [[], {}]}}");
    }
    put("\n]\n");
    text[length] = 0;
}

// ---- the parser ----------------------------------------------------------------------------------

enum kind { null, boolean, number, string, array, object };
struct node {
    enum kind kind;
    u32 children, next; // numbers of nodes; 0 is none
    u32 size;           // members, or bytes of the string
    double value;
};

static struct node nodes[most_nodes];
static u32 used;
static const u8* at;

static u32 parse_value(u32 depth);

static void blanks(void) {
    while (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r') ++at;
}

static int word(const char* expected) {
    while (*expected)
        if (*at++ != (u8)*expected++) return 0;
    return 1;
}

// Keeps the bytes after unescaping as one folded number; false if it is no string.
static int parse_string(struct node* to) {
    u32 hash = 0, size = 0;
    for (++at; *at != '"'; ++at, ++size) {
        u32 c = *at;
        if (c < ' ') return 0;
        if (c == '\\') {
            c = *++at;
            if (c == 'n') c = '\n';
            else if (c == 't') c = '\t';
            else if (c == 'u') {
                c = 0;
                for (int i = 0; i < 4; ++i) {
                    const u32 digit = *++at;
                    c = c * 16 + (digit <= '9' ? digit - '0' : (digit | 32) - 'a' + 10);
                }
            } else if (c != '"' && c != '\\' && c != '/') return 0;
        }
        hash = hash * 31 + c;
    }
    ++at;
    to->size = size;
    to->value = hash;
    return 1;
}

static int parse_number(struct node* to) {
    const int negative = *at == '-';
    if (negative) ++at;
    double value = 0, scale = 1;
    if (*at < '0' || *at > '9') return 0;
    for (; *at >= '0' && *at <= '9'; ++at) value = value * 10 + (*at - '0');
    if (*at == '.')
        for (++at; *at >= '0' && *at <= '9'; ++at) {
            value = value * 10 + (*at - '0');
            scale *= 10;
        }
    if ((*at | 32) == 'e') {
        const int down = *++at == '-';
        u32 exponent = 0;
        if (*at == '-' || *at == '+') ++at;
        for (; *at >= '0' && *at <= '9'; ++at) exponent = exponent * 10 + (*at - '0');
        for (; exponent; --exponent) {
            if (down) scale *= 10;
            else value *= 10;
        }
    }
    to->value = negative ? -value / scale : value / scale;
    return 1;
}

// The members of an array or object; a key is a node before its value.
static int parse_members(u32 parent, u8 end, u32 depth) {
    u32 last = 0;
    ++at;
    for (blanks(); *at != end; blanks()) {
        if (nodes[parent].size && *at++ != ',') return 0;
        for (int key = end == '}'; key >= 0; --key) {
            blanks();
            if (key && *at != '"') return 0;
            const u32 member = parse_value(depth + 1);
            if (!member) return 0;
            if (last) nodes[last].next = member;
            else nodes[parent].children = member;
            last = member;
            blanks();
            if (key && *at++ != ':') return 0;
        }
        ++nodes[parent].size;
    }
    ++at;
    return 1;
}

// The node of the value that begins here; 0 if it is none.
static u32 parse_value(u32 depth) {
    if (used == most_nodes || depth == deepest) return 0;
    const u32 id = used++;
    struct node* n = &nodes[id];
    n->children = n->next = n->size = 0;
    n->value = 0;
    int good;
    blanks();
    switch (*at) {
    case '{': n->kind = object, good = parse_members(id, '}', depth); break;
    case '[': n->kind = array, good = parse_members(id, ']', depth); break;
    case '"': n->kind = string, good = parse_string(n); break;
    case 't': n->kind = boolean, n->value = 1, good = word("true"); break;
    case 'f': n->kind = boolean, good = word("false"); break;
    case 'n': n->kind = null, good = word("null"); break;
    default: n->kind = number, good = parse_number(n); break;
    }
    return good ? id : 0;
}

static u32 add_up(u32 id) {
    u32 hash = 0;
    for (; id; id = nodes[id].next) {
        union {
            double value;
            u64 bits;
        } x = {nodes[id].value};
        hash = hash * 31 + (u32)nodes[id].kind + nodes[id].size + (u32)(x.bits ^ x.bits >> 32);
        if (nodes[id].children) hash ^= add_up(nodes[id].children);
    }
    return hash;
}

u32 run(u32 n, u32 seed) {
    u32 hash = seed;
    write_text(seed);
    for (u32 round = 0; round < n; ++round) {
        used = 1;
        at = text;
        const u32 root = parse_value(0);
        if (!root) return 0;
        hash = hash * 31 + add_up(root) + used;
    }
    return hash;
}
