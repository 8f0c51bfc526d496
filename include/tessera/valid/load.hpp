// SPDX-License-Identifier: MIT
/// @file valid/load.hpp
/// From bytes to a validated module: the declarations. valid/module.hpp has the bodies.
#pragma once

#include <tessera/binary/limits.hpp>
#include <tessera/syntax/error.hpp>
#include <tessera/syntax/module.hpp>

namespace tessera::inline TESSERA_ABI {

/// Decodes and validates bytes that the module takes over. `positions` are those of its text, if it
/// has one. Fails like binary::decode and valid::module.
template <features F>
result<module_owner> load(vec<u8>&& bytes, vec<module_data::position>&& positions = {},
                          const module_limits& limits = {}) noexcept;
/// The same for bytes that stay the caller's and must outlive the module.
template <features F>
result<module_owner> load_borrowed(std::span<const u8> bytes, const module_limits& limits = {}) noexcept;
/// Both without validating function bodies, which is then done where they are first needed.
template <features F>
result<module_owner> load_lazily(vec<u8>&& bytes, const module_limits& limits = {}) noexcept;
template <features F>
result<module_owner> load_borrowed_lazily(std::span<const u8> bytes, const module_limits& limits = {}) noexcept;

/// Validates all bodies of a module that was loaded lazily; the first error in the file, if there is one.
inline result<void> validate_bodies(const module_data& m) noexcept {
    if (!m.lazy) return {};
    error why(msg::out_of_memory);
    body_facts facts;
    for (u32 i = m.imported_funcs; i < m.funcs.size(); ++i)
        if (!m.lazy->validate(m, i, facts, why)) return why;
    return {};
}

} // namespace tessera
