// SPDX-License-Identifier: MIT
/// @file debug/places.hpp
/// What the frames of an error are called: module, function, line of the source.
#pragma once

#include <tessera/runtime/api/store.hpp>

namespace tessera::inline TESSERA_ABI::debug {

/// A place in a source file, as the module's line table has it. Views of the module's bytes, which may be any bytes.
struct source_line {
    std::string_view directory; ///< empty where the table does not say
    std::string_view file;      ///< empty: there is no such place
    u32 line = 0;               ///< from 1; 0 where the compiler could not say
    u32 column = 0;             ///< from 1; 0: the line as a whole
    explicit operator bool() const noexcept { return !file.empty(); }
};

/// A frame of a backtrace with what its module knows of it. Views of the module and of the error.
struct place {
    std::string_view module;   ///< its name from the name section; may be empty
    std::string_view function; ///< from the name section or the export; may be empty
    u32 func = 0;              ///< function index in the module
    u32 offset = 0;            ///< byte offset of the instruction in the module
    u32 instance = no_index;   ///< the store's number; no_index for a host function
    source_line source;        ///< from the module's DWARF line table
    u32 line = 0;              ///< in the text the module was parsed from; 0 if it came from bytes
    u32 column = 0;
};

/// Where the instruction at byte `offset` of `m` comes from: by the line table in its custom section .debug_line, DWARF
/// 2 to 5, as compilers for WebAssembly write it. False if there is none, or nothing in it for that place; a table that
/// is broken never makes a failure. Reads the whole table.
source_line line_of(const module& m, u32 offset) noexcept;

/// The frames of `e`, which a call in `s` ended with, in the order of e.frames(). Means nothing after a reset of the
/// store. Fails with msg::out_of_memory.
result<vec<place>> places(const basic_store& s, const error& e) noexcept;

/// `e` as text, without a line end at its end: the message, and a line for each frame: function, module, place in the
/// source. What guests chose of it has no control characters. Fails with msg::out_of_memory.
result<vec<char>> describe(const basic_store& s, const error& e) noexcept;

} // namespace tessera::debug
