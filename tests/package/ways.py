#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Gets at the library in one of the ways README.md names, then builds tests/package/consumer with it and runs it.

    ways.py WAY SOURCE_DIRECTORY SCRATCH_DIRECTORY COMPILER

The consumer has to print the version that config.hpp has. Programs that are not installed: exit status 77.
"""
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import sys

SKIPPED = 77


def run(*command, **options):
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          **options)
    if done.returncode != 0:
        sys.exit(f"{shlex.join(str(word) for word in command)}\n{done.stdout}")
    return done.stdout


def needs(*programs):
    for program in programs:
        if shutil.which(program) is None:
            print(f"skipped: {program} is not installed")
            sys.exit(SKIPPED)


class Place:
    """Where one way is tried. Folders have a space in their name, as users' have."""

    def __init__(self, source, scratch, compiler):
        self.source, self.compiler = pathlib.Path(source).resolve(), compiler
        self.scratch = pathlib.Path(scratch).resolve() / "a user folder"
        shutil.rmtree(self.scratch, ignore_errors=True)
        self.consumer = self.scratch / "consumer"
        shutil.copytree(self.source / "tests/package/consumer", self.consumer)
        config = (self.source / "include/tessera/config.hpp").read_text(encoding="utf-8")
        self.version = ".".join(re.findall(r"^#define TESSERA_VERSION_\w+ (\d+)$", config, re.M))

    def cmake(self, source, build, *options):
        run("cmake", "-S", source, "-B", build, f"-DCMAKE_CXX_COMPILER={self.compiler}", "-DCMAKE_BUILD_TYPE=None",
            *options)

    def cmake_consumer(self, way, *options):
        build = self.scratch / "build"
        self.cmake(self.consumer, build, f"-Dway={way}", *options)
        run("cmake", "--build", build)
        self.expect_version(build / "app")

    def expect_version(self, *command):
        printed = run(*command).strip()
        if printed != self.version:
            sys.exit(f"the consumer prints {printed!r}, config.hpp has {self.version}")

    def install(self, *options):
        """Installs with CMake; the prefix."""
        prefix, build = self.scratch / "prefix", self.scratch / "library"
        self.cmake(self.source, build, "-DTESSERA_BUILD_TESTS=OFF", "-DTESSERA_BUILD_EXAMPLES=OFF", *options)
        run("cmake", "--install", build, "--prefix", prefix)
        return prefix

    def expect_headers(self, folder, names):
        """Below `folder` are exactly the headers `names`, as they are in the tree."""
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        if found != set(names):
            sys.exit(f"installed and not: {sorted(found ^ set(names))[:9]}")

    def tree_headers(self):
        include = self.source / "include"
        return [path.relative_to(include).as_posix() for path in include.rglob("*") if path.is_file()]

    def pkg_config(self, prefix):
        """What pkg-config says of the installed file compiles the consumer."""
        environment = dict(os.environ, PKG_CONFIG_PATH=str(prefix / "share/pkgconfig"))
        if run("pkg-config", "--modversion", "tessera", env=environment).strip() != self.version:
            sys.exit("tessera.pc has another version")
        flags = shlex.split(run("pkg-config", "--cflags", "--libs", "tessera", env=environment))
        if [os.path.normpath(flag) for flag in flags] != [f"-I{prefix}/include"]:
            sys.exit(f"pkg-config says {flags}")
        run(self.compiler, "-std=c++20", "-fsyntax-only", *flags, "main.cpp", cwd=self.consumer)

    def release(self):
        folder = self.scratch / "release"
        sums = run(sys.executable, self.source / "single_include/release.py", folder, "--version", self.version)
        return folder, {name: sum_ for sum_, name in (line.split("  ") for line in sums.splitlines())}

    def release_options(self):
        folder, sums = self.release()
        return f"-DTESSERA_RELEASE={folder}", f"-DTESSERA_SHA256={sums[f'tessera-{self.version}.tar.gz']}"


def find_package(place):
    prefix = place.install()
    place.expect_headers(prefix / "include", place.tree_headers())
    place.cmake_consumer("find_package", f"-DCMAKE_PREFIX_PATH={prefix}")


