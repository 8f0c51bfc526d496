// SPDX-License-Identifier: MIT
/// @file native/processor.hpp
/// What the processor that the program runs on has, whatever it was compiled for.
#pragma once

#include <tessera/config.hpp>

namespace tessera::inline TESSERA_ABI::native {

#if defined(__x86_64__) && defined(__GNUC__)
/// The instructions up to SSE4.1, and the one that counts bits.
inline bool processor_has_sse4() noexcept {
    return __builtin_cpu_supports("ssse3") && __builtin_cpu_supports("sse4.1") && __builtin_cpu_supports("popcnt");
}
/// Those of AVX, and a system that saves their registers.
inline bool processor_has_avx() noexcept { return __builtin_cpu_supports("avx"); }
#else
inline bool processor_has_sse4() noexcept { return false; }
inline bool processor_has_avx() noexcept { return false; }
#endif

} // namespace tessera::native
