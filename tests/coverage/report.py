#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints the line coverage of include/ by floor, from the counts that the tests left in BUILD.

    report.py --least PERCENT SOURCE BUILD

Writes BUILD/coverage/index.html (lines in colour) and lines.txt (what each header misses). Exits with 1 if
a floor, or the whole, is below PERCENT; the few lines of the top folder, the doors, count in the whole. A
line of a template counts as executed if one instantiation executed it; what is never instantiated, or runs
at compile time only, has no lines.
"""
import argparse
import collections
import json
import os
import pathlib
import shutil
import subprocess
import sys

FLOORS = ["util", "syntax", "num", "binary", "text", "valid", "runtime", "exec", "wasi", "debug"]


def floor_of(name):
    """`include/tessera/runtime/api/func.hpp` is of `runtime`; the headers of the top folder are the doors."""
    parts = pathlib.PurePosixPath(name).relative_to("include/tessera").parts
    return parts[0] if len(parts) > 1 else "doors"


def main():
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--least", type=float, default=95)
    arguments.add_argument("source", type=pathlib.Path)
    arguments.add_argument("build", type=pathlib.Path)
    options = arguments.parse_args()
    options.source, options.build = options.source.resolve(), options.build.resolve()
    if not shutil.which("gcovr"):
        promised = os.environ.get("CI") == "true"
        print("gcovr is not installed" if promised else "skipped: gcovr is not installed")
        sys.exit(1 if promised else 0)

    out = options.build / "coverage"
    out.mkdir(exist_ok=True)
    # Programs that ran, not all that were ever built here: objects of an earlier state may lie about.
    programs = {next(p for p in count.parents if p.suffix == ".dir") for count in options.build.rglob("*.gcda")}
    if not programs:
        print("nothing was counted: run the other tests first")
        sys.exit(1)
    # One job: with several, gcovr 5.2 waits for ever when one of them fails.
    subprocess.run(
        ["gcovr", "--root", options.source, "--filter", "include/", "--html-details", out / "index.html",
         "--txt", out / "lines.txt", "--json-summary", out / "summary.json", *sorted(programs)],
        cwd=options.source, check=True)

    covered, total = collections.Counter(), collections.Counter()
    for file in json.loads((out / "summary.json").read_text())["files"]:
        for row in (floor_of(file["filename"]), "total"):
            covered[row] += file["line_covered"]
            total[row] += file["line_total"]
    low = []
    rows = FLOORS + ["doors", "total"]
    for row in rows + sorted(set(total) - set(rows)):
        share = 100 * covered[row] / total[row] if total[row] else 0
        print(f"{row:8} {covered[row]:6} of {total[row]:6} lines  {share:5.1f} %")
        if share < options.least and row != "doors":
            low.append(row)
    print(f"reports: {out}/index.html, {out}/lines.txt")
    if low:
        print(f"below {options.least:g} %: " + ", ".join(low))
    sys.exit(1 if low else 0)


if __name__ == "__main__":
    main()
