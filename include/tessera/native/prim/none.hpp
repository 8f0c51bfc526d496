// SPDX-License-Identifier: MIT
/// @file native/prim/none.hpp
/// Pages for machine code on a system that is not known: there are none.
#pragma once

#include <tessera/config.hpp>

#include <cstddef>

namespace tessera::inline TESSERA_ABI::native::prim {

/// As in posix.hpp.
inline void* reserve_code(std::size_t) noexcept { return nullptr; }
inline bool let_write(void*, std::size_t) noexcept { return false; }
inline bool let_execute(void*, std::size_t) noexcept { return false; }
inline void release_code(void*, std::size_t) noexcept {}

} // namespace tessera::native::prim
