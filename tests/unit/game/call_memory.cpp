// SPDX-License-Identifier: MIT
// What calls cost that wait: all of it is counted, that of stores by an allocator of theirs and the rest by faults.hpp.
#include "../exec/support.hpp"

#include <tessera/game.hpp>

#include <cstdlib>
#include <vector>

namespace {

using guests::guest;
using tessera::u32;
using tessera::u64;
namespace game = tessera::game;

constexpr const char* sleeper = R"((module (import "env" "ask" (func $ask (param i32) (result i32)))
    (memory (export "memory") 1)
    (func $inner (param i32 i64 f64) (result i32) (local i32 i32 v128) (call $ask (local.get 0)))
    (func $outer (param i32) (result i32) (local i64 i64 i64 i64)
        (i32.add (i32.const 1) (call $inner (local.get 0) (i64.const 2) (f64.const 3))))
    (func (export "run") (param i32) (result i32)
        (i32.store (i32.const 8) (i32.const 7))
        (i32.add (call $outer (local.get 0)) (i32.load (i32.const 8))))))";

/// Bytes that are in use.
struct meter {
    u64 bytes = 0;
    tessera::allocator counted() {
        return {[](void* self, std::size_t n) noexcept {
                    static_cast<meter*>(self)->bytes += n;
                    return std::malloc(n);
                },
                [](void* self, void* at, std::size_t n) noexcept {
                    static_cast<meter*>(self)->bytes -= n;
                    std::free(at);
                },
                this};
    }
};

constexpr u64 most = 16 * 1024, count = 1000;

/// Begins `count` calls, each of the instance that `of` gives, and lets each wait.
template <class Of>
std::vector<game::call> asleep(Of of) {
    std::vector<game::call> all;
    all.reserve(count);
    for (u64 i = 0; i < count; ++i) {
        const tessera::instance in = of(i);
        const auto run = in.get<int(int)>("run");
        REQUIRE(run);
        auto call = game::start(*run, int(i));
        REQUIRE(call);
        all.push_back(std::move(*call));
        REQUIRE(all.back().run(1'000) == game::standing::waiting);
        REQUIRE(all.back().ticket() == i);
    }
    return all;
}
void wake(std::vector<game::call>& all) {
    for (u64 i = 0; i < count; ++i) {
        REQUIRE(all[i].answer(int(2 * i)));
        REQUIRE(all[i].run(1'000) == game::standing::finished);
        CHECK(*all[i].get<int>() == int(2 * i) + 8);
    }
}

} // namespace

TEST_CASE("a thousand calls that wait cost less than 16 KiB each") {
    tessera::imports env;
    env.define("env", "ask",
               [](tessera::caller& who, int n) -> tessera::result<int> { return game::suspend(who, u64(n)); });
    const auto mod = tessera::module::parse_text<guests::profile>(sleeper);
    REQUIRE(mod);
    for (bool apart : {false, true}) { // each of an instance of its own
        CAPTURE(apart);
        meter memory;
        tessera::store<guests::profile> store(memory.counted());
        std::vector<tessera::instance> mods;
        for (u64 i = 0; i < (apart ? count : 1); ++i) {
            const auto made = store.instantiate(*mod, env);
            REQUIRE(made);
            mods.push_back(*made);
        }
        const u64 before = memory.bytes;
        const double others = faults::asked_bytes;
        auto calls = asleep([&](u64 i) { return mods[apart ? i : 0]; });
        const u64 cost = memory.bytes - before + u64(faults::asked_bytes - others) + count * sizeof(game::call);
        CHECK(cost < count * most);
        CHECK(cost > count * sizeof(game::call)); // it is seen at all
        // The instances as well, beside their memories.
        CHECK(memory.bytes - mods.size() * 65536 < count * most);
        wake(calls);
    }
}
