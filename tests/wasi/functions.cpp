// SPDX-License-Identifier: MIT
// The bodies of WASI without those of the engine, which take much longer to compile.
#include <tessera/wasi.hpp>

#include <tessera/config.hpp> // a door takes the internal macros away
#include <tessera/wasi/bodies.hpp>
