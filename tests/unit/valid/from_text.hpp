// SPDX-License-Identifier: MIT
// Modules in text, for the tests of validation: shorter to read than their bytes.
#pragma once

#include <tessera/text/parser.hpp>
#include <tessera/valid/module.hpp>

#include <doctest/doctest.h>

#include "../module_bytes.hpp"

/// What validating the module says.
template <tessera::features F = tessera::everything>
std::string validated(const std::string& text, const tessera::module_limits& limits = {}) {
    auto parsed = tessera::text::parse(text);
    REQUIRE_MESSAGE(parsed, said(parsed) << " in " << text);
    return said(tessera::load<F>(std::move(parsed->bytes), std::move(parsed->positions), limits));
}
