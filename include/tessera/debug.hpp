// SPDX-License-Identifier: MIT
/// @file tessera/debug.hpp
/// Public door: what errors are about; running calls step by step, in stores whose set has feature::tracing.
#pragma once

#include <tessera/config.hpp>

#include <tessera/debug/listing.hpp>
#include <tessera/debug/places.hpp>
#include <tessera/debug/rewinder.hpp>

#if TESSERA_BODIES
#include <tessera/debug/control.hpp>
#include <tessera/debug/describe_error.hpp>
#include <tessera/debug/explain.hpp>
#include <tessera/debug/read_listing.hpp>
#endif

#include <tessera/undef.hpp>
