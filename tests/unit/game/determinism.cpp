// SPDX-License-Identifier: MIT
// What tests/determinism proves can be told from its contrary: without feature::deterministic a machine may have its
// own NaNs.
#include "../exec/support.hpp"

#include "../../determinism/play.hpp"
#include "../../files.hpp"

TEST_CASE("without the deterministic profile the same mod can come to another state") {
    static_assert(!engines::plain[tessera::feature::deterministic]);
    const auto text = read_file(TESSERA_TESTS "/determinism/mod.wat");
    determinism::player<engines::plain> p({reinterpret_cast<const char*>(text.data()), text.size()});
    p.play(determinism::memory_at, false);
    REQUIRE_MESSAGE(p.error.empty(), p.error);
    const auto expected = determinism::read_expectation(TESSERA_TESTS "/determinism/hashes.txt");
    REQUIRE(expected.memory != 0);
    const bool is_other = p.memory_hash() != expected.memory;
    MESSAGE(std::string(is_other ? "another memory" : "the same memory"));
#if defined(__x86_64__) || defined(__i386__) // 0 / 0 is a negative NaN there
    CHECK(is_other);
#endif
}
