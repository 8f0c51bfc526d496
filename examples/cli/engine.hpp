// SPDX-License-Identifier: MIT
// The one build of the engine in the command. `--features` restricts it at run time.
#pragma once

#include <tessera/tessera.hpp>

namespace cli {

/// Everything that can be decoded, counted where `--fuel` asks for it, stopped by Ctrl-C and `--timeout`, watched by
/// `trace` and `step`; it is no slower where nobody watches. `run` compiles what is called often.
inline constexpr tessera::features built = tessera::everything + tessera::feature::fuel +
                                           tessera::feature::interruption + tessera::feature::tracing +
                                           tessera::feature::native;

using store = tessera::store<built>;
using process = tessera::wasi::process<built>;

} // namespace cli
