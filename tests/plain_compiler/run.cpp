// SPDX-License-Identifier: MIT
// Runs scripts with the header as a compiler sees it that is neither g++ nor clang, such as MSVC: no builtins, no
// 128-bit integers, `__forceinline` and `__declspec` instead of attributes, a processor nobody knows, and the macros
// of <windows.h>.

// The library's headers come first, since they need to know their compiler.
#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <cfloat>
#include <charconv>
#include <cinttypes>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <initializer_list>
#include <limits>
#include <map>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#undef __GNUC__
#undef __clang__
#undef __OPTIMIZE__
#undef __SANITIZE_ADDRESS__
#undef __SIZEOF_INT128__
#undef __x86_64__
#undef __aarch64__
#undef __SSE2__
#undef __SSE4_1__

// What <windows.h> leaves behind.
#define min(a, b) ((a) < (b) ? (a) : (b))
#define max(a, b) ((a) > (b) ? (a) : (b))
#define near
#define far
#define small char
#define interface struct
#define IN
#define OUT
#define CONST const
#define VOID void
#define TRUE 1
#define FALSE 0
#define ERROR 0

#include <tessera/tessera.hpp>

#undef min
#undef max
#undef near
#undef far
#undef small
#undef interface

#include "../spec/engine.cpp"
#include "../spec/main.cpp"
#include "../spec/run.cpp"
