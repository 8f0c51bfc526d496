#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs each kernel straight, and again in slices of fuel, each in a process of its own that loads what the one before
has saved: result and cost must be the same.

    run.py KERNELS_FOLDER SCRATCH_FOLDER [--stops N] [--native NATIVE] PROGRAM...

PROGRAM is resume, with an emulator before it where that is needed. NATIVE is the same with machine code: each process
is then, at random, the one or the other, compiling at once, later, or nothing. Where the slices end is random, and
printed with a failure, as are the processes. The last line is "N passed, N failed, N skipped".
"""
import pathlib
import random
import subprocess
import sys


def main():
    arguments = sys.argv[1:]
    stops = 6
    if "--stops" in arguments:
        at = arguments.index("--stops")
        stops = int(arguments[at + 1])
        del arguments[at:at + 2]
    native = ""
    if "--native" in arguments:
        at = arguments.index("--native")
        native = arguments[at + 1]
        del arguments[at:at + 2]
    kernels, scratch, program = pathlib.Path(arguments[0]), pathlib.Path(arguments[1]), [a for a in arguments[2:] if a]
    scratch.mkdir(parents=True, exist_ok=True)
    state = scratch / "state.bin"

    chance, passed, failed, saved = random.Random(), 0, 0, 0
    kinds = [program] + [[native, str(threshold)] for threshold in (0, 0, 1, 1000, -1) if native]
    used = []

    def step(*words):
        kind = chance.choice(kinds)
        used.append(kind[1] if len(kind) > 1 and kind[0] == native else "interpreter")
        done = subprocess.run([*kind, *map(str, words)], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: status {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout.split()

    for line in (kernels / "kernels.txt").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, _, _, seed, _, work, result = line.split()
        module, slices = kernels / f"{name}.wasm", []
        used.clear()
        try:
            done, straight, cost = step(module, work, seed)
            if done != "done" or straight != result:
                raise RuntimeError(f"straight it gives {straight}, not {result}")
            cuts = sorted(chance.sample(range(1, int(cost)), min(stops, int(cost) - 1)))
            slices = [b - a for a, b in zip([0] + cuts, cuts)] + [int(cost)]
            outcome = step(module, work, seed, state, slices[0])
            given = slices[0]
            for more in slices[1:]:
                if outcome[0] != "suspended":
                    break
                saved += 1
                outcome = step(module, "on", state, more)
                given += more
            if outcome[0] != "done" or outcome[1] != result or given - int(outcome[2]) != int(cost):
                raise RuntimeError(f"{' '.join(outcome)} of {given}, not {result} for {cost}")
            passed += 1
        except (RuntimeError, ValueError, IndexError) as why:
            print(f"{name} in slices of {slices} by {used}: {why}")
            failed += 1
    state.unlink(missing_ok=True)
    print(f"{saved} times a process went on with what another one had saved")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    sys.exit(1 if failed or not passed or saved < passed else 0)


if __name__ == "__main__":
    main()
