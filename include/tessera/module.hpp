// SPDX-License-Identifier: MIT
/// @file tessera/module.hpp
/// Public door: modules in the binary format.
#pragma once

#include <tessera/config.hpp>

#include <tessera/runtime/api/module.hpp>

#include <tessera/undef.hpp>
