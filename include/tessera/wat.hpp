// SPDX-License-Identifier: MIT
/// @file tessera/wat.hpp
/// Public door: modules in the text format.
#pragma once

#include <tessera/config.hpp>

#include <tessera/runtime/api/module.hpp>
#include <tessera/text/parser.hpp>

namespace tessera::inline TESSERA_ABI {

template <features F>
result<module> module::parse_text(std::string_view text, const module_limits& limits) noexcept {
    auto binary = text::parse(text);
    if (!binary) return binary.error();
    return made(load<F>(std::move(binary->bytes), std::move(binary->positions), limits));
}

} // namespace tessera

#include <tessera/undef.hpp>
