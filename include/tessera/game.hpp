// SPDX-License-Identifier: MIT
/// @file tessera/game.hpp
/// Public door: guests within a frame. Calls that run in slices and wait for their host, and a scheduler for them;
/// an interface between both, described once.
#pragma once

#include <tessera/config.hpp>

#include <tessera/game/binding.hpp>
#include <tessera/game/call.hpp>
#include <tessera/game/guest_heap.hpp>
#include <tessera/game/limits.hpp>
#include <tessera/game/object_table.hpp>
#include <tessera/game/parameters.hpp>
#include <tessera/game/reload.hpp>
#include <tessera/game/scheduler.hpp>
#include <tessera/game/task.hpp>

#if TESSERA_BODIES
#include <tessera/game/counting.hpp>
#include <tessera/game/declaring.hpp>
#include <tessera/game/reloading.hpp>
#include <tessera/game/share.hpp>
#include <tessera/game/slices.hpp>
#endif

#include <tessera/undef.hpp>
