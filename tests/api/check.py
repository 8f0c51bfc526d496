#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares the public declarations of the headers with those of the last release.

    check.py INCLUDE_DIRECTORY             fails if one of the last release's is gone or changed; reports new ones
    check.py INCLUDE_DIRECTORY --update    for a release: adds the new ones to MAJOR.MINOR.txt beside this script

A version MAJOR.MINOR only ever gains lines, so --update refuses to drop one from its own file. The first release of a
new MAJOR.MINOR starts a file of its own, whose difference from the one before is what a user has to adapt to.
Exits with 77 where Python's bindings of libclang are not installed.
"""
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SKIPPED = 77


def version_of(include):
    text = (include / "tessera/config.hpp").read_text(encoding="utf-8")
    numbers = [re.search(rf"^#define TESSERA_VERSION_{part} (\d+)$", text, re.M) for part in ("MAJOR", "MINOR")]
    return tuple(int(number[1]) for number in numbers)


def releases(folder):
    """{(major, minor): file}"""
    return {tuple(map(int, path.stem.split("."))): path for path in folder.glob("[0-9]*.txt")}


def compare(old, new):
    """(gone, added): a changed declaration is in both."""
    return sorted(set(old) - set(new)), sorted(set(new) - set(old))


def main():
    arguments = [a for a in sys.argv[1:] if a != "--update"]
    if len(arguments) not in (1, 2):
        sys.exit(__doc__)
    include, folder = pathlib.Path(arguments[0]), pathlib.Path(arguments[1]) if arguments[1:] else HERE
    try:
        from declarations import declarations
    except ImportError:
        print("skipped: Python's bindings of libclang are not installed (python3-clang-14)")
        sys.exit(SKIPPED)
    version, known = version_of(include), releases(folder)
    last = known[max(known)] if known else None
    gone, added = compare(last.read_text(encoding="utf-8").splitlines() if last else [], declarations(include))
    for sign, lines in ("- ", gone), ("+ ", added):
        for line in lines:
            print(sign + line)
    if "--update" in sys.argv:
        own = folder / "{}.{}.txt".format(*version)
        if gone and own == last:
            sys.exit(f"{len(gone)} declarations of {own.stem} are gone or changed: that is for another minor version")
        own.write_text("".join(line + "\n" for line in declarations(include)), encoding="utf-8")
        print(f"{own.name}: {len(added)} added" + (f", {len(gone)} dropped" if gone else ""))
    elif not known:
        sys.exit("there is no list to compare with: run --update")
    elif gone:
        sys.exit(f"{len(gone)} declarations of {last.stem} are gone or changed (lines with -)")
    else:
        print(f"all declarations of {last.stem} are there, {len(added)} are new")


if __name__ == "__main__":
    main()
