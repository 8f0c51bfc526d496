// SPDX-License-Identifier: MIT
/// @file tessera/save.hpp
/// Public door: the state of a store as bytes, its hash, copies of it.
#pragma once

#include <tessera/config.hpp>

#include <tessera/save/api.hpp>
#include <tessera/save/rollback.hpp>

#if TESSERA_BODIES
#include <tessera/save/ring.hpp>
#include <tessera/save/store.hpp>
#endif

#include <tessera/undef.hpp>
