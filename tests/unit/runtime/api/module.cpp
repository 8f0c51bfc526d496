// SPDX-License-Identifier: MIT
#include "../../../engine.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("module: to text and to bytes") {
    using tessera::module;
    const auto m = module::parse_text<engines::plain>("(func $one (result i32) (i32.const 1))");
    REQUIRE(m);
    const auto text = m->to_text({.folded = true});
    REQUIRE(text);
    const std::string_view shown(text->data(), text->size());
    CHECK(shown == "(module\n  (type (;0;) (func (result i32)))\n  (func $one (;0;) (type 0) (result i32)\n    "
                   "(i32.const 1))\n)\n");
    const auto again = module::parse_text<engines::plain>(shown);
    REQUIRE(again);
    CHECK(again->function_name(0) == "one");
    const auto bytes = m->to_binary();
    REQUIRE(bytes);
    CHECK(std::string(bytes->begin(), bytes->end()) == std::string(m->bytes().begin(), m->bytes().end()));
    CHECK(module::parse<engines::plain>(std::span<const tessera::u8>(bytes->data(), bytes->size())));
    CHECK(module().to_text().error().is(tessera::msg::stale_handle));
    CHECK(module().to_binary().error().is(tessera::msg::stale_handle));
}
