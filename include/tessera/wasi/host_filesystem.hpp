// SPDX-License-Identifier: MIT
/// @file wasi/host_filesystem.hpp
/// `open_host_directory`, whatever the host is.
#pragma once

#if defined(_WIN32)
#include <tessera/wasi/windows_filesystem.hpp>
#else
#include <tessera/wasi/posix_filesystem.hpp>
#endif
