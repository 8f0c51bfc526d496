// SPDX-License-Identifier: MIT
/// @file tessera/module.hpp
/// Public door: modules in the binary format.
#pragma once

#include <tessera/config.hpp>

#include <tessera/binary/encode.hpp>
#include <tessera/runtime/api/module.hpp>

namespace tessera::inline TESSERA_ABI {

inline result<vec<u8>> module::to_binary() const noexcept {
    if (!owner_) return error(msg::stale_handle);
    return binary::encode(*owner_);
}

} // namespace tessera

#include <tessera/undef.hpp>
