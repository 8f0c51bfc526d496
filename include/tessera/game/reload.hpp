// SPDX-License-Identifier: MIT
/// @file game/reload.hpp
/// A new version of a module takes the place of an old one and keeps its state.
#pragma once

#include <tessera/runtime/api/store.hpp>

namespace tessera::inline TESSERA_ABI::game {

/// How a module is reloaded.
struct reload_options {
    /// Export of the new version, of type [] -> [], that is called when the state is there; none if it has no such
    /// export.
    std::string_view migrate = "migrate";
    /// Writes the new version's active data segments over the memory that was carried over, as if the module had been
    /// instantiated on it: constants such as texts are then where the new code looks for them. Without this the memory
    /// is as the old version left it.
    bool write_data = true;
};

/// Makes an instance of `next` that carries on for `old`, an instance of `s`: each memory and each mutable global that
/// both export under the same name gets the old one's content, then `migrate` is called. On success the old instance's
/// own memories are given back, but for those that others import; its functions still exist and find no memory. Tables,
/// globals that are not mutable, and what the new version imports are as instantiation makes them. Handles of the
/// old instance mean the old one: look exports up again.
///
/// If anything fails, the old instance and its state are untouched, and what was made of the new one is given back as
/// far as a store gives back: its functions and tables are counted until a reset. What the start function, segments and
/// `migrate` of the new version do to what it imports stays done.
///
/// Fails as basic_store::instantiate and as `migrate` does; with msg::wrong_type and the export's name where types do
/// not agree, or a memory cannot hold the old one's content; with msg::already_running during a call in this store, or
/// if a suspended call is in the old instance; with msg::stale_handle if there is no old instance.
result<instance> reload(basic_store& s, const instance& old, const module& next, const imports& env = {},
                        const reload_options& options = {}) noexcept;

} // namespace tessera::game
