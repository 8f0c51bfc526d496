// SPDX-License-Identifier: MIT
// Reading modules, binary or text, and which features they may use.
#pragma once

#include "engine.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cli {

/// Which module, and what it may use: what all subcommands that take a module have in common.
struct module_options {
    std::string file; ///< "-" for standard input; WebAssembly text or binary, told apart by the first byte
    tessera::features allowed = tessera::everything; ///< --features
};

/// The features that "+threads,-gc" or "wasm-2.0,+threads" stand for, beginning with `everything` where no set is
/// named first. Fails with the word that is no feature.
bool parse_features(std::string_view text, tessera::features& to, std::string& wrong);
/// The names of all sets and features, for messages.
std::string feature_names();

/// Reads the whole file, or all of standard input for "-"; prints why not, also for an empty one.
bool read_file(const std::string& path, tessera::vec<tessera::u8>& to);
/// Writes the whole file, or standard output for "-"; prints why not.
bool write_file(const std::string& path, std::string_view bytes);

/// When the bodies of functions are validated: all of them first, or each where it is first called.
enum class validation { eager, lazy };

/// The module, checked to use no feature outside of the allowed ones; prints why not. What a body uses is only known
/// once it is validated, so nothing is lazy where not everything is allowed; text never is. Says what it does on a
/// terminal when it takes longer than a second.
std::optional<tessera::module> load(const std::string& path, tessera::features allowed,
                                    validation when = validation::eager);

} // namespace cli
