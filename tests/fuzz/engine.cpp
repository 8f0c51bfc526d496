// SPDX-License-Identifier: MIT
#define TESSERA_IMPLEMENTATION
#include "engine.hpp"

TESSERA_INSTANTIATE(fuzz::profile);
