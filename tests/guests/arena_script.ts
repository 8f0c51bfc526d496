// SPDX-License-Identifier: MIT
// What arena.c is, in AssemblyScript; tests/programs/run.py compiles it again.
import * as arena from "./arena";
import { vec2, unit_state, team, mood } from "./arena";
function on_hit(who: arena.unit, damage: i32): i32 {
  const s = new unit_state();
  arena.look(who, s);
  s.health -= damage;
  s.slots_1 = i16(s.slots_1 * 100);
  s.score += 1;
  s.side = u8(team.blue);
  s.is_alive = s.health > 0;
  arena.change(who, s);
  return 1;
}
export function tick(seconds: f32): i32 {
  arena.log("tick");
  const at = new vec2(); at.x = 1.5; at.y = -2;
  const by = new vec2(); by.x = seconds; by.y = 4;
  const ann = arena.spawn("Ann", team.red, at);
  arena.move(ann, by);
  arena.move(ann, null);
  const now = new vec2();
  if (!arena.where(ann, now) || now.x != 1.5 + seconds || now.y != 2) return 2;
  const s = new unit_state();
  arena.look(ann, s);
  if (s.level != 1 || s.health != 100.5 || s.side != team.red || s.at_x != now.x || s.slots_0 != 1 || s.slots_1 != -2 || !s.is_alive || s.score != -5000000000) return 4;
  const n = new StaticArray<i32>(3); n[0] = 2147483647; n[1] = 2147483647; n[2] = -1;
  if (arena.sum(n) != 4294967293) return 7;
  if (arena.feel(mood.calm) != team.blue) return 8;
  if (offsetof<unit_state>() != 48 || offsetof<unit_state>("at_x") != 20) return 9;
  arena.on_hit(on_hit);
  return 0;
}
