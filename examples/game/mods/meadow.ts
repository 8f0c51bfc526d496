// The functions of "meadow", made from the host's description of them. A module that passes callbacks needs --exportTable.

export enum key { none = 0, left = 1, right = 2, up = 3, down = 4 }

/** 8 bytes. */
@unmanaged export class spot {
  x: f32 = 0;
  y: f32 = 0;
}

export enum look { ant = 0, tail = 1, firefly = 2, mole = 3, sheep = 4, comet = 5 }

/** The key that a player holds down. */
// @ts-ignore: decorator
@external("meadow", "held")
export declare function held(player: i32): key;

/** Where a player stands. */
// @ts-ignore: decorator
@external("meadow", "stand")
export declare function stand(player: i32, at: spot): void;

/** Draws something. */
// @ts-ignore: decorator
@external("meadow", "draw")
export declare function draw(what: look, at: spot): void;

/** Where to run from a place, away from the nearest player; none if nobody is near. */
// @ts-ignore: decorator
@external("meadow", "flee")
export declare function flee(from: spot): key;

/** Whether a player gets what is at a place, and a point for it. */
// @ts-ignore: decorator
@external("meadow", "is_caught")
export declare function is_caught(at: spot): bool;

/** Writes a line. */
// @ts-ignore: decorator
@external("meadow", "say")
declare function __say(line: usize, line_size: u32): void;
export function say(line: string): void {
  const _line = String.UTF8.encode(line);
  __say(changetype<usize>(_line), _line.byteLength);
}

// A guest exports: Called once, with a number that every mod of a kind has another of.
//   export function begin(number: i32, seed: u32): void

// A guest exports: Called once a frame.
//   export function tick(frame: i32): void
