-- SPDX-License-Identifier: MIT
-- A package of the tree this file stands in, and a program that uses it: xmake -P tests/package/xmake && xmake run consumer
-- Another project copies the package and sets the folder.
package("tessera")
    set_kind("library", {headeronly = true})
    set_description("WebAssembly runtime in one C++20 header")
    set_license("MIT")
    set_sourcedir(path.join(os.scriptdir(), "../../.."))

    on_install(function (package)
        os.cp("include/tessera", package:installdir("include"))
    end)

    on_test(function (package)
        assert(package:check_cxxsnippets({test = [[
            void test() { static_assert(tessera::wasm_3_0[tessera::feature::simd]); }
        ]]}, {configs = {languages = "c++20"}, includes = "tessera/features.hpp"}))
    end)
package_end()

add_requires("tessera")

target("consumer")
    set_kind("binary")
    set_languages("c++20")
    add_files("../consumer/main.cpp")
    add_packages("tessera")
