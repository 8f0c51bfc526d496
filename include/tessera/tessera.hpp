// SPDX-License-Identifier: MIT
/// @file tessera.hpp
/// The whole library: includes only, in the order of the floors. single_include/ is made from it.
#pragma once

#include <tessera/config.hpp>
#include <tessera/features.hpp>

#include <tessera/binary/encode.hpp>
#include <tessera/text/script.hpp>

#include <tessera/module.hpp>
#include <tessera/wat.hpp>

#include <tessera/store.hpp>

#include <tessera/undef.hpp>
