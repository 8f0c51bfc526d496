// SPDX-License-Identifier: MIT
// Every header, for clang-tidy.
#include <tessera/tessera.hpp>
