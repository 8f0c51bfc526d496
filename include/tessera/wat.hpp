// SPDX-License-Identifier: MIT
/// @file tessera/wat.hpp
/// Public door: modules in the text format.
#pragma once

#include <tessera/config.hpp>

#include <tessera/runtime/api/module.hpp>

#if TESSERA_BODIES
#include <tessera/text/parser.hpp>
#include <tessera/text/printer.hpp>

namespace tessera::inline TESSERA_ABI {

template <features F>
result<module> module::parse_text(std::string_view text, const module_limits& limits) noexcept {
    auto binary = text::parse(text);
    if (!binary) return binary.error();
    return made(load<F>(std::move(binary->bytes), std::move(binary->positions), limits));
}

TESSERA_API result<vec<char>> module::to_text(print_options options) const noexcept {
    if (auto valid = validate(); !valid) return valid.error();
    return text::print(*owner_, options);
}

} // namespace tessera
#endif

#include <tessera/undef.hpp>
