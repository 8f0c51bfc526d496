// SPDX-License-Identifier: MIT
/// @file tessera/game.hpp
/// Public door: guests within a frame. Calls that run in slices and wait for their host, and a scheduler for them.
#pragma once

#include <tessera/config.hpp>

#include <tessera/game/call.hpp>
#include <tessera/game/limits.hpp>
#include <tessera/game/object_table.hpp>
#include <tessera/game/reload.hpp>
#include <tessera/game/scheduler.hpp>
#include <tessera/game/task.hpp>

#if TESSERA_BODIES
#include <tessera/game/counting.hpp>
#include <tessera/game/reloading.hpp>
#include <tessera/game/share.hpp>
#include <tessera/game/slices.hpp>
#endif

#include <tessera/undef.hpp>
