// SPDX-License-Identifier: MIT
/// @file wasi/bodies.hpp
/// What files that only see declarations leave to one that has the bodies.
#pragma once

#include <tessera/wasi/clocks_host.hpp>
#include <tessera/wasi/define.hpp>
#include <tessera/wasi/directories_host.hpp>
#include <tessera/wasi/random_host.hpp>
#include <tessera/wasi/streams_memory.hpp>
#include <tessera/wasi/streams_posix.hpp>
#include <tessera/wasi/streams_windows.hpp>
#include <tessera/wasi/wait_posix.hpp>
#include <tessera/wasi/wait_windows.hpp>
