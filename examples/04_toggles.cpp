// SPDX-License-Identifier: MIT
// Two engines in one program: a plain one, and one that counts execution and can stop a guest.
#include <tessera/tessera.hpp>

#include "report.hpp"

// A build of the engine is one constant: a named set, plus and minus named features.
constexpr tessera::features plain = tessera::wasm_1_0 + tessera::feature::sign_extension;
constexpr tessera::features metered = tessera::wasm_2_0 + tessera::feature::fuel;

constexpr const char* forever = R"((module
  (func (export "spin") (loop $again (br $again)))
  (func (export "sum") (param $n i32) (result i32) (local $sum i32)
    (loop $next
      (local.set $sum (i32.add (local.get $sum) (local.get $n)))
      (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))
    (local.get $sum)))
)";

constexpr const char* two_results = R"((module
  (func (export "swap") (param i32 i32) (result i32 i32) (local.get 1) (local.get 0)))
)";

int main() {
    // A module that uses more than the build has is refused, with the feature's name.
    if (auto mod = tessera::module::parse_text<plain>(two_results); !mod) report(mod.error());
    if (auto mod = tessera::module::parse_text<metered>(two_results)) std::printf("the other build takes it\n");

    // Fuel stops a guest that never ends; without feature::fuel, add_fuel does not exist.
    auto mod = tessera::module::parse_text<metered>(forever);
    if (!mod) return report(mod.error());
    tessera::store<metered> store;
    if (auto ok = store.add_fuel(100'000); !ok) return report(ok.error());
    auto instance = store.instantiate(*mod);
    if (!instance) return report(instance.error());
    auto sum = instance->get<tessera::i32(tessera::i32)>("sum");
    if (!sum) return report(sum.error());
    if (auto total = (*sum)(1000)) std::printf("the sum is %d\n", *total);
    auto spin = instance->get<void()>("spin");
    if (!spin) return report(spin.error());
    if (auto ok = (*spin)(); !ok) report(ok.error());

    // A call that is started, not called, waits where its fuel ran out, and goes on with more.
    auto slow = sum->start(100'000);
    if (!slow) return report(slow.error());
    int portions = 0;
    while (!slow->done()) {
        if (auto ok = store.add_fuel(50'000); !ok) return report(ok.error());
        if (auto ok = slow->resume(); !ok && !slow->paused()) return report(ok.error());
        ++portions;
    }
    if (auto total = slow->get<tessera::i32>())
        std::printf("the sum is %d, in %s\n", *total, portions > 1 ? "several portions" : "one portion");

    // Numbers are limits of a store, set at run time.
    tessera::limits small;
    small.memory_bytes = 1 << 20;
    tessera::store<plain> tight(small);
    auto greedy = tessera::module::parse_text<plain>("(module (memory 17))");
    if (!greedy) return report(greedy.error());
    if (auto refused = tight.instantiate(*greedy); !refused) report(refused.error());
}
