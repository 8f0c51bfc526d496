// SPDX-License-Identifier: MIT
// Compiled several times with other flags; each time one function, PART, that runs a guest.
#include <tessera/tessera.hpp>

unsigned PART(unsigned n);

unsigned PART(unsigned n) {
    constexpr auto profile = tessera::wasm_2_0;
    auto mod = tessera::module::parse_text<profile>(R"((module (func (export "sum") (param $n i32) (result i32) (local $s i32)
        (loop $again
            (local.set $s (i32.add (local.get $s) (local.get $n)))
            (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
        (local.get $s))))");
    if (!mod) return 0;
    tessera::store<profile> store;
    auto instance = store.instantiate(*mod);
    if (!instance) return 0;
    auto sum = instance->get<unsigned(unsigned)>("sum");
    if (!sum) return 0;
    return (*sum)(n).value_or(0u);
}
