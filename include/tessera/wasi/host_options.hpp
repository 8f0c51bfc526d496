// SPDX-License-Identifier: MIT
/// @file wasi/host_options.hpp
/// How a directory of the host is given to guests.
#pragma once

#include <tessera/config.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

struct host_options {
    /// Where the kernel has openat2, it resolves paths. Both ways are safe; this one is faster.
    bool use_openat2 = true;
};

} // namespace tessera
