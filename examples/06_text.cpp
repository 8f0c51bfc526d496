// SPDX-License-Identifier: MIT
// The text format: mistakes with their line and column, and what a parsed module knows about itself.
#include <tessera/tessera.hpp>

#include "report.hpp"

constexpr tessera::features profile = tessera::wasm_3_0;

int main() {
    const char* const mistakes[] = {
        "(module\n  (func (export \"f\") (result i32)\n    (i32.add (i32.const 1) (i64.const 2))))", // invalid
        "(module\n  (func (result i32)\n    (i32.const 4294967296)))",                               // malformed
        "(module\n  (func (call $nobody)))",                                                         // malformed
    };
    for (const char* text : mistakes)
        if (auto mod = tessera::module::parse_text<profile>(text); !mod) report(mod.error());

    auto mod = tessera::module::parse_text<profile>(R"((module $shapes
        (import "host" "log" (func $log (param f64)))
        (memory (export "memory") 1 4)
        (data (i32.const 0) "caf\c3\a9")
        (func $area (export "area") (param $w f64) (param $h f64) (result f64)
            local.get $w
            local.get $h
            f64.mul)))");
    if (!mod) return report(mod.error());
    std::printf("%.*s: %u functions, %zu bytes in the binary format\n", int(mod->name().size()), mod->name().data(),
                unsigned(mod->functions()), mod->bytes().size());
    for (const auto& i : mod->imports())
        std::printf("import %.*s.%.*s\n", int(i.module.size()), i.module.data(), int(i.name.size()), i.name.data());
    for (const auto& e : mod->exports()) std::printf("export %.*s\n", int(e.name.size()), e.name.data());
    for (tessera::u32 i = 0; i < mod->functions(); ++i) {
        const auto name = mod->function_name(i);
        std::printf("function %u is %.*s, %zu parameters\n", unsigned(i), int(name.size()), name.data(),
                    mod->function_type(i).params.size());
    }

    // From any module back to text.
    auto text = mod->to_text();
    if (!text) return report(text.error());
    std::printf("%.*s", int(text->size()), text->data());

    // The bytes are a module like any other.
    if (auto again = tessera::module::parse<profile>(mod->bytes())) std::printf("parsed again from its bytes\n");
}
