// SPDX-License-Identifier: MIT
// Calls with machine code are saved where they stop, and go on in a store that compiles as much, more, less or nothing:
// what is saved is what the interpreter would have saved there.
#include "native/profile.hpp"

#include "../saved.hpp"

namespace {

using compiled = saved::with<native_profile>;

/// Each store is another kind.
void compile_some(compiled::store& s, std::mt19937& random) {
    constexpr tessera::u32 thresholds[] = {0, 0, 1, 2, 1000};
    const std::size_t n = random() % (std::size(thresholds) + 1);
    if (n == std::size(thresholds)) return;
    REQUIRE(tessera::enable_native(s, {.threshold = thresholds[n], .all = random() % 2 == 0}));
}

} // namespace

TEST_CASE("a kernel that is saved where its machine code stops goes on in a store of any kind") {
    compiled::check_kernels(compile_some);
}

TEST_CASE("values that a call with machine code has not used yet go with it") {
    const auto mod = compiled::parse(saved::waiting_values);
    for (unsigned seed = 0; seed < 8; ++seed)
        CHECK(compiled::check_slices(mod, "run", {tessera::value::i32(6)}, 3, 10'000, seed, compile_some) > 100);
}

TEST_CASE("a frame with more slots than an operand can name is saved where others have machine code") {
    const auto mod = compiled::parse(saved::wide_frame());
    for (unsigned seed = 0; seed < 4; ++seed)
        CHECK(compiled::check_slices(mod, "run", {tessera::value::i32(3)}, 11, 4, seed, compile_some) > 1);
}

TEST_CASE("objects, exceptions and references to functions are saved with a call that has machine code") {
    const auto mod = compiled::parse(saved::objects);
    for (unsigned seed = 0; seed < 8; ++seed)
        CHECK(compiled::check_slices(mod, "run", {tessera::value::i32(5)}, 4, 10'000, seed, compile_some) > 60);
}
