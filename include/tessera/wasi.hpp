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

#include <tessera/wasi/preview1.hpp>
#include <tessera/wasi/process.hpp>

#if TESSERA_BODIES
#endif

#include <tessera/undef.hpp>
