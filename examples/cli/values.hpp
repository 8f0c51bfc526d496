// SPDX-License-Identifier: MIT
// Values on the command line: arguments read by type, results printed.
#pragma once

#include "engine.hpp"

#include <chrono>
#include <cstdint>
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

/// Reads an unsigned number of 64 bits, decimal or 0x.
bool parse_count(std::string_view text, std::uint64_t& to);
/// Reads a number of bytes: "65536", "64MiB", "1GB"; K, M and G stand for powers of 1024 in all spellings.
bool parse_size(std::string_view text, std::uint64_t& to);
/// Reads a time of at least a nanosecond: "2s", "300ms", "1.5min", "1h", "10us", "5ns".
bool parse_time(std::string_view text, std::chrono::nanoseconds& to);

} // namespace cli
