# SPDX-License-Identifier: MIT
"""Conan 2 recipe for the tree it stands in: conan create tests/package/conan -s compiler.cppstd=20"""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.files import copy, load
from conan.tools.layout import basic_layout


class TesseraConan(ConanFile):
    name = "tessera"
    description = "WebAssembly runtime in one C++20 header"
    license = "MIT"
    topics = ("webassembly", "wasm", "interpreter", "header-only")
    package_type = "header-library"
    settings = "os", "arch", "compiler", "build_type"
    no_copy_source = True

    def _tree(self):
        return os.path.normpath(os.path.join(self.recipe_folder, "..", "..", ".."))

    def set_version(self):
        text = load(self, os.path.join(self._tree(), "include", "tessera", "config.hpp"))
        self.version = ".".join(re.findall(r"^#define TESSERA_VERSION_\w+ (\d+)$", text, re.M))

    def export_sources(self):
        for pattern in ("LICENSE", "include/*.hpp", "include/*.def"):
            copy(self, pattern, src=self._tree(), dst=self.export_sources_folder)

    def layout(self):
        basic_layout(self)

    def validate(self):
        check_min_cppstd(self, 20)

    def package_id(self):
        self.info.clear()

    def package(self):
        copy(self, "LICENSE", src=self.source_folder, dst=os.path.join(self.package_folder, "licenses"))
        for pattern in ("*.hpp", "*.def"):
            copy(self, pattern, src=os.path.join(self.source_folder, "include"),
                 dst=os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.bindirs = []
        self.cpp_info.libdirs = []
        self.cpp_info.set_property("cmake_file_name", "tessera")
        self.cpp_info.set_property("cmake_target_name", "tessera::tessera")
        self.cpp_info.set_property("pkg_config_name", "tessera")
