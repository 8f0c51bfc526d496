// SPDX-License-Identifier: MIT
/// @file tessera/module.hpp
/// Public door: modules in the binary format.
#pragma once

#include <tessera/config.hpp>

#include <tessera/runtime/api/module.hpp>

#if TESSERA_BODIES
#include <tessera/binary/encode.hpp>

namespace tessera::inline TESSERA_ABI {

TESSERA_API result<vec<u8>> module::to_binary() const noexcept {
    if (auto valid = validate(); !valid) return valid.error();
    return binary::encode(*owner_);
}

} // namespace tessera
#endif

#include <tessera/undef.hpp>
