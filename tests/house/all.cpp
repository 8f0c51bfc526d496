// SPDX-License-Identifier: MIT
// Every header, for clang-tidy.
#define TESSERA_DEBUG 1
#define TESSERA_GAME 1
#define TESSERA_SAVE 1
#define TESSERA_WASI 1
#include <tessera/tessera.hpp>
