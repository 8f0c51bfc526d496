// SPDX-License-Identifier: MIT
/// @file runnable.hpp
/// What a build of the engine says of code it cannot run.
#pragma once

#include <tessera/features.hpp>
#include <tessera/syntax/error.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// Why a build with the features `built` cannot run what uses `used`.
inline error not_runnable(features built, features used) noexcept {
    return error(msg::feature_not_built, name(built.first_missing(used)));
}

} // namespace tessera::runtime
