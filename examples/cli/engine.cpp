// SPDX-License-Identifier: MIT
// The bodies of the library, compiled once; all other files of the command see declarations.
#include "engine.hpp"

TESSERA_INSTANTIATE(cli::built);
