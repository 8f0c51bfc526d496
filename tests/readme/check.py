#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles the README's programs, runs them and compares their output with what the README shows.

    check.py SOURCE_DIRECTORY SCRATCH_DIRECTORY COMPILER [FLAG...]

The README opens with a program and its output. Of the sections in WHOLE all blocks of C++ are one program, and the block
after them is its output. The last block of a section in SHOWN is a file that another test compares with an output.
"""
import pathlib
import re
import subprocess
import sys

WHOLE = ["Games, step by step"]
SHOWN = {"A game of a hundred mods": "examples/game/expected.txt"}


def blocks(text):
    """[(language, content)]"""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.M | re.S)


def section(readme, title):
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", readme, re.M | re.S)
    return blocks(found[1]) if found else []


def programs(readme):
    """(name, source, output) of each."""
    opening = blocks(readme)[:2]
    if [language for language, _ in opening] != ["cpp", ""]:
        sys.exit("README.md has to open with a program and its output")
    yield "first", opening[0][1], opening[1][1]
    for title in WHOLE:
        found = section(readme, title)
        if not found or found[-1][0] != "":
            sys.exit(f"README.md has to have a section '{title}' that ends with its output")
        yield re.sub(r"\W+", "_", title.lower()), "".join(c for l, c in found if l == "cpp"), found[-1][1]


def main():
    source, scratch, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    scratch.mkdir(parents=True, exist_ok=True)
    readme = (source / "README.md").read_text(encoding="utf-8")
    for title, file in SHOWN.items():
        if [content for _, content in section(readme, title)][-1:] != [(source / file).read_text(encoding="utf-8")]:
            sys.exit(f"README.md has to have a section '{title}' that ends with what is in {file}")
    for name, program, expected in programs(readme):
        (scratch / f"{name}.cpp").write_text(program, encoding="utf-8")
        subprocess.run([compiler, "-std=c++20", "-O1", *sys.argv[4:], f"{name}.cpp", "-o", name], cwd=scratch, check=True)
        output = subprocess.run([scratch / name], capture_output=True, text=True, check=True).stdout
        if output != expected:
            sys.exit(f"it prints\n{output}and README.md says\n{expected}")


if __name__ == "__main__":
    main()
