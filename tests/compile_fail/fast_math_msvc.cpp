// SPDX-License-Identifier: MIT
// expect: tessera: needs Visual Studio 2022 or newer, and neither /fp:fast
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#undef __clang__
#define _MSC_VER 1940
#define _M_FP_FAST 1
#if __has_include(<tessera/config.hpp>)
#include <tessera/config.hpp>
#else
#include <tessera/tessera.hpp>
#endif

int main() {}
