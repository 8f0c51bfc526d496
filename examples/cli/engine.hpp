// SPDX-License-Identifier: MIT
// The one build of the engine in the command. `--features` restricts it at run time.
#pragma once

#include <tessera/tessera.hpp>

namespace cli {

/// Everything that can be decoded, counted where `--fuel` asks for it, stopped by Ctrl-C and `--timeout`.
inline constexpr tessera::features built =
    tessera::everything + tessera::feature::fuel + tessera::feature::interruption;

using store = tessera::store<built>;

} // namespace cli
