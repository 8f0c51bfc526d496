// SPDX-License-Identifier: MIT
// expect: tessera: needs Visual Studio 2022 or newer, and neither /fp:fast
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#undef __clang__
#define _MSC_VER 1940
#define _M_FP_FAST 1
#include <tessera/config.hpp>

int main() {}