def find_package_single(place):
    needs("pkg-config")
    prefix = place.install("-DTESSERA_SINGLE_HEADER=ON")
    place.expect_headers(prefix / "include", ["tessera/tessera.hpp"])
    prefix = prefix.rename(prefix.with_name("moved prefix"))
    place.cmake_consumer("find_package", f"-DCMAKE_PREFIX_PATH={prefix}")
    place.pkg_config(prefix)


def add_subdirectory(place):
    (place.consumer / "tessera").symlink_to(place.source)
    place.cmake_consumer("add_subdirectory")


def fetch_content(place):
    place.cmake_consumer("fetch_content", *place.release_options())


def cpm(place):
    """CPM itself is not there to be run: a stand-in hands its arguments to FetchContent, as CPM does."""
    stand_in = place.scratch / "CPM.cmake"
    stand_in.write_text("""
include(FetchContent)
function(CPMAddPackage)
  cmake_parse_arguments(arg "" "NAME;VERSION" "" ${ARGN})
  FetchContent_Declare(${arg_NAME} ${arg_UNPARSED_ARGUMENTS})
  FetchContent_MakeAvailable(${arg_NAME})
endfunction()
""", encoding="utf-8")
    place.cmake(place.consumer, place.scratch / "build", "-Dway=cpm", f"-DCMAKE_PROJECT_INCLUDE={stand_in}",
                *place.release_options())


def meson(place):
    """The project itself: built, tested and installed."""
    needs("meson", "pkg-config")
    build, prefix = place.scratch / "build", place.scratch / "prefix"
    environment = dict(os.environ, CXX=place.compiler)
    run("meson", "setup", build, place.source, "--prefix", prefix, env=environment)
    run("meson", "test", "-C", build)
    run("meson", "install", "-C", build, "--no-rebuild")
    place.expect_headers(prefix / "include", ["tessera/tessera.hpp"])
    place.pkg_config(prefix)


def meson_wrap(place):
    """The wrap of a release, as a user puts it into subprojects/."""
    needs("meson")
    release, _ = place.release()
    files = place.consumer / "subprojects/packagefiles"
    files.mkdir(parents=True)
    shutil.copy(release / "tessera.wrap", files.parent)
    shutil.copy(release / f"tessera-{place.version}.tar.gz", files)
    build = place.scratch / "build"
    run("meson", "setup", build, place.consumer, env=dict(os.environ, CXX=place.compiler))
    run("meson", "test", "-C", build)
    place.expect_version(build / "app")


def single_file(place):
    """The released header beside a program, and nothing but a compiler; this one calls a guest's function."""
    release, _ = place.release()
    shutil.copy(release / f"tessera-{place.version}.hpp", place.consumer / "tessera.hpp")
    run(place.compiler, "-std=c++20", "-O0", "call.cpp", "-o", "call", cwd=place.consumer)
    run("./call", cwd=place.consumer)


def vcpkg(place):
    """The port, run by a stand-in; vcpkg itself is not there to be run."""
    packages = place.scratch / "packages"
    run("cmake", f"-Dpackages={packages}", f"-Dbuild={place.scratch / 'library'}", f"-Dcompiler={place.compiler}",
        "-P", place.source / "tests/package/vcpkg/stand_in.cmake")
    place.expect_headers(packages / "include", place.tree_headers())
    place.cmake(place.consumer, place.scratch / "build", "-Dway=find_package", f"-DCMAKE_PREFIX_PATH={packages}")
    run("cmake", "--build", place.scratch / "build")


def conan(place):
    """The recipe, run by a stand-in; the project in test_package/ is configured against an installed copy."""
    cache = place.scratch / "cache"
    made = run(sys.executable, place.source / "tests/package/conan/stand_in.py", cache).strip()
    if made != place.version:
        sys.exit(f"the recipe says version {made}")
    place.expect_headers(cache / "package/include", place.tree_headers())
    place.cmake(place.source / "tests/package/conan/test_package", place.scratch / "build",
                f"-DCMAKE_PREFIX_PATH={place.install()}")


WAYS = {way.__name__: way for way in (find_package, find_package_single, add_subdirectory, fetch_content, cpm, meson,
                                      meson_wrap, single_file, vcpkg, conan)}


if __name__ == "__main__":
    if len(sys.argv) != 5 or sys.argv[1] not in WAYS:
        sys.exit(__doc__ + "WAY: " + ", ".join(WAYS))
    WAYS[sys.argv[1]](Place(*sys.argv[2:]))
