#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles every guest of examples/guests, examples/game/mods and tests/guests, NAME.c to NAME.wasm beside it.

    build.py            writes the modules
    build.py --check    compiles again elsewhere and fails if a module differs

The modules are checked in, since not everyone has this compiler; clang 14 gives them byte for byte.
Compiler and linker are called apart: clang, where it links and finds wasm-opt on the PATH, runs that too.
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
VERSION = "14"  # of the compiler that made the modules


def compiled(source, folder, clang, linker):
    target, module = folder / "guest.o", folder / "guest.wasm"
    subprocess.run([clang, "--target=wasm32", "-O2", "-nostdlib", "-ffreestanding", "-Wall", "-Wextra", "-c",
                    source.name, "-o", target], cwd=source.parent, check=True)
    subprocess.run([linker, "--no-entry", target, "-o", module], check=True)
    return module.read_bytes()


def main():
    check = sys.argv[1:] == ["--check"]
    clang = shutil.which("clang-" + VERSION) or shutil.which("clang")
    linker = shutil.which("wasm-ld-" + VERSION) or shutil.which("wasm-ld")
    version = clang and re.search(r"version (\d+)", subprocess.run([clang, "--version"], capture_output=True, text=True).stdout)
    if not clang or not linker or not version or version[1] != VERSION:
        print(f"skipped: clang {VERSION} and its wasm-ld are not here")
        sys.exit(0 if check else 1)
    stale = []
    for source in sorted([*TOP.glob("examples/guests/*.c"), *TOP.glob("examples/game/mods/*.c"), *TOP.glob("tests/guests/*.c")]):
        with tempfile.TemporaryDirectory() as folder:
            data = compiled(source, pathlib.Path(folder), clang, linker)
        module = source.with_suffix(".wasm")
        if check and (not module.is_file() or module.read_bytes() != data):
            stale.append(module.relative_to(TOP).as_posix())
        elif not check:
            module.write_bytes(data)
            print(f"{module.relative_to(TOP)}: {len(data)} bytes")
    if stale:
        sys.exit("not what the sources give: " + ", ".join(stale))
    if check:
        print("every guest is what its source gives")


if __name__ == "__main__":
    main()
