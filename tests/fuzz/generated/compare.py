#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Modules of binaryen's fuzzer, in tessera and in V8: both accept them and compute the same.

    compare.py --program RUN --packages FOLDER --folder FOLDER [--modules N] [--first N] [--verbose]

RUN is run.cpp, compiled. Module N is decided by the number N alone and is left in the folder, for who looks at a
finding. What is executed prints lines; those of both are compared one by one. A module's lines are not compared from
the one on where an engine reached a limit of its own, nor from the first different one on if the module is of those,
one in four, that may observe the bits of a NaN or use a relaxed vector instruction. The others replace each NaN by 0,
so that every line must be equal. Everything else that differs is a failure, and so is a module that only one of them
accepts, unless it uses a feature that only tessera has.

The last line is "N passed, N failed, N skipped": modules.
"""
import argparse
import collections
import itertools
import pathlib
import random
import re
import subprocess
import sys

PROPOSALS_WITHOUT = ["custom-descriptors", "shared-everything", "stack-switching", "fp16", "strings", "multibyte",
                     "acquire-release-atomics", "relaxed-atomics", "compact-imports"]
OPTIONS = ["-ttf", "--all-features", *(f"--disable-{p}" for p in PROPOSALS_WITHOUT)]
STRICT = ["--disable-relaxed-simd", "--denan"]
# The limits of run.cpp.
NODE_FLAGS = ["--experimental-wasm-type-reflection", "--wasm-max-mem-pages=1024", "--wasm-max-table-size=100000"]
# Instructions of wide arithmetic, which this V8 does not know.
ONLY_TESSERA = re.compile(r"invalid numeric opcode: 0xfc1[3-6]\b")
BATCH = 50
# Of 100 exported functions, so many at least must be called and compared to their end.
LEAST_SHARE = 60


def is_strict(number):
    return number % 4 != 0


def make(arguments, numbers):
    """Writes the modules; those that could be made."""
    folder = arguments.folder
    node, script = tools(arguments)
    made = []
    for number in numbers:
        draw = random.Random(number)
        (folder / f"{number}.seed").write_bytes(draw.randbytes(draw.randrange(1000, 12000)))
        (folder / f"{number}.wasm").unlink(missing_ok=True)
    for strict in (False, True):
        options = [*OPTIONS, *(STRICT if strict else []), "--emit-exnref"]
        paths = [str(folder / str(n)) for n in numbers if is_strict(n) == strict]
        if paths:
            subprocess.run([node, str(pathlib.Path(__file__).with_name("make.cjs")), script, ",".join(options), *paths],
                           timeout=600, check=False)
    for number in numbers:
        if (folder / f"{number}.wasm").exists():
            made.append(number)
        else:
            print(f"{number}: the generator made no module")
    return made


def tools(arguments):
    packages = arguments.packages
    return str(packages / "node/package/bin/node"), str(packages / "binaryen/package/bin/wasm-opt")


def execute(command, folder, numbers):
    """The lines of each module. A process that ends early is started again after the module it was at."""
    lines = {}
    left = list(numbers)
    while left:
        process = subprocess.Popen([*command, *(str(folder / f"{n}.wasm") for n in left)], stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True, errors="replace")
        try:
            output, errors = process.communicate(timeout=60 + 10 * len(left))
            end = f"crash: ended with {process.returncode}"
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
            end = "crash: did not end"
        at = None
        for line in output.splitlines():
            if line.startswith("module "):
                at = int(pathlib.Path(line[7:]).stem)
                lines[at] = []
            elif at is not None:
                lines[at].append(line)
        done = [n for n in left if n in lines and lines[n][-1:] == ["end"]]
        if len(done) == len(left):
            if process.returncode != 0:
                lines[left[-1]].append(end)
            break
        guilty = left[len(done)]
        lines[guilty] = [*lines.get(guilty, []), end, *errors.splitlines()[:40]]
        left = left[len(done) + 1:]
    return lines


class Tally:
    def __init__(self):
        self.counts = collections.Counter()
        self.failed = 0

    def compare_own(self, number, ours, compiled):
        """True if a module did the same as machine code; limits, too, are reached at the same place."""
        for our, other in itertools.zip_longest(ours, compiled, fillvalue="nothing"):
            if our != other:
                return self.fail(number, f"as machine code {other!r} instead of {our!r}", compiled)
        return True

    def compare(self, number, ours, theirs, verbose):
        """True if nothing is wrong with the module."""
        count = self.counts
        if any(line.startswith("crash: ") for line in ours):
            return self.fail(number, "tessera", ours)
        if any(line.startswith("crash: ") for line in theirs):
            count["not compared, module: node crashed or hung"] += 1
            return True
        if theirs[0].startswith("refused "):
            if not ONLY_TESSERA.search(theirs[0]):
                return self.fail(number, "not valid in node", theirs)
            if ours[0].startswith("refused "):
                return self.fail(number, "wide arithmetic is refused", ours)
            count["not compared, module: wide arithmetic, accepted and executed by tessera alone"] += 1
            return True
        count["valid modules"] += 1
        if ours[0].startswith("refused "):
            return self.fail(number, "refused", ours)
        count["exported functions"] += sum(line.startswith("export ") for line in theirs)
        for at in range(max(len(ours), len(theirs))):
            our = ours[at] if at < len(ours) else "nothing"
            their = theirs[at] if at < len(theirs) else "nothing"
            reason = None
            if our.startswith("exhausted ") or their.startswith("exhausted "):
                reason = f"limit: {our} / {their}" if verbose else "a limit of an engine was reached"
            elif our != their:
                if is_strict(number):
                    return self.fail(number, f"line {at + 1}: {our!r}, in node {their!r}", ours[max(0, at - 12):at + 1])
                reason = "bits of a NaN or a relaxed vector instruction"
                if verbose:
                    print(f"{number}: line {at + 1}: {our!r}, in node {their!r}")
            if reason:
                count[f"not compared, rest of module: {reason}"] += 1
                count[f"not compared, lines: {reason}"] += len(theirs) - at
                return True
            count["equal lines"] += 1
            if at + 1 == len(theirs) or theirs[at + 1].startswith("export ") or theirs[at + 1] == "end":
                if our == "not callable":
                    count["not compared, functions: a type that does not cross JavaScript's border or has no zero"] += 1
                elif our.startswith(("result", "trap ", "exception ")):  # no line of the start function's
                    count["functions called and compared"] += 1
                    count["... which ended with: " + our.split(" ")[0]] += 1
        return True

    def fail(self, number, what, lines):
        self.failed += 1
        print(f"{number}: {what}", *(f"    {line[:300]}" for line in lines[-60:]), sep="\n")
        return False


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--packages", required=True, type=pathlib.Path)
    parser.add_argument("--folder", required=True, type=pathlib.Path)
    parser.add_argument("--modules", type=int, default=20)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--verbose", action="store_true")
    arguments = parser.parse_args()
    node, script = tools(arguments)
    for path in (node, script):
        if not pathlib.Path(path).exists():
            print(f"skipped: {path} is not there")
            return 0
    arguments.folder.mkdir(parents=True, exist_ok=True)
    tally = Tally()
    passed = 0
    for begin in range(arguments.first, arguments.first + arguments.modules, BATCH):
        numbers = make(arguments, range(begin, min(begin + BATCH, arguments.first + arguments.modules)))
        tally.counts["modules made"] += len(numbers)
        runner = str(pathlib.Path(__file__).with_name("run.cjs"))
        theirs = execute([node, *NODE_FLAGS, runner], arguments.folder, numbers)
        ours = execute([arguments.program], arguments.folder, numbers)
        compiled = execute([arguments.program, "--machine-code"], arguments.folder, numbers)
        for n in numbers:
            tally.counts["modules executed as machine code as well"] += 1
            passed += tally.compare(n, ours[n], theirs[n], arguments.verbose) and tally.compare_own(n, ours[n], compiled[n])
        sys.stdout.flush()
    for name, count in sorted(tally.counts.items()):
        print(f"{count:8} {name}")
    worked = tally.failed == 0
    missing = arguments.modules - tally.counts["modules made"]
    if missing * 10 > arguments.modules:
        print("failed: the generator made too few modules")
        worked = False
    if tally.counts["functions called and compared"] * 100 < LEAST_SHARE * tally.counts["exported functions"]:
        print(f"failed: fewer than {LEAST_SHARE} of 100 exported functions were called and compared")
        worked = False
    print(f"generated: {passed} passed, {tally.failed} failed, {missing} skipped")
    return 0 if worked else 1


if __name__ == "__main__":
    sys.exit(main())
