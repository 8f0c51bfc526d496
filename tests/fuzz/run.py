#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a fuzzer of libFuzzer and says what came of it.

    run.py --program P --seeds FOLDER... --corpus FOLDER [--dictionary FILE] MODE
        replay                              executes every seed and every input kept before, once
        fuzz --seconds N --length N         fuzzes; what reaches something new is kept in the corpus
        cover --headers H --floor GLOB... --least N [--handlers N]
                                            executes them as replay does and prints which share of the
                                            lines of H/GLOB was reached, and which handlers of the
                                            interpreter; P is built with coverage

A failing input is left beside the program, and printed if it is small. The last line is
"N passed, N failed, N skipped".
"""
import argparse
import fnmatch
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import sys

import handlers

# A slow input or one that takes much memory is a failure like any other.
LIMITS = ["-timeout=10", "-rss_limit_mb=2048", "-malloc_limit_mb=512", "-print_final_stats=1", "-verbosity=0"]


def execute(arguments, folders, options, environment=None):
    """Runs the fuzzer; (worked, executions)."""
    program = pathlib.Path(arguments.program).resolve()
    findings = program.parent / "findings"
    findings.mkdir(exist_ok=True)
    folders = [f for f in folders if pathlib.Path(f).is_dir()]
    command = [str(program), *LIMITS, f"-artifact_prefix={findings}/{program.name}-", *options, *folders]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
                          env={**os.environ, **(environment or {})})
    count = re.search(r"number_of_executed_units: *(\d+)", done.stdout)
    if done.returncode:
        print(*done.stdout.splitlines()[-60:], sep="\n")
        for name in re.findall(r"Test unit written to (.*)", done.stdout):
            content = pathlib.Path(name).read_bytes()
            if len(content) <= 4096:
                print(f"{name}: {content.hex()}")
    return done.returncode == 0, int(count[1]) if count else 0


def close(name, worked):
    print(f"{name}: {int(worked)} passed, {int(not worked)} failed, 0 skipped")
    return 0 if worked else 1


def replay(arguments):
    worked, count = execute(arguments, [arguments.corpus, *arguments.seeds], ["-runs=0", "-max_len=16777216"])
    print(f"{pathlib.Path(arguments.program).name}: {count} inputs replayed")
    return close("replay", worked)


def fuzz(arguments):
    corpus = pathlib.Path(arguments.corpus)
    corpus.mkdir(parents=True, exist_ok=True)
    # Every seed is executed before fuzzing begins: a short run begins with some of them.
    seeds = sorted(str(file) for folder in arguments.seeds for file in pathlib.Path(folder).iterdir())
    seeds = random.Random(0).sample(seeds, min(len(seeds), 50 * arguments.seconds))
    chosen = corpus.parent / f"{corpus.name}.seeds"
    chosen.write_text(",".join(seeds))
    options = [f"-max_total_time={arguments.seconds}", f"-max_len={arguments.length}", "-len_control=0", f"-seed_inputs=@{chosen}"]
    if arguments.dictionary:
        options.append(f"-dict={arguments.dictionary}")
    worked, count = execute(arguments, [arguments.corpus], options)
    print(f"{pathlib.Path(arguments.program).name}: {count} executions in {arguments.seconds} s")
    return close("fuzz", worked)


def tool(name):
    """The newest of the tools called `name` or `name-14` and the like."""
    return next((p for p in map(shutil.which, [name] + [f"{name}-{v}" for v in range(25, 13, -1)]) if p), None)


def cover(arguments):
    cov, profdata = tool("llvm-cov"), tool("llvm-profdata")
    if not cov or not profdata:
        print("skipped 1: llvm-cov and llvm-profdata (package llvm) are not there")
        print("0 passed, 0 failed, 1 skipped")
        return 0
    raw = pathlib.Path(arguments.program + ".profraw")
    worked, count = execute(arguments, [arguments.corpus, *arguments.seeds], ["-runs=0", "-max_len=16777216"],
                            {"LLVM_PROFILE_FILE": str(raw)})
    subprocess.run([profdata, "merge", str(raw), "-o", f"{raw}.merged"], check=True)
    report = subprocess.run([cov, "export", "-summary-only", f"-instr-profile={raw}.merged", arguments.program],
                            check=True, stdout=subprocess.PIPE, text=True)
    name, reached, lines = pathlib.Path(arguments.program).name, 0, 0
    for file in json.loads(report.stdout)["data"][0]["files"]:
        inside = os.path.relpath(file["filename"], arguments.headers)
        # A pattern is for one folder: `*` does not match a slash.
        if any(inside.count("/") == glob.count("/") and fnmatch.fnmatch(inside, glob) for glob in arguments.floor):
            here = file["summary"]["lines"]
            print(f"    {here['covered']:5} of {here['count']:5}  {inside}")
            reached, lines = reached + here["covered"], lines + here["count"]
    share = 100 * reached / lines if lines else 0
    print(f"{name}: {count} inputs reach {reached} of {lines} lines, {share:.1f} %; {arguments.least} % are asked for")
    worked = worked and share >= arguments.least
    if arguments.handlers is not None:
        worked = handlers.report(profdata, f"{raw}.merged", pathlib.Path(arguments.headers)) >= arguments.handlers and worked
    return close("coverage", worked)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--seeds", nargs="*", default=[])
    parser.add_argument("--corpus", required=True)
    parser.add_argument("--dictionary")
    modes = parser.add_subparsers(dest="mode", required=True)
    modes.add_parser("replay")
    fuzzing = modes.add_parser("fuzz")
    fuzzing.add_argument("--seconds", type=int, required=True)
    fuzzing.add_argument("--length", type=int, required=True)
    covering = modes.add_parser("cover")
    covering.add_argument("--headers", required=True)
    covering.add_argument("--floor", nargs="+", required=True)
    covering.add_argument("--least", type=float, required=True)
    covering.add_argument("--handlers", type=float, help="percent of the instructions and of the kinds of handlers")
    arguments = parser.parse_args()
    return {"replay": replay, "fuzz": fuzz, "cover": cover}[arguments.mode](arguments)


if __name__ == "__main__":
    sys.exit(main())
