// SPDX-License-Identifier: MIT
// A mod of a game, in AssemblyScript.

/** What a hit takes away. */
export function damage(strength: i32, factor: f64): i32 {
  return i32(Math.floor(f64(strength) * factor));
}

/** How many primes there are below `n`. */
export function primes(n: i32): i32 {
  const composite = new StaticArray<bool>(n);
  let count = 0;
  for (let i = 2; i < n; ++i) {
    if (composite[i]) continue;
    ++count;
    for (let k = 2 * i; k < n; k += i) composite[k] = true;
  }
  return count;
}
