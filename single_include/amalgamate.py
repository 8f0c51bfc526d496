#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes single_include/tessera/tessera.hpp from include/tessera/tessera.hpp.

    amalgamate.py            writes the file
    amalgamate.py --check    fails if the file is not what would be written
    amalgamate.py --list     prints the headers in the order in which they are pasted

Every `#include <tessera/...>` is replaced by that file: headers once, `.def` tables each time, undef.hpp
at the very end. Standard headers are gathered at the top, unless they stand inside a conditional. What
is included under `#if TESSERA_BODIES`, or under the macro of an optional part, stays under it, its standard
headers too. The script fails when a header of the tree is not reached, when something outside needs what is
only pasted under such a condition, or when an internal macro is left defined.
"""
import argparse
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent / "include"
ROOT = "tessera/tessera.hpp"
OUTPUT = HERE / ROOT
LAST = "tessera/undef.hpp"

# What a user may set or read; every other macro has to be undefined at the end.
USER_MACROS = re.compile(r"TESSERA_(VERSION_(MAJOR|MINOR|PATCH)|(DE)?ALLOCATE|ALLOCATE_ZEROED|RESERVE|COMMIT|RELEASE|TAIL_CALLS|INSTANTIATE(_SET)?|WASI|DEBUG|NATIVE|SAVE|GAME)$")

SPDX = "// SPDX-License-Identifier: MIT"
INCLUDE = re.compile(r"^\s*#\s*include\s*<([^>]+)>", re.M)
QUOTED = re.compile(r'\s*#\s*include\s*"')
OPENS = re.compile(r"\s*#\s*(if|ifdef|ifndef)\b")
# What stands under one of these is kept together. The words are those of the conditions at the top of the file.
KEPT = re.compile(r"\s*#\s*if\s+TESSERA_(BODIES|WASI|DEBUG|NATIVE|SAVE|GAME)\s*$")
AT_THE_TOP = {"BODIES": "!defined(TESSERA_SEPARATE) || defined(TESSERA_IMPLEMENTATION)",
              "WASI": "defined(TESSERA_WASI) && TESSERA_WASI", "DEBUG": "defined(TESSERA_DEBUG) && TESSERA_DEBUG",
              "NATIVE": "defined(TESSERA_NATIVE) && TESSERA_NATIVE",
              "SAVE": "defined(TESSERA_SAVE) && TESSERA_SAVE",
              "GAME": "defined(TESSERA_GAME) && TESSERA_GAME"}
CLOSES = re.compile(r"\s*#\s*endif\b")
GUARD = re.compile(r"\s*#\s*ifndef\s+TESSERA_ABI\b")
DEFINES = re.compile(r"\s*#\s*(define|undef)\s+(\w+)")


def fail(text):
    sys.exit("amalgamate.py: " + text)


class Amalgamation:
    def __init__(self):
        self.seen = []       # headers, in the order in which they were pasted
        self.titled = set()
        self.under = {}      # the conditions a header was pasted under
        self.standard = {}   # by conditions: what is included under them
        self.body = []

    def paste(self, name, parents=(), conditions=frozenset()):
        if name in parents:
            fail("circular include: " + " -> ".join(parents + (name,)))
        if name.endswith(".hpp"):
            if name in self.seen:
                if not self.under[name] <= conditions:
                    fail(f"{parents[-1]} needs <{name}>, which is pasted under {', '.join(self.under[name])} before")
                return
            self.seen.append(name)
            self.under[name] = conditions
        path = TREE / name
        if not path.is_file():
            fail(f"{parents[-1] if parents else ROOT} includes <{name}>, which is not there")
        own = []   # lines not yet written: what this file includes comes before its first comment
        depth = 0  # of conditionals
        outside = conditions
        kept = False  # inside a condition that keeps what is under it, which counts for nothing else

        def write_own():
            if own and name.endswith(".hpp") and name not in self.titled:
                self.titled.add(name)
                self.body.extend(["", f"// ---- {name[len('tessera/'):]} " + "-" * max(3, 90 - len(name))])
            self.body.extend(own)
            own.clear()

        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if QUOTED.match(line):
                fail(f'{name}:{number}: write #include <tessera/...>')
            # config.hpp is one conditional from beginning to end, which counts for nothing.
            if KEPT.match(line):
                if kept or depth:
                    fail(f"{name}:{number}: {line.strip()} inside a conditional")
                kept = True
                conditions = outside | {KEPT.match(line)[1]}
            elif CLOSES.match(line) and depth == 0 and kept:
                kept = False
                conditions = outside
            elif CLOSES.match(line):
                depth -= 1
            elif OPENS.match(line) and not GUARD.match(line):
                depth += 1
            elif GUARD.match(line):
                depth += 0 if name == "tessera/config.hpp" else 1
            include = INCLUDE.match(line)
            if include is None:
                if line.strip() not in ("#pragma once", SPDX):
                    own.append(line)
            elif include[1] == LAST:
                pass  # once, at the end
            elif include[1].startswith("tessera/"):
                if depth > 0 and include[1].endswith(".hpp"):
                    # What it needs must not become part of the conditional: it goes before.
                    for needed in INCLUDE.findall((TREE / include[1]).read_text(encoding="utf-8")):
                        if needed.startswith("tessera/") and needed.endswith(".hpp") and needed != LAST:
                            self.paste(needed, parents + (name,), conditions)
                    write_own()
                elif any(text.strip() and not text.startswith("//") for text in own):
                    write_own()
                self.paste(include[1], parents + (name,), conditions)
            elif depth > 0:
                own.append(line)
            else:
                self.standard.setdefault(conditions, set()).add(include[1])
        write_own()

    def text(self):
        lines, blank = [], True
        for line in self.body:  # at most one blank line in a row
            if line.strip() or not blank:
                lines.append(line.rstrip())
            blank = not line.strip()
        head = [SPDX,
                "/// @file tessera.hpp",
                "/// tessera, a WebAssembly runtime, in one header.",
                "/// Generated by single_include/amalgamate.py from include/tessera/; change those files, not this one.",
                "#pragma once", ""]
        done = {}
        for conditions in sorted(self.standard, key=lambda c: (len(c), sorted(c))):
            known = set().union(*(names for under, names in done.items() if under <= conditions))
            done[conditions] = self.standard[conditions] - known
            text = [f"#include <{name}>" for name in sorted(done[conditions])]
            if text and conditions:
                text = ["#if " + " && ".join(f"({AT_THE_TOP[c]})" for c in sorted(conditions)), *text, "#endif"]
            head += text
        head.append("")
        return "\n".join(head + lines).rstrip() + "\n"


def left_over(text):
    """The internal macros that are still defined at the end of `text`."""
    defined = {}
    for number, line in enumerate(text.splitlines(), 1):
        match = DEFINES.match(line)
        if match and match[1] == "define":
            defined[match[2]] = number
        elif match:
            defined.pop(match[2], None)
    return [f"{name} (line {number})" for name, number in defined.items() if not USER_MACROS.match(name)]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the file is out of date")
    parser.add_argument("--list", action="store_true", help="print the headers in order")
    arguments = parser.parse_args()

    amalgamation = Amalgamation()
    amalgamation.paste(ROOT)
    amalgamation.paste(LAST)
    if arguments.list:
        print("\n".join(amalgamation.seen))
        return
    tree = {path.relative_to(TREE).as_posix() for path in (TREE / "tessera").rglob("*.hpp")}
    missing = sorted(tree - set(amalgamation.seen))
    if missing:
        fail("headers that tessera.hpp does not reach: " + ", ".join(missing))
    text = amalgamation.text()
    leftovers = left_over(text)
    if leftovers:
        fail("macros left defined, undefine them in undef.hpp: " + ", ".join(leftovers))

    if arguments.check:
        if not OUTPUT.is_file() or OUTPUT.read_text(encoding="utf-8") != text:
            fail(f"{OUTPUT} is not current: run python3 {pathlib.Path(__file__).name}")
        return
    OUTPUT.parent.mkdir(parents=True, exist_ok=True)
    OUTPUT.write_text(text, encoding="utf-8")
    print(f"{OUTPUT}: {len(amalgamation.seen)} headers, {text.count(chr(10))} lines")


if __name__ == "__main__":
    main()
