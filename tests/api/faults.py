#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Sees check.py fail where it has to, and pass where nothing a user sees was changed.

    faults.py SCRATCH_DIRECTORY

Works on a small tree of headers, since what matters is the change.
"""
import pathlib
import shutil
import subprocess
import sys

from check import compare

CHECK = pathlib.Path(__file__).resolve().parent / "check.py"
CONFIG = """
#define TESSERA_VERSION_MAJOR 0
#define TESSERA_VERSION_MINOR 3
#define TESSERA_VERSION_PATCH 1
#ifndef TESSERA_ALLOCATE
#define TESSERA_ALLOCATE(bytes) bytes
#endif
#define TESSERA_ABI v0_3_some
#define TESSERA_INLINE inline
"""
HEADER = """
#include <tessera/config.hpp>
#include <tessera/syntax/types.hpp>
namespace tessera::inline TESSERA_ABI {
namespace runtime { struct inner {}; }
enum class colour { red, green = 4 };
inline constexpr int most = 3;
class box {
public:
    explicit box(int a) noexcept : a_(a) {}
    int get(int scale = 1) const noexcept { return a_ * scale; }
    shape kind() const noexcept { return {}; }
    runtime::inner* data() noexcept { return nullptr; }
private:
    int a_;
};
}
#include <tessera/undef.hpp>
"""
TYPES = """
#pragma once
namespace tessera::inline TESSERA_ABI {
struct shape { int corners = 4; };
struct unseen { int a; };
inline constexpr shape square{};
TESSERA_INLINE int corners(const shape& s) noexcept { return s.corners; }
}
"""
OUTSIDE = "inline int box::get(int s) const noexcept { return a_ * s; }\n"
UNDEF = "#undef TESSERA_ABI\n#undef TESSERA_INLINE\n"

# (what is changed, by what, a line of the comparison or nothing if no change must be seen)
CHANGES = [
    ("scale = 1", "scale = 2", "- tessera::box: int get(int = 1) const noexcept"),
    ("scale = 1) const noexcept", "scale = 1) const", "- tessera::box: int get(int = 1) const noexcept"),
    ("int get(int scale = 1)", "long get(int scale = 1)", "- tessera::box: int get(int = 1) const noexcept"),
    ("explicit box", "box", "- tessera::box: explicit box(int) noexcept"),
    ("red, green", "green", "- tessera::colour: red = 0"),
    ("green = 4", "green", "- tessera::colour: green = 4"),
    ("constexpr int most", "constexpr long most", "- tessera: constexpr const int most"),
    ("int corners = 4", "int corners = 5", "- tessera::shape: int corners = 4"),
    ("constexpr shape square{};", "", "- tessera: constexpr const tessera::shape square"),
    ("const shape& s", "shape s", "- tessera: int corners(const shape&) noexcept"),
    ("TESSERA_ALLOCATE", "TESSERA_OBTAIN", "- #define TESSERA_ALLOCATE(bytes)"),
    ("public:", "public:\n    int more() const;", "+ tessera::box: int more() const"),
    ("{ return a_ * scale; }", ";", None),
    ("scale", "factor", None),
    ("struct unseen { int a; };", "", None),
    ("private:", "private:\n    void more();", None),
    ("constexpr int most = 3", "constexpr int most = 4", None),
    ("v0_3_some", "v0_3_other", None),
    ("runtime::inner* data() noexcept { return nullptr; }", "", None),
]


def write(folder, change=None):
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "tessera/syntax").mkdir(parents=True)
    found = change is None
    files = {"config.hpp": CONFIG, "tessera.hpp": HEADER, "undef.hpp": UNDEF, "syntax/types.hpp": TYPES}
    for name, text in files.items():
        if change and change[0] in text:
            found, text = True, text.replace(change[0], change[1])
            if change[1].startswith(";"):  # a body leaves its class
                text = text.replace("}\n#include", OUTSIDE + "}\n#include")
        (folder / "tessera" / name).write_text(text, encoding="utf-8")
    return found


def check(folder, lists, *options):
    run = subprocess.run([sys.executable, CHECK, folder, lists, *options], capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


def main():
    scratch = pathlib.Path(sys.argv[1])
    shutil.rmtree(scratch, ignore_errors=True)
    tree, lists = scratch / "include", scratch / "lists"
    lists.mkdir(parents=True)
    write(tree)
    code, output = check(tree, lists, "--update")
    if code == 77:
        print(output, end="")
        sys.exit(77)
    wrong = [] if code == 0 and check(tree, lists)[0] == 0 else [f"--update\n{output}"]
    from declarations import declarations
    promised = declarations(tree)
    for change in CHANGES:
        found = write(tree, change)
        gone, added = compare(promised, declarations(tree))
        seen = [f"- {line}" for line in gone] + [f"+ {line}" for line in added]
        if not found or (change[2] not in seen if change[2] else seen):
            wrong.append("\n".join([f"{change[0]!r} -> {change[1]!r}:", *seen]))
    # A release may not lose what its own minor version promised; another minor version may.
    write(tree, ("red, green", "green"))
    if check(tree, lists)[0] != 1:
        wrong.append("check.py passes although an enumerator is gone")
    if check(tree, lists, "--update")[0] == 0:
        wrong.append("--update drops a line of the version's own list")
    config = tree / "tessera/config.hpp"
    config.write_text(CONFIG.replace("MINOR 3", "MINOR 4"), encoding="utf-8")
    if check(tree, lists)[0] == 0 or check(tree, lists, "--update")[0] != 0 or check(tree, lists)[0] != 0:
        wrong.append("a new minor version does not get a list of its own")
    print(*wrong, f"{len(CHANGES) + 4 - len(wrong)} passed, {len(wrong)} failed", sep="\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
