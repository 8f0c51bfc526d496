// SPDX-License-Identifier: MIT
// A guest written in this file: it draws through a host function, then divides by zero.
//
//     c++ -std=c++20 -O1 -I single_include examples/01_call.cpp -o hello && ./hello
#include <tessera/tessera.hpp>

#include <cstdio>

constexpr tessera::features profile = tessera::wasm_1_0;

constexpr const char* guest = R"((module
  (import "host" "row" (func $row (param i64)))

  ;; Every cell becomes the exclusive or of its neighbours; a host function shows each generation.
  (func (export "triangle") (param $rows i32)
    (local $cells i64)
    (local.set $cells (i64.const 0x80000000))
    (loop $next
      (call $row (local.get $cells))
      (local.set $cells
        (i64.xor (i64.shl (local.get $cells) (i64.const 1))
                 (i64.shr_u (local.get $cells) (i64.const 1))))
      (br_if $next (local.tee $rows (i32.sub (local.get $rows) (i32.const 1))))))

  (func $share (param $coins i32) (param $sailors i32) (result i32)
    (i32.div_u (local.get $coins) (local.get $sailors)))
  (func $treasure (export "treasure") (param $sailors i32) (result i32)
    (call $share (i32.const 1000) (local.get $sailors))))
)";

int failed(const tessera::error& e) {
    std::printf("%s", e.message().data());
    if (e.line()) std::printf(" at line %u, column %u", e.line(), e.column());
    std::printf("\n");
    for (const tessera::trace_frame& frame : e.frames()) std::printf("  in $%s, line %u\n", frame.name, frame.line);
    return 1;
}

int main() {
    // Text or bytes to a module: decoded and validated, then never changed.
    auto mod = tessera::module::parse_text<profile>(guest);
    if (!mod) return failed(mod.error());

    // What the guest may call. A lambda's own signature is the WebAssembly signature.
    tessera::imports env;
    const auto row = [](tessera::u64 cells) {
        for (int i = 63; i >= 0; --i) std::putchar(cells >> i & 1 ? '*' : ' ');
        std::putchar('\n');
    };
    env.define("host", "row", row);

    // A store owns instances, memories and the rest.
    tessera::store<profile> store;
    auto instance = store.instantiate(*mod, env);
    if (!instance) return failed(instance.error());

    auto triangle = instance->get<void(tessera::i32)>("triangle");
    if (!triangle) return failed(triangle.error());
    if (auto done = (*triangle)(32); !done) return failed(done.error());

    auto treasure = instance->get<tessera::i32(tessera::i32)>("treasure");
    if (!treasure) return failed(treasure.error());
    if (auto coins = (*treasure)(8)) std::printf("eight sailors get %d coins each\n", *coins);
    if (auto coins = (*treasure)(0); !coins) failed(coins.error());
}
