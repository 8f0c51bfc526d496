// SPDX-License-Identifier: MIT
/// @file wasi/extent.hpp
/// Positions in files and ranges of their bytes, checked alike by all kinds of files.
#pragma once

#include <tessera/wasi/filesystem.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// The last position in a file: systems count with signed numbers.
inline constexpr filesize last_position = ~filesize(0) >> 1;

/// Where fd_seek leads in a file of `size` bytes from position `at`. Fails with `inval`: before the first byte or
/// beyond the last position.
inline outcome<filesize> moved(filesize at, filesize size, filedelta by, whence from) noexcept {
    if (from > whence::end) return error_number::inval;
    const u64 base = from == whence::set ? 0 : from == whence::cur ? at : size;
    const u64 to = base + u64(by); // base is below 2^63: a wrap is seen in the highest bit
    if (to > last_position) return error_number::inval;
    return to;
}
/// The range of fd_allocate. Fails with `inval` and `fbig`.
inline error_number check_allocate(filesize offset, filesize length) noexcept {
    if (length == 0 || offset > last_position || length > last_position) return error_number::inval;
    return offset + length > last_position ? error_number::fbig : error_number::success;
}
/// What fd_advise is told. Fails with `inval`.
inline error_number check_advise(filesize offset, filesize length, advice how) noexcept {
    return how > advice::noreuse || offset > last_position || length > last_position ? error_number::inval
                                                                                     : error_number::success;
}

} // namespace tessera
