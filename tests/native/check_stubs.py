#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Disassembles every stub and compares it with stubs.txt.

    check_stubs.py LIST_STUBS [--write]

LIST_STUBS is the program that writes them. --write writes stubs.txt anew, to be read before it is kept. Fails on a
difference, on a byte that is no instruction and on a stub that the list lacks.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
EXPECTED = HERE / "stubs.txt"
EACH = 64


def disassembled(program):
    if not shutil.which("objdump"):
        print("skipped: objdump is not here")
        sys.exit(0)
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "stubs"
        names = subprocess.run([program, path], check=True, capture_output=True, text=True).stdout.splitlines()
        dump = subprocess.run(["objdump", "-D", "-z", "-w", "-b", "binary", "-m", "i386:x86-64", "-M", "intel", path],
                              check=True, capture_output=True, text=True).stdout
    texts = [[] for _ in names]
    for line in dump.splitlines():
        m = re.match(r"\s*([0-9a-f]+):\t[0-9a-f ]+\t?(.*)", line)
        if not m:
            continue
        at = int(m[1], 16)
        stub, inside = divmod(at, EACH)
        if inside < int(names[stub].split()[0]):
            # A jump says how far it goes, and not where to.
            text = re.sub(r"^(j\w+|call)(\s+)0x([0-9a-f]+)$",
                          lambda j: f"{j[1]} +{int(j[3], 16) - stub * EACH:d}", m[2].strip())
            texts[stub].append(" ".join(text.split("#")[0].split()))
    return [f"{name.split()[1]}: {'; '.join(text)}" for name, text in zip(names, texts)]


def main():
    found = disassembled(sys.argv[1])
    folder = HERE.parents[1] / "include/tessera/native"
    source = "".join((folder / name).read_text() for name in ("stubs.hpp", "vector_stubs.hpp", "atomic_stubs.hpp",
                                                                 "object_stubs.hpp"))
    named = set(re.findall(r"^inline constexpr (?:stub|auto) (\w+) =", source, re.M))
    listed = {re.match(r"\w+", line)[0] for line in found}
    for name in sorted(named - listed):
        print(f"not in list_stubs.cpp: {name}")
    if "--write" in sys.argv:
        EXPECTED.write_text("\n".join(found) + "\n")
        return 0
    expected = EXPECTED.read_text().splitlines()
    wrong = [line for line in found if "(bad)" in line] + sorted(set(found) ^ set(expected))
    for line in wrong:
        print(("is: " if line in found else "should be: ") + line)
    print(f"{len(found)} stubs, {len(wrong)} lines differ")
    return bool(wrong or named - listed)


if __name__ == "__main__":
    sys.exit(main())
