// SPDX-License-Identifier: MIT
// Calls a function of a module, with the released header lying beside it.
#include "tessera.hpp"

int main() {
    constexpr auto profile = tessera::wasm_1_0;
    // (module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))
    static constexpr unsigned char bytes[] = {0,    'a', 's',  'm', 1, 0, 0, 0,    1, 7,    1, 0x60, 2,   0x7f,
                                              0x7f, 1,   0x7f, 3,   2, 1, 0, 7,    7, 1,    3, 'a',  'd', 'd',
                                              0,    0,   10,   9,   1, 7, 0, 0x20, 0, 0x20, 1, 0x6a, 0x0b};
    auto mod = tessera::module::parse<profile>(bytes);
    if (!mod) return 1;
    tessera::store<profile> store;
    auto instance = store.instantiate(*mod);
    if (!instance) return 2;
    auto add = instance->get<int(int, int)>("add");
    if (!add) return 3;
    auto sum = (*add)(40, 2);
    return sum && *sum == 42 ? 0 : 4;
}
