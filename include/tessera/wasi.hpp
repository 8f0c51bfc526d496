// SPDX-License-Identifier: MIT
/// @file tessera/wasi.hpp
/// Public door: WASI preview 1. A program of a C, C++ or Rust compiler runs like this:
///
///     tessera::wasi::context guest;
///     guest.argument("program").inherit_streams();
///     tessera::wasi::process<profile> process(guest);
///     auto code = process.run(*module);   // the exit code, or why there is none
#pragma once

#include <tessera/config.hpp>

#include <tessera/wasi/directories.hpp>
#include <tessera/wasi/memory_filesystem.hpp>
#include <tessera/wasi/preview1.hpp>
#include <tessera/wasi/process.hpp>
#include <tessera/wasi/read_only.hpp>

#include <tessera/config.hpp> // NOLINT(readability-duplicate-include): store.hpp takes the internal macros away
#if TESSERA_BODIES
#include <tessera/wasi/directories_host.hpp>
#endif

#include <tessera/undef.hpp>
