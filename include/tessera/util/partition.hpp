// SPDX-License-Identifier: MIT
/// @file util/partition.hpp
/// Searching what is in order.
#pragma once

#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI {

/// How many of the numbers below `n`, from 0 on, `holds(number)` is true for, where it is true for the first ones and
/// false for all others.
template <class Holds>
constexpr std::size_t partition(std::size_t n, Holds holds) noexcept {
    std::size_t low = 0;
    while (low < n) {
        const std::size_t middle = low + (n - low) / 2;
        if (holds(middle)) low = middle + 1;
        else n = middle;
    }
    return low;
}

} // namespace tessera
