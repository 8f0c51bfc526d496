#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compares what the recipes say with the tree: one version, files that exist, one target; and README.md's snippets with
the files that are tested.

    recipes.py SOURCE_DIRECTORY
"""
import ast
import json
import pathlib
import re
import sys


def main():
    source = pathlib.Path(sys.argv[1])
    package, consumer = source / "tests/package", source / "tests/package/consumer"

    def read(path):
        return path.read_text(encoding="utf-8")

    wrong = []
    checks = 0

    def expect(condition, text):
        nonlocal checks
        checks += 1
        if not condition:
            wrong.append(text)

    config = read(source / "include/tessera/config.hpp")
    version = ".".join(re.findall(r"^#define TESSERA_VERSION_\w+ (\d+)$", config, re.M))
    port = json.loads(read(package / "vcpkg/tessera/vcpkg.json"))
    written = {
        "vcpkg.json": port["version-semver"],
        "meson.build": re.search(r"version: '([^']*)'", read(source / "meson.build"))[1],
        "fetch_content.cmake": re.search(r"tessera-([\d.]+)\.tar", read(consumer / "fetch_content.cmake"))[1],
        "cpm.cmake": re.search(r"tessera-([\d.]+)\.tar", read(consumer / "cpm.cmake"))[1],
        "cpm.cmake, VERSION": re.search(r"VERSION ([\d.]+)", read(consumer / "cpm.cmake"))[1],
    }
    for place, says in written.items():
        expect(says == version, f"{place} says {says}, config.hpp {version}")
    minor = version.rpartition(".")[0]
    for place, text in ("find_package.cmake", f"find_package(tessera {minor} "), ("meson.build", f"'>={minor}'"):
        expect(text in read(consumer / place), f"the consumer's {place} does not ask for {minor}")

    expect(port["name"] == (package / "vcpkg/tessera").name, "a port's folder has the port's name")
    expect("tessera::tessera" in read(package / "vcpkg/tessera/usage"), "usage names another target")
    for recipe in sorted((package / "conan").rglob("*.py")):
        ast.parse(read(recipe), str(recipe))
        checks += 1
    # Paths that xmake resolves from the file's folder, and those its install step copies from the tree.
    xmake = read(package / "xmake/xmake.lua")
    for path in re.findall(r'"(\.\./[^"]*)"', xmake):
        expect((package / "xmake" / path).exists(), f"xmake.lua names {path}, which is not there")
    for path in re.findall(r'os\.cp\("([^"]*)"', xmake):
        expect((source / path).exists(), f"xmake.lua copies {path}, which is not there")
    for header in re.findall(r'includes = "([^"]*)"', xmake):
        expect((source / "include" / header).exists(), f"xmake.lua includes {header}, which is not there")

    # A snippet for a build system is a piece of a file that a test builds.
    files = [*consumer.glob("*.cmake"), consumer / "CMakeLists.txt", consumer / "meson.build", package / "xmake/xmake.lua"]
    tested = [" ".join(read(path).split()) for path in files]
    readme = read(source / "README.md")
    for language, snippet in re.findall(r"^ *```(cmake|meson|lua)\n(.*?)^ *```$", readme, re.M | re.S):
        expect(any(" ".join(snippet.split()) in text for text in tested),
               f"README.md has a {language} snippet that no test builds:\n{snippet}")

    print(*wrong, f"{checks - len(wrong)} passed, {len(wrong)} failed", sep="\n")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
