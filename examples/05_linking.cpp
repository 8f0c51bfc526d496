// SPDX-License-Identifier: MIT
// Two modules share a memory, a global and a function; the host shares a global with both.
#include <tessera/tessera.hpp>

#include "report.hpp"

constexpr tessera::features profile = tessera::wasm_2_0;

constexpr const char* bank = R"((module $bank
  (memory (export "accounts") 1)
  (global $moves (export "moves") (mut i32) (i32.const 0))
  (func $move (export "move") (param $from i32) (param $to i32) (param $sum i32)
    (global.set $moves (i32.add (global.get $moves) (i32.const 1)))
    (i32.store (local.get $from) (i32.sub (i32.load (local.get $from)) (local.get $sum)))
    (i32.store (local.get $to) (i32.add (i32.load (local.get $to)) (local.get $sum)))))
)";

constexpr const char* shop = R"((module $shop
  (import "bank" "accounts" (memory 1))
  (import "bank" "move" (func $move (param i32 i32 i32)))
  (import "host" "price" (global $price i32))
  (func (export "buy") (param $customer i32) (result i32)
    (call $move (local.get $customer) (i32.const 0) (global.get $price))
    (i32.load (local.get $customer))))
)";

int main() {
    auto bank_module = tessera::module::parse_text<profile>(bank);
    if (!bank_module) return report(bank_module.error());
    auto shop_module = tessera::module::parse_text<profile>(shop);
    if (!shop_module) return report(shop_module.error());

    tessera::store<profile> store;
    auto bank_instance = store.instantiate(*bank_module);
    if (!bank_instance) return report(bank_instance.error());

    tessera::imports env;
    // A whole instance: each of its exports under this module name.
    env.define("bank", *bank_instance);
    // What is missing is named.
    if (auto instance = store.instantiate(*shop_module, env); !instance) report(instance.error());

    auto price = store.make_global(tessera::value::i32(30), false);
    if (!price) return report(price.error());
    env.define("host", "price", *price);
    auto shop_instance = store.instantiate(*shop_module, env);
    if (!shop_instance) return report(shop_instance.error());

    auto accounts = bank_instance->get<tessera::memory>("accounts");
    if (!accounts) return report(accounts.error());
    if (auto ok = accounts->store<tessera::u32>(8, 100); !ok) return report(ok.error());
    auto buy = shop_instance->get<tessera::i32(tessera::i32)>("buy");
    if (!buy) return report(buy.error());
    for (int i = 0; i < 3; ++i)
        if (auto left = (*buy)(8)) std::printf("%d left\n", *left);
    auto moves = bank_instance->get<tessera::global>("moves");
    if (!moves) return report(moves.error());
    auto earned = accounts->load<tessera::u32>(0);
    if (!earned) return report(earned.error());
    if (auto count = moves->get<tessera::i32>()) std::printf("%d moves, the shop has %u\n", *count, unsigned(*earned));
}
