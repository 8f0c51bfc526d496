#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The conformance table: what of each proposal is in the table of instructions, and how its scripts ended where.

    table.py --manifest spec-manifest.json "NAME=build/logs/PRESET.xml"...    prints it
    table.py --check table.md                                                fails if its columns of instructions
                                                                             are not what opcodes.def says

A NAME is a column; the file is what ctest --output-junit wrote, with the whole output of the tests `spec/…`
(--test-output-size-passed 1000000, as the test presets have it). The manifest says which proposal a script
belongs to.
"""
import argparse
import collections
import json
import pathlib
import re
import sys
import xml.etree.ElementTree

TOP = pathlib.Path(__file__).resolve().parents[2]
OPCODES = TOP / "include/tessera/syntax/opcodes.def"
FEATURES = TOP / "include/tessera/features.hpp"

# A row: what it is called, its features, the manifest's groups of scripts.
ROWS = [
    ("WebAssembly 1.0, and 2.0 without vectors",
     ["mvp", "mutable_globals", "sign_extension", "saturating_float", "multi_value", "bulk_memory", "reference_types",
      "extended_const"],
     ["core 1.0/2.0 (non-SIMD)", "script: module definition/instance"]),
    ("fixed-width vectors", ["simd"], ["SIMD"]),
    ("relaxed vectors", ["relaxed_simd"], ["relaxed SIMD"]),
    ("tail calls", ["tail_call"], ["tail call"]),
    ("multiple memories", ["multi_memory"], ["multi-memory"]),
    ("64-bit memories and tables", ["memory64"], ["memory64/table64"]),
    ("typed function references", ["function_references"], ["function refs"]),
    ("garbage collection", ["gc"], ["GC"]),
    ("exceptions", ["exceptions"], ["EH (try_table/exnref)"]),
    ("legacy exceptions", ["legacy_exceptions"], ["legacy EH"]),
    ("custom sections, annotations", [], ["custom sections/annotations"]),
    ("threads", ["threads"], ["threads", "threads (script threads)"]),
    ("wide arithmetic", ["wide_arithmetic"], ["wide-arithmetic"]),
    ("custom page sizes", ["custom_page_sizes"], ["custom-page-sizes"]),
]
# Scripts of no feature there is.
NOT_PLANNED = {"custom-descriptors"}
# Options of the engine, which have no scripts.
OPTIONS = {"deterministic", "dirty_marks", "fuel", "interruption", "native", "tracing"}

OP = re.compile(r"^OP\(\s*\w+,\s*\"[^\"]*\",\s*0x\w+,\s*0x\w+,\s*\w+,\s*\w+,\s*(\w+),.*$", re.M)
FEATURE = re.compile(r"^    (\w+),\s*///<", re.M)
SCRIPT = re.compile(r"^script (\S+): (\d+) passed (\d+) failed (\d+) skipped\s*$", re.M)


def instructions():
    """For each feature, how many instructions the table has."""
    text = OPCODES.read_text(encoding="utf-8")
    rows = OP.findall(text)
    if len(rows) != len(re.findall(r"^OP\(", text, re.M)):
        sys.exit(f"{OPCODES.name}: a row that this script does not understand")
    features = FEATURE.findall(FEATURES.read_text(encoding="utf-8").split("enum class feature", 1)[1].split("};", 1)[0])
    missing = set(features) - OPTIONS - {f for _, of_row, _ in ROWS for f in of_row}
    if missing:
        sys.exit(f"{pathlib.Path(__file__).name}: no row for " + ", ".join(sorted(missing)))
    return collections.Counter(rows)


def leading_cells():
    """The columns that the tree alone decides, for each row."""
    count = instructions()
    for title, features, _ in ROWS:
        yield [title, str(sum(count[f] for f in features) or "")]


def outcomes(report, groups):
    """(passed, failed, skipped) of each group in one file of ctest, and how many scripts ran."""
    found, scripts = collections.defaultdict(lambda: [0, 0, 0]), collections.Counter()
    for case in xml.etree.ElementTree.parse(report).getroot().iter("testcase"):
        if case.get("name").startswith("spec/"):
            for path, *numbers in SCRIPT.findall(case.findtext("system-out") or ""):
                group = next((g for file, g in groups.items() if path.endswith("/" + file)), None)
                if group is None:
                    sys.exit(f"{report}: {path} is not in the manifest")
                scripts[group] += 1
                found[group] = [a + int(b) for a, b in zip(found[group], numbers)]
    if not scripts:
        sys.exit(f"{report}: no script in it")
    return found, scripts


def table(manifest, columns):
    entries = json.loads(pathlib.Path(manifest).read_text(encoding="utf-8"))
    groups = {entry["file"]: entry["group"] for entry in entries}
    unknown = set(groups.values()) - {g for _, _, of_row in ROWS for g in of_row} - NOT_PLANNED
    if unknown:
        sys.exit("the manifest has scripts of " + ", ".join(sorted(unknown)))
    measured = [(name, *outcomes(report, groups)) for name, report in columns]
    print("Under each machine: commands of the scripts that passed / that were skipped.\n")
    print("| proposal | instructions | scripts | " + " | ".join(name for name, *_ in measured) + " |")
    print("| --- | --: | --: |" + " --: |" * len(measured))
    for leading, (_, _, of_row) in zip(leading_cells(), ROWS):
        cells = []
        for _, found, scripts in measured:
            passed, failed, skipped = (sum(column) for column in zip(*(found[g] for g in of_row)))
            ran = sum(scripts[g] for g in of_row)
            there = sum(1 for g in groups.values() if g in of_row)
            cell = f"{passed} / {skipped}" + (f", {failed} failed" if failed else "")
            cells.append(cell if ran == there else f"{cell} in {ran} scripts" if ran else "not run")
        scripts = sum(1 for g in groups.values() if g in of_row)
        print("| " + " | ".join(leading + [str(scripts)] + cells) + " |")


def check(path):
    rows = [[cell.strip() for cell in line.strip().strip("|").split("|")][:2]
            for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines() if line.startswith("| ")][2:]
    wanted = list(leading_cells())
    for have, want in zip(rows, wanted):
        if have != want:
            sys.exit(f"{path} says {have}, the table of instructions {want}")
    if len(rows) != len(wanted):
        sys.exit(f"{path} has {len(rows)} rows instead of {len(wanted)}")
    print(f"{len(rows)} rows agree with the table of instructions")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="FILE")
    parser.add_argument("--manifest")
    parser.add_argument("columns", nargs="*", metavar="NAME=FILE")
    arguments = parser.parse_args()
    if arguments.check:
        check(arguments.check)
    elif arguments.manifest and arguments.columns:
        table(arguments.manifest, [column.split("=", 1) for column in arguments.columns])
    else:
        parser.error("nothing to do")


if __name__ == "__main__":
    main()
