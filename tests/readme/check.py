#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles the README's first program, runs it and compares its output with what the README shows.

    check.py SOURCE_DIRECTORY SCRATCH_DIRECTORY COMPILER [FLAG...]
"""
import pathlib
import re
import subprocess
import sys


def main():
    source, scratch, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
    blocks = re.findall(r"^```(\w*)\n(.*?)^```$", (source / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    if len(blocks) < 2 or blocks[0][0] != "cpp" or blocks[1][0] != "":
        sys.exit("README.md has to open with a program and its output")
    scratch.mkdir(parents=True, exist_ok=True)
    (scratch / "first.cpp").write_text(blocks[0][1], encoding="utf-8")
    subprocess.run([compiler, "-std=c++20", "-O1", *sys.argv[4:], "first.cpp", "-o", "first"], cwd=scratch, check=True)
    output = subprocess.run([scratch / "first"], capture_output=True, text=True, check=True).stdout
    if output != blocks[1][1]:
        sys.exit(f"it prints\n{output}and README.md says\n{blocks[1][1]}")


if __name__ == "__main__":
    main()
