// SPDX-License-Identifier: MIT
// Compiled several times with other flags, ways of use and feature sets; each time one function, PART,
// that runs a guest and calls a host function through a pointer, whose type all parts share.
#include "part.hpp"

#include <tessera/tessera.hpp>

#if __cpp_exceptions
#include <stdexcept>
#endif

namespace {
// What happens when the host function throws belongs to the part in which it is compiled.
unsigned plus(unsigned a, unsigned b) {
#if __cpp_exceptions
    if (b == 3) throw std::runtime_error("three");
#endif
    return a + b;
}
template <class Store>
void give_fuel(Store& store) {
    if constexpr (requires { store.add_fuel(1); }) static_cast<void>(store.add_fuel(100'000'000));
}
} // namespace

outcome PART(unsigned n) {
    constexpr auto profile = PROFILE;
    auto mod = tessera::module::parse_text<profile>(R"((module
        (import "host" "plus" (func $plus (param i32 i32) (result i32)))
        (func (export "sum") (param $n i32) (result i32) (local $s i32)
            (loop $again
                (local.set $s (i32.add (local.get $s) (local.get $n)))
                (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
            (call $plus (local.get $s) (i32.const 1)))
        (func (export "throw") (result i32) (call $plus (i32.const 1) (i32.const 3)))))");
    if (!mod || !mod->to_text() || !mod->to_binary()) return {};
    tessera::store<profile> store;
    give_fuel(store);
    tessera::imports env;
    env.define("host", "plus", &plus);
    auto instance = store.instantiate(*mod, env);
    if (!instance) return {};
    auto sum = instance->get<unsigned(unsigned)>("sum");
    auto thrown = instance->get<unsigned()>("throw");
    if (!sum || !thrown) return {};
    outcome out;
    out.sum = (*sum)(n).value_or(0u);
    const auto r = (*thrown)();
    out.caught = !r && r.error().detail() == "three";
    out.returned = r ? *r : 0;
    return out;
}
