// SPDX-License-Identifier: MIT
// A mod of examples/game: it flies in circles, which drift.
import * as meadow from "./meadow";

const at = new meadow.spot();
let x: f32 = 0, y: f32 = 0, dx: f32 = 0, dy: f32 = 0;

export function begin(number: i32, seed: u32): void {
  x = f32(seed % 60);
  y = f32((seed >> 8) % 14);
  dx = 1;
  dy = f32(number % 5) * 0.25 - 0.5;
}
export function tick(frame: i32): void {
  // A turn by the angle that has 0.96 and 0.28 as cosine and sine.
  const turned: f32 = dx * 0.96 - dy * 0.28;
  dy = dx * 0.28 + dy * 0.96;
  dx = turned;
  x += dx + 0.08;
  y += dy * 0.5;
  if (x >= 64) x -= 64;
  at.x = x;
  at.y = y;
  if (frame % 3) meadow.draw(meadow.look.firefly, at);
}
