#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs the recipe without Conan: its methods in Conan's order, with stand-ins for the functions it imports.

    stand_in.py CACHE_DIRECTORY     prints the version; the package is then in CACHE_DIRECTORY/package

`copy` matches as Conan's does: one pattern against the path below `src`, in which * goes across folders.
"""
import fnmatch
import importlib.util
import os
import pathlib
import shutil
import sys
import types

HERE = pathlib.Path(__file__).resolve().parent


def copy(conanfile, pattern, src, dst, keep_path=True):
    for path in sorted(pathlib.Path(src).rglob("*")):
        name = path.relative_to(src).as_posix()
        if path.is_file() and fnmatch.fnmatch(name, pattern):
            target = pathlib.Path(dst) / (name if keep_path else path.name)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)


class Anything:
    """An object that has every attribute and takes every call, and remembers what was set."""

    def __init__(self, *_):
        self.properties = {}

    def __getattr__(self, name):
        return lambda *_, **__: None

    def set_property(self, name, value):
        self.properties[name] = value


def modules():
    def module(name, **members):
        sys.modules[name] = types.ModuleType(name)
        vars(sys.modules[name]).update(members)

    module("conan", ConanFile=type("ConanFile", (), {}))
    module("conan.tools")
    module("conan.tools.build", check_min_cppstd=lambda conanfile, least: None, can_run=lambda conanfile: True)
    module("conan.tools.cmake", CMake=Anything, cmake_layout=lambda conanfile: None)
    module("conan.tools.files", copy=copy, load=lambda conanfile, path: pathlib.Path(path).read_text("utf-8"))
    module("conan.tools.layout", basic_layout=lambda conanfile: None)


def recipe(path):
    specification = importlib.util.spec_from_file_location(path.parent.name, path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    from conan import ConanFile
    classes = [member for member in vars(module).values() if isinstance(member, type)]
    return next(c for c in classes if issubclass(c, ConanFile) and c is not ConanFile)()


def main():
    sys.dont_write_bytecode = True
    cache = pathlib.Path(sys.argv[1])
    shutil.rmtree(cache, ignore_errors=True)
    modules()
    made = recipe(HERE / "conanfile.py")
    made.recipe_folder, made.export_sources_folder = str(HERE), str(cache / "sources")
    made.source_folder, made.package_folder = made.export_sources_folder, str(cache / "package")
    made.info, made.cpp_info = Anything(), Anything()
    for step in "set_version", "export_sources", "layout", "validate", "package_id", "package", "package_info":
        getattr(made, step)()
    if made.cpp_info.properties.get("cmake_target_name") != "tessera::tessera":
        sys.exit("the target has another name than with CMake")
    if not os.path.isfile(cache / "package/licenses/LICENSE"):
        sys.exit("the license is not in the package")
    test = recipe(HERE / "test_package/conanfile.py")
    test.requires, test.tested_reference_str = (lambda reference: None), f"{made.name}/{made.version}"
    test.run, test.cpp = (lambda command, env: None), types.SimpleNamespace(build=types.SimpleNamespace(bindir="."))
    for step in "requirements", "layout", "build", "test":
        getattr(test, step)()
    print(made.version)


if __name__ == "__main__":
    main()
