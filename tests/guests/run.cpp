// SPDX-License-Identifier: MIT
// The C guests of this folder and of the examples, through the public interface. The expected numbers
// are what node 20 computes for the same modules; those of the kernels are what their sources compute natively.
#include "../engine.hpp"

#include <doctest/doctest.h>
#include <files.hpp>

#include <string>
#include <string_view>

#include "../../bench/kernels.hpp"

namespace {

using tessera::f32;
using tessera::i32;
using tessera::i64;
using tessera::u32;
using tessera::u64;

constexpr tessera::features profile = engines::plain;

struct guest {
    std::vector<std::byte> bytes;
    tessera::store<profile> store;
    tessera::instance instance;

    explicit guest(const std::string& path, const tessera::imports& env = {}) : bytes(read_file(path.c_str())) {
        REQUIRE(!bytes.empty());
        auto mod = tessera::module::parse<profile>(bytes);
        REQUIRE(mod);
        auto made = store.instantiate(*mod, env);
        REQUIRE(made);
        instance = *made;
    }
    template <class Signature, class... Arguments>
    auto call(const char* name, Arguments... arguments) {
        auto function = instance.get<Signature>(name);
        REQUIRE(function);
        return (*function)(arguments...);
    }
};

} // namespace

TEST_CASE("guests: sorting through call_indirect") {
    guest g(TESSERA_TESTS "/guests/sort.wasm");
    using run = u32(u32, u32, u32);
    auto up = g.call<run>("run", u32{1000}, u32{0}, u32{42});
    REQUIRE(up);
    CHECK(*up == 1996379832u);
    auto down = g.call<run>("run", u32{1000}, u32{1}, u32{42});
    REQUIRE(down);
    CHECK(*down == 626511816u);
    for (u32 i = 1; i < 1000; ++i) CHECK(*g.call<i32(u32)>("at", i - 1) >= *g.call<i32(u32)>("at", i));
    auto low = g.call<run>("run", u32{4096}, u32{2}, u32{7});
    REQUIRE(low);
    CHECK(*low == 2386619648u);

    auto deep = g.call<u32(u32)>("deep", u32{1000});
    REQUIRE(deep);
    CHECK(*deep == 500500u);
}

TEST_CASE("guests: traps name what happened and leave the instance usable") {
    guest g(TESSERA_TESTS "/guests/sort.wasm");
    using run = u32(u32, u32, u32);
    auto too_many = g.call<run>("run", u32{5000}, u32{0}, u32{1});
    REQUIRE(!too_many);
    CHECK(too_many.error().why() == tessera::trap::unreachable);
    auto no_order = g.call<run>("run", u32{10}, u32{99}, u32{1});
    REQUIRE(!no_order);
    CHECK(no_order.error().kind() == tessera::kind::trap);
    CHECK(no_order.error().why() == tessera::trap::uninitialized_element);
    auto frames = no_order.error().frames();
    REQUIRE(frames.size() == 2);
    CHECK(std::string_view(frames[0].name) == "quick");
    CHECK(std::string_view(frames[1].name) == "run");
    // Beyond its 64 KiB of shadow stack the guest writes below address 0.
    auto too_deep = g.call<u32(u32)>("deep", u32{1000000});
    REQUIRE(!too_deep);
    CHECK((too_deep.error().why() == tessera::trap::out_of_bounds_memory ||
           too_deep.error().why() == tessera::trap::stack_exhausted));
    CHECK(too_deep.error().frames_left_out() > 0);
    auto again = g.call<run>("run", u32{1000}, u32{0}, u32{42});
    REQUIRE(again);
}

TEST_CASE("guests: floating point, bit for bit") {
    guest g(TESSERA_TESTS "/guests/mandel.wasm");
    auto small = g.call<u32(i32, i32, i32)>("run", i32{80}, i32{40}, i32{100});
    REQUIRE(small);
    CHECK(*small == 3610964934u);
    auto odd = g.call<u32(i32, i32, i32)>("run", i32{33}, i32{17}, i32{1000});
    REQUIRE(odd);
    CHECK(*odd == 4040649042u);
}

TEST_CASE("guests: counting words") {
    guest g(TESSERA_EXAMPLES "/guests/words.wasm");
    const std::string text = "The tide comes in, the tide goes out; the SEA stays. It's the sea's way.";
    auto buffer = g.call<u32()>("buffer");
    REQUIRE(buffer);
    auto memory = g.instance.get<tessera::memory>("memory");
    REQUIRE(memory);
    REQUIRE(memory->write(*buffer, text));
    auto count = g.call<u32(u32)>("count", u32(text.size()));
    REQUIRE(count);
    CHECK(*count == 15);
    auto distinct = g.call<u32()>("distinct");
    REQUIRE(distinct);
    CHECK(*distinct == 11);
    auto top = g.call<u64()>("top");
    REQUIRE(top);
    auto word = memory->text(*top >> 32, u32(*top));
    REQUIRE(word);
    CHECK(*word == "the");
}

TEST_CASE("guests: a mod of many frames") {
    int draws = 0, spawned = 0;
    bool inside = true;
    u32 seed = 1;
    std::string said;
    tessera::imports env;
    REQUIRE(env.define("env", "spawn", [&](i32) { return i32(spawned++); }));
    REQUIRE(env.define("env", "random", [&] { return seed = seed * 1664525u + 1013904223u; }));
    REQUIRE(env.define("env", "draw", [&](f32 x, f32 y, i32 id) {
        ++draws;
        inside = inside && x >= 0 && x < 40 && y >= 0 && y < 12 && id >= 0 && id < spawned;
    }));
    REQUIRE(env.define("env", "say", [&](std::string_view text) { said = text; }));
    guest g(TESSERA_EXAMPLES "/guests/mod.wasm", env);
    auto count = g.call<i32(i32)>("init", i32{50});
    REQUIRE(count);
    CHECK(*count == 50);
    CHECK(spawned == 50);
    CHECK(said == "mod: ready");
    for (int frame = 0; frame < 200; ++frame) REQUIRE(g.call<void(f32)>("frame", 1.0f / 60));
    CHECK(draws == 200 * 50);
    CHECK(inside);
    auto bounces = g.call<u32()>("bounces");
    REQUIRE(bounces);
    CHECK(*bounces > 0);
    auto crash = g.call<f32()>("crash");
    REQUIRE(!crash);
    CHECK(crash.error().why() == tessera::trap::out_of_bounds_memory);
    CHECK(crash.error().message() == "out of bounds memory access");
    REQUIRE(!crash.error().frames().empty());
    CHECK(std::string_view(crash.error().frames()[0].name) == "position_of");
    CHECK(g.call<void(f32)>("frame", 1.0f / 60));
}

TEST_CASE("guests: the kernels of bench/, with little work") {
    const auto kernels = read_kernels(TESSERA_BENCH "/kernels");
    REQUIRE(kernels.size() >= 18);
    for (const kernel& k : kernels) {
        CAPTURE(k.name);
        guest g(TESSERA_BENCH "/kernels/" + k.name + ".wasm");
        auto result = g.call<u32(u32, u32)>("run", k.small, k.seed);
        REQUIRE(result);
        CHECK(*result == k.small_result);
    }
}
