// SPDX-License-Identifier: MIT
/// @file wasi/posix_error.hpp
/// The errors of a POSIX system as those of preview 1.
#pragma once

#if !defined(_WIN32)

#include <tessera/wasi/types.hpp>

#include <cerrno>

namespace tessera::inline TESSERA_ABI::wasi {

/// What preview 1 calls the system's error `number`; `io` for one it has no name for.
inline error_number posix_error(int number) noexcept {
    // Not a switch: some systems give two of these the same number.
    struct pair {
        int theirs;
        error_number ours;
    };
    static constexpr pair pairs[] = {
        {0, error_number::success},
        {ENOENT, error_number::noent},
        {EEXIST, error_number::exist},
        {EACCES, error_number::acces},
        {EPERM, error_number::perm},
        {ENOTDIR, error_number::notdir},
        {EISDIR, error_number::isdir},
        {ELOOP, error_number::loop},
        {EINVAL, error_number::inval},
        {EAGAIN, error_number::again},
        {EWOULDBLOCK, error_number::again},
        {EBADF, error_number::badf},
        {ENOTEMPTY, error_number::notempty},
        {ENAMETOOLONG, error_number::nametoolong},
        {EPIPE, error_number::pipe},
        {ESPIPE, error_number::spipe},
        {EROFS, error_number::rofs},
        {EXDEV, error_number::xdev},
        {ENOSPC, error_number::nospc},
        {EFBIG, error_number::fbig},
        {EDQUOT, error_number::dquot},
        {EMLINK, error_number::mlink},
        {EBUSY, error_number::busy},
        {ETXTBSY, error_number::txtbsy},
        {EMFILE, error_number::mfile},
        {ENFILE, error_number::nfile},
        {ENOMEM, error_number::nomem},
        {ENOBUFS, error_number::nobufs},
        {EINTR, error_number::intr},
        {EIO, error_number::io},
        {ENXIO, error_number::nxio},
        {ENODEV, error_number::nodev},
        {ENOTSUP, error_number::notsup},
        {EOPNOTSUPP, error_number::notsup},
        {ENOSYS, error_number::nosys},
        {ENOTTY, error_number::notty},
        {EILSEQ, error_number::ilseq},
        {EOVERFLOW, error_number::overflow},
        {ERANGE, error_number::range},
        {EFAULT, error_number::fault},
        {ESTALE, error_number::stale},
        {EDEADLK, error_number::deadlk},
        {ENOLCK, error_number::nolck},
        {ENOTSOCK, error_number::notsock},
        {ENOTCONN, error_number::notconn},
        {EISCONN, error_number::isconn},
        {ECONNRESET, error_number::connreset},
        {ECONNABORTED, error_number::connaborted},
        {ECONNREFUSED, error_number::connrefused},
        {ETIMEDOUT, error_number::timedout},
        {EHOSTUNREACH, error_number::hostunreach},
        {ENETUNREACH, error_number::netunreach},
        {ENETDOWN, error_number::netdown},
        {ENETRESET, error_number::netreset},
        {EADDRINUSE, error_number::addrinuse},
        {EADDRNOTAVAIL, error_number::addrnotavail},
        {EAFNOSUPPORT, error_number::afnosupport},
        {EPROTONOSUPPORT, error_number::protonosupport},
        {EPROTO, error_number::proto},
        {EPROTOTYPE, error_number::prototype},
        {ENOPROTOOPT, error_number::noprotoopt},
        {EMSGSIZE, error_number::msgsize},
        {EDESTADDRREQ, error_number::destaddrreq},
        {EALREADY, error_number::already},
        {EINPROGRESS, error_number::inprogress},
        {ECANCELED, error_number::canceled},
        {ECHILD, error_number::child},
        {ESRCH, error_number::srch},
        {E2BIG, error_number::toobig},
        {EDOM, error_number::dom},
    };
    for (const pair& p : pairs)
        if (p.theirs == number) return p.ours;
    return error_number::io;
}
/// Of the call that has just failed.
inline error_number posix_error() noexcept { return posix_error(errno); }

} // namespace tessera
#endif
