// SPDX-License-Identifier: MIT
/// @file wasi/host_filesystem.hpp
/// `open_host_directory`, whatever the host is: of these, one is empty.
#pragma once

#include <tessera/wasi/posix_filesystem.hpp>
#include <tessera/wasi/windows_filesystem.hpp>
