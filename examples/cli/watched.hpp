// SPDX-License-Identifier: MIT
// What `trace` and `step` show of a module: its text and the names of its functions.
#pragma once

#include "engine.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// `text` for a terminal: what a module's author may have put there to control it becomes question marks.
std::string harmless(std::string_view text);
/// The lines of what a guest has written.
std::vector<std::string> lines_of(std::string_view text);
/// The lines of a module: of its file if that is text, else as it is printed. Prints why there are none.
std::optional<tessera::debug::listing> list(const tessera::module& m, const std::string& file);
/// "$name", from the name section or else an export; "function 7" without one.
std::string function_name(const tessera::module& m, tessera::u32 function);
/// The function that "$name", "name" or "7" means; no_index if there is none.
tessera::u32 find_function(const tessera::module& m, std::string_view text);

} // namespace cli
