#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Fails when a header includes a higher floor, a floor beside it that it must not know, or itself in a circle.

    check.py INCLUDE_DIRECTORY
"""
import pathlib
import re
import sys

# A header includes lower floors, and its own folder.
FLOOR = {"util": 0, "syntax": 1, "num": 1, "binary": 2, "text": 2, "valid": 2, "runtime": 3, "exec": 4,
         "native": 5, "wasi": 5, "debug": 5, "save": 5, "game": 5}
# The doors, files of the top folder: each stands just above what it opens.
DOOR = {"config.hpp": -1, "undef.hpp": -1, "features.hpp": -0.5, "fwd.hpp": 0.5, "module.hpp": 3.5, "wat.hpp": 3.5,
        "store.hpp": 4.5, "separate.hpp": 4.6, "wasi.hpp": 5.5, "debug.hpp": 5.5, "native.hpp": 5.5,
        "save.hpp": 5.5, "game.hpp": 5.5, "tessera.hpp": 9}
# Folders of one floor that may include each other: (from, to).
BESIDE = {("valid", "binary"), ("text", "binary")}
# Where the two folders of floor 1 meet: the table's meanings, its relations, the word for a trap, and v128.
MEETINGS = {("num/sem.hpp", "syntax/opcode.hpp"), ("num/sem.hpp", "syntax/opcodes.def"),
            ("num/relation.hpp", "syntax/opcode.hpp"), ("num/integer.hpp", "syntax/trap.hpp"),
            ("num/vector.hpp", "syntax/value.hpp")}

INCLUDE = re.compile(r"^\s*#\s*include\s*<tessera/([^>]+)>", re.M)


def place(name):
    folder, _, rest = name.rpartition("/")
    return (folder.split("/")[0], FLOOR.get(folder.split("/")[0])) if rest and folder else ("", DOOR.get(name))


def complaint(name, other):
    if other == "undef.hpp":
        return None
    (here, height), (there, depth) = place(name), place(other)
    if height is None or depth is None:
        return f"{name if height is None else other}: no floor is known for it; add it to floors/check.py"
    if depth > height:
        return f"{name} (floor {height:g}) includes {other} (floor {depth:g})"
    if depth == height and here != there and (here, there) not in BESIDE and (name, other) not in MEETINGS:
        return f"{name} includes {other}, a folder beside its own"
    return None


def circle(graph):
    """A circular path through `graph`, or nothing."""
    done = set()
    for start in graph:
        path, iterators = [start], [iter(graph[start])]
        while path:
            for following in iterators[-1]:
                if following in path:
                    return path[path.index(following):] + [following]
                if following in graph and following not in done:
                    path.append(following)
                    iterators.append(iter(graph[following]))
                    break
            else:
                done.add(path.pop())
                iterators.pop()
    return None


def main():
    top = pathlib.Path(sys.argv[1]) / "tessera"
    graph = {}
    for path in sorted(top.rglob("*")):
        if path.suffix in (".hpp", ".def", ".inl"):
            graph[path.relative_to(top).as_posix()] = INCLUDE.findall(path.read_text(encoding="utf-8"))
    complaints = [text for name, others in graph.items() for other in others if (text := complaint(name, other))]
    complaints += [f"{name} includes {other}, which is not there" for name, others in graph.items() for other in others
                   if other not in graph]
    if found := circle(graph):
        complaints.append("circle: " + " -> ".join(found))
    print("\n".join(complaints) if complaints else f"{len(graph)} headers keep to their floors")
    sys.exit(1 if complaints or not graph else 0)


if __name__ == "__main__":
    main()
