// The functions of "arena", made from the host's description of them. A module that passes callbacks needs --exportTable.

/** The number of an object of the host's; 0 is none. */
export type unit = u32;

export enum team { red = 0, blue = 7 }

/** 8 bytes. */
@unmanaged export class vec2 {
  x: f32 = 0;
  y: f32 = 0;
}

/** 48 bytes. */
@unmanaged export class unit_state {
  level: u8 = 0;
  health: f64 = 0;
  side: u8 = 0;
  at_x: f32 = 0;
  at_y: f32 = 0;
  slots_0: i16 = 0;
  slots_1: i16 = 0;
  slots_2: i16 = 0;
  is_alive: bool = false;
  score: i64 = 0;
}

export enum mood { angry = -1, calm = 0 }

/** Writes a line. */
// @ts-ignore: decorator
@external("arena", "log")
declare function __log(line: usize, line_size: u32): void;
export function log(line: string): void {
  const _line = String.UTF8.encode(line);
  __log(changetype<usize>(_line), _line.byteLength);
}

/** Makes a unit; 0 if there is no room. */
// @ts-ignore: decorator
@external("arena", "spawn")
declare function __spawn(name: usize, side: team, at: vec2): unit;
export function spawn(name: string, side: team, at: vec2): unit {
  const _name = String.UTF8.encode(name, true);
  return __spawn(changetype<usize>(_name), side, at);
}

/** Takes a unit away. */
// @ts-ignore: decorator
@external("arena", "remove")
export declare function remove(who: unit): bool;

/** Moves a unit, by nothing if that is NULL. */
// @ts-ignore: decorator
@external("arena", "move")
export declare function move(who: unit, by: vec2 | null): void;

/** Where a unit is; false if there is no such unit. */
// @ts-ignore: decorator
@external("arena", "where")
export declare function where(who: unit, result: vec2): bool;

/** All about a unit. */
// @ts-ignore: decorator
@external("arena", "look")
export declare function look(who: unit, result: unit_state): void;

/** Sets all about a unit. */
// @ts-ignore: decorator
@external("arena", "change")
export declare function change(who: unit, to: unit_state): void;

/** A unit's name; the number of its bytes. */
// @ts-ignore: decorator
@external("arena", "name_of")
export declare function name_of(who: unit, name: usize, name_size: u32): u32;

/** The middle of some points, which are moved there. */
// @ts-ignore: decorator
@external("arena", "middle")
export declare function middle(points: usize, points_count: u32, result: vec2): void;

/** The sum of some numbers. */
// @ts-ignore: decorator
@external("arena", "sum")
declare function __sum(numbers: usize, numbers_count: u32): i64;
export function sum(numbers: StaticArray<i32>): i64 {
  return __sum(changetype<usize>(numbers), numbers.length);
}

/** How it is. */
// @ts-ignore: decorator
@external("arena", "feel")
export declare function feel(how: mood): team;

/** What is called when a unit is hit; NULL: nothing. */
// @ts-ignore: decorator
@external("arena", "on_hit")
declare function __on_hit(f: u32): void;
export function on_hit(f: ((_0: unit, _1: i32) => i32) | null): void {
  __on_hit(f ? f.index : 0);
}

// A guest exports: Called once a frame.
//   export function tick(seconds: f32): i32
