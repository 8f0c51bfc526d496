// SPDX-License-Identifier: MIT
/// @file tessera/game.hpp
/// Public door: guests within a frame. Calls that run in slices and wait for their host.
#pragma once

#include <tessera/config.hpp>

#include <tessera/game/call.hpp>
#include <tessera/game/task.hpp>

#if TESSERA_BODIES
#include <tessera/game/slices.hpp>
#endif

#include <tessera/undef.hpp>
