#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""What a user pays for tessera at compile time.

    measure.py [--compiler g++] [--flags=-O2] [--rounds 3] [--only NAME,…]     a Markdown table, one row a build
    measure.py --check [--compiler g++]                                        compares with the budget; 1 if beyond
    measure.py --reference                                                     what to write as REFERENCE

Seconds are processor time, user and system, of one compiler run: the least of several rounds. Memory is
the largest resident set of the compiler. The builds are those of tests/toggles/toggles.def. The header
alone is measured above its standard headers: a source that includes the same ones is compiled, too, and
its time is taken off.

A machine may be slower for minutes, or slower altogether. A reference source that has nothing of tessera
is compiled before each measurement. REFERENCE is what it took with g++ 12 on the machine for which the
budget was set, at its fastest; what has been measured is scaled by it where the machine is slower than
that. Where it is faster, plain seconds count.
"""
import argparse
import os
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
REFERENCE = 4.2

BUDGET_INCLUDE = 1.5   # seconds over the standard headers
BUDGET_SEPARATE = 0.4  # the same with TESSERA_SEPARATE
BUDGET_FULL = 30.0     # seconds
BUDGET_MEMORY = 1331   # MiB

INCLUDE = "#include <tessera/tessera.hpp>\n"


class Compiler:
    def __init__(self, command, flags, scratch):
        self.command = [command, "-std=c++20", *shlex.split(flags), f"-I{ROOT / 'single_include'}"]
        self.scratch = pathlib.Path(scratch)
        self.object = self.scratch / "out.o"

    def source(self, name, text):
        path = self.scratch / name
        path.write_text(text)
        return path

    def run(self, source, *defines):
        """Seconds of processor time and MiB of one compilation."""
        command = [*self.command, *defines, "-c", str(source), "-o", str(self.object)]
        child = subprocess.Popen(command)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"failed: {shlex.join(command)}")
        return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024

    def standard_headers(self, name, text, *defines):
        """A source with just the headers outside tessera that `text` includes."""
        source = self.source("headers.cpp", text)
        listing = subprocess.run([*self.command, *defines, "-H", "-fsyntax-only", str(source)], capture_output=True, text=True, check=True)
        direct = re.findall(r"^\.\. (\S+)$", listing.stderr, re.M)
        return self.source(name, "".join(f'#include "{path}"\n' for path in direct))


def toggles():
    rows = re.findall(r"^TOGGLE\( *(\w+), *(.+) \)$", (ROOT / "tests/toggles/toggles.def").read_text(), re.M)
    return dict(rows)  # expressions as full.cpp takes them


def sizes(path):
    text = int(subprocess.run(["size", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()[1].split()[0])
    names = {line.split()[-1] for line in subprocess.run(["nm", str(path)], capture_output=True, text=True, check=True).stdout.splitlines()}
    return text, sum(len(name) + 1 for name in names)


def table(compiler, rounds, only):
    print("| build | object, KB of code | seconds | memory, MiB | symbol names, KB |\n| --- | ---: | ---: | ---: | ---: |")
    rows = [("standard headers", compiler.standard_headers("standard.cpp", INCLUDE), []),
            ("include, nothing used", compiler.source("include.cpp", INCLUDE), []),
            ("the same, `TESSERA_SEPARATE`", compiler.source("include.cpp", INCLUDE), ["-DTESSERA_SEPARATE"])]
    rows += [(f"`{name}`", HERE / "full.cpp", [f"-DFEATURES=({expression})"]
              + ["-DTESSERA_NATIVE=1"] * ("native" in expression)) for name, expression in toggles().items()]
    for name, source, defines in rows:
        if only and name.strip("`") not in only:
            continue
        runs = [compiler.run(source, *defines) for _ in range(rounds)]
        text, symbols = sizes(compiler.object)
        print(f"| {name} | {text / 1000:.0f} | {min(r[0] for r in runs):.1f} | {max(r[1] for r in runs):.0f} | {symbols / 1000:.0f} |", flush=True)


def check(compiler, rounds):
    failed = []

    def slowness():
        """How much slower than the budget's the machine is at the moment."""
        return max(1.0, min(compiler.run(HERE / "reference.cpp")[0] for _ in range(2)) / REFERENCE)

    def within(what, budget, measure, unit="s", scaled=True):
        """Measures up to `rounds` times; the first that is within the budget will do."""
        tried = []
        for _ in range(rounds):
            slow = slowness() if scaled else 1.0
            tried.append(measure() / slow)
            if tried[-1] <= budget:
                break
        good = min(tried) <= budget
        print(f"{what}: {min(tried):.2f} {unit}, budget {budget:g} {unit}" + (f", machine {slow:.2f} times slower than the budget's" if slow > 1 else "")
              + ("" if good else ": BEYOND"), flush=True)
        if not good:
            failed.append(what)

    def over(source, standard, *defines):
        """A difference of two short runs: each is the least of several, or what disturbs one of them would decide."""
        def seconds(path):
            return min(compiler.run(path, *defines)[0] for _ in range(5))
        return lambda: seconds(source) - seconds(standard)

    include = compiler.source("include.cpp", INCLUDE)
    separate = "-DTESSERA_SEPARATE"
    full = {}

    def full_build():
        full["seconds"], full["memory"] = compiler.run(HERE / "full.cpp", "-DFEATURES=latest")
        return full["seconds"]

    within("include only, over its standard headers", BUDGET_INCLUDE, over(include, compiler.standard_headers("standard.cpp", INCLUDE)))
    within("TESSERA_SEPARATE, over its standard headers", BUDGET_SEPARATE,
           over(include, compiler.standard_headers("separate.cpp", INCLUDE, separate), separate))
    within("full build", BUDGET_FULL, full_build)
    within("memory of the full build", BUDGET_MEMORY, lambda: full["memory"], "MiB", scaled=False)
    return failed


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--compiler", default="g++")
    arguments.add_argument("--flags", default="-O2")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--only", default="")
    arguments.add_argument("--check", action="store_true")
    arguments.add_argument("--reference", action="store_true")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        compiler = Compiler(options.compiler, options.flags, scratch)
        if options.reference:
            return print(f"{min(compiler.run(HERE / 'reference.cpp')[0] for _ in range(options.rounds)):.2f}")
        if not options.check:
            return table(compiler, options.rounds, set(filter(None, options.only.split(","))))
        if failed := check(compiler, options.rounds):
            sys.exit("beyond the budget: " + ", ".join(failed))


if __name__ == "__main__":
    main()
