// SPDX-License-Identifier: MIT
/// @file wasi/random.hpp
/// Where a guest's random bytes come from.
#pragma once

#include <tessera/wasi/owner.hpp>
#include <tessera/wasi/types.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// A source of random bytes. Any thread of a guest may ask at any time.
class random_source {
public:
    random_source() noexcept = default;
    random_source(const random_source&) = delete;
    random_source& operator=(const random_source&) = delete;
    virtual ~random_source() = default;

    /// Fills `n` bytes. Fails with `io` where there are none.
    virtual error_number fill(u8* to, std::size_t n) noexcept = 0;

private:
    template <class>
    friend class owner;
    std::atomic<u32> owners_{1};
};
using random_owner = owner<random_source>;

/// The operating system's, fit for keys. Empty when memory is out.
TESSERA_API random_owner system_random() noexcept;

/// The same bytes for the same seed on every machine, as long as one thread asks; not fit for keys. Each call of a
/// guest starts with a fresh 64-bit word. Empty when memory is out.
TESSERA_API random_owner seeded_random(u64 seed) noexcept;

} // namespace tessera
