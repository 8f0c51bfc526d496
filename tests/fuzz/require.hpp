// SPDX-License-Identifier: MIT
// How a fuzzer says that what it saw must not be.
#pragma once

namespace fuzz {

inline void require(bool holds) {
    if (!holds) __builtin_trap();
}

} // namespace fuzz
