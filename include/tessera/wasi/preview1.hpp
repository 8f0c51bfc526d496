// SPDX-License-Identifier: MIT
/// @file wasi/preview1.hpp
/// The functions of wasi_snapshot_preview1 as host functions.
#pragma once

#include <tessera/runtime/api/imports.hpp>
#include <tessera/wasi/context.hpp>

namespace tessera::inline TESSERA_ABI::wasi {

/// Defines all 46 functions of wasi_snapshot_preview1, sock_accept among them, in `to`, for a guest that gets what
/// `from` says. Fails with the context's status(), or msg::out_of_memory. (Specification: WASI, legacy/preview1,
/// witx/wasi_snapshot_preview1.witx.)
///
/// Pointers mean the memory that the calling instance exports as "memory"; of an instance with one memory that one,
/// exported or not. What points out of it makes the function return `fault`, "bad address", and nothing was done; it
/// does not trap, since the text has an error for it. Pointers need not be aligned. Addresses have 32 bits: of a
/// 64-bit memory the first 4 GiB can be named. Bits of flags that the text does not define give `inval`, those of
/// rights are ignored.
///
/// A function that waits (fd_read, fd_write, poll_oneoff, sock_accept, ...) ends with the trap `interrupted` within 10
/// milliseconds of an interruption of the store, in builds with feature::interruption. proc_exit ends the guest's call
/// with an error of kind::exit whose exit_code() is the guest's; proc_raise with one that is msg::raised and has 128
/// and the signal as code, or for a signal that is ignored by default with none.
///
/// sock_recv with both recv_peek and recv_waitall is `notsup`. On Windows so are sock_accept and path_symlink.
///
/// Several stores on several threads may use the functions at the same time, as one guest process.
TESSERA_API result<void> preview1(imports& to, const context& from) noexcept;

} // namespace tessera
