// SPDX-License-Identifier: MIT
/// @file wasi/posix_filesystem.hpp
/// Directories of the host for guests, on POSIX systems.
#pragma once

#if !defined(_WIN32)

#include <tessera/wasi/posix_directory.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// Opens a directory of the host to be given to guests: they reach what is beneath it and nothing else, whatever
/// paths they use and whatever other processes do in it meanwhile. Symbolic links that lead out are refused. Hard
/// links, and what is mounted there, are files like any other: who puts them there gives them to the guest.
///
/// Fails as the system does: noent, notdir, acces.
inline outcome<node_owner> open_host_directory(const char* path, const host_options& how = {}) noexcept {
    posix_descriptor fd(::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK));
    if (fd.get() < 0) return posix_error();
    auto made = make_node<posix_directory>(std::move(fd), how);
    if (!made) return error_number::nomem;
    return made;
}

} // namespace tessera
#endif
