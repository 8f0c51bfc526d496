// SPDX-License-Identifier: MIT
/// @file tessera.hpp
/// The whole library: includes only, in the order of the floors. single_include/ is made from it.
#pragma once

#include <tessera/config.hpp>
#include <tessera/features.hpp>

// Declarations, all of them before any body.
#include <tessera/runtime/api/execution.hpp>
#include <tessera/runtime/api/imports.hpp>
#include <tessera/runtime/records.hpp>

#include <tessera/module.hpp>
#include <tessera/wat.hpp>

#include <tessera/store.hpp>

#include <tessera/config.hpp> // NOLINT(readability-duplicate-include): a door takes the internal macros away
#if TESSERA_BODIES
#include <tessera/text/script.hpp>
#endif
#include <tessera/separate.hpp>

#if TESSERA_WASI
#include <tessera/wasi.hpp>
#endif
#if TESSERA_DEBUG
#include <tessera/debug.hpp>
#endif
#if TESSERA_NATIVE
#include <tessera/native.hpp>
#endif
#if TESSERA_SAVE
#include <tessera/save.hpp>
#endif
#if TESSERA_GAME
#include <tessera/game.hpp>
#endif

#include <tessera/undef.hpp>
