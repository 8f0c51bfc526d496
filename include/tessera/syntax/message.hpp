// SPDX-License-Identifier: MIT
/// @file message.hpp
/// What an error says: the stage that failed, and a text.
#pragma once

#include <tessera/util/integers.hpp>

namespace tessera::inline TESSERA_ABI {

/// The stage that failed. The first six are the categories of the specification's test suite.
enum class kind : u8 {
    malformed,   ///< the bytes or the text are not a module
    invalid,     ///< the module breaks a validation rule
    unlinkable,  ///< an import is missing or does not match
    trap,        ///< execution trapped
    exhaustion,  ///< a limit was reached or memory is out: stack, fuel, memory, declared sizes
    exception,   ///< an exception nobody caught
    unsupported, ///< the module is fine, this build cannot run it
    usage,       ///< the host asked for what is not there: unknown export, wrong type, out of range
    exit,        ///< the guest ended itself, as WASI's proc_exit does; no failure if the code is 0
};

/// One error text and the kind it belongs to; the instances are in messages.hpp.
struct message {
    tessera::kind kind;
    const char* text;
};

} // namespace tessera
