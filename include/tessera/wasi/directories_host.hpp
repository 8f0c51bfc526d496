// SPDX-License-Identifier: MIT
/// @file wasi/directories_host.hpp
/// Directories of the host, where the bodies are.
#pragma once

#include <tessera/wasi/directories.hpp>
#include <tessera/wasi/host_filesystem.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

TESSERA_API outcome<node_owner> host_directory(const char* path) noexcept { return open_host_directory(path); }

} // namespace tessera
