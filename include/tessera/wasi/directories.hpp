// SPDX-License-Identifier: MIT
/// @file wasi/directories.hpp
/// Directories of the host for guests.
#pragma once

#include <tessera/wasi/filesystem.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// Opens a directory of the host to be given to guests, for context::preopen. They reach what is beneath it and nothing
/// else, whatever paths they use and whatever other processes do in it meanwhile. Symbolic links that lead out are
/// refused with `perm`; on Windows all are, and making or reading one is `notsup` there. Hard links, and what is
/// mounted there, are files like any other: who puts them there gives them to the guest. `path` ends with a NUL and is
/// UTF-8 on Windows. Fails as the system does: noent, notdir, acces, nomem.
TESSERA_API outcome<node_owner> host_directory(const char* path) noexcept;

} // namespace tessera
