// SPDX-License-Identifier: MIT
// Values on the command line: arguments read by type, results printed.
#pragma once

#include "engine.hpp"

#include <string>
#include <string_view>

namespace cli {

/// The name of a type as the text format writes it.
std::string to_text(tessera::val_type type);
/// "(i32 i64) -> (f64)"
std::string to_text(const tessera::func_type& type);
/// A value as the command line takes it: integers signed, floats so that they read back the same, v128 as 0x and 32
/// digits, "null", or "ref" for what has no other name.
std::string to_text(const tessera::value& v);
/// Reads a value of type `type`: decimal or 0x integers within the type's range, floats as C writes them, "null".
bool parse_value(std::string_view text, tessera::val_type type, tessera::value& to);

} // namespace cli
