// SPDX-License-Identifier: MIT
/// @file runnable.hpp
/// What a build of the engine says of code it cannot run.
#pragma once

#include <tessera/syntax/error.hpp>
#include <tessera/syntax/opcode.hpp>
#include <tessera/syntax/types.hpp>

namespace tessera::inline TESSERA_ABI::runtime {

/// Why a build with the features `built` cannot run what uses `used`, or else what has the instruction
/// `pending_op` at `pending_offset`.
inline error not_runnable(features built, features used, u32 pending_op, u32 pending_offset) noexcept {
    if (!built.contains(used)) return error(msg::feature_not_built, name(built.first_missing(used)));
    return error(msg::instruction_not_executed, row(op(pending_op)).text, pending_offset);
}

} // namespace tessera::runtime
