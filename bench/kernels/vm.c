// SPDX-License-Identifier: MIT
// A dense switch in a loop (br_table), as interpreters have it: n turns of a small program on a stack machine.
typedef unsigned u32;
enum code { push, load, store, add, sub, mul, xor, shr, less, jump_if, jump, dup, swap, drop, halt };

// locals: 0 the counter, 1 the hash, 2 how many turns
static const unsigned char program[] = {
    load, 1, push, 31, mul, load, 0, add, store, 1,             // hash = hash * 31 + i
    load, 1, dup, push, 15, shr, xor, store, 1,                 // hash ^= hash >> 15
    load, 0, load, 1, swap, sub, push, 7, xor, store, 1,        // hash = (hash - i) ^ 7
    load, 1, push, 128, less, jump_if, 39, jump, 46,            // a branch that is rarely taken
    load, 1, push, 1, add, store, 1,                            // 39: ++hash
    load, 0, push, 1, add, dup, store, 0, load, 2, less, jump_if, 0, halt, // 46: if (++i < n) again
};

__attribute__((noinline)) static u32 interpret(u32* locals) {
    u32 stack[16], pc = 0, top = 0, turns = 0;
    for (;; ++turns) {
        switch ((enum code)program[pc++]) {
        case push: stack[top++ & 15] = program[pc++]; break;
        case load: stack[top++ & 15] = locals[program[pc++] & 3]; break;
        case store: locals[program[pc++] & 3] = stack[--top & 15]; break;
        case add: --top; stack[(top - 1) & 15] += stack[top & 15]; break;
        case sub: --top; stack[(top - 1) & 15] -= stack[top & 15]; break;
        case mul: --top; stack[(top - 1) & 15] *= stack[top & 15]; break;
        case xor: --top; stack[(top - 1) & 15] ^= stack[top & 15]; break;
        case shr: --top; stack[(top - 1) & 15] >>= stack[top & 15] & 31; break;
        case less: --top; stack[(top - 1) & 15] = stack[(top - 1) & 15] < stack[top & 15]; break;
        case jump_if: pc = stack[--top & 15] ? program[pc] : pc + 1; break;
        case jump: pc = program[pc]; break;
        case dup: stack[top & 15] = stack[(top - 1) & 15]; ++top; break;
        case swap: {
            const u32 last = stack[(top - 1) & 15];
            stack[(top - 1) & 15] = stack[(top - 2) & 15];
            stack[(top - 2) & 15] = last;
            break;
        }
        case drop: --top; break;
        case halt: return turns;
        }
    }
}

u32 run(u32 n, u32 seed) {
    u32 locals[4] = {0, seed, n, 0};
    const u32 turns = interpret(locals);
    return locals[1] ^ turns;
}
